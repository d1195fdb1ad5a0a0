"""The log of a job: everything goes to its file, the reason of a failure stands in its last line."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from glossbench.errors import GlossbenchError
from glossbench.orphans import end_with_snakemake

FORMAT = "%(asctime)s %(levelname)s %(message)s"


@contextmanager
def job_log(path: str | Path) -> Iterator[logging.Logger]:
    """Log to ``path`` while the body runs, and end with the Snakemake that started this job.

    A GlossbenchError ends the process with its one line on stderr; any other exception goes on, with its
    traceback in the log. In both cases the last line of the log says why.
    """
    handler = logging.FileHandler(path, mode="w", encoding="utf-8")
    handler.setFormatter(logging.Formatter(FORMAT, datefmt="%Y-%m-%dT%H:%M:%S"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    logging.captureWarnings(True)
    log = logging.getLogger("glossbench")
    end_with_snakemake()
    try:
        yield log
    except GlossbenchError as error:
        log.error("%s", error)
        print(f"glossbench: {error}", file=sys.stderr)
        raise SystemExit(1) from None
    except Exception as error:
        log.exception("unexpected error")
        log.error("%s: %s", type(error).__name__, error)
        raise
    finally:
        root.removeHandler(handler)
        handler.close()
