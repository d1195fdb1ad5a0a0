"""Tables against answers worked out on paper."""

import math

import evidence_frames as frames
import pytest
from glossbench.evidence import names
from glossbench.evidence.tables import corpora, results, runs

MINILM = "minilm-l6"


def cell(table, objective, metric="accuracy", corpus="mr"):
    chosen = (table["objective"] == objective) & (table["metric"] == metric) & (table["corpus"] == corpus)
    (row,) = table[chosen].to_dict("records")
    return row


def test_scores_become_mean_and_sample_spread_in_percent():
    table = results.tidy(frames.runs({("mr", MINILM, "ce"): [0.90, 0.94]}))
    accuracy, macro_f1 = cell(table, "ce"), cell(table, "ce", "macro_f1")
    assert accuracy["mean"] == pytest.approx(92)
    assert accuracy["std"] == pytest.approx(math.sqrt(8))  # ((90 - 92)^2 + (94 - 92)^2) / (2 - 1)
    assert macro_f1["mean"] == pytest.approx(82)
    assert accuracy["n_seeds"] == 2


def test_one_seed_has_no_spread():
    table = results.tidy(frames.runs({("mr", MINILM, "ce"): [0.90]}))
    assert math.isnan(cell(table, "ce")["std"])
    assert results.layout(table).cells.iloc[0, 0] == "90.00 ± –"


def test_a_score_that_is_no_number_is_not_counted():
    table = results.tidy(frames.runs({("mr", MINILM, "ce"): [0.90, math.nan, 0.94]}))
    assert (cell(table, "ce")["n_seeds"], cell(table, "ce")["mean"]) == (2, pytest.approx(92))


def test_means_that_look_equal_share_the_best_place_and_leave_no_second():
    scores = {
        ("mr", MINILM, "ce"): [0.900049],
        ("mr", MINILM, "scl-ce"): [0.900001],
        ("mr", MINILM, "gloss-sqrt-ce"): [0.89],
    }
    table = results.tidy(frames.runs(scores))
    assert [cell(table, key)["rank"] for _, _, key in scores] == [1, 1, 3]
    marks = results.layout(table).ranks[("MR", "Accuracy")]
    assert dict(zip(marks.index.get_level_values("Objective"), marks, strict=True)) == {
        "CE": 1,
        "SCL + CE": 1,
        "G-Loss-SQRT + CE": 0,
    }


def test_each_corpus_encoder_and_protocol_is_a_competition_of_its_own():
    scores = {
        ("mr", MINILM, "ce"): [0.70],
        ("mr", MINILM, "scl-ce"): [0.80],
        ("mr", MINILM, "scl"): [0.60],
        ("r8", MINILM, "ce"): [0.99],
        ("mr", "bert-base", "ce"): [0.95],
    }
    table = results.tidy(frames.runs(scores))
    accuracy = table[table["metric"] == "accuracy"]
    ranks = {(r["corpus"], r["encoder"], r["objective"]): r["rank"] for r in accuracy.to_dict("records")}
    assert ranks == dict(zip(scores, [2, 1, 1, 1, 1], strict=True))
    marked = results.layout(table).ranks
    assert (marked[("MR", "Accuracy")] > 0).sum() == 2  # only where two compete
    assert (marked[("R8", "Accuracy")] > 0).sum() == 0


def test_a_cell_that_was_not_run_is_a_dash_and_seeds_show_their_range():
    table = results.tidy(
        frames.runs({("mr", MINILM, "ce"): [0.9], ("r8", MINILM, "ce"): [0.9, 0.9], ("r8", MINILM, "scl"): [0.5]})
    )
    cells = results.layout(table).cells
    assert cells.loc[("Standalone", "MiniLM-L6", "SCL"), ("MR", "Accuracy")] == "–"
    assert cells[("", "Seeds")].to_list() == ["1–2", "1"]
    assert len(table) == 6  # the tidy table has no row for it


def test_rows_and_columns_stand_in_the_order_of_the_registries():
    keys = ["zzz", "bbc-news", "mr"], ["own-encoder", MINILM], ["scl", "gloss-sqrt-ce", "ce", "ce@reference"]
    scores = {(c, e, o): [0.5] for c in keys[0] for e in keys[1] for o in keys[2]}
    cells = results.layout(results.tidy(frames.runs(scores))).cells
    assert list(dict.fromkeys(cells.columns.get_level_values(0))) == ["MR", "BBC News", "zzz", ""]
    assert cells.index.to_list()[:5] == [
        ("Integrated", "MiniLM-L6", "CE"),
        ("Integrated", "MiniLM-L6", "CE (reference)"),
        ("Integrated", "MiniLM-L6", "G-Loss-SQRT + CE"),
        ("Integrated", "own-encoder", "CE"),
        ("Integrated", "own-encoder", "CE (reference)"),
    ]


def test_corpora_table_counts_documents_and_what_the_audit_found():
    table = corpora.tidy(frames.corpora("r8", "mr"))
    assert table["corpus"].to_list() == ["mr", "r8"]
    cells = corpora.layout(table).cells
    assert cells.loc["R8"].to_list() == ["1,234", "800", "34", "400", "2", "0", "3", "2", "1"]


def test_costs_are_summed_over_runs_and_the_slowest_is_named():
    frame = frames.runs({("mr", MINILM, "ce"): [0.9, 0.9], ("mr", MINILM, "scl"): [0.8]})
    frame["total_seconds"] = [3600.0, 60.0, 12.34]
    frame["stop_epoch"] = [2, 3, 5]
    cells = runs.cost(frame).cells
    assert cells.loc[("MiniLM-L6", "CE"), ["Runs", "Total time", "Mean last epoch"]].to_list() == [
        "2",
        "1 h 01 min",
        "2.5",
    ]
    assert cells.loc[("MiniLM-L6", "SCL"), "Total time"] == "12.3 s"
    assert runs.summary(frame)["Slowest run"] == "1 h 00 min (CE on MR with MiniLM-L6, seed 0)"
    assert len(runs.details(frame).cells) == 3


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("gloss-o-ce", "G-Loss-O + CE"),
        ("gloss-o-ce@reference", "G-Loss-O + CE (reference)"),
        ("gloss-o-ce,labeled_fraction=0.3", "G-Loss-O + CE (γ = 0.3)"),
        ("scl@reference,temperature=0.1,batch_size=64", "SCL (reference, τ = 0.1, batch size = 64)"),
        ("my-loss", "my-loss"),
    ],
)
def test_objectives_have_readable_names(key, name):
    assert names.objective_name(key) == name
