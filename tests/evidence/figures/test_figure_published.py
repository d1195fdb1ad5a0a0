"""Published against reproduced."""

import pandas as pd
import pytest
from figure_texts import panels
from glossbench.evidence.figures import published
from made_up import scored

RUNS = scored({"ce": [0.5, 0.7], "gloss-o-ce": [0.8], "gloss-o-ce@reference": [0.1], "ce+batch_size=64": [0.1]})
PRINTED = pd.DataFrame(
    [
        {"objective": "ce", "metric": "accuracy", "mean": 62.0, "std": 1.0},
        {"objective": "gloss-o-ce", "metric": "accuracy", "mean": 81.0, "std": float("nan")},
        {"objective": "ce", "metric": "macro_silhouette", "mean": 0.4, "std": float("nan")},
        {"objective": "scl-ce", "metric": "accuracy", "mean": 70.0, "std": 1.0},  # not run
    ]
).assign(corpus="mr", encoder="bert-base", protocol="integrated")


def test_only_what_both_have_is_compared_in_the_units_of_the_paper():
    table = published.frame(runs=RUNS, results=PRINTED).set_index(["metric", "objective"])
    assert table.index.to_list() == [("accuracy", "ce"), ("accuracy", "gloss-o-ce"), ("macro_silhouette", "ce")]
    ce = table.loc[("accuracy", "ce")]
    assert (ce["published"], ce["reproduced"]) == pytest.approx((62, 60))
    assert (ce["published_std"], ce["reproduced_std"]) == pytest.approx((1, 200**0.5))
    assert table.loc[("macro_silhouette", "ce"), "reproduced"] == pytest.approx(0.3)
    assert pd.isna(table.loc[("accuracy", "gloss-o-ce"), "reproduced_std"])  # one seed


def test_points_error_bars_and_the_diagonal_are_drawn():
    accuracy, silhouette = panels(published.draw(published.frame(runs=RUNS, results=PRINTED)))
    ce, _ = accuracy.containers
    assert (ce.lines[0].get_xdata()[0], ce.lines[0].get_ydata()[0]) == pytest.approx((62, 60))
    assert (ce.has_xerr, ce.has_yerr) == (True, True)
    diagonal = accuracy.get_lines()[-1]
    assert diagonal.get_xdata() == pytest.approx(diagonal.get_ydata())
    assert accuracy.get_xlim() == pytest.approx(accuracy.get_ylim())
    assert len(silhouette.containers) == 1
