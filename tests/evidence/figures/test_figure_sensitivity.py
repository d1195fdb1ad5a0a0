"""Figure F8: one setting at a time."""

import pytest
from glossbench.evidence.figures import sensitivity
from made_up import coverage, scored

RUNS = scored(
    {
        "gloss-o-ce": [0.80, 0.90],
        "gloss-o-ce+sigma=x0.9": [0.79],
        "gloss-o-ce+sigma=x1.1": [0.83],
        "gloss-o-ce+sigma=x2": [0.10],
        "gloss-o-ce+weight=0.3": [0.78],
        "gloss-o-ce+weight=0.5": {1: 0.89},
        "gloss-o-ce+batch_size=64": [0.10],
        "ce": [0.50],
    }
)


def test_a_bar_spans_the_changes_over_shared_seeds_around_the_plain_score():
    bars = sensitivity.frame(runs=RUNS).set_index("setting")
    assert set(bars.index) == {"sigma", "weight"}
    steps = bars.loc["sigma"]  # x0.9 and x1.1 alone, though x2 was run as well
    assert (steps["plain"], steps["low"], steps["high"]) == pytest.approx((85, 84, 88))
    assert (steps["at_low"], steps["at_high"], steps["n_values"]) == ("x0.9", "x1.1", 2)
    values = bars.loc["weight"]  # 0.3 against seed 0, 0.5 against seed 1: both below
    assert (values["low"], values["high"]) == pytest.approx((83, 85))
    assert (values["at_low"], values["at_high"]) == ("0.3", "")
    assert values["swing"] == pytest.approx(2)


def test_the_longest_bar_is_on_top_and_its_ends_are_named():
    (axes,) = sensitivity.draw(sensitivity.frame(runs=RUNS)).axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["λ  2.00", "σ  4.00"]
    assert [text.get_text() for text in axes.texts if text.get_text()] == ["0.3", "×0.9", "×1.1"]
    ends = sorted(bar.get_x() + bar.get_width() for bar in axes.patches)
    assert ends == pytest.approx([83, 84, 85, 88])


def test_rows_are_chosen_by_their_keys_alone():
    chosen = sensitivity.select(coverage(RUNS))
    assert set(RUNS["objective"]) - set(chosen["objective"]) == {"gloss-o-ce+batch_size=64", "ce"}
    assert len(chosen) == len(RUNS) - 2
