"""Where files come from: a mirror on this machine, the network, or the mirror alone."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from glossbench.errors import FetchError


@dataclass(frozen=True)
class Origin:
    """The mirror, and whether the network may be used.

    Args:
        mirror: Root of a local copy of download hosts, which is looked in first; None for no mirror. A URL's file is at
            ``<mirror>/<host>/<path>``, wheels are in ``<mirror>/wheels``, and files of the Hugging Face hub in
            ``<mirror>/hub/<repo>/<revision>``.
        offline: Whether a file that the mirror does not have is an error instead of a download.
    """

    mirror: Path | None = None
    offline: bool = False

    def __post_init__(self):
        """Accept the mirror as text, as a configuration gives it; empty text means no mirror."""
        object.__setattr__(self, "mirror", Path(self.mirror).expanduser() if self.mirror else None)

    def mirrored(self, url: str) -> Path | None:
        """Path of a URL's copy in the mirror, whether it exists or not; None without a mirror.

        Raises:
            FetchError: The path of the URL contains "..".
        """
        if self.mirror is None:
            return None
        parts = urlsplit(url)
        path = Path(unquote(parts.path).lstrip("/"))
        if ".." in path.parts:
            raise FetchError(f"{url}: '..' in a URL's path; write the path without it")
        return self.mirror / (parts.hostname or "") / path

    def mirror_hint(self, url: str) -> str:
        """How to provide a URL's file without the network, for an error message."""
        parts = urlsplit(url)
        place = self.mirrored(url) or f"<mirror>/{parts.hostname}{unquote(parts.path)}"
        return f"put a copy at {place} and set `mirror:` to the mirror's root"
