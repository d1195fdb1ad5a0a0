"""Runs a script of the workflow as Snakemake does: with its inputs, outputs and params under their names."""

import runpy
from pathlib import Path
from types import SimpleNamespace

from tests.support.repository import ROOT

SCRIPTS = ROOT / "scripts"


class Named(dict):
    """Files or settings by name, as ``snakemake.input`` gives them."""

    __getattr__ = dict.__getitem__


def run(script: str, log: Path, input: dict, output: dict, params: dict, **wildcards: str) -> None:
    """Run scripts/{script}.py in this process."""
    job = SimpleNamespace(
        input=Named(input),
        output=Named(output),
        params=Named(params),
        wildcards=Named(wildcards),
        log=[str(log)],
        rule="a rule",
        scriptdir=str(SCRIPTS),
    )
    runpy.run_path(str(SCRIPTS / f"{script}.py"), init_globals={"snakemake": job}, run_name="__main__")
