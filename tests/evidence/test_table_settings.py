"""Tables of settings, searches and the reproducibility checklist: T7, T8 and the checklist."""

import math

import evidence_frames as frames
import numpy as np
import pandas as pd
import pytest
from glossbench.evidence.tables import checklist, hyperparameters, integrated, search
from glossbench.evidence.tables.spaces import bounds, in_words
from glossbench.evidence.text.coverage import coverage_note


def test_settings_show_the_range_over_corpora_and_a_dash_where_an_objective_has_none():
    frame = frames.runs({("mr", "bert-base", "gloss-o"): [0.9, 0.9], ("r8", "bert-base", "gloss-o"): [0.9]})
    frame = frame.assign(sigma=[0.5, 0.5, 1.25], learning_rate=[1e-5, 1e-5, 3e-5], tuned=[True, True, False])
    frame = frame.assign(stop_epoch=[7, 12, 9], max_epochs=200)
    table = hyperparameters.tidy(frame)
    assert not set(table["setting"]) & {"temperature", "margin", "weight", "labeled_fraction"}
    by_corpus = table[table["setting"] == "stop_epoch"].set_index("corpus")
    assert by_corpus.loc["mr", ["low", "high", "n_runs", "n_tuned"]].to_list() == [7, 12, 2, 2]
    cells = hyperparameters.layout(table).cells
    assert cells.iloc[0].to_dict() == {
        "Learning rate": "1e-05–3e-05",
        "Batch": "128",
        "σ": "0.5–1.25",
        "Most epochs": "200",
        "Epochs run": "7–12",
        "Tuned": "on 1 of 2 corpora",
    }


def test_settings_of_objectives_without_a_search_say_so():
    frame = frames.runs({("mr", "bert-base", "ce"): [0.9], ("mr", "bert-base", "scl"): [0.9]})
    frame = frame.assign(tuned=[False, True], temperature=[np.nan, 0.3])
    cells = hyperparameters.layout(hyperparameters.tidy(frame)).cells
    assert cells["Tuned"].to_list() == ["no", "yes"]
    assert cells["τ"].to_list() == ["–", "0.3"]


@pytest.mark.parametrize(
    ("space", "words", "ends"),
    [
        ({"choices": [1e-05, 2e-05]}, "{1e-05, 2e-05}", (1e-05, 2e-05)),
        ({"choices": ["sqrt", 0.5]}, "{sqrt, 0.5}", (math.nan, math.nan)),
        ({"low": 0.1, "high": 10.0, "log": True}, "0.1–10, log", (0.1, 10)),
        ({"low": 0.5, "high": 0.9, "step": 0.1}, "0.5–0.9 in steps of 0.1", (0.5, 0.9)),
    ],
)
def test_search_spaces_are_told_in_words_and_bounds(space, words, ends):
    assert in_words(space) == words
    assert bounds([space]) == pytest.approx(ends, nan_ok=True)


def runs(*corpora: str) -> pd.DataFrame:
    return frames.runs({(corpus, "bert-base", "gloss-o"): [0.9] for corpus in corpora}, tuned=True)


def test_search_counts_trials_by_state_and_takes_the_best_from_each_corpus():
    trials = frames.trials(runs("mr", "r8"), n=4)
    trials.loc[(trials["corpus"] == "r8") & trials["best"], "sigma"] = 0.25
    table = search.tidy(trials)
    assert len(table) == 2 * 2
    row = table[(table["corpus"] == "r8") & (table["setting"] == "sigma")].iloc[0]
    assert row[["low", "high", "best", "n_complete", "n_pruned", "n_failed"]].to_list() == [0.1, 10, 0.25, 2, 1, 1]
    assert row["best_score"] == pytest.approx(0.53)  # the last of four trials
    cells = search.layout(table).cells
    assert cells.loc[("BERT-base", "G-Loss-O", "Learning rate")].to_list() == [
        "{1e-05, 2e-05}", "2e-05", "2", "4", "2", "2",
    ]  # fmt: skip
    assert cells.loc[("BERT-base", "G-Loss-O", "σ")].to_list() == ["0.1–10, log", "0.25–10", "", "", "", ""]


def test_a_search_without_a_best_trial_has_a_dash():
    trials = frames.trials(runs("mr"), n=2).assign(best=False, value=np.nan, state="failed")
    cells = search.layout(search.tidy(trials)).cells
    assert cells["Best found"].to_list() == ["–", "–"]
    assert cells.iloc[0, -3:].to_list() == ["0", "0", "2"]


def test_searches_under_two_presets_are_told_apart():
    trials = pd.concat([frames.trials(runs("mr")), frames.trials(runs("mr").assign(preset="reference"))])
    objectives = search.layout(search.tidy(trials)).cells.index.get_level_values("Objective")
    assert list(dict.fromkeys(objectives)) == ["G-Loss-O (paper)", "G-Loss-O (reference)"]


def test_checklist_sets_validation_beside_test_and_counts_seeds_trials_and_parameters():
    frame = frames.runs({("mr", "bert-base", "gloss-o"): [0.90, 0.94]}, total_seconds=90.0, tuned=True)
    frame = frame.assign(n_parameters=110_000_000, n_trainable=14_200_000, val_macro_silhouette=[0.2, 0.4])
    table = checklist.tidy(frame, frames.trials(frame, n=5))
    row = table.iloc[0]
    assert row[["n_seeds", "n_trials", "search_seconds", "all_seconds"]].to_list() == [2, 5, 300, 180]
    assert row["val_macro_f1_mean"] == pytest.approx(87)
    assert row["test_macro_f1_std"] == pytest.approx(math.sqrt(8))
    layout = checklist.layout(table)
    assert layout.cells.iloc[0].to_dict() == {
        "Parameters": "14.2 of 110.0 M",
        "Seeds": "2",
        "Validation macro-F1": "87.00 ± 2.83",
        "Test macro-F1": "82.00 ± 2.83",
        "Validation silhouette": "0.300 ± 0.141",
        "Test silhouette": "0.250 ± 0.000",
        "Time a run": "1 min 30 s",
        "Trials": "5",
        "Search": "5 min 00 s",
    }
    machine, space = layout.notes
    assert machine.startswith("Machine: cpu, float32, torch threads 1;")
    assert space == "Searched for G-Loss-O: Learning rate: {1e-05, 2e-05}; σ: 0.1–10, log."


def test_checklist_of_a_study_that_tunes_nothing_needs_no_trials_and_names_each_machine():
    frame = frames.runs({("mr", "bert-base", "ce"): [0.9], ("r8", "bert-base", "ce"): [0.9]})
    layout = checklist.layout(checklist.tidy(frame.assign(device=["cpu", "NVIDIA A100"])))
    assert layout.cells[["Trials", "Search"]].to_numpy().tolist() == [["0", "–"], ["0", "–"]]
    assert [note.split(";")[0] for note in layout.notes] == [
        "Machine (1 of 2 rows): cpu, float32, torch threads 1",
        "Machine (1 of 2 rows): NVIDIA A100, float32, torch threads 1",
    ]


def planned(finished: list[bool]) -> pd.DataFrame:
    """Two integrated cells of three seeds each, and a standalone run that was not finished."""
    scores = {("mr", "bert-base", "ce"): [0] * 3, ("r8", "bert-base", "ce"): [0] * 3, ("mr", "bert-base", "scl"): [0]}
    return frames.coverage(frames.runs(scores), [*finished, False])


@pytest.mark.parametrize(
    ("finished", "note"),
    [
        ([True] * 6, None),
        ([True] * 5 + [False], "Stands on 5 of 6 planned runs, 2 to 3 of 3 seeds a cell."),
        ([True, True, False] * 2, "Stands on 4 of 6 planned runs, 2 of 3 seeds a cell."),
        ([False] * 6, "Stands on 0 of 6 planned runs, 0 of 3 seeds a cell."),
    ],
)
def test_coverage_note_counts_the_runs_and_seeds_of_the_selection(finished, note):
    assert coverage_note(planned(finished), integrated.select) == note


def test_coverage_note_of_a_table_that_stands_on_no_run_is_none():
    assert coverage_note(planned([False] * 6), search.select) is None
