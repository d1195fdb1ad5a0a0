"""Scores with and without test documents whose text is also in train or validation."""

import pandas as pd
import pytest
from glossbench.evidence.tables import deduplicated
from made_up import runs, untuned_runs

COPIES = {
    "test_accuracy_deduplicated": [0.88, 0.90],
    "test_macro_f1_deduplicated": [0.7, 0.8],
    "n_test_deduplicated": 2185,
}
R8 = runs({("r8", "bert-base", "ce"): [0.90, 0.92]}, **COPIES)
MR = runs({("mr", "bert-base", "ce"): [0.8, 0.9]}, n_test_deduplicated=3554)


def test_both_scores_are_beside_each_other_where_the_documents_differ():
    table = deduplicated.tidy(pd.concat([R8, MR], ignore_index=True))
    assert set(table["corpus"]) == {"r8"}
    assert dict(zip(table["metric"], table["mean"], strict=True)) == pytest.approx(
        {"accuracy": 91, "accuracy_deduplicated": 89, "macro_f1": 81, "macro_f1_deduplicated": 75}
    )
    cells = deduplicated.layout(table).cells
    assert cells.columns.to_list() == [
        "Accuracy", "Accuracy, deduplicated", "Macro-F1", "Macro-F1, deduplicated", "Left out", "Seeds",
    ]  # fmt: skip
    assert cells.iloc[0].to_list() == [
        "91.00 ± 1.41", "89.00 ± 1.41", "81.00 ± 1.41", "75.00 ± 7.07", "4 of 2,189", "2",
    ]  # fmt: skip


def test_floors_are_in_it_below_a_line():
    two = untuned_runs({("r8", "bert-base"): 0.9}).assign(n_test_deduplicated=2185)
    laid_out = deduplicated.layout(deduplicated.tidy(pd.concat([R8, two], ignore_index=True)))
    assert list(laid_out.cells.index.get_level_values("Objective")) == ["CE", "tf-idf", "Frozen encoder"]
    assert laid_out.lined == {1}


def test_a_study_without_such_documents_has_a_sentence_instead_of_rows():
    laid_out = deduplicated.layout(deduplicated.tidy(MR))
    assert laid_out.cells.empty
    assert laid_out.notes == (
        "The text of no test document is also in train or validation, so there is nothing to leave out.",
    )
