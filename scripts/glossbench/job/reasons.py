"""Why a job failed, in one line: what is behind an error, whichever library met it."""

import errno
from typing import Any

from glossbench.errors import NO_SPACE, GlossbenchError, brief, disk_error
from glossbench.files import refuse_unreadable
from glossbench.job.memory import is_out_of_memory, remedy

REFUSED = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.EIO)
LONGEST = 1000  # characters of a line


def reason_of(error: Exception, job: Any) -> GlossbenchError | None:
    """The line for an error of a job that the machine or a damaged file is behind; None where the code may be."""
    if isinstance(error, GlossbenchError):
        return error
    return _full_disk(error, job) or _no_memory(error, job) or _refused_file(error) or _damaged_input(job)


def printable(message: Exception) -> str:
    """A message without what would end its line or spoil a terminal: texts of users' files may be in it."""
    text = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(message))
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def _full_disk(error: Exception, job: Any) -> GlossbenchError | None:
    """The line for a full disk, whichever library met it; None for any other error."""
    if getattr(error, "errno", None) not in NO_SPACE and "No space left on device" not in str(error):
        return None
    place = getattr(error, "filename", None) or job.output[0]
    return GlossbenchError(str(disk_error(place, OSError(NO_SPACE[0], ""), f"the files of {job.rule}")))


def _refused_file(error: Exception) -> GlossbenchError | None:
    """The line for a file or folder that the system refuses, as one of another user; None for any other error."""
    if not isinstance(error, OSError) or error.filename is None or error.errno not in REFUSED:
        return None
    return GlossbenchError(
        f"{error.filename}: {error.strerror}; look at its owner, mode and kind (ls -ld), and run again"
    )


def _no_memory(error: Exception, job: Any) -> GlossbenchError | None:
    """The line for a job that may take no more memory; None for any other error."""
    if not is_out_of_memory(error):
        return None
    asked = getattr(getattr(job, "resources", None), "mem_mb", None)
    reason = brief(error) or type(error).__name__
    return GlossbenchError(f"{job.log[0]}: {job.rule}: out of memory ({reason}); {remedy(job.rule, asked)}")


def _damaged_input(job: Any) -> GlossbenchError | None:
    """The line for an input that may be behind an error; None where all can be read."""
    try:
        refuse_unreadable(job.input)
    except GlossbenchError as damaged:
        return damaged
    return None
