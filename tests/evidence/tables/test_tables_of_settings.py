"""T1, T7, T8, widths and the checklist: corpora, settings, searches, graphs, and what checklists ask for."""

import json
import math

import numpy as np
import pandas as pd
import pytest

from tests.support.made_up import corpora, epochs, runs, trials, with_graph
from tests.support.registered import table_of

HYPERPARAMETERS, SEARCH, CHECKLIST, WIDTHS = map(table_of, ("hyperparameters", "search", "checklist", "widths"))


def test_corpora_table_counts_documents_and_what_the_audit_found():
    table = table_of("corpora").tidy(corpora("r8", "mr"), runs({}))
    assert table["corpus"].to_list() == ["mr", "r8"]
    layout = table_of("corpora").layout(table)
    assert layout.cells.loc["R8"].to_list() == ["1,234", "800", "34", "400", "2", "0", "3", "2", "1"]
    assert layout.notes == ()


def test_corpora_table_says_which_part_was_used_and_what_the_encoders_did_not_know_or_see():
    made = runs({("mr", "bert-base", "ce"): [0.9], ("mr", "distilbert", "ce"): [0.9], ("mr", "minilm-l6", "ce"): [0.9]})
    made = made.assign(n_train=[200, 200, 160], n_val=34, n_test=400)
    made = made.assign(unknown_tokens=[0.31, 0.0004, math.nan], truncated_tokens=[0.0, 0.125, math.nan])
    table = table_of("corpora").tidy(corpora("r8", "mr"), made)
    assert table.set_index("corpus").loc["mr", "truncated_tokens_distilbert"] == 0.125
    layout = table_of("corpora").layout(table)
    found = layout.cells[["Used", "DistilBERT", "BERT-base"]]
    assert found.loc["MR"].to_list() == ["200 / 34 / 400", "0.0 / 12.5", "31.0 / 0.0"]
    assert found.loc["R8"].to_list() == ["800 / 34 / 400", "– / –", "– / –"]
    assert "MiniLM-L6" not in layout.cells
    assert len(layout.notes) == 2


def test_settings_show_the_range_over_corpora_and_a_dash_where_an_objective_has_none():
    scores = {("mr", "bert-base", "gloss-o"): [0.9, 0.9], ("r8", "bert-base", "gloss-o"): [0.9]}
    found = {"sigma": [0.5, 0.5, 1.25], "labeled_fraction": math.nan, "learning_rate": [1e-5, 1e-5, 3e-5]}
    made = runs(scores, **found, tuned=[True, True, False], stop_epoch=[7, 12, 9], max_epochs=200)
    table = HYPERPARAMETERS.tidy(made)
    by_corpus = table[table["setting"] == "stop_epoch"].set_index("corpus")
    assert by_corpus.loc["mr", ["low", "high", "n_runs", "n_tuned"]].to_list() == [7, 12, 2, 2]
    assert HYPERPARAMETERS.layout(table).cells.iloc[0].to_dict() == {
        "Learning rate": "1e-05–3e-05", "Batch": "128", "σ": "0.5–1.25", "Most epochs": "200", "Epochs run": "7–12",
        "Tuned": "on 1 of 2 corpora",
    }  # fmt: skip
    two = runs({("mr", "bert-base", "ce"): [0.9], ("mr", "bert-base", "scl"): [0.9]}, tuned=[False, True])
    texts = HYPERPARAMETERS.layout(HYPERPARAMETERS.tidy(two)).cells
    assert texts[["Tuned", "τ"]].to_numpy().tolist() == [["no", "–"], ["yes", "0.3"]]


def tuned(*corpora: str, objective: str = "gloss-o") -> pd.DataFrame:
    return runs({(corpus, "bert-base", objective): [0.9] for corpus in corpora}, tuned=True)


@pytest.mark.parametrize(
    ("space", "words", "ends"),
    [
        ({"choices": [1e-05, 2e-05]}, "{1e-05, 2e-05}", (1e-05, 2e-05)),
        ({"low": 0.1, "high": 10.0, "log": True}, "0.1–10, log", (0.1, 10)),
        ({"low": 0.5, "high": 0.9, "step": 0.1}, "0.5–0.9 in steps of 0.1", (0.5, 0.9)),
    ],
)
def test_a_search_space_is_given_in_words_and_by_its_ends(space, words, ends):
    made = trials(tuned("mr"), 2, spaces={"learning_rate": {"choices": [1e-5]}}, space=json.dumps({"sigma": space}))
    (row,) = SEARCH.tidy(made).to_dict("records")
    assert row["searched"] == words
    assert (row["low"], row["high"]) == pytest.approx(ends)


def test_search_counts_trials_by_state_and_takes_the_best_from_each_corpus():
    made = trials(tuned("mr", "r8"), 4)
    made.loc[(made["corpus"] == "r8") & made["best"], "sigma"] = 0.25
    table = SEARCH.tidy(made)
    assert len(table) == 2 * 2
    row = table[(table["corpus"] == "r8") & (table["setting"] == "sigma")].iloc[0]
    assert row[["low", "high", "best", "n_complete", "n_pruned", "n_failed"]].to_list() == [0.1, 10, 0.25, 2, 1, 1]
    assert row["best_score"] == pytest.approx(0.53)  # the last of four trials
    texts = SEARCH.layout(table).cells.loc[("BERT-base", "G-Loss-O")]
    assert texts.loc["Learning rate"].to_list() == ["{1e-05, 2e-05}", "2e-05", "2", "4", "2", "2"]
    assert texts.loc["σ"].to_list() == ["0.1–10, log", "0.25–10", "", "", "", ""]


def test_a_search_without_a_best_trial_has_a_dash_and_two_presets_are_two_searches():
    texts = SEARCH.layout(SEARCH.tidy(trials(tuned("mr"), 2, best=False, value=np.nan, state="failed"))).cells
    assert texts["Best found"].to_list() == ["–", "–"]
    assert texts.iloc[0, -3:].to_list() == ["0", "0", "2"]
    made = pd.concat([trials(tuned("mr", objective=key)) for key in ("gloss-o@reference", "gloss-o")])
    objectives = SEARCH.layout(SEARCH.tidy(made)).cells.index.get_level_values("Objective")
    assert list(dict.fromkeys(objectives)) == ["G-Loss-O", "G-Loss-O (reference)"]


def test_checklist_sets_validation_beside_test_and_counts_seeds_trials_and_parameters():
    columns = {"total_seconds": 90.0, "tuned": True, "n_trainable": 14_200_000, "val_macro_silhouette": [0.2, 0.4]}
    made = runs({("mr", "bert-base", "gloss-o"): [0.90, 0.94]}, **columns)
    table = CHECKLIST.tidy(made, trials=trials(made, 5))
    row = table.iloc[0]
    assert row[["n_seeds", "n_trials", "search_seconds", "all_seconds"]].to_list() == [2, 5, 300, 180]
    assert row[["val_macro_f1_mean", "test_macro_f1_std"]].to_list() == pytest.approx([87, math.sqrt(8)])
    layout = CHECKLIST.layout(table)
    assert layout.cells.iloc[0].to_dict() == {
        "Parameters": "14.2 of 110.0 M", "Seeds": "2", "Validation macro-F1": "87.00 ± 2.83",
        "Test macro-F1": "82.00 ± 2.83", "Validation silhouette": "0.300 ± 0.141", "Test silhouette": "0.250 ± 0.000",
        "Time per run": "1 min 30 s", "Trials": "5", "Search": "5 min 00 s",
    }  # fmt: skip
    machine, space = layout.notes
    assert machine.startswith("Machine: cpu, float32, torch threads 1;")
    assert space == "Searched for G-Loss-O: Learning rate: {1e-05, 2e-05}; σ: 0.1–10, log."


def test_checklist_of_a_study_that_tunes_nothing_needs_no_trials_and_names_each_machine():
    scores = {("mr", "bert-base", "ce"): [0.9], ("r8", "bert-base", "ce"): [0.9]}
    layout = CHECKLIST.layout(CHECKLIST.tidy(runs(scores, device=["cpu", "NVIDIA A100"])))
    assert layout.cells[["Trials", "Search"]].to_numpy().tolist() == [["0", "–"], ["0", "–"]]
    assert [note.split(";")[0] for note in layout.notes] == [
        f"Machine (1 of 2 rows): {device}, float32, torch threads 1" for device in ("cpu", "NVIDIA A100")
    ]


def test_widths_are_those_of_the_first_epoch_and_of_the_best_one_of_each_run():
    keys = ("ce", "gloss-o-ce", "gloss-o-ce+sigma=3", "gloss-k")
    made = runs({("mr", "bert-base", key): {0: 0.9, 1: 0.9} for key in keys})
    scores = [[0.5, 0.7, 0.6], [0.5, 0.6, 0.8]] * 4  # best in the second epoch of one seed, in the third of the other
    rising = with_graph(epochs(made, scores))
    rising["best"] = [True, True, False, True, True, True] * 4  # so far
    rising["effective_neighbors"] = rising["effective_neighbors"].where(
        rising["effective_neighbors"].isna(), [10.0, 20, 90, 30, 90, 50] * 4
    )
    table = WIDTHS.tidy(rising)
    assert set(table["objective"]) == {"gloss-o-ce", "gloss-o-ce+sigma=3", "gloss-k"}
    found = table.set_index(["objective", "measure"])
    assert found.loc[("gloss-o-ce", "effective_neighbors"), ["first", "best", "n_seeds"]].to_list() == [20, 35, 2]
    assert ("gloss-k", "gradient_share_metric") not in found.index
    shown = WIDTHS.layout(table).cells.loc[("BERT-base", "MR", "G-Loss-K")]
    assert shown.to_list() == ["0.40 → 0.40", "20 → 35", "0.70 → 0.70", "–", "2"]
