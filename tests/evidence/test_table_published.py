"""Tables that set our numbers beside the paper's: comparison, T5 and T9."""

import math
from itertools import chain
from pathlib import Path

import evidence_frames as frames
import pandas as pd
import pytest
from glossbench.evidence.paper.published import published_models, published_results, published_ttests
from glossbench.evidence.tables import comparison, models, ttests
from scipy import stats

PUBLISHED = Path(__file__).parents[2] / "config" / "published"
MR = {"n_train": 6397, "n_val": 711, "n_test": 3554, "n_parameters": 109_000_000, "n_trainable": 109_000_000}


def theirs(**columns) -> pd.DataFrame:
    """One published cell: 90 ± 0.5 for CE with BERT-base on MR."""
    cell = {"corpus": "mr", "encoder": "bert-base", "protocol": "integrated", "objective": "ce"}
    return pd.DataFrame([{**cell, "metric": "accuracy", "mean": 90.0, "std": 0.5, **columns}])


def compared(accuracies, published=None, objective="ce", encoder="bert-base", **columns) -> dict:
    frame = frames.runs({("mr", encoder, objective): accuracies}, **{**MR, **columns})
    (row,) = comparison.tidy(frame, theirs() if published is None else published).to_dict("records")
    return row


@pytest.mark.parametrize(
    ("accuracies", "difference", "within"),
    [([0.91], 1, True), ([0.905, 0.915], 1, True), ([0.9101], 1.01, False), ([0.88], -2, False)],
)
def test_agreement_is_at_most_two_published_standard_deviations(accuracies, difference, within):
    row = compared(accuracies)
    assert row["comparable"]
    assert row["difference"] == pytest.approx(difference)
    assert row["within_two_std"] == within


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"n_train": 900, "n_val": 100}, "learned from 1,000 of 7,108 documents"),
        ({"n_test": 500}, "tested on 500 of 3,554"),
        ({"n_trainable": 14_200_000}, "trained 14.2 of 110.0 million parameters"),
        ({"encoder": "minilm-l6"}, "the published encoder is BERT-base"),
    ],
)
def test_a_part_of_the_corpus_or_of_the_encoder_or_another_encoder_is_not_comparable(columns, reason):
    row = compared([0.9], **columns)
    assert (row["comparable"], row["departures"]) == (False, reason)
    assert math.isnan(row["difference"])
    assert pd.isna(row["within_two_std"])
    assert row["published_mean"] == 90
    layout = comparison.layout(pd.DataFrame([row]))
    assert layout.cells.iloc[0].to_list() == ["90.00 ± 0.50", "90.00 ± –", "1", "–", "not comparable"]
    assert layout.notes[0].endswith(f": {reason}.")


def test_another_way_to_hold_out_validation_documents_changes_nothing():
    assert compared([0.9], n_train=7000, n_val=108)["comparable"]


def test_a_reference_preset_is_set_against_the_published_objective():
    row = compared([0.9], objective="ce@reference")
    assert (row["objective"], row["published_mean"]) == ("ce@reference", 90)


def test_without_a_published_spread_there_is_a_difference_and_no_verdict():
    row = compared([0.91], published=theirs(std=math.nan))
    assert row["difference"] == pytest.approx(1)
    assert pd.isna(row["within_two_std"])
    cells = comparison.layout(pd.DataFrame([row])).cells
    assert cells.iloc[0].to_list() == ["90.00", "91.00 ± –", "1", "+1.00", "no spread published"]


def test_cells_that_the_paper_does_not_have_are_left_out():
    frame = frames.runs({("bbc-news", "bert-base", "ce"): [0.9], ("mr", "bert-base", "gloss-sqrt"): [0.9]})
    table = comparison.tidy(frame, published_results(PUBLISHED))
    assert table.empty


def test_the_paper_s_own_numbers_agree_with_themselves_everywhere():
    """Runs whose scores are the published means: no difference in any of the paper's 160 cells with a spread."""
    published = published_results(PUBLISHED)
    grid = frames.paper_grid(seeds=1)
    keys = ["corpus", "encoder", "protocol", "objective"]
    wide = published.pivot(index=keys, columns="metric", values="mean").reset_index()
    own = grid.drop(columns=["test_accuracy", "test_macro_f1", "test_macro_silhouette"]).merge(wide, on=keys)
    own = own.assign(
        test_accuracy=own["accuracy"] / 100,
        test_macro_f1=own["macro_f1"] / 100,
        test_macro_silhouette=own["macro_silhouette"],
    )
    table = comparison.tidy(own, published)
    assert len(table) == len(published) == 60 * 2 + 20 * 3 + 18
    assert table["comparable"].all()
    assert table["difference"].abs().max() < 1e-9
    assert table["within_two_std"].sum() == 60 * 2 + 20 * 2


def ours(scores: dict, validation: list[float]) -> pd.DataFrame:
    return frames.runs(scores, **MR).assign(val_macro_f1=validation)


def test_our_model_is_the_one_that_validates_better_not_the_one_that_tests_better():
    scores = {("mr", "bert-base", "gloss-o-ce"): [0.91], ("mr", "bert-base", "gloss-sqrt-ce"): [0.99]}
    table = models.tidy(ours(scores, [0.8, 0.7]), published_models(PUBLISHED))
    (row,) = table[table["source"] == "ours"].to_dict("records")
    assert (row["objective"], row["accuracy"], row["rank"]) == ("gloss-o-ce", pytest.approx(91), 1)
    layout = models.layout(table)
    assert layout.cells.loc["G-Loss + BERT-base (ours)"].to_list() == ["91.00 ± –", "–", "–", "–", "–"]
    assert layout.ranks.loc["G-Loss + RoBERTa-large", "MR"] == 2  # 90.82, the best of the published
    assert layout.notes == ()


def test_a_score_on_a_part_of_the_corpus_is_out_of_competition_and_says_why():
    frame = ours({("mr", "bert-base", "gloss-o-ce"): [0.99]}, [0.8]).assign(n_train=289)
    table = models.tidy(frame, published_models(PUBLISHED))
    layout = models.layout(table)
    assert layout.cells.loc["G-Loss + BERT-base (ours)", "MR"] == "99.00 ± – †"
    assert layout.ranks.loc["G-Loss + RoBERTa-large", "MR"] == 1
    (note,) = layout.notes
    assert "MR: learned from 1,000 of 7,108 documents" in note


def standalone(**scores: list[list[float]]) -> pd.DataFrame:
    """Standalone runs with BERT-base: for each objective, the accuracies of each corpus's seeds."""
    cells = {
        (corpus, "bert-base", name.replace("_", "-")): seeds
        for name, by_corpus in scores.items()
        for corpus, seeds in zip(frames.PAPER_CORPORA, by_corpus, strict=False)
    }
    return frames.runs(cells)


GLOSS = [[0.90, 0.92], [0.80, 0.84], [0.70, 0.71]]
SCL = [[0.88, 0.90], [0.79, 0.80], [0.69, 0.72]]


def test_t_tests_pair_corpora_and_runs_and_agree_with_scipy():
    table = ttests.tidy(standalone(gloss_o=GLOSS, scl=SCL))
    rows = table.set_index("pairs")
    over_corpora = stats.ttest_rel([0.91, 0.82, 0.705], [0.89, 0.795, 0.705])
    over_runs = stats.ttest_rel([*chain(*GLOSS)], [*chain(*SCL)])
    assert rows.loc["corpora", "p"] == pytest.approx(over_corpora.pvalue)
    assert rows.loc["runs", "p"] == pytest.approx(over_runs.pvalue)
    assert rows.loc["corpora", "difference"] == pytest.approx(100 * (2.435 - 2.39) / 3)
    assert rows["n"].to_dict() == {"corpora": 3, "runs": 6}


def test_holm_multiplies_the_least_p_by_the_number_of_baselines():
    table = ttests.tidy(standalone(gloss_o=GLOSS, scl=SCL, triplet=[[0.5, 0.6], [0.3, 0.1], [0.2, 0.3]]))
    runs = table[table["pairs"] == "runs"].sort_values("p")
    least, most = runs["p"]
    assert runs["p_holm"].to_list() == pytest.approx([2 * least, max(2 * least, most)])


def test_g_loss_sqrt_is_tested_only_for_encoders_without_g_loss_o():
    without = ttests.tidy(standalone(gloss_sqrt=GLOSS, scl=SCL))
    both = ttests.tidy(standalone(gloss_o=GLOSS, gloss_sqrt=GLOSS, scl=SCL))
    assert set(without["objective"]) == {"gloss-sqrt"}
    assert set(both["objective"]) == {"gloss-o"}


def test_published_tests_stand_beside_ours_as_printed_and_uncorrected():
    table = ttests.tidy(standalone(gloss_o=GLOSS, scl=SCL), published_ttests(PUBLISHED))
    assert table["pairs"].to_list() == ["published", "corpora", "runs", "published", "published"]
    printed = table[table["pairs"] == "published"]
    assert printed["baseline"].to_list() == ["scl", "cosine", "triplet"]
    assert printed["p"].to_list() == [0.006239, 0.000493, 0.019647]
    assert printed["p_holm"].isna().all()
    layout = ttests.layout(table)
    assert layout.cells.index[0] == ("BERT-base", "G-Loss-O vs SCL", "published")
    assert layout.cells.iloc[0].to_list() == ["87.05", "86.41", "+0.63", "0.00624", "–", "–", "–"]


def test_too_few_corpora_leave_a_dash_and_the_reason_below():
    table = ttests.tidy(standalone(gloss_o=GLOSS[:2], scl=SCL[:2]))
    layout = ttests.layout(table)
    assert layout.cells.iloc[0, -4:].to_list() == ["–"] * 4
    assert layout.cells.index[0][2] == "2 corpora"
    assert "2 common corpora" in layout.notes[0]
