"""The scripts of the workflow find what they read wherever they lie."""

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from glossbench.frames import write_frame
from glossbench.provenance import NUMERICS
from glossbench.settings.model import canonical

from tests.support.made_up import coverage, evidence, runs
from tests.support.registered import ROOT, TABLES, caption, names


def test_scripts_find_what_they_read_where_scripts_alone_lie_elsewhere(tmp_path):
    """As Snakemake mounts them in a container that it starts itself."""
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    made, table = runs({("mr", "bert-base", "ce"): [0.9, 0.8]}), TABLES["integrated"].specification()
    frames = {"runs": made, "coverage": coverage(made)}
    given = {name: str(tmp_path / f"{name}.parquet") for name in frames}
    for name, frame in frames.items():
        write_frame(name, frame, given[name])
    output = {ending: str(tmp_path / f"integrated.{ending}") for ending in ("csv", "md", "tex", "html")}
    params = {"output": canonical(table), "caption": caption("integrated"), "names": canonical(names()),
              "numerics": NUMERICS}  # fmt: skip
    arguments = ("table", str(tmp_path), given, output, params)
    program = f"from tests.support.jobs import run_script; run_script(*{arguments!r})"
    paths = [str(tmp_path / "scripts"), str(ROOT)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "GLOSSBENCH_ROOT": str(ROOT)}
    subprocess.run([sys.executable, "-c", program], env=environment, cwd=tmp_path, check=True)
    expected = replace(evidence(**frames), numerics=NUMERICS).table(table, caption("integrated"))
    assert {ending: Path(path).read_text(encoding="utf-8") for ending, path in output.items()} == expected
