"""A few figures of every kind of drawing, saved: what two processes must agree on."""

from pathlib import Path

import numpy as np
from glossbench.evidence.figures import style
from made_up import evidence, projections, runs, snapshots, trials
from registered import FIGURES


def save_samples(folder: str | Path) -> None:
    """Draw four figures and save them as png and pdf."""
    Path(folder).mkdir()
    searched = runs({("mr", "bert-base", "gloss-o"): [0.5]})
    made = evidence(
        trials=trials(searched, count=8, chance=np.random.default_rng(2)),
        snapshots=snapshots(size=32, epochs=(0, 1, 5)),
        projections=projections({"a": 3, "b": 2}, ("scl", "gloss-o")),
    )
    for key in ("projections", "method", "tuning", "adjacency"):
        _, figure = made.figure(FIGURES[key].specification(), "A caption.")
        style.save(figure, Path(folder) / key)
