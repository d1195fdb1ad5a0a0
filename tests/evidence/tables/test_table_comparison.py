"""Our means beside the published ones, and which of them can be compared."""

import math

import pandas as pd
import pytest
from glossbench.evidence.tables import comparison
from glossbench.paper import published_results
from made_up import paper_cells, runs, study_runs
from registered import FACTS, PUBLISHED


def theirs(**columns) -> pd.DataFrame:
    """One published cell: 90 ± 0.5 for CE with BERT-base on MR."""
    cell = {"corpus": "mr", "encoder": "bert-base", "protocol": "integrated", "objective": "ce"}
    return pd.DataFrame([{**cell, "metric": "accuracy", "mean": 90.0, "std": 0.5, **columns}])


def compared(accuracies, published=None, objective="ce", encoder="bert-base", **columns) -> dict:
    """The row of one cell of ours, on all documents of MR, with this encoder and objective."""
    made = runs({("mr", encoder, objective): accuracies}, **columns)
    (row,) = comparison.tidy(made, theirs() if published is None else published, FACTS).to_dict("records")
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
    made = runs({("bbc-news", "bert-base", "ce"): [0.9], ("mr", "bert-base", "gloss-sqrt"): [0.9]})
    assert comparison.tidy(made, published_results(PUBLISHED), FACTS).empty


def test_the_paper_s_own_numbers_agree_with_themselves_everywhere():
    """Runs whose scores are the published means: no difference in any of the paper's 160 cells with a spread."""
    published = published_results(PUBLISHED)
    keys = ["corpus", "encoder", "protocol", "objective"]
    wide = published.pivot(index=keys, columns="metric", values="mean").reset_index()
    scores = ["test_accuracy", "test_macro_f1", "test_macro_silhouette"]
    own = study_runs(paper_cells(), seeds=1).drop(columns=scores).merge(wide, on=keys)
    own = own.assign(
        test_accuracy=own["accuracy"] / 100,
        test_macro_f1=own["macro_f1"] / 100,
        test_macro_silhouette=own["macro_silhouette"],
    )
    table = comparison.tidy(own, published, FACTS)
    assert len(table) == len(published) == 60 * 2 + 20 * 3 + 18
    assert table["comparable"].all()
    assert table["difference"].abs().max() < 1e-9
    assert table["within_two_std"].sum() == 60 * 2 + 20 * 2
