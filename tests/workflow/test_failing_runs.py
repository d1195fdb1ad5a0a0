"""A run that cannot go on says why and leaves the others going; what is finished can be shown meanwhile."""

import subprocess
import sys
import time

import pandas as pd
import pytest
from studies import ROOT, planned, small, snakemake


@pytest.mark.slow
def test_a_loss_that_is_not_finite_ends_its_run_alone_and_the_rest_is_shown(workplace, tmp_path):
    study = small(tmp_path / "failing.yaml", objectives=["ce,learning_rate=1e30,batch_size=5", "ce", "gloss-o-ce"])
    folder = workplace("failing")
    process = snakemake(folder, "results/failing/runs.parquet", "--keep-going", study=study)
    assert process.returncode != 0
    (line,) = [line for line in process.stderr.splitlines() if line.startswith("glossbench: ")]
    assert "bbc-news/minilm-l6/ce,learning_rate=1e30,batch_size=5/seed-0: epoch 1: the loss is nan" in line
    assert "learning_rate" in line
    results = folder / "results" / "failing"
    assert (results / "runs/bbc-news/minilm-l6/ce/seed-0/metrics.json").is_file()
    (log,) = (results / "logs" / "train").glob("*/*/ce,*/*.log")
    assert "epoch 1: the loss is nan" in log.read_text().splitlines()[-1]

    process = snakemake(folder, "partial", study=study)
    assert process.returncode == 0, process.stdout + process.stderr
    assert not (results / "runs.parquet").exists()
    assert "2 of 3" in (results / "partial" / "report.html").read_text()
    assert planned(folder, "partial", study=study) == {}


@pytest.mark.slow
def test_a_partial_view_needs_no_end_of_the_snakemake_that_is_at_work(workplace, tmp_path):
    study = small(tmp_path / "busy.yaml", objectives=["ce", "gloss-o-ce,epochs=5000,patience=5000"])
    folder = workplace("busy")
    done = folder / "results/busy/runs/bbc-news/minilm-l6/ce/seed-0/metrics.json"
    command = [sys.executable, "-m", "snakemake", "-s", ROOT / "Snakefile", "-d", folder, "--cores", "2"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    busy = subprocess.Popen([*map(str, command), "--configfile", str(study)], cwd=folder, **quiet)
    try:
        deadline = time.monotonic() + 200
        while not done.is_file():
            assert busy.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.2)
        target = "results/busy/partial/tables/integrated.csv"
        process = snakemake(folder, target, "--nolock", study=study, cores=1)
        assert process.returncode == 0, process.stdout + process.stderr
        assert pd.read_csv(folder / target)["objective"].unique() == ["ce"]
        coverage = pd.read_parquet(folder / "results/busy/partial/coverage.parquet").set_index("objective")["finished"]
        assert coverage.to_dict() == {"ce": True, "gloss-o-ce,epochs=5000,patience=5000": False}
        assert busy.poll() is None, "the other one goes on"
    finally:
        busy.kill()
        busy.wait()
