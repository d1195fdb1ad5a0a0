"""T5: published models beside ours."""

import pandas as pd
import pytest
from glossbench.evidence.tables import models
from glossbench.paper import published_models
from made_up import runs
from registered import FACTS, PUBLISHED, TABLES

SETTINGS = TABLES["models"].settings


def tidied(scores: dict[str, float], validation: list[float], **columns) -> pd.DataFrame:
    """The table of one run with BERT-base on MR of each objective, with these test accuracies and validation scores."""
    made = runs(
        {("mr", "bert-base", key): [score] for key, score in scores.items()}, val_macro_f1=validation, **columns
    )
    return models.tidy(made, published_models(PUBLISHED), FACTS, **SETTINGS)


def test_our_model_is_the_one_that_validates_better_not_the_one_that_tests_better():
    table = tidied({"gloss-o-ce": 0.91, "gloss-sqrt-ce": 0.99}, [0.8, 0.7])
    (row,) = table[table["source"] == "ours"].to_dict("records")
    assert (row["objective"], row["accuracy"], row["rank"]) == ("gloss-o-ce", pytest.approx(91), 1)
    layout = models.layout(table, **SETTINGS)
    assert layout.cells.loc["G-Loss + BERT-base (ours)"].to_list() == ["no", "91.00 ± –", "–", "–", "–", "–"]
    assert layout.ranks.loc["G-Loss + RoBERTa-large", "MR"] == 2  # 90.82, the best of the published
    assert layout.notes == ()


def test_a_score_on_a_part_of_the_corpus_is_out_of_competition_and_says_why():
    layout = models.layout(tidied({"gloss-o-ce": 0.99}, [0.8], n_train=290, n_val=710), **SETTINGS)
    assert layout.cells.loc["G-Loss + BERT-base (ours)", "MR"] == "99.00 ± – †"
    assert layout.ranks.loc["G-Loss + RoBERTa-large", "MR"] == 1
    (note,) = layout.notes
    assert "MR: learned from 1,000 of 7,108 documents" in note


def test_the_table_says_which_models_saw_the_test_documents_while_they_were_trained():
    layout = models.layout(tidied({"gloss-o-ce": 0.9}, [0.8]), **SETTINGS)
    said = layout.cells[models.SEES]
    assert set(said.index[said == "yes"]) == {"TextGCN", "TensorGCN", "BertGCN", "RoBERTaGCN"}
    assert set(said) == {"yes", "no"}
    assert not layout.ranks[models.SEES].any()
