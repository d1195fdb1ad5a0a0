"""Files of a repository on the Hugging Face hub at one commit: from the mirror, the hub's own cache, or the network."""

import errno
import hashlib
import logging
import shutil
import sys
from collections.abc import Callable, Collection
from pathlib import Path

from huggingface_hub import HfApi, constants, snapshot_download
from huggingface_hub.errors import (
    GatedRepoError,
    HFValidationError,
    HTTPError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
    XetDownloadError,
)
from huggingface_hub.hf_api import RepoFile
from huggingface_hub.utils import disable_progress_bars

from glossbench.data.manifest import NAME, sha256
from glossbench.data.sources.records import install, intact
from glossbench.data.sources.urls import Origin
from glossbench.errors import FetchError

STAGE = ".hub"  # files under way, by revision; whole ones are kept for the next try
WORKERS = 4  # files downloaded at a time

log = logging.getLogger(__name__)

# Names of files -> those that are wanted, and what is missing among them ("" for nothing).
Choice = Callable[[Collection[str]], tuple[list[str], str]]


def exactly(wanted: list[str]) -> Choice:
    """Choose these files and no others."""

    def choose(names: Collection[str]) -> tuple[list[str], str]:
        missing = [name for name in wanted if name not in names]
        return [name for name in wanted if name in names], f"no {missing[0]}" if missing else ""

    return choose


def fetch_hub(
    hub: dict,
    repo_type: str,
    choose: Choice,
    folder: Path,
    origin: Origin,
    check: Callable[[Path], None] = lambda staged: None,
) -> list[str]:
    """Bring the chosen files of a repository into ``folder`` and return their names there.

    hub: {"repo", "revision"}, a commit. repo_type: "model" or "dataset". check: raises for staged files that are not
    what was meant. A revision identifies the content, so there are no digests in the registry; what comes from the
    network is held against the sha256 (or git object id) that the hub states for it. What is there already from this
    very revision is kept, and so are whole files of a try that was cut. The caller holds the folder's lock. Raises
    FetchError.
    """
    repository = _Repository(hub["repo"], hub["revision"], repo_type, origin)
    source = {"hub": repository.name, "type": repo_type}
    names = intact(folder, source)
    if names is not None and (sorted(choose(names)[0]), choose(names)[1]) == (names, ""):
        check(folder)
        return names
    stage = folder / STAGE / repository.revision
    for other in (folder / STAGE).glob("*"):
        if other != stage:
            shutil.rmtree(other)
    stage.mkdir(parents=True, exist_ok=True)
    for leftover in stage.rglob("*.incomplete"):  # of a download that was killed: the lock says nobody writes now
        leftover.unlink()
    wanted = repository.copy(choose, stage) or repository.download(choose, stage)
    check(stage)
    names = install(wanted, stage, folder, source)
    shutil.rmtree(folder / STAGE)
    return names


class _Repository:
    """One repository at one commit, and the places where its files may lie."""

    def __init__(self, repo: str, revision: str, repo_type: str, origin: Origin):
        self.repo, self.revision, self.type, self.origin = repo, revision, repo_type, origin
        self.name = f"{repo}@{revision}"

    @property
    def mirrored(self) -> Path | None:
        return self.origin.mirror and self.origin.mirror / "hub" / self.repo / self.revision

    @property
    def cached(self) -> Path:
        """The folder of this commit in the cache that all programs of the hub share."""
        cache = f"{self.type}s--{self.repo.replace('/', '--')}"
        return Path(constants.HF_HUB_CACHE) / cache / "snapshots" / self.revision

    @property
    def way_out(self) -> str:
        place = self.mirrored or f"<mirror>/hub/{self.repo}/{self.revision}"
        return f"put its files into {place} and set `mirror:` to the mirror's root"

    def copy(self, choose: Choice, stage: Path) -> list[str] | None:
        """Copy the chosen files from the mirror or the cache, if either has them all."""
        for root in filter(None, (self.mirrored, self.cached)):
            wanted, missing = choose(_files(root))
            if wanted and not missing:
                log.info("copying %d files from %s", len(wanted), root)
                _copy(wanted, root, stage)
                return wanted
        return None

    def download(self, choose: Choice, stage: Path) -> list[str]:
        """Download the chosen files; what the mirror has of them, whole, is copied."""
        if self.origin.offline or constants.is_offline_mode():
            switch = "`offline`" if self.origin.offline else "HF_HUB_OFFLINE"
            missing = choose(_files(self.mirrored))[1] if self.mirrored and self.mirrored.is_dir() else ""
            held = f"{missing} in {self.mirrored}" if missing else "not in the mirror"
            raise FetchError(f"{self.name}: {held} and {switch} is set; {self.way_out}, or unset {switch}")
        listed = self._reached(self._listing)
        wanted, missing = choose(listed)
        if missing:
            raise FetchError(f"{self.name}: {missing} among its {len(listed)} files; correct `hub:` in the registry")
        if self.mirrored:
            _copy([name for name in wanted if _is_whole(self.mirrored / name, listed[name])], self.mirrored, stage)
        for name in wanted:
            if not _is_whole(stage / name, listed[name]):
                (stage / name).unlink(missing_ok=True)
        absent = [name for name in wanted if not (stage / name).is_file()]
        if absent:
            self._reached(lambda: self._snapshot(absent, stage))
        for name in wanted:
            if not _is_whole(stage / name, listed[name]):
                (stage / name).unlink(missing_ok=True)
                raise FetchError(
                    f"{self.name}: {name} did not come as the hub describes it ({listed[name].size} bytes); "
                    f"nothing was kept of it; try again later, or {self.way_out}"
                )
        return wanted

    def _listing(self) -> dict[str, RepoFile]:
        tree = HfApi().list_repo_tree(self.repo, recursive=True, revision=self.revision, repo_type=self.type)
        return {entry.path: entry for entry in tree if isinstance(entry, RepoFile)}

    def _snapshot(self, names: list[str], stage: Path) -> None:
        log.info("downloading %s of %s from %s", ", ".join(names), self.name, constants.ENDPOINT)
        if not sys.stderr.isatty():
            disable_progress_bars()
        snapshot_download(
            self.repo,
            repo_type=self.type,
            revision=self.revision,
            local_dir=stage,
            allow_patterns=names,
            max_workers=WORKERS,
        )

    def _reached(self, ask: Callable):
        """What ``ask`` gives, or one line for whatever the hub or the network has against it."""
        try:
            return ask()
        except GatedRepoError as error:
            raise FetchError(
                f"{self.name}: its owner asks for consent; give it on its page at {constants.ENDPOINT} and "
                f"log in (HF_TOKEN), or {self.way_out}"
            ) from error
        except RevisionNotFoundError as error:
            raise FetchError(
                f"{self.name}: {constants.ENDPOINT} has no such revision; correct `hub: revision:` in the registry"
            ) from error
        except RepositoryNotFoundError as error:
            raise FetchError(
                f"{self.name}: {constants.ENDPOINT} has no such {self.type} repository, or a private one; correct "
                f"`hub: repo:` in the registry, log in (HF_TOKEN), or {self.way_out}"
            ) from error
        except HFValidationError as error:
            raise FetchError(f"{self.name}: not the name of a repository; correct `hub: repo:`") from error
        except (OSError, HTTPError, XetDownloadError, RuntimeError) as error:
            if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT):
                raise
            raise FetchError(
                f"{self.name}: {_place(error)}could not be downloaded from {constants.ENDPOINT} ({_reason(error)}); "
                f"check the network (HF_ENDPOINT names another host of the hub) and run again, or {self.way_out}"
            ) from error


def _files(root: Path) -> list[str]:
    """Names of a folder's files, relative to it."""
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


def _copy(names: list[str], root: Path, stage: Path) -> None:
    """Copy files; each is held against the list of digests in ``root``, where there is one."""
    manifest = root / NAME
    lines = manifest.read_text(encoding="utf-8").splitlines() if manifest.is_file() else []
    digests = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    for name in names:
        (stage / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / name, stage / name)
        if name in digests and (found := sha256(stage / name)) != digests[name]:
            (stage / name).unlink()
            raise FetchError(
                f"{root / name}: sha256 is {found}, expected {digests[name]} as in {manifest}; mend the mirror's copy"
            )


def _is_whole(path: Path, entry: RepoFile) -> bool:
    """Whether a file is there and is the one that the hub describes."""
    if not path.is_file() or path.stat().st_size != entry.size:
        return False
    if entry.lfs is not None:
        return sha256(path) == entry.lfs.sha256
    return _git_blob(path) == entry.blob_id


def _git_blob(path: Path) -> str:
    """The id under which git keeps a file of this content."""
    digest = hashlib.sha1(f"blob {path.stat().st_size}\0".encode(), usedforsecurity=False)
    digest.update(path.read_bytes())
    return digest.hexdigest()


def _place(error: Exception) -> str:
    """The file that an error is about and a space, where its URL tells."""
    error = _cause(error)
    try:
        path = getattr(error, "response", error).request.url.path
    except (AttributeError, RuntimeError):  # an error from before the request, or of another kind
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
    """What kept the hub from being asked, where the error says no more than that the file is not here either."""
    return error.__cause__ if isinstance(error, LocalEntryNotFoundError) and error.__cause__ else error
