"""What can go wrong through no fault of the code: one clear line for the person who can fix it."""

import difflib
import errno
from collections.abc import Iterable
from typing import Any

NO_SPACE = (errno.ENOSPC, errno.EDQUOT)
OTHER_SETTINGS = (
    "{}: made with other settings than the study has, and Snakemake has no record of that (it was killed before the "
    "run ended, --touch, or a removed .snakemake); delete this folder and run again"
)


class GlossbenchError(Exception):
    """An error whose message is one line: what was found, where, and what was expected."""


class SettingsError(GlossbenchError):
    """A setting is missing, unknown or out of range; the message names file and key."""


class FetchError(GlossbenchError):
    """A file could not be fetched or is not the file that was asked for."""


class CorpusError(GlossbenchError):
    """The files of a corpus do not fit together."""


class TrainingError(GlossbenchError):
    """A training run cannot go on; the message names the run, the epoch and what to change."""


def brief(error: object) -> str:
    """A message of another library in one line of at most 200 characters."""
    return " ".join(str(error).split())[:200]


def nearest(key: str, known: Iterable[Any]) -> str:
    """A question for the reader, or nothing where no known name is like ``key``."""
    close = difflib.get_close_matches(str(key).lower(), [str(name) for name in known], n=1, cutoff=0.5)
    return f'; did you mean "{close[0]}"?' if close else ""


def disk_error(path: Any, error: OSError, what: Any = "it") -> FetchError:
    """The line for a file or folder that could not be written or read; ``what`` was to go there."""
    if error.errno in NO_SPACE:
        return FetchError(f"{path}: no space left for {what}; free some space on that disk and run again")
    return FetchError(f"{path}: {what} could not be written or read: {error.strerror} ({error.filename or path})")
