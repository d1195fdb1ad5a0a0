"""Figures of runs without any spread: equal embeddings, equal scores, one document, no time at all."""

import numpy as np
import pytest
from glossbench.evidence.figures import adjacency, epoch_time, headline, learning_curves, projections, style, tuning

from tests.support.made_up import curves, epochs, runs, scored, snapshots, trials
from tests.support.made_up import projections as made_up_projections

ONE = runs({("mr", "bert-base", "gloss-o"): [0.5]})
BATCHES = [snapshots(size=size, epochs=(0, 1), sigma=sigma) for size in (1, 8) for sigma in (0.5, np.nan)]
DEGENERATE = [
    *((adjacency, batch.assign(embedding=[np.ones(4, dtype=np.float32)] * len(batch))) for batch in BATCHES),
    (projections, made_up_projections({"a": 3}, ("scl",)).assign(x=0.0, y=0.0)),
    (epoch_time, epochs(ONE, [[0.5]]).assign(**{f"seconds_{part}": 0.0 for part in epoch_time.COLORS})),
    (tuning, trials(ONE, count=8).assign(state="complete", sigma=1.0, learning_rate=1e-5)),
    (headline, scored({"ce": [0.5, 0.5], "scl": [0.5]})),
    (learning_curves, curves({("ce", 0): [0.5, 0.5], ("ce", 1): [0.5]})),
    (learning_curves, curves({("ce", 0): [0.0]})),
]


@pytest.mark.parametrize(("module", "given"), DEGENERATE, ids=lambda value: getattr(value, "__name__", ""))
def test_runs_without_spread_have_room_around_them(module, given):
    table = module.tidy(given)
    if module in (projections, epoch_time):
        assert table[["x", "y"] if module is projections else ["share"]].eq(0).all(axis=None)
    if module is tuning:
        assert table.loc[table["kind"] == "importance", "importance"].isna().all()
    figure = module.draw(table)
    with style.styled():
        figure.draw_without_rendering()
    for axes in figure.axes:
        assert np.isfinite([axes.get_xlim(), axes.get_ylim()]).all()
