"""docs/performance.md names commands that are there, and sizes that `make plan` gives."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "performance.md").read_text(encoding="utf-8")


def test_files_of_the_commands_and_links_exist():
    links = [f"docs/{link}" for link in re.findall(r"\]\(([^)#]+)", PAGE)]
    files = re.findall(r"\b(?:benchmarks|config)/[\w-]+\.(?:py|yaml)", PAGE)
    assert [file for file in [*links, *files] if not (ROOT / file).exists()] == []


def test_targets_of_make_exist():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8").replace("$(VENV)", ".venv")
    targets = re.findall(r"`make ([\w./-]+)", PAGE)
    assert len(targets) > 3
    assert [target for target in targets if not re.search(rf"^{re.escape(target)}:", makefile, re.MULTILINE)] == []


def test_sizes_of_the_papers_grid_are_those_that_plan_gives():
    command = [sys.executable, "-m", "glossbench", "plan", ROOT / "config" / "paper.yaml"]
    process = subprocess.run(command, cwd=ROOT / "scripts", capture_output=True, text=True, check=True)
    planned = {round(float(size), 1) for size in re.findall(r"([\d.]+) GB", process.stdout)}
    shown = {float(size) for size in re.findall(r"\| ([\d.]+) GB \| `make plan", PAGE)}
    assert shown
    assert shown <= planned
