"""Files at a URL, fetched by pooch: from the mirror where it has them, else from the network."""

import logging
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pooch
import requests

from glossbench.data.sources.origin import Origin
from glossbench.errors import FetchError, disk_error
from glossbench.files import sha256

RETRIES = 3
TIMEOUT = (20, 60)  # seconds to connect, seconds between two chunks
CHUNK = 2**16  # bytes; pooch's default of 1024 makes large files slow
TEMPORARY = "tmp*"  # the names that pooch gives to unfinished files

log = logging.getLogger(__name__)
pooch.get_logger().setLevel(logging.WARNING)  # it would log the URL even where the mirror's copy is taken


class MirrorFirst:
    """A pooch downloader that copies from the mirror where it can; ``received`` describes what it wrote last."""

    def __init__(self, origin: Origin):
        self.origin = origin
        self.received = ""

    def __call__(self, url: str, output_file: str, pooch_instance, check_only: bool = False) -> None:
        """Write the content of ``url`` to ``output_file``; pooch checks and renames it afterwards."""
        target = Path(output_file)
        mirrored = self.origin.mirrored(url)
        if mirrored is not None and mirrored.is_file():
            log.info("copying %s", mirrored)
            with mirrored.open("rb") as source, target.open("wb") as copy:
                while chunk := source.read(CHUNK):
                    copy.write(chunk)
        else:
            self._download(url, target, pooch_instance)
        target.chmod(0o644)  # pooch's temporary files are private, but resources may be shared
        self.received = _summary(target)

    def _download(self, url: str, target: Path, pooch_instance) -> None:
        if self.origin.offline:
            raise FetchError(
                f"{url}: not in the mirror and `offline` is set; {self.origin.mirror_hint(url)}, or unset `offline`"
            )
        log.info("downloading %s", url)
        http = pooch.HTTPDownloader(progressbar=sys.stderr.isatty(), chunk_size=CHUNK, timeout=TIMEOUT)
        try:
            http(url, str(target), pooch_instance)
        except requests.RequestException as error:
            status = error.response.status_code if error.response is not None else None
            if status is None or status >= 500 or status in (408, 429):
                log.warning("%s: %s", url, _reason(error))
                raise  # may be temporary: pooch tries again
            raise FetchError(
                f"{url}: {_reason(error)}; correct the URL in the registry, or {self.origin.mirror_hint(url)}"
            ) from error


def download(files: dict[str, dict], folder: Path, origin: Origin) -> list[str]:
    """Fetch files into a folder.

    Files that are already there with the right digest are kept. A file is renamed into place only when its digest is
    right.

    Args:
        files: "url" and "sha256" by role.
        folder: Where the files go; the caller holds its lock.
        origin: Where they come from.

    Returns:
        The files' names in the folder: the role, with the suffix of the URL.

    Raises:
        FetchError: A file is not available, has another digest, or could not be written.
    """
    for leftover in folder.glob(TEMPORARY):  # of a killed download: the lock excludes one that is running
        leftover.unlink()
    names = {role: role + Path(urlsplit(source["url"]).path).suffix for role, source in files.items()}
    for role, source in files.items():
        _download_one(names[role], source["url"], source["sha256"], folder, origin)
    return list(names.values())


def _download_one(name: str, url: str, digest: str, folder: Path, origin: Origin) -> None:
    try:
        mirrored = origin.mirrored(url)
    except FetchError as error:
        raise FetchError(f"{folder / name}: {error}") from error
    in_mirror = mirrored is not None and mirrored.is_file()
    downloader = MirrorFirst(origin)
    store = pooch.Pooch(
        path=folder,
        base_url="",
        registry={name: digest},
        urls={name: url},
        retry_if_failed=0 if in_mirror else RETRIES,
    )
    source = mirrored if in_mirror else url
    try:
        store.fetch(name, downloader=downloader)
    except FetchError as error:
        raise FetchError(f"{folder / name}: {error}") from error
    except ValueError as error:
        advice = "mend the mirror's copy" if in_mirror else f"try again later, or {origin.mirror_hint(url)}"
        raise FetchError(
            f"{folder / name}: {source} is not the file that was asked for: found {downloader.received}, "
            f"expected sha256 {digest}; nothing was kept; {advice}"
        ) from error
    except requests.RequestException as error:
        raise FetchError(
            f"{folder / name}: {url} could not be downloaded, {1 + RETRIES} tries ({_reason(error)}); "
            f"check the network and run again, or {origin.mirror_hint(url)}"
        ) from error
    except OSError as error:
        raise disk_error(folder / name, error, source) from error


def _summary(path: Path) -> str:
    """What a file is, for an error message: digest, size, and whether it looks like a web page."""
    with path.open("rb") as stream:
        head = stream.read(256).lstrip().lower()
    page = " (a web page: does a proxy or a login stand in between?)" if head.startswith(b"<") else ""
    return f"sha256 {sha256(path)}, {path.stat().st_size} bytes{page}"


def _reason(error: requests.RequestException) -> str:
    if isinstance(error, requests.HTTPError):
        return f"the server answered {error.response.status_code} {error.response.reason}"
    innermost = error.args[0] if error.args else error
    innermost = getattr(innermost, "reason", innermost)
    return f"{type(error).__name__}: {' '.join(str(innermost).split())[:200]}"
