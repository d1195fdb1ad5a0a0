"""Snakemake itself: planning the grid of the paper, finding it finished, and what a job costs besides its work."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks.inputs import ENCODER, ROOT, SCRATCH, make_inputs, snakemake
from benchmarks.rows import Options, Row
from benchmarks.timing import seconds_of

PAPER = ROOT / "config" / "paper.yaml"
GRID = SCRATCH / "grid"  # a folder with an empty file for each that the grid makes
NOTHING = "Nothing to be done"
LIBRARIES = [sys.executable, "-c", "import torch, transformers.models.bert.modeling_bert"]  # what each run imports


def rows(options: Options) -> Iterator[Row]:
    """Rows of the grid and of single jobs."""
    yield from rows_of_grid()
    make_inputs(options)
    yield from rows_of_jobs(options, 1 if options.quick else options.repeats)


def rows_of_grid() -> Iterator[Row]:
    """Seconds of a dry run of the paper's grid, with no result there and with all of them."""
    empty = SCRATCH / "empty"
    planning, _ = snakemake("-n", "--quiet", "all", study=PAPER, folder=empty)
    yield Row("workflow", "config/paper.yaml", "planning all jobs", planning, "s")
    finished, said = snakemake("-n", study=PAPER, folder=GRID)
    if NOTHING not in said:
        pretend_finished()
        finished, said = snakemake("-n", study=PAPER, folder=GRID)
    if NOTHING not in said:
        sys.exit("bench: the pretended grid is not found finished")
    yield Row("workflow", "config/paper.yaml", "finding that nothing is to be done", finished, "s")


def pretend_finished() -> None:
    """Make an empty file for each result of the paper's grid, recorded by Snakemake as made by the present code.

    Takes three minutes, but only where the code has changed since the last time.
    """
    _, summary = snakemake("--summary", study=PAPER, folder=GRID)
    lines = [line.split("\t") for line in summary.splitlines() if "\t" in line]
    files = [Path(GRID, fields[0]) for fields in lines if fields[0] != "output_file"]
    for file in files:
        if file.parent.name in ("tokens", ENCODER) or "tokens" in file.parts[-3:-1]:
            file.mkdir(parents=True, exist_ok=True)
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
    snakemake("--touch", study=PAPER, folder=GRID)


def rows_of_jobs(options: Options, repeats: int) -> Iterator[Row]:
    """Seconds that a job takes besides its work: of describing a corpus, and of a training run."""
    cards = [f"results/bench/corpora/{corpus}/card.json" for corpus in ("mr", "r8", "r52", "ohsumed", "20ng")]
    snakemake(*options.snakemake, "--", *cards)
    idle = median(snakemake(*options.snakemake, "-n", "--", *cards)[0] for _ in range(repeats))
    work = median(
        snakemake(*options.snakemake, "--forcerun", "describe_corpus", "--", *cards)[0] for _ in range(repeats)
    )
    case = "describe_corpus, five jobs, two cores"
    yield Row("workflow", "nothing to be done", "start of Snakemake", idle, "s")
    yield Row("workflow", case, "one job, start of Snakemake not counted", (work - idle) / len(cards), "s")
    run = f"results/bench/runs/mr/{ENCODER}/ce/seed-0"
    target = f"{run}/settings.json"
    outside = []
    for _ in range(repeats):
        seconds, _ = snakemake(*options.snakemake, "--forcerun", "train", "--", target)
        timing = json.loads((ROOT / run / "timing.json").read_text(encoding="utf-8"))
        outside.append(seconds - idle - timing["train_seconds"])
    case, whole = f"train, mr, {ENCODER}", median(outside)
    yield Row("workflow", case, "one run, outside its training steps", whole, "s")
    libraries = median(seconds_of(lambda: subprocess.run(LIBRARIES, check=True)) for _ in range(repeats))
    text = "baseline: one run, outside its training steps; ratio: share of it"
    yield Row(
        "workflow", case, "importing torch and transformers' BERT", libraries, "s", whole, libraries / whole, text
    )
