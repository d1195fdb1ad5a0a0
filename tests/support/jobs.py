"""Jobs as scripts see them, and scripts run as Snakemake runs them."""

import runpy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from snakemake.iocontainers import Namedlist

from tests.support.repository import ROOT

SCRIPTS = ROOT / "scripts"


def named(values: Any) -> Namedlist:
    """Files or settings as ``snakemake.input`` gives them: in a row, or by name."""
    return Namedlist(fromdict=values) if isinstance(values, dict) else Namedlist(values)


def job_of(folder: Path, given: Any = (), made: Any = (), rule: str = "a rule", **more: Any) -> SimpleNamespace:
    """The ``snakemake`` object of a job with inputs and outputs, whose log is in a folder."""
    files = {"input": named(given), "output": named(made)}
    return SimpleNamespace(**{"log": [folder / "log"], "rule": rule, "params": {}, "wildcards": {}, **files, **more})


def run_script(script: str, folder: Path, given: dict, made: dict, params: dict, **wildcards: str) -> None:
    """Run scripts/{script}.py in this process with these inputs, outputs and params; its log is in a folder."""
    told = {"params": named(params), "wildcards": named(wildcards), "scriptdir": str(SCRIPTS)}
    job = job_of(Path(folder), given, made, **told)
    runpy.run_path(str(SCRIPTS / f"{script}.py"), init_globals={"snakemake": job}, run_name="__main__")
