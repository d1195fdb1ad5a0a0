"""Files of a repository on the Hugging Face hub at one commit: from the mirror, the hub's own cache, or the network.

huggingface_hub lists, downloads, resumes and verifies files, and finds those in its cache. Where the code here adds to
that, a comment says what huggingface_hub lacks and which test of tests/data/test_hub.py shows it.
"""

import logging
import shutil
import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from huggingface_hub import HfApi, constants, is_offline_mode, snapshot_download
from huggingface_hub.errors import (
    GatedRepoError,
    HFValidationError,
    HTTPError,
    IncompleteSnapshotError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
    XetDownloadError,
)
from huggingface_hub.utils import disable_progress_bars

from glossbench.data.sources.mirror import Mirror
from glossbench.errors import NO_SPACE, FetchError
from glossbench.files import CHECKSUMS, read_checksums, sha256

WORKERS = 4  # files downloaded at a time

log = logging.getLogger(__name__)

# From the names of a repository's files to the wanted ones, and what is missing ("" for nothing).
Choice = Callable[[Collection[str]], tuple[list[str], str]]


def fetch_hub(hub: dict, repo_type: str, choose: Choice, stage: Path, mirror: Mirror) -> list[str]:
    """Fetch the chosen files of a repository into a folder; whole files of an interrupted attempt are kept.

    The registry has no digests of these files, since the commit identifies their content: what comes from the network
    is compared with the sha256 (or git object id) that the hub states for it.

    Args:
        hub: "repo" and "revision", a commit.
        repo_type: "model" or "dataset".
        choose: Which of the repository's files are wanted.
        stage: Where the files go.
        mirror: Where they come from.

    Returns:
        Names of the chosen files.

    Raises:
        FetchError: A file is not available, or not the one that the hub describes.
    """
    repository = _Repository(hub["repo"], hub["revision"], repo_type, mirror)
    return repository.copy(choose, stage) or repository.download(choose, stage)


class _Repository:
    """One repository at one commit, and the places that may have its files."""

    def __init__(self, repo: str, revision: str, repo_type: str, mirror: Mirror):
        self.name = f"{repo}@{revision}"
        self.commit = {"repo_id": repo, "repo_type": repo_type, "revision": revision}
        self.offline = mirror.offline
        self.mirrored = mirror.root and mirror.root / "hub" / repo / revision
        place = self.mirrored or f"<mirror>/hub/{repo}/{revision}"
        self.mirror_hint = f"put its files into {place} and set `mirror:` to the mirror's root"
        self.errors = partial(_one_line, self.name, repo_type, self.mirror_hint)

    # huggingface_hub has no mirror of plain folders: test_mirror_and_the_hubs_own_cache_come_before_the_network
    def copy(self, choose: Choice, stage: Path) -> list[str] | None:
        """Copy the chosen files from the mirror or the hub's cache, if one of them has all of them."""
        for root in filter(None, (self.mirrored, self._cached())):
            wanted, missing = choose(_files(root))
            if wanted and not missing:
                log.info("copying %d files from %s", len(wanted), root)
                _copy(wanted, root, stage)
                return wanted
        return None

    def _cached(self) -> Path | None:
        """The folder of this commit in the cache that all programs of the hub share, even if files are missing."""
        try:
            return Path(snapshot_download(**self.commit, local_files_only=True))
        except IncompleteSnapshotError as error:
            return Path(error.snapshot_path)
        except (LocalEntryNotFoundError, HFValidationError):
            return None

    def download(self, choose: Choice, stage: Path) -> list[str]:
        """Download the chosen files; those that the mirror has are copied instead."""
        self._check_online(choose)
        with self.errors():
            listed = HfApi().list_repo_files(**self.commit)
        wanted, missing = choose(listed)
        if missing:
            raise FetchError(f"{self.name}: {missing} among its {len(listed)} files; correct `hub:` in the registry")
        if self.mirrored and self.mirrored.is_dir():
            faults = self._faults(self.mirrored)
            _copy([name for name in wanted if name not in faults], self.mirrored, stage)
        # huggingface_hub would download some again: test_mirror_and_the_hubs_own_cache_come_before_the_network
        faults = self._faults(stage)
        absent = [name for name in wanted if name in faults]
        for name in absent:
            (stage / name).unlink(missing_ok=True)
        if absent:
            self._download(absent, stage)
        # not verified by huggingface_hub: test_file_that_is_not_what_the_hub_lists_is_refused_and_fetched_again
        for name, fault in self._faults(stage).items():
            if name in wanted:
                (stage / name).unlink(missing_ok=True)
                raise FetchError(
                    f"{self.name}: {name} did not come as the hub describes it ({fault}); "
                    f"nothing was kept of it; try again later, or {self.mirror_hint}"
                )
        return wanted

    # huggingface_hub's error does not name the mirror: test_offline_asks_no_hub_and_names_the_mirror
    def _check_online(self, choose: Choice) -> None:
        if self.offline or is_offline_mode():
            switch = "`offline`" if self.offline else "HF_HUB_OFFLINE"
            missing = choose(_files(self.mirrored))[1] if self.mirrored and self.mirrored.is_dir() else ""
            problem = f"{missing} in {self.mirrored}" if missing else "not in the mirror"
            raise FetchError(f"{self.name}: {problem} and {switch} is set; {self.mirror_hint}, or unset {switch}")

    def _faults(self, folder: Path) -> dict[str, str]:
        """What is wrong with the repository's files in a folder, by name: missing, or not what the hub states."""
        with self.errors():
            found = HfApi().verify_repo_checksums(**self.commit, local_dir=folder)
        damaged = {
            one["path"]: f"{one['algorithm']} is {one['actual']}, expected {one['expected']}"
            for one in found.mismatches
        }
        return dict.fromkeys(found.missing_paths, "missing") | damaged

    def _download(self, names: list[str], stage: Path) -> None:
        log.info("downloading %s of %s from %s", ", ".join(names), self.name, constants.ENDPOINT)
        if not sys.stderr.isatty():
            disable_progress_bars()
        with self.errors():
            snapshot_download(**self.commit, local_dir=stage, allow_patterns=names, max_workers=WORKERS)


def _files(root: Path) -> list[str]:
    """Names of a folder's files, relative to it."""
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


# huggingface_hub does not read a mirror's digests: test_damaged_mirror_is_refused_where_it_lists_its_digests
def _copy(names: list[str], root: Path, stage: Path) -> None:
    """Copy files; they are compared with the manifest in ``root``, where there is one."""
    manifest = root / CHECKSUMS
    digests = read_checksums(manifest) if manifest.is_file() else {}
    for name in names:
        (stage / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / name, stage / name)
        if name in digests and (found := sha256(stage / name)) != digests[name]:
            (stage / name).unlink()
            raise FetchError(
                f"{root / name}: sha256 is {found}, expected {digests[name]} as in {manifest}; mend the mirror's copy"
            )


# The messages of huggingface_hub have several lines, often do not name the file, and do not know the mirror:
# test_what_came_whole_is_kept_for_the_next_attempt and test_no_network_names_the_endpoint_and_the_mirror show it.
@contextmanager
def _one_line(name: str, repo_type: str, mirror_hint: str) -> Iterator[None]:
    """Turn errors of the body into FetchError; an OSError for lack of space is left as it is.

    Args:
        name: Repository and commit.
        repo_type: "model" or "dataset".
        mirror_hint: How to provide the files without the network.
    """
    try:
        yield
    except GatedRepoError as error:
        raise FetchError(
            f"{name}: its owner asks for consent; give it on its page at {constants.ENDPOINT} and "
            f"log in (HF_TOKEN), or {mirror_hint}"
        ) from error
    except RevisionNotFoundError as error:
        raise FetchError(
            f"{name}: {constants.ENDPOINT} has no such revision; correct `hub: revision:` in the registry"
        ) from error
    except RepositoryNotFoundError as error:
        raise FetchError(
            f"{name}: {constants.ENDPOINT} has no such {repo_type} repository, or a private one; correct "
            f"`hub: repo:` in the registry, log in (HF_TOKEN), or {mirror_hint}"
        ) from error
    except HFValidationError as error:
        raise FetchError(f"{name}: not the name of a repository; correct `hub: repo:`") from error
    except (OSError, HTTPError, XetDownloadError, RuntimeError) as error:
        if getattr(error, "errno", None) in NO_SPACE:
            raise
        raise FetchError(
            f"{name}: {_file(error)}could not be downloaded from {constants.ENDPOINT} ({_reason(error)}); "
            f"check the network (HF_ENDPOINT names another host of the hub) and run again, or {mirror_hint}"
        ) from error


def _file(error: Exception) -> str:
    """The name of the file that was requested and a space, or "" where the URL does not tell."""
    error = _cause(error)
    try:
        path = getattr(error, "response", error).request.url.path
    except (AttributeError, RuntimeError):  # not an error of a request, or one without its request
        return ""
    name = path.partition("/resolve/")[2].partition("/")[2]
    return f"{name} " if name else ""


def _reason(error: Exception) -> str:
    error = _cause(error)
    response = getattr(error, "response", None)
    if response is not None:
        return f"the server answered {response.status_code} {response.reason_phrase}".strip()
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"


def _cause(error: Exception) -> Exception:
    """The error of the request, which huggingface_hub reports as a file that is not in its cache either."""
    return error.__cause__ if isinstance(error, LocalEntryNotFoundError) and error.__cause__ else error
