"""Tables of our scores against answers worked out on paper: T2, T3, T4 and T6."""

import math

import evidence_frames as frames
import pandas as pd
import pytest
from glossbench.evidence.tables import glue, integrated, silhouette, standalone

MINILM = "minilm-l6"


def cell(table, objective, metric="accuracy", corpus="mr"):
    chosen = (table["objective"] == objective) & (table["metric"] == metric) & (table["corpus"] == corpus)
    (row,) = table[chosen].to_dict("records")
    return row


def test_scores_become_mean_and_sample_spread_in_percent():
    table = integrated.tidy(frames.runs({("mr", MINILM, "ce"): [0.90, 0.94]}))
    accuracy, macro_f1 = cell(table, "ce"), cell(table, "ce", "macro_f1")
    assert accuracy["mean"] == pytest.approx(92)
    assert accuracy["std"] == pytest.approx(math.sqrt(8))  # ((90 - 92)^2 + (94 - 92)^2) / (2 - 1)
    assert macro_f1["mean"] == pytest.approx(82)
    assert accuracy["n_seeds"] == 2


def test_one_seed_has_no_spread():
    table = integrated.tidy(frames.runs({("mr", MINILM, "ce"): [0.90]}))
    assert math.isnan(cell(table, "ce")["std"])
    assert integrated.layout(table).cells.iloc[0, 0] == "90.00 ± –"


def test_a_score_that_is_no_number_is_not_counted():
    table = integrated.tidy(frames.runs({("mr", MINILM, "ce"): [0.90, math.nan, 0.94]}))
    assert (cell(table, "ce")["n_seeds"], cell(table, "ce")["mean"]) == (2, pytest.approx(92))


def test_means_that_look_equal_share_the_best_place_and_leave_no_second():
    scores = {
        ("mr", MINILM, "ce"): [0.900049],
        ("mr", MINILM, "scl-ce"): [0.900001],
        ("mr", MINILM, "gloss-sqrt-ce"): [0.89],
    }
    table = integrated.tidy(frames.runs(scores))
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
    table = integrated.tidy(frames.runs({**scores, ("mr", MINILM, "scl"): [0.99]}))
    accuracy = table[table["metric"] == "accuracy"]
    ranks = {(r["corpus"], r["encoder"], r["objective"]): r["rank"] for r in accuracy.to_dict("records")}
    assert ranks == dict(zip(scores, [2, 1, 1, 1], strict=True))
    marked = integrated.layout(table).ranks
    assert (marked[("MR", "Accuracy")] > 0).sum() == 2  # only where two compete
    assert (marked[("R8", "Accuracy")] > 0).sum() == 0


def test_a_cell_that_was_not_run_is_a_dash_and_seeds_show_their_range():
    scores = {("mr", MINILM, "ce"): [0.9], ("r8", MINILM, "ce"): [0.9, 0.9], ("r8", MINILM, "scl-ce"): [0.5]}
    table = integrated.tidy(frames.runs(scores))
    cells = integrated.layout(table).cells
    assert cells.loc[("MiniLM-L6", "SCL + CE"), ("MR", "Accuracy")] == "–"
    assert cells[("", "Seeds")].to_list() == ["1–2", "1"]
    assert len(table) == 6  # the tidy table has no row for it


def test_rows_and_columns_stand_in_the_order_of_the_registries():
    keys = ["zzz", "bbc-news", "mr"], ["own-encoder", MINILM], ["gloss-sqrt-ce", "ce", "ce@reference"]
    scores = {(c, e, o): [0.5] for c in keys[0] for e in keys[1] for o in keys[2]}
    cells = integrated.layout(integrated.tidy(frames.runs(scores))).cells
    assert list(dict.fromkeys(cells.columns.get_level_values(0))) == ["MR", "BBC News", "zzz", ""]
    assert cells.index.to_list()[:4] == [
        ("MiniLM-L6", "CE"),
        ("MiniLM-L6", "CE (reference)"),
        ("MiniLM-L6", "G-Loss-SQRT + CE"),
        ("own-encoder", "CE"),
    ]


def test_many_corpora_put_the_scores_below_each_other():
    corpora = ["mr", "r8", "r52", "ohsumed", "20ng"]
    scores = {(corpus, MINILM, "ce"): [0.9] for corpus in corpora}
    few, many = (
        integrated.layout(integrated.tidy(frames.runs(dict(list(scores.items())[:count])))).cells for count in (3, 5)
    )
    assert few.columns.to_list()[:2] == [("MR", "Accuracy"), ("MR", "Macro-F1")]
    assert many.columns.to_list() == ["MR", "R8", "R52", "Ohsumed", "20NG", "Seeds"]
    assert [row[0] for row in many.index] == ["Accuracy", "Macro-F1"]
    assert many["20NG"].to_list() == ["90.00 ± –", "80.00 ± –"]


def costs(**columns) -> pd.DataFrame:
    """Two standalone losses on one corpus, one seed each, with these columns (first SCL's value)."""
    return frames.runs({("mr", MINILM, "scl"): [0.9], ("mr", MINILM, "gloss-o"): [0.8]}).assign(**columns)


def test_standalone_gives_the_best_mark_to_the_highest_score_and_the_least_cost():
    frame = costs(
        test_macro_silhouette=[0.1, 0.2], train_seconds=[1234.56, 99.0], seconds_per_epoch=[5, 6], stop_epoch=[9, 9]
    )
    layout = standalone.layout(standalone.tidy(frame))
    assert layout.cells.columns.to_list() == [
        "Accuracy", "Macro-F1", "Silhouette", "Training (s)", "Epoch (s)", "Last epoch", "Seeds",
    ]  # fmt: skip
    assert layout.cells.loc[("MiniLM-L6", "MR", "SCL")].to_list() == [
        "90.00 ± –", "80.00 ± –", "0.1000 ± –", "1,234.6", "5.00", "9.0", "1",
    ]  # fmt: skip
    assert layout.ranks.loc[("MiniLM-L6", "MR", "SCL")].to_list() == [1, 1, 2, 2, 1, 1, 0]
    assert layout.ranks.loc[("MiniLM-L6", "MR", "G-Loss-O")].to_list() == [2, 2, 1, 1, 2, 1, 0]


def test_times_of_different_machines_do_not_compete():
    table = standalone.tidy(costs(device=["cpu", "NVIDIA A100"], seconds_per_epoch=[5, 6], stop_epoch=[8, 9]))
    assert table.loc[table["metric"] == "seconds_per_epoch", "rank"].isna().all()
    layout = standalone.layout(table)
    assert layout.ranks["Epoch (s)"].to_list() == [0, 0]
    assert layout.ranks["Last epoch"].to_list() == [1, 2]


def test_a_standalone_cell_that_was_not_run_is_a_row_of_dashes():
    scores = {("mr", MINILM, "scl"): [0.9], ("mr", MINILM, "triplet"): [0.8], ("r8", MINILM, "scl"): [0.7]}
    cells = standalone.layout(standalone.tidy(frames.runs(scores))).cells
    assert cells.loc[("MiniLM-L6", "R8", "Triplet")].to_list() == ["–"] * 7


def test_silhouettes_name_the_g_loss_they_stand_on_corpus_by_corpus():
    scores = {
        ("mr", MINILM, "scl"): [0.9],
        ("mr", MINILM, "gloss-o"): [0.9],
        ("mr", MINILM, "gloss-sqrt"): [0.9],
        ("r8", MINILM, "gloss-sqrt"): [0.9],
    }
    frame = frames.runs(scores).assign(test_macro_silhouette=[0.3, 0.5, 0.9, 0.7], seconds_per_epoch=[4, 2, 1, 1])
    layout = silhouette.layout(silhouette.tidy(frame))
    assert layout.cells.loc[("MiniLM-L6", "MR")].to_list() == [
        "0.5000 ± –", "0.3000 ± –", "2.00", "4.00", "G-Loss-O", "1",
    ]  # fmt: skip
    assert layout.cells.loc[("MiniLM-L6", "R8")].to_list() == ["0.7000 ± –", "–", "1.00", "–", "G-Loss-SQRT", "1"]
    assert layout.ranks.loc[("MiniLM-L6", "MR")].to_list() == [1, 2, 1, 2, 0, 0]
    assert layout.ranks.loc[("MiniLM-L6", "R8")].to_list() == [0] * 6


def test_glue_has_its_two_corpora_alone_and_g_loss_sqrt_only_in_place_of_g_loss_o():
    scores = {
        ("mr", "bert-base", "ce"): [0.1],
        ("sst2", "bert-base", "ce"): [0.91],
        ("sst2", "bert-base", "gloss-sqrt-ce"): [0.95],
        ("sst2", "bert-base", "gloss-o-ce"): [0.93],
        ("qnli", "bert-base", "gloss-sqrt-ce"): [0.9],
    }
    table = glue.tidy(frames.runs(scores))
    means = {(row.corpus, row.objective): round(row.mean, 6) for row in table.itertuples()}
    assert means == {("sst2", "ce"): 91, ("sst2", "gloss-o-ce"): 93, ("qnli", "gloss-sqrt-ce"): 90}
    assert glue.layout(table).cells.shape == (3, 3)
