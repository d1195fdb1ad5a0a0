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

from glossbench.checksums import CHECKSUMS, read_checksums, sha256
from glossbench.data.sources.mirror import Mirror
from glossbench.errors import NO_SPACE, FetchError, brief

WORKERS = 4  # files downloaded at a time
REFUSALS = {
    GatedRepoError: "its owner asks for consent; give it on its page at {host} and log in (HF_TOKEN), or {hint}",
    RevisionNotFoundError: "{host} has no such revision; correct `hub: revision:` in the registry",
    RepositoryNotFoundError: "{host} has no such {kind} repository, or a private one; correct `hub: repo:` in the "
    "registry, log in (HF_TOKEN), or {hint}",
    HFValidationError: "not the name of a repository; correct `hub: repo:`",
}

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
    repo, revision = hub["repo"], hub["revision"]
    name, commit = f"{repo}@{revision}", {"repo_id": repo, "repo_type": repo_type, "revision": revision}
    mirrored = mirror.root and mirror.root / "hub" / repo / revision
    place = mirrored or f"<mirror>/hub/{repo}/{revision}"
    hint = f"put its files into {place} and set `mirror:` to the mirror's root"
    # huggingface_hub has no mirror of plain folders: test_mirror_and_the_hubs_own_cache_come_before_the_network
    for root in filter(None, (mirrored, _cached(commit))):
        wanted, missing = choose(_files(root))
        if wanted and not missing:
            log.info("copying %d files from %s", len(wanted), root)
            _copy(wanted, root, stage)
            return wanted
    # huggingface_hub's error does not name the mirror: test_offline_asks_no_hub_and_names_the_mirror
    if mirror.offline or is_offline_mode():
        switch = "`offline`" if mirror.offline else "HF_HUB_OFFLINE"
        missing = choose(_files(mirrored))[1] if mirrored and mirrored.is_dir() else ""
        problem = f"{missing} in {mirrored}" if missing else "not in the mirror"
        raise FetchError(f"{name}: {problem} and {switch} is set; {hint}, or unset {switch}")
    return _download(name, commit, choose, stage, mirrored, hint)


def _download(name: str, commit: dict, choose: Choice, stage: Path, mirrored: Path | None, hint: str) -> list[str]:
    """Download the chosen files; those that the mirror has are copied instead."""
    online = partial(_as_fetch_error, name, commit["repo_type"], hint)
    with online():
        listed = HfApi().list_repo_files(**commit)
    wanted, missing = choose(listed)
    if missing:
        raise FetchError(f"{name}: {missing} among its {len(listed)} files; correct `hub:` in the registry")
    if mirrored and mirrored.is_dir():
        with online():
            faults = _faults(commit, wanted, mirrored)
        _copy([file for file in wanted if file not in faults], mirrored, stage)
    with online():
        # huggingface_hub would download some again: test_mirror_and_the_hubs_own_cache_come_before_the_network
        absent = list(_faults(commit, wanted, stage))
        for file in absent:
            (stage / file).unlink(missing_ok=True)
        if absent:
            log.info("downloading %s of %s from %s", ", ".join(absent), name, constants.ENDPOINT)
            if not sys.stderr.isatty():
                disable_progress_bars()
            snapshot_download(**commit, local_dir=stage, allow_patterns=absent, max_workers=WORKERS)
        # not verified by huggingface_hub: test_file_that_is_not_what_the_hub_lists_is_refused_and_fetched_again
        for file, fault in _faults(commit, wanted, stage).items():
            (stage / file).unlink(missing_ok=True)
            raise FetchError(
                f"{name}: {file} is not what the hub lists ({fault}); nothing was kept of it; "
                f"try again later, or {hint}"
            )
    return wanted


def _cached(commit: dict) -> Path | None:
    """The folder of a commit in the cache that all programs of the hub share, even if files are missing."""
    try:
        return Path(snapshot_download(**commit, local_files_only=True))
    except IncompleteSnapshotError as error:
        return Path(error.snapshot_path)
    except (LocalEntryNotFoundError, HFValidationError):
        return None


def _faults(commit: dict, wanted: list[str], folder: Path) -> dict[str, str]:
    """What is wrong with the wanted files in a folder, by name: missing, or not what the hub states."""
    found = HfApi().verify_repo_checksums(**commit, local_dir=folder)
    faults = dict.fromkeys(found.missing_paths, "missing")
    faults |= {
        one["path"]: f"{one['algorithm']} is {one['actual']}, expected {one['expected']}" for one in found.mismatches
    }
    return {name: faults[name] for name in wanted if name in faults}


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
                f"{root / name}: sha256 is {found}, expected {digests[name]} as in {manifest}; "
                "replace the mirror's copy"
            )


# The messages of huggingface_hub have several lines, often do not name the file, and do not know the mirror:
# test_what_came_whole_is_kept_for_the_next_attempt and test_no_network_names_the_endpoint_and_the_mirror show it.
@contextmanager
def _as_fetch_error(name: str, repo_type: str, hint: str) -> Iterator[None]:
    """Turn errors of the body into FetchError; an OSError for lack of space is left as it is."""
    host = constants.ENDPOINT
    try:
        yield
    except tuple(REFUSALS) as error:
        text = next(text for kind, text in REFUSALS.items() if isinstance(error, kind))
        raise FetchError(f"{name}: {text.format(host=host, kind=repo_type, hint=hint)}") from error
    except (OSError, HTTPError, XetDownloadError, RuntimeError) as error:
        if getattr(error, "errno", None) in NO_SPACE:
            raise
        file, reason = _file_and_reason(error)
        raise FetchError(
            f"{name}: {file}could not be downloaded from {host} ({reason}); "
            f"check the network (HF_ENDPOINT names another host of the hub) and run again, or {hint}"
        ) from error


def _file_and_reason(error: Exception) -> tuple[str, str]:
    """The name of the file that was requested and a space, or "" where the URL does not tell; and what went wrong."""
    # huggingface_hub reports a failed request as a file that is not in its cache either
    error = error.__cause__ if isinstance(error, LocalEntryNotFoundError) and error.__cause__ else error
    response = getattr(error, "response", None)
    reason = f"{type(error).__name__}: {brief(error)}"
    if response is not None:
        reason = f"the server answered {response.status_code} {response.reason_phrase}".strip()
    try:
        path = getattr(error, "response", error).request.url.path
    except (AttributeError, RuntimeError):  # not an error of a request, or one without its request
        path = ""
    name = path.partition("/resolve/")[2].partition("/")[2]
    return f"{name} " if name else "", reason
