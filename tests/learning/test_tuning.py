"""Tuning: proposals, resuming, failing trials. There are no test documents, so none can be read."""

import itertools
import logging
import multiprocessing
import os
import signal
from pathlib import Path

import optuna
import pandas as pd
import pytest
import yaml
from glossbench.errors import TrainingError
from glossbench.learning.evaluation.metrics import evaluate
from glossbench.learning.training import trainer
from glossbench.learning.training.inputs import RunInputs
from glossbench.learning.training.run import run
from glossbench.learning.tuning.journal import open_study
from glossbench.learning.tuning.sampling import sampler
from glossbench.learning.tuning.search import search
from glossbench.learning.tuning.trials import best_found, run_finals, trials_frame, tune
from glossbench.settings.jobs import SearchSettings, TuneSettings
from glossbench.settings.paths import SEARCH_FILES
from glossbench.settings.training import Probe
from scipy.stats import kstest

from tests.support.tiny_runs import objective, run_settings, save_tokens

SPACE = {
    "learning_rate": {"choices": [1e-3, 3e-3]},
    "sigma": {"low": 0.1, "high": 10, "log": True},
    "labeled_fraction": {"low": 0.1, "high": 0.9, "step": 0.1},
}
TUNING = {
    "trials": 6,
    "pruning": "pruned",
    "timeout": None,
    "seed": 42,
    "sampler": {"startup_trials": 2, "candidates": 24, "multivariate": False},
    "pruner": {"startup_trials": 1, "warmup_epochs": 1},
}
forkserver = multiprocessing.get_context("forkserver")


@pytest.fixture
def files(bert_folder, tmp_path):
    """Training and validation documents, and an encoder."""
    return save_tokens(tmp_path / "tokens", bert_folder, train=30, val=18)


def settings(search=SPACE, **tuning):
    loss_settings = {"sigma": 0.5, "sigma_median": "pairs", "labeled_fraction": 0.7}
    tuned = objective("gloss", loss_settings=loss_settings, search=search, epochs=3)
    return run_settings(tuned, tuning={**TUNING, **tuning})


def trials(files, journal, **tuning):
    """The trials of a search without their seconds."""
    study = tune(settings(**tuning), files, journal, "key")
    return trials_frame(study, settings().objective.search).drop(columns="seconds")


def tune_until(epochs, files, journal):
    """Search; SIGKILL comes when so many epochs are trained."""
    trained = itertools.count(1)

    def look(record):
        if record.getMessage().startswith("epoch ") and next(trained) == epochs:
            os.kill(os.getpid(), signal.SIGKILL)
        return True

    log = logging.getLogger(trainer.__name__)
    log.setLevel(logging.INFO)
    log.addFilter(look)
    tune(settings(), files, journal, "key")


@pytest.mark.slow
def test_a_killed_search_ends_with_the_same_trials(files, tmp_path):
    expected = trials(files, tmp_path / "whole.log")
    assert len(expected) == 6
    journal = tmp_path / "killed.log"
    for epochs in (2, 4, 1, 5):  # within the first trial, and after some
        process = forkserver.Process(target=tune_until, args=(epochs, files, journal))
        process.start()
        process.join()
        assert process.exitcode == -signal.SIGKILL
    pd.testing.assert_frame_equal(trials(files, journal), expected)


def test_a_search_writes_what_its_trials_found_and_trains_nothing_again(files, tmp_path, caplog):
    told = settings(trials=2)
    given = {"tokens": str(files.tokens), "encoder": str(files.encoder / "config.json")}
    for place in ("first", "again"):
        (tmp_path / place).mkdir()
        output = {name: str(tmp_path / place / file) for name, file in SEARCH_FILES.items()}
        caplog.clear()
        with caplog.at_level(logging.INFO):
            search(told.to_json(), "code", given, output, str(tmp_path / "state"))
        assert any(" epoch " in f" {record.getMessage()}" for record in caplog.records) == (place == "first")
    for file in SEARCH_FILES.values():
        assert (tmp_path / "again" / file).read_bytes() == (tmp_path / "first" / file).read_bytes()
    read = TuneSettings.from_json(told.to_json())  # in which settings are in the order of their names
    study = tune(read, files, tmp_path / "alone.log", "key")
    expected = trials_frame(study, read.objective.search).drop(columns="seconds")
    pd.testing.assert_frame_equal(pd.read_csv(output["trials"]), expected, check_dtype=False)
    best = yaml.safe_load(Path(output["best"]).read_text())
    assert best["settings"] == expected[expected["best"]].iloc[0][[*SPACE]].to_dict()


@pytest.mark.slow
def test_a_longer_search_resumes_a_shorter_one_and_a_shorter_one_takes_its_first_trials(files, tmp_path, caplog):
    whole = trials(files, tmp_path / "whole.log")
    first = trials(files, tmp_path / "parts.log", trials=3)
    with caplog.at_level(logging.INFO):
        pd.testing.assert_frame_equal(trials(files, tmp_path / "parts.log"), whole)
    assert "resuming after 3 finished trials" in caplog.text
    journal = (tmp_path / "parts.log").read_bytes()
    again = trials(files, tmp_path / "parts.log", trials=3)
    pd.testing.assert_frame_equal(again, first)
    assert (tmp_path / "parts.log").read_bytes() == journal, "a longer one takes all of its trials again"


def test_what_is_proposed_stays_in_its_space_and_the_best_is_the_highest(files, tmp_path):
    study = tune(settings(), files, tmp_path / "journal.log", "key")
    found = trials_frame(study, settings().objective.search)
    assert found["learning_rate"].isin(SPACE["learning_rate"]["choices"]).all()
    assert found["sigma"].between(0.1, 10).all()
    assert found["labeled_fraction"].isin([k / 10 for k in range(1, 10)]).all(), "0.30000000000000004 is 0.3"
    complete = found[found["state"] == "complete"]
    best = best_found(settings(), found)
    assert best["value"] == complete["value"].max()
    assert best["settings"] == complete.loc[complete["value"].idxmax(), list(SPACE)].to_dict()
    assert (found["seconds"] > 0).all()


def test_a_setting_that_the_search_of_another_study_lacks_is_named(tmp_path):
    (tmp_path / "best.yaml").write_text("settings: {weight: 0.5}")
    with pytest.raises(TrainingError, match=r"best.yaml: sigma not searched there; name it under tuning.fixed"):
        RunInputs(tmp_path, tmp_path, best=tmp_path / "best.yaml").tuned(["weight", "sigma"])


def test_a_journal_of_other_settings_is_ignored_with_a_warning(files, tmp_path, caplog):
    journal = tmp_path / "journal.log"
    tune(settings(trials=2), files, journal, "key")
    with caplog.at_level(logging.WARNING):
        assert open_study(journal, "another key", SearchSettings(**TUNING)).trials == []
    assert "belongs to other settings" in caplog.text


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("{", "{not json\n"),
        ('"sigma","param_value_internal":', '"sigma","param_value_internal":1'),
        ('"trial_id"', '"trial_ie"'),
    ],
    ids=str,
)
def test_a_damaged_journal_is_set_aside_and_named(files, tmp_path, caplog, old, new):
    journal = tmp_path / "journal.log"
    tune(settings(trials=2), files, journal, "key")
    text = journal.read_text()
    assert old in text
    journal.write_text(text.replace(old, new, 1))
    with caplog.at_level(logging.WARNING):
        assert open_study(journal, "key", SearchSettings(**TUNING)).trials == []
    assert f"{journal}: damaged (" in caplog.text
    assert journal.with_suffix(".damaged").is_file()


def test_no_trial_starts_after_the_time_is_up(files, tmp_path):
    assert len(trials(files, tmp_path / "journal.log", timeout=1e-6)) == 1


def test_a_trial_that_fails_is_counted_and_one_that_completes_is_needed(files, tmp_path):
    hopeless = settings({"learning_rate": {"choices": [1e30]}}, trials=2)
    with pytest.raises(TrainingError, match=r"made-up/tiny/gloss/seed-42: no trial .* the loss is nan"):
        tune(hopeless, files, tmp_path / "journal.log", "key")


def test_settings_that_were_tried_are_not_trained_again(files, tmp_path, caplog):
    search = {"learning_rate": SPACE["learning_rate"]}
    with caplog.at_level(logging.INFO):
        study = tune(settings(search), files, tmp_path / "journal.log", "key")
    found = trials_frame(study, settings(search).objective.search)
    trained, repeated = found[found["repeats"].isna()], found[found["repeats"].notna()]
    assert len(found) == TUNING["trials"]
    assert len(trained) == len(SPACE["learning_rate"]["choices"])
    originals = trained.set_index("trial").loc[repeated["repeats"]]
    for column in ("learning_rate", "state", "value", "epochs"):
        assert repeated[column].tolist() == originals[column].tolist()
    assert "takes over its result" in caplog.text
    assert found["best"].sum() == 1


STRICT = {"startup_trials": 1, "warmup_epochs": 0}  # prunes every trial whose best score is below the median


@pytest.mark.slow
@pytest.mark.parametrize("pruning", ["pruned", "complete", "never"])
def test_what_becomes_of_trials_that_the_pruner_stops(files, tmp_path, pruning):
    found = trials(files, tmp_path / "journal.log", trials=8, pruner=STRICT, pruning=pruning)
    stopped = found["epochs"] < 3
    assert stopped.any() == (pruning != "never")
    assert set(found.loc[stopped, "state"]) == ({pruning} if pruning != "never" else set())
    assert set(found.loc[~stopped, "state"]) == {"complete"}


def test_what_is_proposed_depends_on_the_number_of_the_trial():
    studies = [optuna.create_study(sampler=sampler(SearchSettings(**TUNING), number)) for number in (0, 1, 0)]
    proposed = [study.ask().suggest_float("sigma", 0.1, 10) for study in studies]
    assert proposed[0] == proposed[2] != proposed[1]


def test_random_draws_are_shared_by_objectives_and_may_differ_between_corpora():
    def drawn(cell, number=3, **options):
        told = SearchSettings(**{**TUNING, "sampler": {"kind": "random", **options}})
        trial = optuna.create_study(sampler=sampler(told, number, cell)).ask()
        return {name: trial.suggest_float(name, 0, 1) for name in ("weight", "sigma")}

    def reversed_order(cell):
        told = SearchSettings(**{**TUNING, "sampler": "random"})
        trial = optuna.create_study(sampler=sampler(told, 3, cell)).ask()
        return {name: trial.suggest_float(name, 0, 1) for name in ("sigma", "temperature", "weight")}

    assert drawn("mr/bert").items() <= reversed_order("mr/bert").items(), "whatever else an objective searches"
    assert drawn("mr/bert") == drawn("r8/bert") != drawn("mr/bert", number=4)
    assert drawn("mr/bert", per_corpus=True) != drawn("r8/bert", per_corpus=True)
    values = [drawn("mr/bert", number)["sigma"] for number in range(200)]
    assert kstest(values, "uniform").pvalue > 1e-3


def test_settings_to_start_from_are_tried_first_and_the_rest_is_drawn(files, tmp_path):
    start = [{"sigma": 0.3, "labeled_fraction": 0.5}, {"sigma": 5.0}]
    found = trials(files, tmp_path / "journal.log", trials=3, start=start, sampler="random", pruner="none")
    assert found["start"].tolist() == [True, True, False]
    assert found["sigma"].tolist()[:2] == [0.3, 5.0]
    assert found["labeled_fraction"][0] == 0.5
    drawn = trials(files, tmp_path / "drawn.log", trials=3, sampler="random", pruner="none")
    assert "start" not in drawn
    assert found["learning_rate"].tolist() == drawn["learning_rate"].tolist()
    assert found["labeled_fraction"].tolist()[1:] == drawn["labeled_fraction"].tolist()[1:]


def test_without_a_pruner_every_trial_ends_by_itself(files, tmp_path):
    found = trials(files, tmp_path / "journal.log", pruner="none")
    assert set(found["state"]) == {"complete"}
    assert (found["epochs"] == 3).all()


def alone(files, seed, learning_rate, protocol="standalone"):
    """The run that a trial is, by itself."""
    told = objective("supcon", protocol, learning_rate=learning_rate, epochs=2)
    return run(run_settings(told, seed=seed), files)


def one_setting(protocol="standalone", **tuning):
    told = objective("supcon", protocol, search={"learning_rate": {"low": 1e-4, "high": 1e-2, "log": True}}, epochs=2)
    return run_settings(told, tuning={**TUNING, "sampler": "random", "pruner": "none", **tuning})


@pytest.mark.parametrize("protocol", ["integrated", "standalone"])
def test_test_scores_of_a_trial_are_those_of_a_run_with_its_settings(bert_folder, tmp_path, protocol):
    files = save_tokens(tmp_path / "tokens", bert_folder, train=30, val=18, test=24)
    told = one_setting(protocol, trials=2, scored_by={"C": [1]})
    found = trials_frame(tune(told, files, tmp_path / "journal.log", "key"), told.objective.search)
    made = alone(files, 42, found["learning_rate"][1], protocol)
    described, history = made.settings.model_dump(mode="json"), pd.DataFrame(made.history)
    metrics, _ = evaluate(described, history, made.embeddings, made.logits, Probe(C=[1]), [])
    assert found["test_accuracy"][1] == metrics["test_accuracy"]
    assert found["test_macro_f1"][1] == metrics["test_macro_f1"]


def test_the_best_trials_are_trained_anew_and_the_best_mean_is_chosen(bert_folder, tmp_path, caplog):
    files = save_tokens(tmp_path / "tokens", bert_folder, train=30, val=18, test=6)
    told = one_setting(trials=4, finals={"trials": 2, "seeds": 2})
    study = tune(told, files, tmp_path / "journal.log", "key")
    values = trials_frame(study, told.objective.search)["value"]
    finals = run_finals(study, told, files, tmp_path / "finals.log", "key")
    assert set(finals) == set(values.nlargest(2).index)
    found = trials_frame(study, told.objective.search, finals)
    for number, scores in finals.items():
        runs = [alone(files, seed, found["learning_rate"][number]).history for seed in (43, 44)]
        assert scores == [max(row["val_macro_silhouette"] for row in rows) for rows in runs]
    assert found["final_value"].notna().sum() == 2
    assert found["trial"][found["best"]].tolist() == [found["final_value"].idxmax()]
    assert best_found(told, found)["settings"]["learning_rate"] == found["learning_rate"][found["final_value"].idxmax()]
    caplog.clear()
    with caplog.at_level(logging.INFO):
        assert run_finals(study, told, files, tmp_path / "finals.log", "key") == finals
    assert "epoch 1" not in caplog.text, "what was trained is read again"


def test_nothing_is_chosen_by_test_scores(bert_folder, tmp_path):
    files = save_tokens(tmp_path / "tokens", bert_folder, train=30, val=18, test=24)
    blind, told = one_setting(), one_setting(scored_by={"C": [1]})
    expected, study = (tune(one, files, tmp_path / f"{bool(one.tuning.scored_by)}.log", "key") for one in (blind, told))
    search = told.objective.search
    trials = trials_frame(study, search)
    columns = ["trial", "state", "value", "epochs", "best", "learning_rate"]
    pd.testing.assert_frame_equal(trials[columns], trials_frame(expected, search)[columns])
    turned = trials.assign(test_accuracy=1 - trials["value"], test_macro_f1=1 - trials["value"])
    assert best_found(told, turned) == best_found(told, trials) == best_found(blind, trials)
