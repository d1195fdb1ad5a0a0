"""Whether glossbench does on a device what it does on a CPU: the scores of the default study, and the marked tests."""

import re
import subprocess
import sys
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import t

from benchmarks.inputs import ROOT, snakemake
from benchmarks.rows import Row

STUDY, RUNS = ROOT / "config" / "config.yaml", Path("results", "quick", "runs.parquet")
CELL, SCORE = ["corpus", "encoder", "objective"], "test_macro_f1"
SMALLEST = (
    "objectives=[ce,gloss-sqrt-ce]", "projection=null", "subset={train: 40, val: 20, test: 30}", "max_length=16",
    "encoder={layers: 2, trainable_layers: 1}", "training={batch_size: 20, epochs: 1}",
)  # fmt: skip


def study(given: Namespace) -> Iterator[Row]:
    """Scores of the default study on the device and on a CPU, by objective; on a CPU twice the smallest such study."""
    found = ROOT / RUNS if given.device == "cuda" and (ROOT / RUNS).is_file() else None
    against = given.against or found
    on_cpu = pd.read_parquet(against) if against else runs_on("cpu", given, "study-again")
    if {*on_cpu["device"]} != {"cpu"}:
        raise ValueError(f"{against}: device {', '.join(sorted({*on_cpu['device']}))} found, expected cpu")
    on_device = runs_on(given.device, given, "study")
    compared = agreement(on_device, on_cpu)
    case, text = ", ".join(sorted({*on_device["device"]})), "baseline: on a CPU; ratio: difference by seeds' noise"
    for (*_, objective), one in compared.iterrows():
        yield Row("study", case, f"macro F1 of {objective}", one["device"], "", one["cpu"], one["ratio"], text)
    agree, text = int((compared["ratio"] <= 1).sum()), "baseline: all objectives; ratio: share"
    yield Row("study", case, "objectives that agree", agree, "", len(compared), agree / len(compared), text)


def runs_on(device: str, given: Namespace, name: str) -> pd.DataFrame:
    """Frame of the runs of the study on a device, made in a folder of this name where they are not there."""
    folder = given.out / name
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "resources").exists():
        (ROOT / "resources").mkdir(exist_ok=True)
        (folder / "resources").symlink_to(ROOT / "resources")
    config = [f"device={device}", "offline=true", *(SMALLEST if given.device == "cpu" else ())]
    config += [f"mirror={given.mirror}"] if given.mirror else []
    snakemake("--cores", "all", "--nolock", "--config", *config, "--", RUNS, study=STUDY, folder=folder)
    return pd.read_parquet(folder / RUNS)


def agreement(on_device: pd.DataFrame, on_cpu: pd.DataFrame, level: float = 0.05) -> pd.DataFrame:
    """Mean scores of each cell on two machines, and their difference as a share of what the seeds' noise allows.

    The noise is the standard deviation over seeds, pooled over cells and machines. Allowed is the bound of a two-sided
    t test of two means, its level divided by the number of cells.

    Args:
        on_device, on_cpu: frames of runs, with at least two seeds of a cell.
        level: probability that some cell does not agree although nothing differs but noise.

    Returns:
        Columns device, cpu (means) and ratio, at most 1 where they agree; one row per cell that both frames have.

    Raises:
        ValueError: if no common cell has a second seed.
    """
    groups = [frame.groupby(CELL)[SCORE] for frame in (on_device, on_cpu)]
    means, variances, counts = (
        pd.concat([each.agg(kind) for each in groups], axis=1, keys=["device", "cpu"], join="inner")
        for kind in ("mean", "var", "count")
    )
    degrees = int((counts - 1).to_numpy().sum())
    if degrees < 1:
        raise ValueError(f"{len(means)} cells in common without a second seed found, expected some with two seeds")
    pooled = (variances * (counts - 1)).to_numpy()
    noise = np.sqrt(np.nansum(pooled) / degrees * (1 / counts).sum(axis=1))
    difference = (means["device"] - means["cpu"]).abs()
    allowed = noise * t.ppf(1 - level / 2 / len(means), degrees)
    return means.assign(ratio=np.where(difference == 0, 0.0, difference / allowed))


def tests(given: Namespace) -> Iterator[Row]:
    """Number of tests of real devices by outcome; a ValueError names those that failed."""
    every = sorted((ROOT / "tests").rglob("test_*.py"))  # collecting them all takes longer than running those marked
    files = [file for file in every if "mark.gpu" in file.read_text(encoding="utf-8")]
    command = [sys.executable, "-m", "pytest", "-m", "gpu", "-p", "no:cacheprovider", *files]
    process = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    print(process.stdout)
    for number, outcome in re.findall(
        r"(\d+) (passed|skipped|xfailed|failed|errors?)\b", process.stdout.splitlines()[-1]
    ):
        yield Row("tests", f"marked gpu, on {given.device}", outcome, int(number), "")
    if process.returncode:
        names = re.findall(r"^(?:FAILED|ERROR) (\S+)", process.stdout, re.MULTILINE)
        raise ValueError(f"pytest ended with {process.returncode}: {', '.join(names)}")
