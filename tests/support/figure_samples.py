"""A few figures of every kind of drawing, saved: what two processes must agree on."""

from pathlib import Path

import numpy as np
from glossbench.evidence.figures import style
from made_up import ablations, cells, evidence, projections, runs, snapshots, study_runs, trials
from registered import FIGURES


def save_samples(folder: str | Path) -> None:
    """Draw five figures and save them as png and pdf."""
    Path(folder).mkdir()
    varied = study_runs(cells(["mr", "r8", "r52"], ["bert-base"], [*ablations(), "ce", "scl-ce"]), seeds=1)
    searched = runs({("mr", "bert-base", key): [0.5] for key in ("gloss-o-ce", "scl")})
    made = evidence(
        runs=varied,
        trials=trials(searched, count=8, chance=np.random.default_rng(2)),
        snapshots=snapshots(size=32, epochs=(0, 1, 5)),
        projections=projections({"a": 3, "b": 2}, ("scl", "gloss-o")),
    )
    for key in ("projections", "method", "weight", "tuning", "adjacency"):
        _, figure = made.figure(FIGURES[key].specification(), "A caption.")
        style.save(figure, Path(folder) / key)
