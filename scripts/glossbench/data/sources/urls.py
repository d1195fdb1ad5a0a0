"""Files at a URL: from a mirror where it has them, else downloaded."""

import logging
import shutil
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pooch
import requests

from glossbench.checksums import sha256
from glossbench.data.sources.mirror import Mirror
from glossbench.errors import FetchError, brief, disk_error
from glossbench.files import replacing

RETRIES = 3
TIMEOUT = (20, 60)  # seconds to connect, seconds between two chunks
CHUNK = 2**16  # bytes; pooch's default of 1024 makes large files slow

log = logging.getLogger(__name__)


def download(files: dict[str, dict], stage: Path, folder: Path, mirror: Mirror) -> list[str]:
    """Fetch files into ``stage``; those that are there or in ``folder`` already, with the right digest, are kept.

    Args:
        files: "url", "sha256" and possibly "also", other addresses, by role.
        stage: Where the files go, each only as a whole.
        folder: Where an earlier fetch put them.
        mirror: Where they come from.

    Returns:
        The files' names: the role, with the suffix of the URL.

    Raises:
        FetchError: A file is not available, has another digest, or could not be written.
    """
    names = {role: role + Path(urlsplit(source["url"]).path).suffix for role, source in files.items()}
    for role, name in names.items():
        url, digest = files[role]["url"], files[role]["sha256"]
        kept = [place / name for place in (stage, folder) if (place / name).is_file()]
        found = next((path for path in kept if sha256(path) == digest), None)
        try:
            if found is None:
                _fetch_anywhere([url, *files[role].get("also", ())], digest, stage / name, mirror)
            elif found.parent != stage:
                shutil.copyfile(found, stage / name)
        except FetchError as error:
            raise FetchError(f"{folder / name}: {error}") from error
        except OSError as error:
            raise disk_error(folder / name, error, url) from error
    return list(names.values())


def _fetch_anywhere(urls: list[str], digest: str, target: Path, mirror: Mirror) -> None:
    """Fetch a file from the first of its addresses that has it, the mirror's copies first; else say why not there."""
    first: FetchError | None = None
    for url in sorted(urls, key=lambda url: mirror.copy_of(url) is None):
        try:
            return _fetch(url, digest, target, mirror)
        except FetchError as error:
            log.warning("%s", error)
            first = first or error
    if first is not None:
        raise first


def _fetch(url: str, digest: str, target: Path, mirror: Mirror) -> None:
    """Copy the mirror's file or download it, and compare its digest; what may be temporary is tried again."""
    copy, hint = mirror.copy_of(url), mirror.hint(url)
    if copy is None and mirror.offline:
        raise FetchError(f"{url}: not in the mirror and `offline` is set; {hint}, or unset `offline`")
    for attempt in range(RETRIES + 1):
        try:
            with replacing(target) as partial:
                log.info("%s %s", "downloading" if copy is None else "copying", copy or url)
                if copy is None:
                    http = pooch.HTTPDownloader(progressbar=sys.stderr.isatty(), chunk_size=CHUNK, timeout=TIMEOUT)
                    http(url, str(partial), None)
                else:
                    shutil.copyfile(copy, partial)
                if sha256(partial) != digest:
                    raise ValueError(f"found {_summary(partial)}, expected sha256 {digest}")
            return
        except requests.RequestException as error:
            status = error.response.status_code if error.response is not None else 500
            if status < 500 and status not in (408, 429):
                raise FetchError(f"{url}: {_reason(error)}; correct the URL in the registry, or {hint}") from error
            fault = f"{url} could not be downloaded, {1 + RETRIES} tries ({_reason(error)}); "
            advice = f"check the network and run again, or {hint}"
        except ValueError as error:
            fault = f"{copy or url} is not the file that was asked for: {error}; nothing was kept; "
            advice = "replace the mirror's copy" if copy else f"try again later, or {hint}"
        if copy is not None or attempt == RETRIES:
            raise FetchError(fault + advice)
        log.warning("%s", fault)
        time.sleep(attempt + 1)


def _summary(path: Path) -> str:
    """Digest and size of a file, and whether it looks like a web page."""
    with path.open("rb") as stream:
        is_page = stream.read(256).lstrip().startswith(b"<")
    page = " (a web page: does a proxy or a login stand in between?)" if is_page else ""
    return f"sha256 {sha256(path)}, {path.stat().st_size} bytes{page}"


def _reason(error: requests.RequestException) -> str:
    if isinstance(error, requests.HTTPError):
        return f"the server answered {error.response.status_code} {error.response.reason}"
    innermost = error.args[0] if error.args else error
    innermost = getattr(innermost, "reason", innermost)
    return f"{type(error).__name__}: {brief(innermost)}"
