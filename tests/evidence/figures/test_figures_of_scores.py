"""Figures of the scores of runs: headline, published, heat maps (F2 to F4), sensitivity (F8), critical differences."""

import math

import numpy as np
import pandas as pd
import pytest
from glossbench.evidence.figures import critical_difference, headline, heatmap, published, sensitivity
from matplotlib.patches import Rectangle

from tests.support.figure_texts import panels, texts
from tests.support.made_up import CORPORA, INTEGRATED, by_corpus, coverage, scored
from tests.support.registered import FIGURES

GRID = {
    "gloss-o-ce": [0.80, 0.90], "gloss-o-ce+weight=0.3": [0.70, 0.74], "gloss-o-ce+weight=0.7": [0.80],
    "gloss-o-ce+weight=x0.9": [0.10], "gloss-o-ce+sigma=x2": [0.20], "gloss-o-ce+sigma=x1.1": [0.21],
    "gloss-o-ce+sigma=0.4": [0.22], "gloss-o-ce+weight=0.3+sigma=x2": [0.30], "gloss-o-ce@reference": [0.40], "ce": [0.50],
}  # fmt: skip
SWEPT = scored(GRID, weight=0.7, labeled_fraction=0.5, sigma=0.5)
WEIGHT, LABELED_FRACTION, SIGMA = (FIGURES[key].settings for key in ("weight", "labeled_fraction", "sigma"))
STEPS = {
    "gloss-o-ce": [0.80, 0.90], "gloss-o-ce+sigma=x0.9": [0.79], "gloss-o-ce+sigma=x1.1": [0.83],
    "gloss-o-ce+sigma=x2": [0.10], "gloss-o-ce+weight=0.3": [0.78], "gloss-o-ce+weight=0.5": {1: 0.89},
    "gloss-o-ce+batch_size=64": [0.10], "ce": [0.50],
}  # fmt: skip
# INTEGRATED is the order from the worst to the best, on every corpus
RANKED = {(corpus, key): [0.5 + 0.1 * place] * 2 for corpus in CORPORA for place, key in enumerate(INTEGRATED)}
PRINTED = pd.DataFrame(
    [
        {"objective": "ce", "metric": "accuracy", "mean": 62.0, "std": 1.0},
        {"objective": "gloss-o-ce", "metric": "accuracy", "mean": 81.0, "std": np.nan},
        {"objective": "ce", "metric": "macro_silhouette", "mean": 0.4, "std": np.nan},
        {"objective": "scl-ce", "metric": "accuracy", "mean": 70.0, "std": 1.0},  # not run
    ]
).assign(corpus="mr", encoder="bert-base", protocol="integrated")


def test_headline_has_mean_students_interval_and_range_in_percent():
    table = headline.tidy(by_corpus({("mr", "ce"): [0.7, 0.8], ("mr", "scl"): [0.6], ("mr", "ce+epochs=5"): [0.9]}))
    assert table["objective"].to_list() == ["ce", "scl"]  # changed settings are left out
    ce, scl = (row for _, row in table.iterrows())
    half = math.tan(0.475 * math.pi) * 5  # t with one degree of freedom, times the standard error
    assert ce[["n_seeds", "mean", "least", "most"]].to_list() == pytest.approx([2, 75, 70, 80])
    assert (ce["low"], ce["high"]) == pytest.approx((75 - half, 75 + half))
    assert (scl["mean"], np.isnan(scl["low"])) == (pytest.approx(60), True)


def test_headline_panels_of_a_corpus_have_one_scale_and_a_line_for_each_untuned_objective():
    table = headline.tidy(by_corpus({("mr", "ce"): [0.7, 0.8], ("mr", "scl"): [0.6]}))
    alike = {"mean": 65.0, "least": 65.0, "most": 65.0, "low": np.nan, "high": np.nan}
    untuned = table[:1].assign(protocol="untuned", objective="tfidf", **alike)
    integrated, standalone = headline.draw(pd.concat([table, untuned], ignore_index=True)).axes
    for axes, spans in ((integrated, 2), (standalone, 0)):  # interval and range of ce; one run is a marker alone
        assert axes.get_xlim() == pytest.approx((60 - 2, 80 + 2))
        assert [65.0, 65.0] in [list(line.get_xdata()) for line in axes.get_lines()]
        assert sum(np.ptp(line.get_xdata()) > 0 for line in axes.get_lines()[1:]) == spans
    (alone,) = headline.draw(untuned).axes
    assert [text.get_text() for text in alone.get_yticklabels()] == ["tf-idf"]


@pytest.mark.parametrize(
    ("failed", "text"), [([0.134], "◂ 13.4"), ([*[0.91] * 4, 0.70], "◂ 86.8")], ids=["objective", "one seed"]
)
def test_headline_shows_what_fails_as_a_number_at_the_edge_of_the_scale_of_the_others(failed, text):
    scores = {"ce": [0.90], "scl-ce": [0.91], "gloss-sqrt-ce": [0.92], "group-ce": [0.93], "gloss-o-ce": failed}
    (axes,) = headline.draw(headline.tidy(by_corpus({("mr", key): own for key, own in scores.items()}))).axes
    assert axes.get_xlim() == pytest.approx((90 - 0.5, 93 + 0.5))
    assert texts(axes) == [text]


def test_published_compares_what_both_have_in_the_units_of_the_paper():
    keys = {"ce": [0.5, 0.7], "gloss-o-ce": [0.8], "gloss-o-ce@reference": [0.1], "ce+batch_size=64": [0.1]}
    compared = published.tidy(runs=scored(keys), results=PRINTED)
    table = compared.set_index(["metric", "objective"])
    assert table.index.to_list() == [("accuracy", "ce"), ("accuracy", "gloss-o-ce"), ("macro_silhouette", "ce")]
    ce = table.loc[("accuracy", "ce"), ["published", "reproduced", "published_std", "reproduced_std"]]
    assert ce.to_list() == pytest.approx([62, 60, 1, 200**0.5])
    assert table.loc[("macro_silhouette", "ce"), "reproduced"] == pytest.approx(0.3)
    assert pd.isna(table.loc[("accuracy", "gloss-o-ce"), "reproduced_std"])  # one seed
    accuracy, silhouette = panels(published.draw(compared))
    line = accuracy.containers[0].lines[0]
    assert (line.get_xdata()[0], line.get_ydata()[0]) == pytest.approx((62, 60))
    diagonal = accuracy.get_lines()[-1]
    assert diagonal.get_xdata() == pytest.approx(diagonal.get_ydata())
    assert accuracy.get_xlim() == pytest.approx(accuracy.get_ylim())
    assert (len(accuracy.containers), len(silhouette.containers)) == (2, 1)


def test_a_cell_of_a_heat_map_is_the_mean_over_seeds_and_the_plain_objective_stands_at_its_own_value():
    table = heatmap.tidy(runs=SWEPT, **WEIGHT).set_index("value")
    assert table.index.to_list() == [0.3, 0.7]
    assert table["mean"].to_list() == pytest.approx([72, 85])
    assert table["std"].to_list() == pytest.approx([np.std([70, 74], ddof=1), np.std([80, 90], ddof=1)])
    assert table["n_seeds"].to_list() == [2, 2]  # the plain run of seed 0 and weight=0.7 are one
    assert table["chosen"].to_list() == [False, True]
    multiples = heatmap.tidy(runs=SWEPT, **SIGMA)
    assert multiples["value"].to_list() == [1, 2]  # neither a step of the sensitivity nor a width by itself
    assert multiples["mean"].to_list() == pytest.approx([85, 20])
    assert heatmap.tidy(runs=SWEPT, **LABELED_FRACTION).empty


@pytest.mark.parametrize(
    ("settings", "varied", "label"),
    [
        (WEIGHT, "weight=0.3", "weight of the loss, λ"),
        (LABELED_FRACTION, "labeled_fraction=0.3", "share of labels kept, γ"),
        (SIGMA, "sigma=x2", "multiple of the chosen σ"),
        ({"setting": "learning_rate", "relative": False}, "learning_rate=0.3", "learning rate"),
    ],
)
def test_the_axis_of_a_heat_map_names_the_setting_and_its_symbol_if_it_has_one(settings, varied, label):
    table = heatmap.tidy(runs=scored({"gloss-o-ce": [0.5], f"gloss-o-ce,{varied}": [0.6]}), **settings)
    assert heatmap.draw(table, **settings).axes[0].get_xlabel() == label


def test_heat_maps_and_sensitivity_choose_rows_by_their_keys_alone():
    chosen = heatmap.select(coverage(SWEPT), **WEIGHT)
    assert set(chosen["objective"]) == {"gloss-o-ce", "gloss-o-ce+weight=0.3", "gloss-o-ce+weight=0.7"}
    chosen = sensitivity.select(coverage(scored(STEPS)))
    assert set(STEPS) - set(chosen["objective"]) == {"gloss-o-ce+batch_size=64", "ce"}


def test_in_a_heat_map_the_best_is_bold_the_chosen_framed_and_a_missing_cell_a_dash():
    other = scored({"gloss-o-ce": [0.6], "gloss-o-ce+weight=0.9": [0.65]}, corpus="r8", weight=0.7)
    preset = scored({"gloss-o-ce@reference+weight=0.3": [0.5]}, weight=0.7)  # an objective of its own
    first, second, _ = heatmap.draw(heatmap.tidy(runs=pd.concat([SWEPT, other, preset]), **WEIGHT), **WEIGHT).axes
    assert [axes.get_title() for axes in (first, second)] == ["G-Loss-O + CE", "G-Loss-O + CE (reference)"]
    assert texts(first) == ["72.0", "85.0", "–", "–", "60.0", "65.0"]
    assert [text.get_text() for text in first.texts if text.get_weight() == "bold"] == ["85.0", "65.0"]
    framed = [patch for patch in first.patches if isinstance(patch, Rectangle)]
    assert [(round(patch.get_x() + 0.44), round(patch.get_y() + 0.42)) for patch in framed] == [(1, 0), (1, 1)]
    assert first.images[0].get_array().filled(np.nan)[0] == pytest.approx([-13, 0, np.nan], nan_ok=True)


def test_a_bar_of_sensitivity_spans_the_changes_over_shared_seeds_around_the_plain_score():
    table = sensitivity.tidy(runs=scored(STEPS))
    bars = table.set_index("setting")
    assert set(bars.index) == {"sigma", "weight"}
    steps = bars.loc["sigma"]  # x0.9 and x1.1 alone, though x2 was run as well
    assert (steps["unvaried"], steps["low"], steps["high"]) == pytest.approx((85, 84, 88))
    assert (steps["at_low"], steps["at_high"], steps["n_values"]) == ("x0.9", "x1.1", 2)
    values = bars.loc["weight"]  # 0.3 against seed 0, 0.5 against seed 1: both below
    assert (values["low"], values["high"], values["swing"]) == pytest.approx((83, 85, 2))
    assert (values["at_low"], values["at_high"]) == ("0.3", "")
    (axes,) = sensitivity.draw(table).axes  # the longest bar is on top
    assert [label.get_text() for label in axes.get_yticklabels()] == ["λ  2.00", "σ  4.00"]
    assert texts(axes) == ["0.3", "×0.9", "×1.1"]
    ends = sorted(bar.get_x() + bar.get_width() for bar in axes.patches)
    assert ends == pytest.approx([83, 84, 85, 88])


def test_ranks_are_averages_over_corpora_and_bars_span_groups_within_the_critical_difference():
    table = critical_difference.tidy(runs=by_corpus(RANKED))
    own = table[table["metric"] == "macro_f1"].set_index("objective")
    assert own["rank"].to_dict() == {"gloss-o-ce": 1, "gloss-sqrt-ce": 2, "scl-ce": 3, "ce": 4}
    # Demsar (2006), table 5: q = 2.569 for four; CD = q sqrt(4 * 5 / (6 * 5))
    assert own["critical_difference"].unique() == pytest.approx(2.569 * (2 / 3) ** 0.5, abs=2e-3)
    assert own["cliques"].to_dict() == {"gloss-o-ce": "0", "gloss-sqrt-ce": "0 1", "scl-ce": "0 1", "ce": "1"}
    axes = critical_difference.draw(table).axes[0]
    lines = axes.get_lines()
    assert sorted(line.get_xdata()[0] for line in lines if line.get_marker() != "None") == pytest.approx([1, 2, 3, 4])
    bars = [line.get_xdata() for line in lines if line.get_linewidth() == 2.4]
    assert sorted((min(bar), max(bar)) for bar in bars) == [pytest.approx((1, 3)), pytest.approx((2, 4))]
    (difference,) = [line.get_xdata() for line in lines if line.get_linewidth() == 1.6]
    assert np.ptp(difference) == pytest.approx(2.098, abs=2e-3)
    assert {"G-Loss-O + CE  1.00", "4.00  CE"} < {text.strip() for text in texts(axes)}


def test_too_few_corpora_show_ranks_and_the_reason_and_no_bar():
    few = by_corpus({key: scores for key, scores in RANKED.items() if key[0] == "mr"})
    axes = critical_difference.draw(critical_difference.tidy(runs=few)).axes[0]
    assert not [line for line in axes.get_lines() if line.get_linewidth() in (1.6, 2.4)]
    assert "the test needs" in axes.get_xlabel()
