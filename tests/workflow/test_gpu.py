"""``make gpu``: the whole way at the smallest sizes on a CPU, and what it does where something fails."""

import json
import re
import shutil
import subprocess
import sys
from argparse import Namespace

import pandas as pd
import pytest
import torch

from benchmarks.gpu import PARTS, measured
from benchmarks.gpu_checks import agreement
from tests.support.studies import ROOT


@pytest.fixture(autouse=True)
def importable(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", f"{ROOT / 'scripts'}:{ROOT}")


def gpu(*arguments):
    command = [sys.executable, "-m", "benchmarks.gpu", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def frame(shift=0.0, spread=0.01, seeds=2):
    scores = [
        (name, seed, 0.8 + 0.1 * number + spread * seed + shift)
        for number, name in enumerate("abc")
        for seed in range(seeds)
    ]
    runs = pd.DataFrame(scores, columns=["objective", "seed", "test_macro_f1"])
    return runs.assign(corpus="mr", encoder="tiny")


def test_scores_agree_within_the_bound_of_a_t_test():
    # Pooled over three objectives and two machines with two seeds each: variance 5e-5, six degrees of freedom; the bound
    # of a difference of means is 0.00707 times 3.2875, the t value at 0.05 / 2 / 3 (scipy, tables: 3.29).
    assert agreement(frame(0.0232), frame())["ratio"].tolist() == pytest.approx([0.998] * 3, abs=0.002)
    assert (agreement(frame(0.024), frame())["ratio"] > 1).all()
    assert (agreement(frame(0, 0), frame(0, 0))["ratio"] == 0).all()
    with pytest.raises(ValueError, match="3 cells in common without a second seed found"):
        agreement(frame(seeds=1), frame(seeds=1))


def test_all_parts_together_end_in_time():
    assert sum(seconds for _, seconds in PARTS.values()) < 8 * 60


@pytest.mark.slow
@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_without_a_device_there_is_one_line():
    process = gpu()
    assert process.returncode == 1
    assert re.fullmatch(r"gpu: torch \S+ sees no CUDA device; ARGS=--device=cpu .*\n", process.stderr)


@pytest.mark.slow
def test_a_part_that_takes_too_long_or_fails_is_one_line(tmp_path):
    given = Namespace(device="cpu", out=tmp_path, mirror=None, against=tmp_path / "none.parquet")
    late = measured("waits", given, 0.1)
    assert (late["error"], late["rows"]) == ("ended after 0.1 s", [])
    failed = measured("study", given, 120)
    assert re.fullmatch(r"FileNotFoundError: .*none.parquet.*", failed["error"])


@pytest.mark.slow
def test_the_whole_way_on_a_cpu(tmp_path, finished):
    for made in ("corpora", "tokens", "frozen", "sigma"):  # those of the tiny study are the same
        shutil.copytree(finished / "results/tiny" / made, tmp_path / "study/results/quick" / made)
    earlier = frame(spread=1.0).assign(corpus="bbc-news", encoder="minilm-l6", device="cpu")
    earlier.replace({"a": "ce", "b": "gloss-sqrt-ce"}).to_parquet(tmp_path / "earlier.parquet")
    process = gpu("--device", "cpu", "--out", tmp_path, "--against", tmp_path / "earlier.parquet")
    assert process.returncode == 0, process.stderr
    results = json.loads((tmp_path / "gpu.json").read_text())
    assert {part: entry["error"] for part, entry in results.items()} == dict.fromkeys(PARTS)
    found = {(part, row["what"]): row for part, entry in results.items() for row in entry["rows"]}
    assert {part for part, _ in found} == set(PARTS)
    assert found["study", "objectives that agree"]["value"] == 2
    assert found["study", "macro F1 of ce"]["baseline"] == pytest.approx(0.8 + 1 / 2)
    step = found["rates", "step"]
    assert step["value"] == pytest.approx(step["baseline"] * step["ratio"])
    page = (tmp_path / "gpu.md").read_text()
    assert page.startswith("# glossbench on cpu\n")
    assert page.count("\n| ") == 1 + sum(len(entry["rows"]) for entry in results.values())
