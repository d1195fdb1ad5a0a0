"""T5, T9, published and reproduced, and what a changed setting is worth; differences are checked against scipy."""

import math
from itertools import chain

import pandas as pd
import pytest
from glossbench.evidence.tables.models import SEES
from glossbench.paper import published_models, published_results, published_ttests
from scipy import stats

from tests.support.made_up import CORPORA, by_corpus, paper_cells, runs, study_runs
from tests.support.registered import FACTS, PUBLISHED, table_of

COMPARISON, MODELS, SWITCHES, TTESTS = map(table_of, ("comparison", "models", "switches", "ttests"))


def theirs(**columns) -> pd.DataFrame:
    """One published cell: 90 ± 0.5 for CE with BERT-base on MR."""
    cell = {"corpus": "mr", "encoder": "bert-base", "protocol": "integrated", "objective": "ce"}
    return pd.DataFrame([{**cell, "metric": "accuracy", "mean": 90.0, "std": 0.5, **columns}])


def compared(accuracies, published=None, objective="ce", encoder="bert-base", **columns) -> dict:
    """The row of one cell of ours, on all documents of MR, with this encoder and objective."""
    made = runs({("mr", encoder, objective): accuracies}, **columns)
    (row,) = COMPARISON.tidy(made, theirs() if published is None else published, FACTS).to_dict("records")
    return row


@pytest.mark.parametrize(
    ("accuracies", "columns", "difference", "within"),
    [
        ([0.91], {}, 1, True),
        ([0.905, 0.915], {}, 1, True),
        ([0.9101], {}, 1.01, False),
        ([0.88], {}, -2, False),
        ([0.9], {"n_train": 7000, "n_val": 108}, 0, True),  # other validation documents
        ([0.9], {"objective": "ce@reference"}, 0, True),
        ([0.9], {"n_parameters": 109_482_240, "n_trainable": 109_482_240}, 0, True),  # without a head
        ([0.9], {"n_parameters": 110_104_890, "n_trainable": 110_104_890}, 0, True),  # with one
    ],
)
def test_agreement_is_at_most_two_published_standard_deviations(accuracies, columns, difference, within):
    row = compared(accuracies, **columns)
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
        (
            {"encoder": "minilm-l6", "n_trainable": 1_000_000},
            "the published encoder is BERT-base, trained 1.0 of 22.0 million parameters",
        ),
    ],
)
def test_a_part_of_the_corpus_or_of_the_encoder_or_another_encoder_is_not_comparable(columns, reason):
    row = compared([0.9], **columns)
    assert (row["comparable"], row["differences_from_paper"], row["published_mean"]) == (False, reason, 90)
    assert math.isnan(row["difference"])
    assert pd.isna(row["within_two_std"])
    layout = COMPARISON.layout(pd.DataFrame([row]))
    assert layout.cells.iloc[0].to_list() == ["90.00 ± 0.50", "90.00 ± –", "1", "–", "not comparable"]
    assert layout.notes[0].endswith(f": {reason}.")


def test_of_the_runs_of_a_cell_the_one_that_trained_the_least_counts():
    row = compared([0.9, 0.8], n_trainable=[110_000_000, 14_200_000])
    assert row["differences_from_paper"] == "trained 14.2 of 110.0 million parameters"


def test_without_a_published_spread_there_is_a_difference_and_no_verdict():
    row = compared([0.91], published=theirs(std=math.nan))
    assert pd.isna(row["within_two_std"])
    texts = COMPARISON.layout(pd.DataFrame([row])).cells.iloc[0]
    assert texts.to_list() == ["90.00", "91.00 ± –", "1", "+1.00", "no spread published"]


def test_the_paper_s_own_numbers_agree_with_themselves_everywhere():
    """Runs whose scores are the published means: no difference in any of the paper's 160 cells with a spread."""
    published = published_results(PUBLISHED)
    keys = ["corpus", "encoder", "protocol", "objective"]
    wide = published.pivot(index=keys, columns="metric", values="mean").reset_index()
    wide = wide.rename(columns={name: f"test_{name}" for name in published["metric"].unique()})
    wide[["test_accuracy", "test_macro_f1"]] /= 100
    own = study_runs(paper_cells(), seeds=1).drop(columns=wide.columns.drop(keys)).merge(wide, on=keys)
    without_numbers = runs({("bbc-news", "bert-base", "ce"): [0.9], ("mr", "bert-base", "gloss-o,sigma=1"): [0.9]})
    table = COMPARISON.tidy(pd.concat([own, without_numbers], ignore_index=True), published, FACTS)
    assert len(table) == len(published) == 60 * 2 + 20 * 3 + 18
    assert table["comparable"].all()
    assert table["difference"].abs().max() < 1e-9
    assert table["within_two_std"].sum() == 60 * 2 + 20 * 2


def modelled(scores: dict[str, float], validation: list[float], **columns):
    """T5 of one run with BERT-base on MR of each objective, with these test accuracies and validation scores."""
    cells = {("mr", "bert-base", key): [score] for key, score in scores.items()}
    table = MODELS.tidy(runs(cells, val_macro_f1=validation, **columns), published_models(PUBLISHED), FACTS)
    return table, MODELS.layout(table)


def test_our_model_is_the_one_that_validates_better_not_the_one_that_tests_better():
    table, layout = modelled({"gloss-o-ce": 0.91, "gloss-sqrt-ce": 0.99}, [0.8, 0.7])
    (row,) = table[table["source"] == "ours"].to_dict("records")
    assert (row["objective"], row["accuracy"], row["rank"]) == ("gloss-o-ce", pytest.approx(91), 1)
    assert layout.cells.loc["G-Loss + BERT-base (ours)"].to_list() == ["no", "91.00 ± –", "–", "–", "–", "–"]
    assert layout.ranks.loc["G-Loss + RoBERTa-large", "MR"] == 2  # 90.82, the best of the published
    assert layout.notes == ()
    sees = layout.cells[SEES]
    assert set(sees.index[sees == "yes"]) == {"TextGCN", "TensorGCN", "BertGCN", "RoBERTaGCN"}
    assert not layout.ranks[SEES].any()


def test_a_score_on_a_part_of_the_corpus_is_out_of_competition_and_says_why():
    _, layout = modelled({"gloss-o-ce": 0.99}, [0.8], n_train=290, n_val=710)
    assert layout.cells.loc["G-Loss + BERT-base (ours)", "MR"] == "99.00 ± – †"
    assert layout.ranks.loc["G-Loss + RoBERTa-large", "MR"] == 1
    assert "MR: learned from 1,000 of 7,108 documents" in layout.notes[0]


PLAIN, CHANGED = [0.80, 0.82, 0.84, 0.81], [0.81, 0.85, 0.86, 0.80]
SWITCHED = {"gloss-o-ce": PLAIN, "gloss-o-ce+criterion=softmax": CHANGED, "gloss-o-ce+weight=0.5": CHANGED}
SWITCHED_RUNS = by_corpus({("mr", key): values for key, values in SWITCHED.items()})


def test_a_switch_is_the_paired_difference_with_its_interval():
    table = SWITCHES.tidy(SWITCHED_RUNS)
    assert set(table["setting"]) == {"criterion"}, "a weight is no disagreement"
    row = table[table["metric"] == "accuracy"].iloc[0]
    expected = stats.ttest_rel([100 * value for value in CHANGED], [100 * value for value in PLAIN])
    assert row[["n", "difference"]].to_list() == [4, pytest.approx(1.25)]
    assert (row["low"], row["high"]) == pytest.approx(tuple(expected.confidence_interval()))
    layout = SWITCHES.layout(table)
    assert layout.cells.index[0][-1] == "D1: criterion = softmax"
    assert layout.cells.iloc[0, 0].startswith("+1.25 [−1.")


def test_few_seeds_have_no_interval_and_only_common_seeds_count():
    layout = SWITCHES.layout(SWITCHES.tidy(SWITCHED_RUNS[SWITCHED_RUNS["seed"] < 2]))
    assert layout.cells.iloc[0, 0] == "+2.00"
    assert layout.notes == ("Without an interval: 2 common seeds: a paired test needs 3.",)
    other = by_corpus({("r8", key): {1: 0.9} for key in SWITCHED})
    table = SWITCHES.tidy(pd.concat([SWITCHED_RUNS[SWITCHED_RUNS.index != 0], other], ignore_index=True))
    assert table.set_index("corpus")["n"].to_dict() == {"mr": 3, "r8": 1}
    assert list(SWITCHES.layout(table).cells.columns.get_level_values(1)) == ["MR", "R8", "MR", "R8"]


GLOSS = [[0.90, 0.92], [0.80, 0.84], [0.70, 0.71]]
SCL = [[0.88, 0.90], [0.79, 0.80], [0.69, 0.72]]
TRIPLET = [[0.5, 0.6], [0.3, 0.1], [0.2, 0.3]]


def t_tested(scores: dict[str, list[list[float]]], published: pd.DataFrame | None = None) -> pd.DataFrame:
    """T9 of runs with BERT-base: for each objective, the accuracies of each corpus's seeds."""
    by_place = {key: zip(CORPORA, seeds, strict=False) for key, seeds in scores.items()}
    cells = {(corpus, key): seeds for key, places in by_place.items() for corpus, seeds in places}
    return TTESTS.tidy(by_corpus(cells), ttests=published)


def test_t_tests_pair_corpora_and_runs_and_agree_with_scipy():
    rows = t_tested({"gloss-o": GLOSS, "scl": SCL}).set_index("pairs")
    over_corpora = stats.ttest_rel([0.91, 0.82, 0.705], [0.89, 0.795, 0.705])
    over_runs = stats.ttest_rel([*chain(*GLOSS)], [*chain(*SCL)])
    assert rows["p"].to_dict() == pytest.approx({"corpora": over_corpora.pvalue, "runs": over_runs.pvalue})
    assert rows.loc["corpora", "difference"] == pytest.approx(100 * (2.435 - 2.39) / 3)
    assert rows["n"].to_dict() == {"corpora": 3, "runs": 6}


def test_holm_multiplies_the_least_p_by_the_number_of_baselines():
    table = t_tested({"gloss-o": GLOSS, "scl": SCL, "triplet": TRIPLET})
    rows = table[table["pairs"] == "runs"].sort_values("p")
    least, most = rows["p"]
    assert rows["p_holm"].to_list() == pytest.approx([2 * least, max(2 * least, most)])


@pytest.mark.parametrize(("own", "expected"), [(["gloss-sqrt"], "gloss-sqrt"), (["gloss-o", "gloss-sqrt"], "gloss-o")])
def test_g_loss_sqrt_is_tested_only_for_encoders_without_g_loss_o(own, expected):
    assert set(t_tested({**dict.fromkeys(own, GLOSS), "scl": SCL})["objective"]) == {expected}


def test_published_tests_are_beside_ours_as_printed_and_uncorrected():
    table = t_tested({"gloss-o": GLOSS, "scl": SCL}, published_ttests(PUBLISHED))
    assert table["pairs"].to_list() == ["published", "corpora", "runs", "published", "published"]
    printed = table[table["pairs"] == "published"]
    assert printed["baseline"].to_list() == ["scl", "cosine", "triplet"]
    assert printed["p"].to_list() == [0.006239, 0.000493, 0.019647]
    assert printed["p_holm"].isna().all()
    layout = TTESTS.layout(table)
    assert layout.cells.index[0] == ("BERT-base", "G-Loss-O vs SCL", "published")
    assert layout.cells.iloc[0].to_list() == ["87.05", "86.41", "+0.63", "0.00624", "–", "–", "–"]


def test_too_few_corpora_leave_a_dash_and_the_reason_below():
    layout = TTESTS.layout(t_tested({"gloss-o": GLOSS[:2], "scl": SCL[:2]}))
    assert layout.cells.iloc[0, -4:].to_list() == ["–"] * 4
    assert layout.cells.index[0][2] == "2 corpora"
    assert "2 common corpora" in layout.notes[0]
