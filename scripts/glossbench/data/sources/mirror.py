"""A local copy of download hosts."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from glossbench.errors import FetchError
from glossbench.files import existing


@dataclass(frozen=True)
class Mirror:
    """Where files are looked for first, for machines without internet; FetchError if the root is no folder."""

    # Root of the mirror; None or "" for no mirror. A URL's file is at ``<root>/<host>/<path>``, wheels are in
    # ``<root>/wheels``, and files of the Hugging Face hub in ``<root>/hub/<repo>/<revision>``.
    root: Path | None = None
    offline: bool = False  # Whether a file that the mirror does not have is an error instead of a download

    def __post_init__(self):
        """Accept the root as text, as a configuration gives it."""
        root = existing(self.root, folder=True) if self.root else None
        if self.root and root is None:
            raise FetchError(f"mirror: {self.root} is no folder, expected the root of a mirror (or no `mirror:`)")
        object.__setattr__(self, "root", root)

    def copy_of(self, url: str) -> Path | None:
        """Path of the mirror's copy of a URL's file; None where it has none. A path with ".." is a FetchError."""
        if ".." in Path(unquote(urlsplit(url).path)).parts:
            raise FetchError(f"{url}: '..' in a URL's path; write the path without it")
        place = Path(self._place(url))
        return place if self.root and place.is_file() else None

    def hint(self, url: str) -> str:
        """How to provide a URL's file without the network, for an error message."""
        return f"put a copy at {self._place(url)} and set `mirror:` to the mirror's root"

    def _place(self, url: str) -> str:
        parts = urlsplit(url)
        return f"{self.root or '<mirror>'}/{parts.hostname or ''}{unquote(parts.path)}"
