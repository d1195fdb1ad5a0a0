"""T9: paired tests against each baseline."""

from itertools import chain

import pandas as pd
import pytest
from glossbench.evidence.tables import ttests
from glossbench.paper import published_ttests
from made_up import CORPORA, by_corpus
from registered import PUBLISHED, TABLES
from scipy import stats

SETTINGS = TABLES["ttests"].settings
GLOSS = [[0.90, 0.92], [0.80, 0.84], [0.70, 0.71]]
SCL = [[0.88, 0.90], [0.79, 0.80], [0.69, 0.72]]
TRIPLET = [[0.5, 0.6], [0.3, 0.1], [0.2, 0.3]]


def tidied(scores: dict[str, list[list[float]]], published: pd.DataFrame | None = None) -> pd.DataFrame:
    """The table of runs with BERT-base: for each objective, the accuracies of each corpus's seeds."""
    cells = {
        (corpus, key): seeds
        for key, by_place in scores.items()
        for corpus, seeds in zip(CORPORA, by_place, strict=False)
    }
    return ttests.tidy(by_corpus(cells), ttests=published, **SETTINGS)


def test_t_tests_pair_corpora_and_runs_and_agree_with_scipy():
    rows = tidied({"gloss-o": GLOSS, "scl": SCL}).set_index("pairs")
    over_corpora = stats.ttest_rel([0.91, 0.82, 0.705], [0.89, 0.795, 0.705])
    over_runs = stats.ttest_rel([*chain(*GLOSS)], [*chain(*SCL)])
    assert rows.loc["corpora", "p"] == pytest.approx(over_corpora.pvalue)
    assert rows.loc["runs", "p"] == pytest.approx(over_runs.pvalue)
    assert rows.loc["corpora", "difference"] == pytest.approx(100 * (2.435 - 2.39) / 3)
    assert rows["n"].to_dict() == {"corpora": 3, "runs": 6}


def test_holm_multiplies_the_least_p_by_the_number_of_baselines():
    table = tidied({"gloss-o": GLOSS, "scl": SCL, "triplet": TRIPLET})
    runs = table[table["pairs"] == "runs"].sort_values("p")
    least, most = runs["p"]
    assert runs["p_holm"].to_list() == pytest.approx([2 * least, max(2 * least, most)])


def test_g_loss_sqrt_is_tested_only_for_encoders_without_g_loss_o():
    without = tidied({"gloss-sqrt": GLOSS, "scl": SCL})
    both = tidied({"gloss-o": GLOSS, "gloss-sqrt": GLOSS, "scl": SCL})
    assert set(without["objective"]) == {"gloss-sqrt"}
    assert set(both["objective"]) == {"gloss-o"}


def test_published_tests_stand_beside_ours_as_printed_and_uncorrected():
    table = tidied({"gloss-o": GLOSS, "scl": SCL}, published_ttests(PUBLISHED))
    assert table["pairs"].to_list() == ["published", "corpora", "runs", "published", "published"]
    printed = table[table["pairs"] == "published"]
    assert printed["baseline"].to_list() == ["scl", "cosine", "triplet"]
    assert printed["p"].to_list() == [0.006239, 0.000493, 0.019647]
    assert printed["p_holm"].isna().all()
    layout = ttests.layout(table, **SETTINGS)
    assert layout.cells.index[0] == ("BERT-base", "G-Loss-O vs SCL", "published")
    assert layout.cells.iloc[0].to_list() == ["87.05", "86.41", "+0.63", "0.00624", "–", "–", "–"]


def test_too_few_corpora_leave_a_dash_and_the_reason_below():
    layout = ttests.layout(tidied({"gloss-o": GLOSS[:2], "scl": SCL[:2]}), **SETTINGS)
    assert layout.cells.iloc[0, -4:].to_list() == ["–"] * 4
    assert layout.cells.index[0][2] == "2 corpora"
    assert "2 common corpora" in layout.notes[0]
