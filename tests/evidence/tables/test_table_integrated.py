"""T2: means over seeds, places among competitors, and the order of rows and columns."""

import math

import pandas as pd
import pytest
from made_up import CORPORA, cells, runs
from registered import table_of

integrated = table_of("integrated")
MINILM = "minilm-l6"


def cell(table: pd.DataFrame, objective: str, metric: str = "accuracy") -> dict:
    """The row of an objective on MR."""
    chosen = (table["objective"] == objective) & (table["metric"] == metric) & (table["corpus"] == "mr")
    (row,) = table[chosen].to_dict("records")
    return row


def test_scores_become_mean_and_sample_spread_in_percent():
    table = integrated.tidy(runs({("mr", MINILM, "ce"): [0.90, 0.94]}))
    accuracy, macro_f1 = cell(table, "ce"), cell(table, "ce", "macro_f1")
    assert accuracy["mean"] == pytest.approx(92)
    assert accuracy["std"] == pytest.approx(math.sqrt(8))  # ((90 - 92)^2 + (94 - 92)^2) / (2 - 1)
    assert macro_f1["mean"] == pytest.approx(82)
    assert accuracy["n_seeds"] == 2


def test_one_seed_has_no_spread():
    table = integrated.tidy(runs({("mr", MINILM, "ce"): [0.90]}))
    assert math.isnan(cell(table, "ce")["std"])
    assert integrated.layout(table).cells.iloc[0, 0] == "90.00 ± –"


def test_a_score_that_is_no_number_is_not_counted():
    table = integrated.tidy(runs({("mr", MINILM, "ce"): [0.90, math.nan, 0.94]}))
    assert (cell(table, "ce")["n_seeds"], cell(table, "ce")["mean"]) == (2, pytest.approx(92))


def test_means_that_look_equal_share_the_best_place_and_leave_no_second():
    scores = {
        ("mr", MINILM, "ce"): [0.900049],
        ("mr", MINILM, "scl-ce"): [0.900001],
        ("mr", MINILM, "gloss-sqrt-ce"): [0.89],
    }
    table = integrated.tidy(runs(scores))
    assert [cell(table, key)["rank"] for _, _, key in scores] == [1, 1, 3]
    marks = integrated.layout(table).ranks[("MR", "Accuracy")]
    assert dict(zip(marks.index.get_level_values("Objective"), marks, strict=True)) == {
        "CE": 1,
        "SCL + CE": 1,
        "G-Loss-SQRT + CE": 0,
    }


def test_each_corpus_and_encoder_is_a_competition_of_its_own_and_standalone_runs_stay_out():
    scores = {
        ("mr", MINILM, "ce"): [0.70],
        ("mr", MINILM, "scl-ce"): [0.80],
        ("r8", MINILM, "ce"): [0.99],
        ("mr", "bert-base", "ce"): [0.95],
    }
    table = integrated.tidy(runs({**scores, ("mr", MINILM, "scl"): [0.99]}))
    accuracy = table[table["metric"] == "accuracy"]
    ranks = {(r["corpus"], r["encoder"], r["objective"]): r["rank"] for r in accuracy.to_dict("records")}
    assert ranks == dict(zip(scores, [2, 1, 1, 1], strict=True))
    marked = integrated.layout(table).ranks
    assert (marked[("MR", "Accuracy")] > 0).sum() == 2  # only where two compete
    assert (marked[("R8", "Accuracy")] > 0).sum() == 0


def test_a_cell_that_was_not_run_is_a_dash_and_seeds_show_their_range():
    scores = {("mr", MINILM, "ce"): [0.9], ("r8", MINILM, "ce"): [0.9, 0.9], ("r8", MINILM, "scl-ce"): [0.5]}
    table = integrated.tidy(runs(scores))
    shown = integrated.layout(table).cells
    assert shown.loc[("MiniLM-L6", "SCL + CE"), ("MR", "Accuracy")] == "–"
    assert shown[("", "Seeds")].to_list() == ["1–2", "1"]
    assert len(table) == 6  # the tidy table has no row for it


def test_rows_and_columns_stand_in_the_order_of_the_registries_and_unknown_keys_last():
    keys = ["zzz", "mr", "bbc-news"], ["own-encoder", MINILM], ["gloss-sqrt-ce", "ce", "ce@reference"]
    shown = integrated.layout(integrated.tidy(runs(dict.fromkeys(cells(*keys), (0.5,))))).cells
    assert list(dict.fromkeys(shown.columns.get_level_values(0))) == ["MR", "BBC News", "zzz", ""]
    assert shown.index.to_list()[:4] == [
        ("MiniLM-L6", "CE"),
        ("MiniLM-L6", "CE (reference)"),
        ("MiniLM-L6", "G-Loss-SQRT + CE"),
        ("own-encoder", "CE"),
    ]


def test_many_corpora_put_the_scores_below_each_other():
    few, many = (
        integrated.layout(integrated.tidy(runs(dict.fromkeys(cells(CORPORA[:count], [MINILM], ["ce"]), (0.9,))))).cells
        for count in (3, 5)
    )
    assert few.columns.to_list()[:2] == [("MR", "Accuracy"), ("MR", "Macro-F1")]
    assert many.columns.to_list() == ["MR", "R8", "R52", "Ohsumed", "20NG", "Seeds"]
    assert [row[0] for row in many.index] == ["Accuracy", "Macro-F1"]
    assert many["20NG"].to_list() == ["90.00 ± –", "80.00 ± –"]
