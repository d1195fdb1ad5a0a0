"""Files named by a URL, through pooch: from the mirror where it has them, else from the network."""

import errno
import logging
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pooch
import requests

from glossbench.data.manifest import sha256
from glossbench.errors import FetchError

RETRIES = 3
TIMEOUT = (20, 60)  # seconds to connect, seconds between two pieces
CHUNK = 2**16  # bytes; pooch's own 1024 makes a large file slow
TEMPORARY = "tmp*"  # the names pooch gives to files under way

log = logging.getLogger(__name__)
pooch.get_logger().setLevel(logging.WARNING)  # it would name the URL where the mirror's copy is taken


@dataclass(frozen=True)
class Origin:
    """Where files come from.

    mirror: root of a local copy of download hosts (``<mirror>/<host>/<path>``, wheels in
    ``<mirror>/wheels``), looked in first; None for none. offline: what the mirror lacks is an error, never
    fetched.
    """

    mirror: Path | None = None
    offline: bool = False

    def __post_init__(self):
        """Accept the mirror as text, as a configuration gives it; empty means none."""
        object.__setattr__(self, "mirror", Path(self.mirror).expanduser() if self.mirror else None)

    def local(self, url: str) -> Path | None:
        """Path of a URL's copy in the mirror, whether it is there or not; None without a mirror."""
        if self.mirror is None:
            return None
        parts = urlsplit(url)
        path = Path(unquote(parts.path).lstrip("/"))
        if ".." in path.parts:
            raise FetchError(f"{url}: '..' in a URL's path; write the path without it")
        return self.mirror / (parts.hostname or "") / path

    def way_out(self, url: str) -> str:
        """What to do where a file cannot be had from the network, in a few words."""
        parts = urlsplit(url)
        place = self.local(url) or f"<mirror>/{parts.hostname}{unquote(parts.path)}"
        return f"put a copy at {place} and set `mirror:` to the mirror's root"


class MirrorFirst:
    """A pooch downloader: copies from the mirror, else downloads; remembers what came, for the error."""

    def __init__(self, origin: Origin):
        self.origin = origin
        self.received = ""

    def __call__(self, url: str, output_file: str, pooch_instance, check_only: bool = False) -> None:
        """Put the content of ``url`` into ``output_file``; pooch checks and renames it afterwards."""
        target = Path(output_file)
        local = self.origin.local(url)
        if local is not None and local.is_file():
            log.info("copying %s", local)
            with local.open("rb") as source, target.open("wb") as copy:
                while piece := source.read(CHUNK):
                    copy.write(piece)
        else:
            self._download(url, target, pooch_instance)
        target.chmod(0o644)  # pooch's temporary files are private, a shared resources folder is not
        self.received = _summary(target)

    def _download(self, url: str, target: Path, pooch_instance) -> None:
        if self.origin.offline:
            raise FetchError(
                f"{url}: not in the mirror and `offline` is set; {self.origin.way_out(url)}, or unset `offline`"
            )
        log.info("downloading %s", url)
        http = pooch.HTTPDownloader(progressbar=sys.stderr.isatty(), chunk_size=CHUNK, timeout=TIMEOUT)
        try:
            http(url, str(target), pooch_instance)
        except requests.RequestException as error:
            status = error.response.status_code if error.response is not None else None
            if status is None or status >= 500 or status in (408, 429):
                log.warning("%s: %s", url, _reason(error))
                raise  # may pass: pooch tries again
            raise FetchError(
                f"{url}: {_reason(error)}; correct the URL in the registry, or {self.origin.way_out(url)}"
            ) from error


def download(files: dict[str, dict], folder: Path, origin: Origin) -> list[str]:
    """Fetch files into ``folder`` and return their names there; whole files already there are kept.

    files: role -> {"url", "sha256"}; a file is named after its role, with the suffix of its URL. The caller
    holds the folder's lock. Raises FetchError; a file is renamed into place only when its digest is right.
    """
    for leftover in folder.glob(TEMPORARY):  # of a download that was killed: the lock says nobody writes now
        leftover.unlink()
    names = {role: role + Path(urlsplit(source["url"]).path).suffix for role, source in files.items()}
    for role, source in files.items():
        _download_one(names[role], source["url"], source["sha256"], folder, origin)
    return list(names.values())


def _download_one(name: str, url: str, digest: str, folder: Path, origin: Origin) -> None:
    try:
        local = origin.local(url)
    except FetchError as error:
        raise FetchError(f"{folder / name}: {error}") from error
    mirrored = local is not None and local.is_file()
    downloader = MirrorFirst(origin)
    store = pooch.Pooch(
        path=folder,
        base_url="",
        registry={name: digest},
        urls={name: url},
        retry_if_failed=0 if mirrored else RETRIES,
    )
    source = local if mirrored else url
    try:
        store.fetch(name, downloader=downloader)
    except FetchError as error:
        raise FetchError(f"{folder / name}: {error}") from error
    except ValueError as error:
        mend = "mend the mirror's copy" if mirrored else f"try again later, or {origin.way_out(url)}"
        raise FetchError(
            f"{folder / name}: {source} is not the file that was asked for: found {downloader.received}, "
            f"expected sha256 {digest}; nothing was kept; {mend}"
        ) from error
    except requests.RequestException as error:
        raise FetchError(
            f"{folder / name}: {url} could not be downloaded, {1 + RETRIES} tries ({_reason(error)}); "
            f"check the network and run again, or {origin.way_out(url)}"
        ) from error
    except OSError as error:
        raise disk_error(folder / name, source, error) from error


def disk_error(path: Path, source: str | Path, error: OSError) -> FetchError:
    """The line for a file that could not be written (or read from the mirror)."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return FetchError(f"{path}: no space left for {source}; free some on that disk and run again")
    return FetchError(f"{path}: {source} could not be copied: {error.strerror} ({error.filename or path})")


def _summary(path: Path) -> str:
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
