"""The critical-difference diagram."""

import numpy as np
import pandas as pd
import pytest
from glossbench.evidence.figures import critical_difference as diagram
from made_up import CORPORA, INTEGRATED, keyed, scored

# INTEGRATED is the order from the worst to the best, on every corpus
SCORES = {key: [0.5 + 0.1 * place] * 2 for place, key in enumerate(INTEGRATED)}
RUNS = pd.concat([scored(SCORES, corpus) for corpus in CORPORA], ignore_index=True)


def test_ranks_are_averages_over_corpora_and_groups_lie_within_the_critical_difference():
    table = diagram.frame(runs=RUNS)
    own = table[table["metric"] == "macro_f1"].set_index("objective")
    assert own["rank"].to_dict() == {"gloss-o-ce": 1, "gloss-sqrt-ce": 2, "scl-ce": 3, "ce": 4}
    # Demsar (2006), table 5: q = 2.569 for four; CD = q sqrt(4 * 5 / (6 * 5))
    assert own["critical_difference"].unique() == pytest.approx(2.569 * (2 / 3) ** 0.5, abs=2e-3)
    assert own["cliques"].to_dict() == {"gloss-o-ce": "0", "gloss-sqrt-ce": "0 1", "scl-ce": "0 1", "ce": "1"}


def test_marks_stand_at_the_ranks_and_a_bar_spans_each_group():
    axes = diagram.draw(diagram.frame(runs=RUNS)).axes[0]
    lines = axes.get_lines()
    assert sorted(float(line.get_xdata()[0]) for line in lines if line.get_marker() != "None") == pytest.approx(
        [1, 2, 3, 4]
    )
    bars = [line.get_xdata() for line in lines if line.get_linewidth() == 2.4]
    assert sorted((min(bar), max(bar)) for bar in bars) == [pytest.approx((1, 3)), pytest.approx((2, 4))]
    (difference,) = [line.get_xdata() for line in lines if line.get_linewidth() == 1.6]
    assert np.ptp(difference) == pytest.approx(2.098, abs=2e-3)
    assert {"G-Loss-O + CE  1.00", "4.00  CE"} < {text.get_text().strip() for text in axes.texts}


def test_too_few_corpora_show_ranks_and_the_reason_and_no_bar():
    axes = diagram.draw(diagram.frame(runs=RUNS[RUNS["corpus"] == "mr"])).axes[0]
    assert not [line for line in axes.get_lines() if line.get_linewidth() in (1.6, 2.4)]
    assert "the test needs" in axes.get_xlabel()


def test_varied_settings_do_not_compete():
    varied = RUNS.assign(objective=RUNS["objective"] + ",weight=0.1", test_macro_f1=1.0, test_accuracy=1.0)
    both = diagram.frame(runs=pd.concat([RUNS, keyed(varied)], ignore_index=True))
    pd.testing.assert_frame_equal(both, diagram.frame(runs=RUNS))
