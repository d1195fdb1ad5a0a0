"""The example of a loss of one's own: found on PYTHONPATH, and in one line where it cannot be had."""

import shutil

import pytest
import yaml
from studies import copied_workflow, snakemake
from test_one_entry_is_enough import EXAMPLE, FILE, KEY, entry_of_the_example


@pytest.fixture
def example(tmp_path, minilm):
    """The workflow with the entry of the README, the loss on its way, and the study on the corpus of own-data."""
    root = copied_workflow(tmp_path / "root")
    with (root / "config" / "objectives.yaml").open("a") as registry:
        registry.write(entry_of_the_example())
    shutil.copytree(EXAMPLE.parent / "own-data", tmp_path / "examples" / "own-data")
    shutil.copytree(minilm, tmp_path / "examples" / "own-data" / "encoder")
    settings = yaml.safe_load((EXAMPLE / "study.yaml").read_text())
    study = tmp_path / "own-loss.yaml"
    study.write_text(yaml.safe_dump({**settings, "corpora": ["my-corpus"], "encoders": ["my-encoder"], "subset": {}}))
    return {"root": root, "study": study}


def test_a_loss_is_found_on_pythonpath_and_one_that_is_nowhere_is_one_line(example, tmp_path, monkeypatch):
    elsewhere = tmp_path / "losses"
    elsewhere.mkdir()
    (elsewhere / FILE).write_text("import a_package_that_is_not_here\n")
    process = snakemake(tmp_path, "-n", **example)
    assert process.returncode
    (line,) = [line for line in process.stderr.strip().splitlines() if not line.startswith("Using")]
    expected = "found, expected a module that exists (looked on PYTHONPATH and in the working directory)"
    assert line == f'glossbench: own-loss.yaml: {KEY}: loss "normalized_softmax:NormalizedSoftmax" {expected}'
    monkeypatch.setenv("PYTHONPATH", str(elsewhere))
    process = snakemake(tmp_path, "--dry-run", **example)
    assert process.returncode == 0, "whether it can be imported is for the job: " + process.stderr
