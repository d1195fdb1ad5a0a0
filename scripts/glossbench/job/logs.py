"""The log of a job. It holds all messages; where the job fails, its last line gives the reason."""

import logging
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from glossbench.checksums import refuse_changed, seal, unseal
from glossbench.errors import FetchError, GlossbenchError
from glossbench.job.reasons import printable, reason_of
from glossbench.job.termination import Terminated, end_with_snakemake, leaving_on_sigterm
from glossbench.provenance import versions

FORMAT = "%(asctime)s %(levelname)s %(message)s"
# What another attempt need not meet again, beside what could not be fetched; told by its text, since a run's error is
# worded anew on its way here.
PASSING = re.compile("out of memory|another process")
STARTED_BY = "GLOSSBENCH_STARTED_BY"  # which Snakemake: all attempts of a job are of the same (rules/inputs.smk)


@contextmanager
def job_log(job: Any) -> Iterator[logging.Logger]:
    """Log to the file of a job (its ``snakemake`` object) while the body runs, first its settings and versions.

    Inputs are compared with their checksums before the body, and those of outputs are written after it. The process
    exits when the Snakemake that started it dies, and on SIGTERM.
    A GlossbenchError, a full disk, a lack of memory or a damaged input ends the process with one line on stderr. Any
    other exception is raised again, with its traceback in the log. In all cases the last line of the log gives the
    reason. Where that cannot get better by itself, it is in a file beside the log too, since Snakemake removes logs,
    and the next attempt ends with it at once.
    """
    handler = logging.FileHandler(job.log[0], mode="w", encoding="utf-8")
    handler.setFormatter(logging.Formatter(FORMAT, datefmt="%Y-%m-%dT%H:%M:%S"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    logging.captureWarnings(True)
    log = logging.getLogger("glossbench")
    end_with_snakemake()
    log.info("rule %s", job.rule)
    for name, value in job.params.items():
        log.info("%s %s", name, value)
    log.info("versions %s", versions())
    lasting = Path(job.log[0]).with_suffix(".failed")
    try:
        with leaving_on_sigterm():
            if before := _attempt_before(lasting):
                raise GlossbenchError(f"{before} (the previous attempt ended this way; it was not tried again)")
            users = set(dict(job.input.items()).get("local", ()))  # what is listed beside these is not this workflow's
            refuse_changed(path for path in job.input if path not in users)
            # those of a view are for people, who may keep and edit them
            outputs = [] if "view" in job.wildcards.keys() else list(job.output)
            for path in outputs:
                unseal(path)
            yield log
            for path in outputs:
                seal(path)
    except Terminated:
        log.warning(
            "ended by SIGTERM: a time limit, a cancellation, or a preemption; the next attempt goes on from here"
        )
        raise
    except Exception as error:
        message = reason_of(error, job)
        if message is None:
            log.exception("unexpected error")
            log.error("%s: %s", type(error).__name__, error)
            raise
        line = printable(message)
        log.error("%s", line)
        if not (isinstance(message, FetchError) or PASSING.search(line) or lasting.exists()):
            with suppress(OSError):  # the disk may be full
                lasting.write_text(f"{os.environ.get(STARTED_BY)} {line}\n", encoding="utf-8")
        print(f"glossbench: {line}", file=sys.stderr)
        raise SystemExit(1) from None
    finally:
        root.removeHandler(handler)
        handler.close()


def _attempt_before(lasting: Path) -> str | None:
    """Why an attempt of the same Snakemake failed, where that lasts; what another Snakemake left is removed."""
    started_by, _, message = lasting.read_text(encoding="utf-8").partition(" ") if lasting.is_file() else ("", "", "")
    if message and started_by == os.environ.get(STARTED_BY):
        return message.rstrip()
    lasting.unlink(missing_ok=True)
    return None
