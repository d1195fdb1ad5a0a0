"""Jobs as scripts see them."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from snakemake.iocontainers import Namedlist


def job_of(folder: Path, given: Any = (), made: Any = (), rule: str = "a rule", **more: Any) -> SimpleNamespace:
    """The ``snakemake`` object of a job with inputs and outputs, whose log is in a folder."""
    files = {"input": Namedlist(given), "output": Namedlist(made)}
    return SimpleNamespace(**{"log": [folder / "log"], "rule": rule, "params": {}, "wildcards": {}, **files, **more})
