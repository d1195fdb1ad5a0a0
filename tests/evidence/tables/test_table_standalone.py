"""T3 and T4: scores, silhouettes and costs of encoders trained alone; T6: the larger corpora."""

import pandas as pd
from made_up import runs
from registered import table_of

glue, silhouette, standalone = map(table_of, ("glue", "silhouette", "standalone"))
MINILM = "minilm-l6"


def costs(**columns) -> pd.DataFrame:
    """Two standalone losses on one corpus, one seed each, with these columns (first SCL's value)."""
    return runs({("mr", MINILM, "scl"): [0.9], ("mr", MINILM, "gloss-o"): [0.8]}, **columns)


def test_standalone_gives_the_best_mark_to_the_highest_score_and_the_least_cost():
    made = costs(
        test_macro_silhouette=[0.1, 0.2], train_seconds=[1234.56, 99.0], seconds_per_epoch=[5, 6], stop_epoch=[9, 9]
    )
    layout = standalone.layout(standalone.tidy(made))
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
    cells = standalone.layout(standalone.tidy(runs(scores))).cells
    assert cells.loc[("MiniLM-L6", "R8", "Triplet")].to_list() == ["–"] * 7


def test_silhouettes_name_the_g_loss_they_stand_on_corpus_by_corpus():
    scores = {
        ("mr", MINILM, "scl"): [0.9],
        ("mr", MINILM, "gloss-o"): [0.9],
        ("mr", MINILM, "gloss-sqrt"): [0.9],
        ("r8", MINILM, "gloss-sqrt"): [0.9],
    }
    made = runs(scores, test_macro_silhouette=[0.3, 0.5, 0.9, 0.7], seconds_per_epoch=[4, 2, 1, 1])
    layout = silhouette.layout(silhouette.tidy(made))
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
    table = glue.tidy(runs(scores))
    means = {(row.corpus, row.objective): round(row.mean, 6) for row in table.itertuples()}
    assert means == {("sst2", "ce"): 91, ("sst2", "gloss-o-ce"): 93, ("qnli", "gloss-sqrt-ce"): 90}
    assert glue.layout(table).cells.shape == (3, 3)
