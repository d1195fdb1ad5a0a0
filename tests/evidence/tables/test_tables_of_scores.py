"""T2, T3, T4, T6 and scores without copies: means over seeds, ranks, and the order of rows and columns."""

import math

import pandas as pd
import pytest
from glossbench.evidence.notes import load_note

from tests.support.made_up import CORPORA, cells, runs, untuned_runs
from tests.support.registered import table_of

INTEGRATED, STANDALONE, DEDUPLICATED = map(table_of, ("integrated", "standalone", "deduplicated"))
MINILM = "minilm-l6"


def on_mr(*objectives: str) -> list[tuple[str, str, str]]:
    return [("mr", MINILM, objective) for objective in objectives]


def tidied(scores: dict, metric: str = "accuracy", column: str = "mean") -> dict:
    """A column of the integrated table of these runs, by corpus, encoder and objective."""
    table = INTEGRATED.tidy(runs(scores))
    return table[table["metric"] == metric].set_index(["corpus", "encoder", "objective"])[column].to_dict()


@pytest.mark.parametrize(
    ("scores", "mean", "std", "n", "text"),
    [
        ([0.90, 0.94], 92, math.sqrt(8), 2, "92.00 ± 2.83"),  # ((90 - 92)^2 + (94 - 92)^2) / (2 - 1)
        ([0.90], 90, math.nan, 1, "90.00 ± –"),
        ([0.90, math.nan, 0.94], 92, math.sqrt(8), 2, "92.00 ± 2.83"),
    ],
)
def test_scores_become_mean_and_sample_spread_in_percent(scores, mean, std, n, text):
    table = INTEGRATED.tidy(runs({("mr", MINILM, "ce"): scores}))
    assert table["mean"].to_list() == pytest.approx([mean, mean - 10])
    assert table["std"].to_list() == pytest.approx([std, std], nan_ok=True)
    assert table["n_seeds"].to_list() == [n, n]
    assert INTEGRATED.layout(table).cells.iloc[0, 0] == text


def test_means_that_look_equal_share_the_best_place_and_leave_no_second():
    scores = dict(zip(on_mr("ce", "scl-ce", "gloss-sqrt-ce"), ([0.900049], [0.900001], [0.89]), strict=True))
    assert list(tidied(scores, column="rank").values()) == [1, 1, 3]
    assert INTEGRATED.layout(INTEGRATED.tidy(runs(scores))).ranks[("MR", "Accuracy")].to_list() == [1, 1, 0]


def test_each_corpus_and_encoder_is_a_competition_of_its_own_and_standalone_runs_stay_out():
    scores = dict(zip(on_mr("ce", "scl-ce"), ([0.70], [0.80]), strict=True))
    scores |= {("r8", MINILM, "ce"): [0.99], ("mr", "bert-base", "ce"): [0.95]}
    with_others = {**scores, ("mr", MINILM, "scl"): [0.99]}
    assert tidied(with_others, column="rank") == dict(zip(scores, [2, 1, 1, 1], strict=True))
    marked = INTEGRATED.layout(INTEGRATED.tidy(runs(with_others))).ranks
    assert (marked[("MR", "Accuracy")] > 0).sum() == 2  # only where two compete
    assert (marked[("R8", "Accuracy")] > 0).sum() == 0


def test_a_cell_that_was_not_run_is_a_dash_and_seeds_show_their_range():
    scores = {("mr", MINILM, "ce"): [0.9], ("r8", MINILM, "ce"): [0.9, 0.9], ("r8", MINILM, "scl-ce"): [0.5]}
    table = INTEGRATED.tidy(runs(scores))
    texts = INTEGRATED.layout(table).cells
    assert texts.loc[("MiniLM-L6", "SCL + CE"), ("MR", "Accuracy")] == "–"
    assert texts[("", "Seeds")].to_list() == ["1–2", "1"]
    assert len(table) == 6  # the tidy table has no row for it


def test_rows_and_columns_are_in_the_order_of_the_registries_and_unknown_keys_last():
    keys = ["zzz", "mr", "bbc-news"], ["own-encoder", MINILM], ["gloss-sqrt-ce", "ce", "ce@reference"]
    texts = INTEGRATED.layout(INTEGRATED.tidy(runs(dict.fromkeys(cells(*keys), (0.5,))))).cells
    assert list(dict.fromkeys(texts.columns.get_level_values(0))) == ["MR", "BBC News", "zzz", ""]
    minilm = [("MiniLM-L6", name) for name in ("CE", "CE (reference)", "G-Loss-SQRT + CE")]
    assert texts.index.to_list()[:4] == [*minilm, ("own-encoder", "CE")]


def test_many_corpora_put_the_scores_below_each_other():
    few, many = (
        INTEGRATED.layout(INTEGRATED.tidy(runs(dict.fromkeys(cells(CORPORA[:count], [MINILM], ["ce"]), (0.9,))))).cells
        for count in (3, 5)
    )
    assert few.columns.to_list()[:2] == [("MR", "Accuracy"), ("MR", "Macro-F1")]
    assert many.columns.to_list() == ["MR", "R8", "R52", "Ohsumed", "20NG", "Seeds"]
    assert [row[0] for row in many.index] == ["Accuracy", "Macro-F1"]
    assert many["20NG"].to_list() == ["90.00 ± –", "80.00 ± –"]


def costs(**columns) -> pd.DataFrame:
    """Two standalone losses on one corpus, one seed each, with these columns (first SCL's value)."""
    return runs(dict(zip(on_mr("scl", "gloss-o"), ([0.9], [0.8]), strict=True)), **columns)


def test_standalone_gives_the_best_mark_to_the_highest_score_and_the_least_cost():
    seconds = {"train_seconds": [1234.56, 99.0], "seconds_per_epoch": [5, 6], "stop_epoch": [9, 9]}
    layout = STANDALONE.layout(STANDALONE.tidy(costs(test_macro_silhouette=[0.1, 0.2], **seconds)))
    assert layout.cells.loc[("MiniLM-L6", "MR", "SCL")].to_dict() == {
        "Accuracy": "90.00 ± –", "Macro-F1": "80.00 ± –", "Silhouette": "0.1000 ± –", "Training (s)": "1,234.6",
        "Epoch (s)": "5.00", "Last epoch": "9.0", "Seeds": "1",
    }  # fmt: skip
    assert layout.ranks.loc[("MiniLM-L6", "MR", "SCL")].to_list() == [1, 1, 2, 2, 1, 1, 0]
    assert layout.ranks.loc[("MiniLM-L6", "MR", "G-Loss-O")].to_list() == [2, 2, 1, 1, 2, 1, 0]


def test_times_of_different_machines_do_not_compete():
    table = STANDALONE.tidy(costs(device=["cpu", "NVIDIA A100"], seconds_per_epoch=[5, 6], stop_epoch=[8, 9]))
    assert table.loc[table["metric"] == "seconds_per_epoch", "rank"].isna().all()
    layout = STANDALONE.layout(table)
    assert layout.ranks[["Epoch (s)", "Last epoch"]].to_numpy().tolist() == [[0, 1], [0, 2]]


def test_times_on_another_processor_or_beside_other_work_are_not_ranked_and_a_note_says_so():
    alone = {"processor": "EPYC", "cores": 2.0, "load": [0.1, 0.4], "seconds_per_epoch": [5, 6]}
    for changed, ranks, said in (
        ({}, [1, 2], False),
        ({"load": [0.1, 1.6]}, [None, None], True),
        ({"load": [math.nan, 0.2]}, [1, 2], False),
        ({"cores": [2.0, 64.0]}, [None, None], False),
        ({"processor": ["EPYC", None]}, [None, None], False),
    ):
        table = STANDALONE.tidy(costs(**{**alone, **changed}))
        found = table.loc[table["metric"] == "seconds_per_epoch", "rank"]
        assert [None if pd.isna(rank) else rank for rank in found] == ranks, changed
        assert table.loc[table["metric"] == "stop_epoch", "rank"].notna().all()
        note = load_note(table)
        assert bool(note) == said
    table = STANDALONE.tidy(costs(load=[0.1, 1.6]))
    assert load_note(table).startswith("Times on MR were taken while other processes kept up to 1.6 cores")
    assert "load" not in INTEGRATED.tidy(runs({("mr", MINILM, "ce"): [0.9]}, load=2.0))


def test_a_standalone_cell_that_was_not_run_is_a_row_of_dashes():
    scores = {("mr", MINILM, "scl"): [0.9], ("mr", MINILM, "triplet"): [0.8], ("r8", MINILM, "scl"): [0.7]}
    texts = STANDALONE.layout(STANDALONE.tidy(runs(scores))).cells
    assert texts.loc[("MiniLM-L6", "R8", "Triplet")].to_list() == ["–"] * 7


def test_silhouettes_name_the_g_loss_behind_them_corpus_by_corpus():
    silhouette = table_of("silhouette")
    scores = {key: [0.9] for key in [*on_mr("scl", "gloss-o", "gloss-sqrt"), ("r8", MINILM, "gloss-sqrt")]}
    made = runs(scores, test_macro_silhouette=[0.3, 0.5, 0.9, 0.7], seconds_per_epoch=[4, 2, 1, 1])
    layout = silhouette.layout(silhouette.tidy(made))
    assert layout.cells.to_numpy().tolist() == [
        ["0.5000 ± –", "0.3000 ± –", "2.00", "4.00", "G-Loss-O", "1"],
        ["0.7000 ± –", "–", "1.00", "–", "G-Loss-SQRT", "1"],
    ]
    assert layout.ranks.to_numpy().tolist() == [[1, 2, 1, 2, 0, 0], [0] * 6]


def test_glue_has_its_two_corpora_alone_and_g_loss_sqrt_only_in_place_of_g_loss_o():
    glue = table_of("glue")
    kept = {("sst2", "ce"): 0.91, ("sst2", "gloss-o-ce"): 0.93, ("qnli", "gloss-sqrt-ce"): 0.9}
    scores = {**kept, ("mr", "ce"): 0.1, ("sst2", "gloss-sqrt-ce"): 0.95}
    table = glue.tidy(runs({(corpus, "bert-base", key): [score] for (corpus, key), score in scores.items()}))
    means = {(row.corpus, row.objective): row.mean / 100 for row in table.itertuples()}
    assert means == pytest.approx(kept)
    assert glue.layout(table).cells.shape == (3, 3)


R8 = runs(
    {("r8", "bert-base", "ce"): [0.90, 0.92]},
    test_accuracy_deduplicated=[0.88, 0.90],
    test_macro_f1_deduplicated=[0.7, 0.8],
    n_test_deduplicated=2185,
)
MR = runs({("mr", "bert-base", "ce"): [0.8, 0.9]}, n_test_deduplicated=3554)


def test_scores_without_copies_are_beside_the_others_where_there_are_copies():
    table = DEDUPLICATED.tidy(pd.concat([R8, MR], ignore_index=True))
    assert set(table["corpus"]) == {"r8"}
    assert table["mean"].to_list() == pytest.approx([91, 89, 81, 75])
    assert DEDUPLICATED.layout(table).cells.iloc[0].to_dict() == {
        "Accuracy": "91.00 ± 1.41", "Accuracy, deduplicated": "89.00 ± 1.41", "Macro-F1": "81.00 ± 1.41",
        "Macro-F1, deduplicated": "75.00 ± 7.07", "Left out": "4 of 2,189", "Seeds": "2",
    }  # fmt: skip
    untuned = untuned_runs({("r8", "bert-base"): 0.9}).assign(n_test_deduplicated=2185)
    layout = DEDUPLICATED.layout(DEDUPLICATED.tidy(pd.concat([R8, untuned], ignore_index=True)))
    assert list(layout.cells.index.get_level_values("Objective")) == ["CE", "tf-idf", "Frozen encoder"]
    assert layout.lined == {1}


def test_a_study_without_copies_has_a_sentence_instead_of_rows():
    layout = DEDUPLICATED.layout(DEDUPLICATED.tidy(MR))
    assert layout.cells.empty
    note = "The text of no test document is also in train or validation, so there is nothing to leave out."
    assert layout.notes == (note,)
