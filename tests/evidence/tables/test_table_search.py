"""T8: where the tuner looked and what it found."""

import json
import math

import numpy as np
import pandas as pd
import pytest
from glossbench.evidence.tables import search
from made_up import runs, trials


@pytest.mark.parametrize(
    ("space", "words", "ends"),
    [
        ({"choices": [1e-05, 2e-05]}, "{1e-05, 2e-05}", (1e-05, 2e-05)),
        ({"choices": ["sqrt", 0.5]}, "{sqrt, 0.5}", (math.nan, math.nan)),
        ({"low": 0.1, "high": 10.0, "log": True}, "0.1–10, log", (0.1, 10)),
        ({"low": 0.5, "high": 0.9, "step": 0.1}, "0.5–0.9 in steps of 0.1", (0.5, 0.9)),
    ],
)
def test_a_search_space_is_told_in_words_and_by_its_ends(space, words, ends):
    made = trials(tuned("mr"), 2, spaces={"learning_rate": {"choices": [1e-5]}})
    made["space"] = json.dumps({"sigma": space})
    (row,) = search.tidy(made).to_dict("records")
    assert row["searched"] == words
    assert (row["low"], row["high"]) == pytest.approx(ends, nan_ok=True)


def tuned(*corpora: str, objective: str = "gloss-o") -> pd.DataFrame:
    return runs({(corpus, "bert-base", objective): [0.9] for corpus in corpora}, tuned=True)


def test_search_counts_trials_by_state_and_takes_the_best_from_each_corpus():
    made = trials(tuned("mr", "r8"), 4)
    made.loc[(made["corpus"] == "r8") & made["best"], "sigma"] = 0.25
    table = search.tidy(made)
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
    cells = search.layout(search.tidy(trials(tuned("mr"), 2, best=False, value=np.nan, state="failed"))).cells
    assert cells["Best found"].to_list() == ["–", "–"]
    assert cells.iloc[0, -3:].to_list() == ["0", "0", "2"]


def test_searches_under_two_presets_are_told_apart():
    made = pd.concat([trials(tuned("mr", objective=key)) for key in ("gloss-o@reference", "gloss-o")])
    objectives = search.layout(search.tidy(made)).cells.index.get_level_values("Objective")
    assert list(dict.fromkeys(objectives)) == ["G-Loss-O", "G-Loss-O (reference)"]
