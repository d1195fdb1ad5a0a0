"""The message for a file that could not be read or written."""

import errno
from pathlib import Path

from glossbench.errors import FetchError

NO_SPACE = (errno.ENOSPC, errno.EDQUOT)


def disk_error(path: Path, source: str | Path, error: OSError) -> FetchError:
    """The error for ``source`` that could not be copied to ``path``."""
    if error.errno in NO_SPACE:
        return FetchError(f"{path}: no space left for {source}; free some on that disk and run again")
    return FetchError(f"{path}: {source} could not be copied: {error.strerror} ({error.filename or path})")
