"""The critical-difference diagram, and why it is not that of scikit-posthocs."""

import pandas as pd
import pytest
import scikit_posthocs
from figure_texts import assert_legible, drawn_texts, outside, overlaps
from glossbench.evidence.figures import critical_difference as diagram
from glossbench.evidence.figures import style
from glossbench.evidence.statistics.ranks import friedman
from glossbench.evidence.text.names import objective_name
from made_up import CORPORA, INTEGRATED, cells, keyed, scored, study_runs
from matplotlib.figure import Figure

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
    ticks = [line.get_xdata()[0] for line in lines if line.get_linewidth() == 0.6]
    marks = [float(line.get_xdata()[0]) for line in lines if line.get_marker() != "None"]
    assert marks == pytest.approx(ticks)  # ranks 1 to 4
    bars = [line.get_xdata() for line in lines if line.get_linewidth() == 2.4]
    step = ticks[1] - ticks[0]
    assert [round((bar[1] - bar[0]) / step) for bar in bars] == [2, 2]
    (difference,) = [line.get_xdata() for line in lines if line.get_linewidth() == 1.6]
    assert (difference[1] - difference[0]) / step == pytest.approx(2.098, abs=2e-3)
    assert "G-Loss-O + CE  1.00" in [text.get_text() for text in axes.texts]


def test_too_few_corpora_show_ranks_and_the_reason_and_no_bar():
    axes = diagram.draw(diagram.frame(runs=RUNS[RUNS["corpus"] == "mr"])).axes[0]
    assert not [line for line in axes.get_lines() if line.get_linewidth() in (1.6, 2.4)]
    assert any("the test needs" in text.get_text() for text in axes.texts)


def test_varied_settings_do_not_compete():
    varied = RUNS.assign(objective=RUNS["objective"] + ",weight=0.1", test_macro_f1=1.0, test_accuracy=1.0)
    both = diagram.frame(runs=pd.concat([RUNS, keyed(varied)], ignore_index=True))
    pd.testing.assert_frame_equal(both, diagram.frame(runs=RUNS))


def of_scikit_posthocs(runs: pd.DataFrame, size: tuple[float, float], layout: str | None) -> tuple[Figure, dict]:
    """The diagram of scikit-posthocs for the same test, in the project's style, and its artists."""
    test = friedman(runs, "macro_f1", "standalone", "bert-base")
    p_values = test.nemenyi.rename(index=objective_name, columns=objective_name)
    ranks = {objective_name(key): rank for key, rank in test.ranks.items()}
    with style.styled():
        figure = Figure(figsize=size, layout=layout)
        look = {"label_props": {"fontsize": style.SMALL}, "ax": figure.add_subplot()}
        return figure, scikit_posthocs.critical_difference_diagram(ranks, p_values, cd=test.critical_difference, **look)


def test_the_diagram_of_scikit_posthocs_cannot_be_read_at_the_size_of_ours():
    """Nine objectives, a diagram in one column: its label of the critical difference lies on the axis, names are cut.

    It draws groups and critical difference as ours does, but in units of the ranks: texts meet where a figure is low,
    names have the room that is left, and one marker serves all objectives, so that a print in grey tells none apart.
    """
    runs = study_runs(cells(CORPORA, ["bert-base"]), seeds=2, protocol="standalone")
    ours = diagram.draw(diagram.frame(runs=runs))
    assert_legible(ours)
    assert len(ours.axes) == 2
    size = (style.COLUMN_WIDTH, ours.get_size_inches()[1])
    roomy, artists = of_scikit_posthocs(runs, size, layout="constrained")
    assert any(one.startswith("CD = ") for one, _ in overlaps(drawn_texts(roomy)))
    assert len({mark.get_paths()[0].vertices.tobytes() for mark in artists["markers"]}) == 1
    plain, _ = of_scikit_posthocs(runs, size, layout=None)
    assert any("G-Loss-SQRT + CE" in text for text in outside(plain))
