"""Running the workflow from a test: in a folder, on a study, for real or dry."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path

import psutil
import pytest
import yaml
from glossbench.settings.study import load_study

from tests.support.repository import ROOT

TINY = ROOT / "config" / "tiny.yaml"
STUDY = load_study(yaml.safe_load(TINY.read_text()), "tiny.yaml", ROOT / "config")
OBJECTIVES = STUDY.objectives
SNAKEMAKE = [sys.executable, "-m", "snakemake"]
# what the tiny study shows
TABLES = ["corpora", "integrated", "standalone", "silhouette", "hyperparameters", "search", "widths"]
TABLES += ["deduplicated", "checklist"]
FIGURES = ["headline", "method", "weight", "labeled_fraction", "sigma", "adjacency", "projections", "epoch_time"]
FIGURES += ["sensitivity", "learning_curves", "graph", "convergence", "tuning"]


def small(path, **changes):
    """A study file of two epochs a run on a little real text, nothing searched and nothing shown of single runs."""
    kept = ("corpora", "encoders", "seeds", "subset", "max_length", "encoder", "training")
    settings = yaml.safe_load(TINY.read_text())
    settings = {**{key: settings[key] for key in kept}, "study": path.stem, **changes}
    path.write_text(yaml.safe_dump(settings))
    return path


def copied_workflow(root):
    """A copy of the workflow in a folder, for a test to edit; returns the folder."""
    for name in ("rules", "scripts", "config", "envs", "report", "profiles", "workflow"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "Snakefile", root)
    return root


def snakemake(folder, *arguments, **options):
    """Run the workflow with ``folder`` as working directory; returns the finished process, output as text.

    ``options`` are those of ``arguments_of``.
    """
    return run_snakemake(folder, *arguments_of(folder, *arguments, **options))


def started(folder, *arguments, output=subprocess.DEVNULL, environment=None, **options):
    """The workflow under way in a process of its own, which writes to the file ``output``."""
    command = [*SNAKEMAKE, *arguments_of(folder, *arguments, **options)]
    environment = {**os.environ, **(environment or {})}
    return subprocess.Popen(command, cwd=folder, stdout=output, stderr=output, env=environment)


def scripts_below(process, name):
    """Processes below another, by its id, that run the script of a job."""
    found = []
    for child in psutil.Process(process).children(recursive=True):
        with suppress(psutil.Error):  # it may have ended
            found += [child] if any(word.endswith(f"{name}.py") for word in child.cmdline()[:2]) else []
    return found


def arguments_of(folder, *arguments, study=TINY, root=ROOT, cores=2):
    """Arguments of Snakemake for a study, with the workflow at ``root``; ``cores`` may be None."""
    place = ["-s", root / "Snakefile", "-d", folder, *(["--cores", cores] if cores else [])]
    return [*map(str, (*place, *arguments)), *(["--configfile", str(study)] if study else [])]


def run_snakemake(folder, *arguments, **variables):
    """Run Snakemake in a folder, with variables of the environment; returns the finished process, output as text.

    A dry run without such variables is forked from a Snakemake that is there already.
    """
    arguments = list(map(str, arguments))
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "OMP_NUM_THREADS": "1", **variables}
    if "-n" in arguments and not variables:
        return forked(arguments, folder, environment)
    command = [*SNAKEMAKE, *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environment)


def glossbench_process(folder, *arguments):
    """Run a command of glossbench in a folder; returns the finished process, output as text."""
    command = [sys.executable, "-m", "glossbench", *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "scripts")}
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environment)


@cache
def warm_snakemake():
    """A process that has imported Snakemake; it ends when its input is closed, with this process.

    A PYTHONPATH of the test that comes first would bring a logger plugin, and with it this project's package.
    """
    program = Path(__file__).with_name("warm_snakemake.py")
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    return subprocess.Popen([sys.executable, program], **pipes, text=True, env=clean)


def forked(arguments, folder, environment):
    """What a Snakemake with these arguments would print and return, without the seconds of its start."""
    with tempfile.TemporaryDirectory() as place:
        output = [f"{place}/{name}" for name in ("stdout", "stderr")]
        job = {"arguments": arguments, "folder": str(folder), "environment": environment, "output": output}
        try:
            warm_snakemake().stdin.write(json.dumps(job) + "\n")
            warm_snakemake().stdin.flush()
            code = int(warm_snakemake().stdout.readline())
        except BaseException:  # as a test's time limit: the next dry run would read the answer to this one
            warm_snakemake().kill()
            warm_snakemake.cache_clear()
            raise
        return subprocess.CompletedProcess(arguments, code, *(Path(name).read_text() for name in output))


def planned(folder, *arguments, **options):
    """Number of jobs by rule that a dry run plans; those of tables and figures singly, as table_{key}, figure_{key}."""
    process = snakemake(folder, "-n", *arguments, **options)
    assert process.returncode == 0, process.stdout + process.stderr
    return jobs_in(process.stdout + process.stderr)


def jobs_in(output):
    """The same of the output of a dry run."""
    stats = re.search(r"^job +count\n-.*\n((?:\w+ +\d+\n)+)", output, re.MULTILINE)
    jobs = [] if stats is None else [line.split() for line in stats[1].splitlines()]
    counts = {rule: int(count) for rule, count in jobs if rule not in ("total", "table", "figure")}
    made = re.findall(r"^Job \d+: (?:Writing|Drawing) the (table|figure) (\w+)$", output, re.MULTILINE)
    return {**counts, **{f"{kind}_{key}": 1 for kind, key in made}}


# Seconds, memory and versions stand here and nowhere else: in the frames that collect them, in T3, T4, the checklist and
# F7, which show them, and in the claims about them.
MEASURED = re.compile(
    r"^(logs|benchmarks|\.state)/|/timing\.|^(runs|tuning)/.*/SHA256SUMS$|^(runs|epochs|trials)\.parquet$|^(report\.html|provenance\.json)$"
    r"|^tables/(standalone|silhouette|checklist)\.|^figures/epoch_time\.|^claims\."
)


def digests(folder):
    """SHA-256 of every file of a study that must not differ from one time to the next."""
    names = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    kept = {name: path for name, path in names.items() if not MEASURED.search(name)}
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in kept.items()}


def skip_without_network(process):
    said = re.search(r"^glossbench: .*could not (be )?download.*$", process.stderr, re.MULTILINE)
    if said:
        pytest.skip(said[0])
