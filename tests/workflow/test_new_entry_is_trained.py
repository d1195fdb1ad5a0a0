"""A corpus, an encoder, a loss and an objective of one's own: an entry each is enough to train and to show them.

A loss is a module of the package with its settings, or a file elsewhere, as in examples/own-loss.
"""

import json
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest
import yaml

from tests.support.studies import ROOT, copied_workflow, planned, snakemake

EXAMPLE = ROOT / "examples" / "own-loss"
KEY, FILE = "normalized-softmax-ce", "normalized_softmax.py"
LOSS = '''"""Spread of the embeddings: a loss of one's own, with one setting."""

from torch import Tensor, nn


class Spread(nn.Module):
    """Variance of the embeddings within the batch, to a power."""

    def __init__(self, power: float = 1.0):
        super().__init__()
        self.power = power

    def forward(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        """embeddings: (B, d); labels: (B,). Returns a scalar."""
        return embeddings.var(dim=0).mean() ** self.power


LOSS = Spread
'''
MODEL = '''

class Spread(LossSettings):
    """Settings of the spread."""

    power: Positive = about("Power of the variance.", 1.0)


LOSSES["spread"] = Spread
'''
ENTRIES = {
    "corpora": """
tea-notes:
  title: Tea & {notes}
  description: short sentences about tea and music
  source: this test
  licence: none
  kind: csv
  path: notes.csv
  columns: {text: text, label: label}
  splitting: {test_fraction: 0.3, fraction: 0.3, seed: 0}
""",
    "encoders": """
house-encoder:
  title: House Encoder
  description: an encoder in a folder
  source: this test
  licence: none
  kind: folder
  path: encoder
  layers: 6
""",
    "objectives": """
spread-ce:
  title: Spread plus CE
  protocol: integrated
  loss: spread
  settings: {weight: 0.1}
  search: {power: {choices: [0.5, 1, 2]}}
""",
}
STUDY = {
    "study": "own",
    "corpora": ["tea-notes"],
    "encoders": ["house-encoder"],
    "seeds": [0],
    "grid": [
        {"objectives": ["spread-ce", KEY]},
        {"objectives": ["spread-ce"], "vary": {"power": ["x1.5"]}},
        {"objectives": [KEY], "vary": {"temperature": [0.5]}},
    ],
    "tuning": {"trials": 2, "epochs": 1},
    "max_length": 12,
    "encoder": {"layers": 1},
    "training": {"batch_size": 10, "epochs": 2, "learning_rate": 1e-3},
}
TITLES = ("Tea & {notes}", "House Encoder", "Spread plus CE", "Normalized softmax + CE")
TABLES = [f"results/own/tables/{name}.md" for name in ("integrated", "hyperparameters")]


def entry_of_the_example() -> str:
    """The entry of an objective that the example's README shows."""
    (entry,) = re.findall(r"```yaml\n(.*?)```", (EXAMPLE / "README.md").read_text(), re.DOTALL)
    return entry


@pytest.fixture(scope="module")
def workflow(tmp_path_factory, minilm) -> dict[str, Path]:
    """A copy of the workflow with one entry more in each registry, and the study, run to two of its tables."""
    folder, root = tmp_path_factory.mktemp("own"), copied_workflow(tmp_path_factory.mktemp("workflow"))
    for registry, entry in ENTRIES.items():
        with (root / "config" / f"{registry}.yaml").open("a", encoding="utf-8") as file:
            file.write(entry)
    with (root / "config/objectives.yaml").open("a") as registry:
        registry.write(entry_of_the_example())
    shutil.copy(EXAMPLE / FILE, folder)
    with (root / "scripts/glossbench/settings/losses.py").open("a", encoding="utf-8") as file:
        file.write(MODEL)
    (root / "scripts/glossbench/losses/spread.py").write_text(LOSS)
    rows = [(f"{verb} {thing} {n}", label) for n in range(8) for label, verb, thing in WORDS]
    pd.DataFrame(rows, columns=["text", "label"]).to_csv(folder / "notes.csv", index=False)
    shutil.copytree(minilm, folder / "encoder")
    (folder / "own.yaml").write_text(yaml.safe_dump(STUDY))
    workflow = {"folder": folder, "study": folder / "own.yaml", "root": root}
    process = snakemake(workflow["folder"], *TABLES, study=workflow["study"], root=root)
    assert process.returncode == 0, process.stdout + process.stderr
    return workflow


@pytest.fixture(scope="module")
def results(workflow) -> Path:
    return workflow["folder"] / "results" / "own"


WORDS = [
    ("tea", "pour", "green tea"),
    ("tea", "steep", "black tea"),
    ("music", "play", "a fugue"),
    ("music", "sing", "an air"),
]


@pytest.mark.slow
def test_their_titles_are_in_the_table(results):
    table = (results / "tables/integrated.md").read_text()
    for title in TITLES:
        assert title in table, title
    assert "spread-ce" not in table


@pytest.mark.slow
def test_the_loss_trained_its_run(results):
    epochs = pd.read_parquet(results / "epochs.parquet").set_index(["objective", "epoch"])
    assert epochs.loc["spread-ce", "loss_metric"].notna().all()
    expected = 0.9 * epochs["loss_ce"] + 0.1 * epochs["loss_metric"]
    assert epochs.loc["spread-ce", "loss"].to_list() == pytest.approx(expected.loc["spread-ce"].to_list(), rel=1e-5)


@pytest.mark.slow
def test_its_setting_was_searched_and_varied(results):
    runs = results / "runs/tea-notes/house-encoder"
    found = yaml.safe_load((results / "tuning/tea-notes/house-encoder/spread-ce/best.yaml").read_text())
    assert found["search"]["power"] == {"choices": [0.5, 1, 2]}
    powers = {
        key: json.loads((runs / key / "seed-0/settings.json").read_text())["objective"]["loss_settings"]["power"]
        for key in ("spread-ce", "spread-ce+power=x1.5")
    }
    assert powers["spread-ce"] == found["settings"]["power"]
    assert powers["spread-ce+power=x1.5"] == pytest.approx(1.5 * powers["spread-ce"])


@pytest.mark.slow
def test_its_setting_is_shown(results):
    runs = pd.read_parquet(results / "runs.parquet").set_index("objective")
    assert runs.loc["spread-ce+power=x1.5", "power"] == pytest.approx(1.5 * runs.loc["spread-ce", "power"])
    assert pd.isna(runs.loc[KEY, "power"])
    assert "| Power |" in (results / "tables/hyperparameters.md").read_text()


@pytest.mark.slow
def test_a_loss_from_elsewhere_is_searched_and_varied_and_follows_its_file(workflow, results):
    runs = pd.read_parquet(results / "runs.parquet").set_index("objective")
    best = yaml.safe_load((results / f"tuning/tea-notes/house-encoder/{KEY}/best.yaml").read_text())
    assert runs.loc[KEY, "temperature"] == pytest.approx(best["settings"]["temperature"])
    assert runs.loc[f"{KEY}+temperature=0.5", "temperature"] == 0.5
    assert runs.loc[KEY, "n_trainable"] - runs.loc["spread-ce", "n_trainable"] == 2 * 384, "a vector per class"

    loss = workflow["folder"] / FILE
    written = loss.read_text()
    assert not planned(workflow["folder"], *TABLES, study=workflow["study"], root=workflow["root"])
    loss.write_text(written.replace("torch.randn", "0.1 * torch.randn"))
    jobs = planned(workflow["folder"], *TABLES, study=workflow["study"], root=workflow["root"])
    assert (jobs["train"], jobs["tune"]) == (2, 1)


@pytest.mark.slow
def test_a_loss_is_found_on_pythonpath_and_one_that_is_nowhere_is_one_line(workflow, tmp_path, monkeypatch):
    elsewhere = tmp_path / "losses"
    elsewhere.mkdir()
    (elsewhere / FILE).write_text("import a_package_that_is_not_here\n")
    example = {"root": workflow["root"], "study": shutil.copy(EXAMPLE / "study.yaml", tmp_path / "own-loss.yaml")}
    process = snakemake(tmp_path, "-n", **example)
    assert process.returncode
    (line,) = [line for line in process.stderr.strip().splitlines() if not line.startswith("Using")]
    expected = "found, expected a module that exists (looked on PYTHONPATH and in the working directory)"
    assert line == f'glossbench: own-loss.yaml: {KEY}: loss "normalized_softmax:NormalizedSoftmax" {expected}'
    monkeypatch.setenv("PYTHONPATH", str(elsewhere))
    process = snakemake(tmp_path, "--dry-run", **example)
    assert process.returncode == 0, "whether it can be imported is for the job: " + process.stderr
