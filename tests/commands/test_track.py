"""Finished runs in the stores of MLflow and TensorBoard, read back with these libraries."""

import json
import shutil

import pandas as pd
import pytest
import yaml
from glossbench.__main__ import main
from glossbench.commands.track import track
from glossbench.errors import GlossbenchError
from glossbench.expected import Expected
from glossbench.settings.paths import run_folder
from glossbench.settings.study import load_study
from mlflow import MlflowClient
from mlflow.entities import RunStatus
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tests.support.archives import SMALL, make_run
from tests.support.registered import CONFIG

SETTINGS = {**SMALL, "training": {"learning_rate": 0.004}}
STUDY = load_study(SETTINGS, "study", CONFIG)
FIRST, _, SECOND, _ = STUDY.runs


def finish(results, run, score):
    make_run(run, Expected(STUDY).of(run), results / run_folder(run), score)
    return results / run_folder(run)


@pytest.fixture(scope="module")
def tracked(tmp_path_factory):
    """A finished run and a database of MLflow that has it, which takes seconds to make."""
    folder = tmp_path_factory.mktemp("tracked")
    finish(folder / "results/mine", FIRST, 0.7)
    assert track(STUDY, folder / "results/mine", "mlflow", f"sqlite:///{folder}/mlflow.db") == (1, 0)
    return folder


@pytest.fixture
def results(tracked, tmp_path):
    return shutil.copytree(tracked / "results", tmp_path / "results") / "mine"


@pytest.fixture
def store(tracked, tmp_path):
    """A store of MLflow that has the run of ``results``."""
    shutil.copy(tracked / "mlflow.db", tmp_path)
    return f"sqlite:///{tmp_path}/mlflow.db"


def in_mlflow(store):
    client = MlflowClient(tracking_uri=store)
    found = client.search_runs([client.get_experiment_by_name("mine").experiment_id])
    return client, {run.info.run_name: run for run in found}


def in_tensorboard(folder):
    found = EventAccumulator(str(folder)).Reload()
    return {tag: [(event.step, event.value) for event in found.Scalars(tag)] for tag in found.Tags()["scalars"]}


def test_mlflow_has_each_run_once_with_epochs_scores_and_settings(results, store):
    assert track(STUDY, results, "mlflow", store) == (0, 1)
    finish(results, SECOND, 0.8)
    assert track(STUDY, results, "mlflow", store) == (1, 1)
    client, runs = in_mlflow(store)
    assert sorted(runs) == [f"bbc-news/minilm-l6/{key}/seed-0" for key in ("ce", "gloss-sqrt-ce")]
    estimated = runs["bbc-news/minilm-l6/gloss-sqrt-ce/seed-0"].data.params["objective.loss_settings.sigma"]
    assert float(estimated) == 0.5, "the value that the run had, not the rule that its study names"
    run = runs["bbc-news/minilm-l6/ce/seed-0"]
    metrics = json.loads((results / run_folder(FIRST) / "metrics.json").read_text())
    assert run.data.metrics["test_accuracy"] == metrics["test_accuracy"]
    assert run.data.params["objective.training.learning_rate"] == "0.004"
    epochs = pd.read_csv(results / run_folder(FIRST) / "epochs.csv")
    curve = client.get_metric_history(run.info.run_id, "epoch/loss")
    assert {point.step: point.value for point in curve} == dict(zip(epochs["epoch"], epochs["loss"], strict=True))


def test_what_mlflow_was_not_given_whole_is_written_anew(results, store):
    client, runs = in_mlflow(store)
    (run,) = runs.values()
    client.update_run(run.info.run_id, RunStatus.to_string(RunStatus.RUNNING))  # as one that was killed leaves it
    assert track(STUDY, results, "mlflow", store) == (1, 0)
    (again,) = in_mlflow(store)[1].values()
    assert again.info.run_id != run.info.run_id


def test_tensorboard_has_each_run_once_with_epochs_and_scores(results, tmp_path):
    store = tmp_path / "tensorboard"
    assert track(STUDY, results, "tensorboard", str(store)) == (1, 0)
    assert track(STUDY, results, "tensorboard", str(store)) == (0, 1)
    (folder,) = store.glob("mine/bbc-news/minilm-l6/ce/seed-0-*")
    found = in_tensorboard(folder)
    epochs = pd.read_csv(results / run_folder(FIRST) / "epochs.csv")
    assert [step for step, _ in found["epoch/loss"]] == epochs["epoch"].tolist()
    assert [value for _, value in found["epoch/loss"]] == pytest.approx(epochs["loss"].tolist())
    assert found["test_accuracy"][0][1] == pytest.approx(0.7, abs=0.2)


@pytest.mark.parametrize("to", ["mlflow", "tensorboard"])
def test_a_run_made_anew_with_other_settings_is_another_run(results, store, tmp_path, to):
    store = {"mlflow": store, "tensorboard": str(tmp_path / "boards")}[to]
    track(STUDY, results, to, store)
    other = load_study({**SETTINGS, "training": {"learning_rate": 0.5}}, "study", CONFIG)
    shutil.rmtree(results / run_folder(FIRST))
    make_run(FIRST, Expected(other).of(FIRST), results / run_folder(FIRST), 0.6)
    assert track(other, results, to, store) == (1, 0)


def test_a_store_that_cannot_be_written_is_one_line(results, tmp_path, monkeypatch, capsys):
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(SETTINGS))
    monkeypatch.chdir(tmp_path)
    assert main(["track", "mine.yaml", "--to", "tensorboard", "--store", "mine.yaml/below"]) == 1
    assert capsys.readouterr().err.endswith("Not a directory: 'mine.yaml/below'\n")


def test_a_study_without_a_finished_run_is_refused(tmp_path):
    with pytest.raises(GlossbenchError, match="no run has finished yet"):
        track(STUDY, tmp_path, "mlflow", f"sqlite:///{tmp_path}/mlflow.db")
