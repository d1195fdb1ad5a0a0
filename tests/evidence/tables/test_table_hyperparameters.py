"""T7: the settings that each objective ran with."""

import math

from glossbench.evidence.tables import hyperparameters
from made_up import runs


def test_settings_show_the_range_over_corpora_and_a_dash_where_an_objective_has_none():
    scores = {("mr", "bert-base", "gloss-o"): [0.9, 0.9], ("r8", "bert-base", "gloss-o"): [0.9]}
    found = {"sigma": [0.5, 0.5, 1.25], "labeled_fraction": math.nan, "learning_rate": [1e-5, 1e-5, 3e-5]}
    made = runs(scores, **found, tuned=[True, True, False], stop_epoch=[7, 12, 9], max_epochs=200)
    table = hyperparameters.tidy(made)
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
    made = runs({("mr", "bert-base", "ce"): [0.9], ("mr", "bert-base", "scl"): [0.9]}, tuned=[False, True])
    cells = hyperparameters.layout(hyperparameters.tidy(made)).cells
    assert cells["Tuned"].to_list() == ["no", "yes"]
    assert cells["τ"].to_list() == ["–", "0.3"]
