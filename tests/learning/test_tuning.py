"""Tuning: proposals, resuming, failing trials. There are no test documents, so none can be read."""

import logging
import multiprocessing
import random

import optuna
import pandas as pd
import pytest
from glossbench.errors import TrainingError
from glossbench.learning.search.tuning import best_found, open_study, sampler, trials_frame, tune
from glossbench.settings.jobs import SearchJob
from tiny_runs import objective, run_settings, save_tokens

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


def tune_all(files, journal):
    tune(settings(), files, journal, "key")


@pytest.mark.slow
def test_a_killed_search_ends_with_the_same_trials(files, tmp_path):
    expected = trials(files, tmp_path / "whole.log")
    assert len(expected) == 6
    moments = random.Random(5)
    journal = tmp_path / "killed.log"
    for _ in range(4):
        process = forkserver.Process(target=tune_all, args=(files, journal))
        process.start()
        process.join(moments.uniform(3.5, 6))
        process.kill()
        process.join()
    pd.testing.assert_frame_equal(trials(files, journal), expected)


@pytest.mark.slow
def test_a_longer_search_resumes_a_shorter_one_and_a_shorter_one_takes_its_first_trials(files, tmp_path, caplog):
    whole = trials(files, tmp_path / "whole.log")
    first = trials(files, tmp_path / "parts.log", trials=3)
    with caplog.at_level(logging.INFO):
        pd.testing.assert_frame_equal(trials(files, tmp_path / "parts.log"), whole)
    assert "going on after 3 finished trials" in caplog.text
    again = trials(files, tmp_path / "parts.log", trials=3)
    pd.testing.assert_frame_equal(again, first)


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


def test_a_journal_of_other_settings_is_ignored_with_a_warning(files, tmp_path, caplog):
    journal = tmp_path / "journal.log"
    tune(settings(trials=2), files, journal, "key")
    with caplog.at_level(logging.WARNING):
        assert open_study(journal, "another key", SearchJob(**TUNING)).trials == []
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
        assert open_study(journal, "key", SearchJob(**TUNING)).trials == []
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
    studies = [optuna.create_study(sampler=sampler(SearchJob(**TUNING), number)) for number in (0, 1, 0)]
    proposed = [study.ask().suggest_float("sigma", 0.1, 10) for study in studies]
    assert proposed[0] == proposed[2] != proposed[1]
