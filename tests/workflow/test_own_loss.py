"""The example of a loss of one's own: to its report, after its file, and in one line where it cannot be had."""

import re
import shutil

import pandas as pd
import pytest
import yaml
from studies import ROOT, copied_workflow, planned, snakemake

EXAMPLE = ROOT / "examples" / "own-loss"
KEY, FILE = "normalized-softmax-ce", "normalized_softmax.py"


@pytest.fixture
def example(tmp_path, minilm):
    """The workflow with the entry of the README, the loss in the working directory, and the study on the corpus of own-data."""
    root, loss = copied_workflow(tmp_path / "root"), tmp_path / FILE
    (entry,) = re.findall(r"```yaml\n(.*?)```", (EXAMPLE / "README.md").read_text(), re.DOTALL)
    with (root / "config" / "objectives.yaml").open("a") as registry:
        registry.write(entry)
    shutil.copy(EXAMPLE / FILE, loss)
    shutil.copytree(EXAMPLE.parent / "own-data", tmp_path / "examples" / "own-data")
    shutil.copytree(minilm, tmp_path / "examples" / "own-data" / "encoder")
    settings = yaml.safe_load((EXAMPLE / "study.yaml").read_text())
    study = tmp_path / "own-loss.yaml"
    study.write_text(yaml.safe_dump({**settings, "corpora": ["my-corpus"], "encoders": ["my-encoder"], "subset": {}}))
    return {"root": root, "study": study}, loss


@pytest.mark.slow
def test_a_loss_from_elsewhere_is_searched_varied_and_shown_and_follows_its_file(example, tmp_path):
    workflow, loss = example
    process = snakemake(tmp_path, **workflow)
    assert process.returncode == 0, process.stdout + process.stderr
    results = tmp_path / "results" / "own-loss"
    runs = pd.read_parquet(results / "runs.parquet").set_index("objective")
    best = yaml.safe_load(next(results.glob(f"tuning/*/*/{KEY}/best.yaml")).read_text())
    assert runs.loc[KEY, "temperature"] == pytest.approx(best["settings"]["temperature"])
    assert runs.loc[f"{KEY}+temperature=0.5", "temperature"] == 0.5
    assert runs.loc[KEY, "n_trainable"] - runs.loc["ce", "n_trainable"] == 3 * 384, "a vector per class"
    assert "Normalized softmax + CE" in (results / "report.html").read_text()

    written = loss.read_text()
    assert not planned(tmp_path, **workflow)
    loss.write_text(written.replace("torch.randn", "0.1 * torch.randn"))
    jobs = planned(tmp_path, **workflow)
    assert (jobs["train"], jobs["tune"]) == (2, 1)


def test_a_loss_is_found_on_pythonpath_and_one_that_is_nowhere_is_one_line(example, tmp_path, monkeypatch):
    workflow, loss = example
    elsewhere = tmp_path / "losses"
    elsewhere.mkdir()
    loss = loss.rename(elsewhere / FILE)
    loss.write_text("import a_package_that_is_not_here\n")
    process = snakemake(tmp_path, "-n", **workflow)
    assert process.returncode
    (line,) = [line for line in process.stderr.strip().splitlines() if not line.startswith("Using")]
    expected = "found, expected a module that exists (looked on PYTHONPATH and in the working directory)"
    assert line == f'glossbench: own-loss.yaml: {KEY}: loss "normalized_softmax:NormalizedSoftmax" {expected}'
    monkeypatch.setenv("PYTHONPATH", str(elsewhere))
    process = snakemake(tmp_path, "--dry-run", **workflow)
    assert process.returncode == 0, "whether it can be imported is for the job: " + process.stderr
