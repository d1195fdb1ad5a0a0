"""Seconds and memory of all tables, figures, claims and the report of a made-up study of a thousand runs."""

import subprocess
import sys
import time
from collections.abc import Iterator

import psutil

from benchmarks.inputs import ROOT, SCRATCH
from benchmarks.made_up_grid import planned, write_frames
from benchmarks.rows import Options, Row

RULES = ("all", "report", "claims", "significance", "table", "figure")  # behind collect
FOLDER = SCRATCH / "evidence"
SEEDS = 5


def rows(options: Options) -> Iterator[Row]:
    """Rows of the whole evidence, made on two cores from frames that collect would write."""
    seeds = 1 if options.quick else SEEDS
    runs = write_frames(planned(seeds), FOLDER / "results" / "paper")
    seconds, peak = evidence(seeds)
    size = (FOLDER / "results" / "paper" / "report.html").stat().st_size / 2**20
    case = f"{runs} made-up runs, two cores"
    yield Row("evidence", case, "all tables, figures, claims and the report", seconds, "s")
    yield Row("evidence", case, "most memory of all processes (proportional set size)", peak / 2**20, "MiB")
    yield Row("evidence", case, "size of the report", size, "MiB")


def evidence(seeds: int) -> tuple[float, int]:
    """Make the evidence.

    Returns:
        Seconds, and the largest memory in bytes, sampled.

    Raises:
        SystemExit: if Snakemake fails.
    """
    command = [sys.executable, "-m", "snakemake", "-s", ROOT / "Snakefile", "-d", FOLDER, "--cores", "2"]
    command += ["--configfile", ROOT / "config/paper.yaml", "--config", f"seeds={list(range(seeds))}"]
    command += ["--forceall", "--allowed-rules", *RULES, "--", "all"]
    started, peak = time.perf_counter(), 0
    with (FOLDER / "snakemake.log").open("w") as log:
        process = subprocess.Popen([*map(str, command)], stdout=log, stderr=subprocess.STDOUT)
        while process.poll() is None:
            peak = max(peak, memory(process.pid))
            time.sleep(0.2)
    if process.returncode:
        sys.exit(f"bench: the evidence failed, see {FOLDER / 'snakemake.log'}")
    return time.perf_counter() - started, peak


def memory(pid: int) -> int:
    """Proportional set size of a process and all below it, in bytes."""
    total = 0
    try:
        for process in [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]:
            total += process.memory_full_info().pss
    except psutil.Error:
        pass
    return total
