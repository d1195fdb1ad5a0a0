"""Frames of a made-up study of the paper's size, as collect would write them for config/paper.yaml."""

from pathlib import Path

import numpy as np
from glossbench.frames import write_frame
from glossbench.settings.study import Study, load_study
from glossbench.settings.yaml_file import read_yaml

from benchmarks.inputs import ROOT
from tests.support import made_up

KEPT = ("snapshots", "projection")
EPOCHS = 80  # at most, of a run
CLASSES = tuple(f"class {number}" for number in range(52))


def planned(seeds: int) -> Study:
    """The paper's grid with so many seeds."""
    settings = read_yaml(ROOT / "config" / "paper.yaml")
    return load_study({**settings, "seeds": list(range(seeds))}, "paper.yaml", ROOT / "config")


def write_frames(study: Study, folder: Path) -> int:
    """Write what collect and project_embeddings would leave. Returns the number of runs."""
    chance = np.random.default_rng(0)
    scores: dict[made_up.Cell, dict[int, float]] = {}
    for run in study.runs:
        cell = scores.setdefault((run.corpus, run.encoder, run.objective), {})
        cell[run.seed] = min(1.0, chance.normal(0.9, 0.02))
    runs = made_up.runs(scores, tuned=True, stop_epoch=30, study=study.name)
    searched = [(one.corpus, one.encoder, one.objective) for one in study.searches()]
    kept = {kind: list(dict.fromkeys(run.objective for run in study.runs_with(kind))) for kind in KEPT}
    frames = {
        "runs": runs,
        "epochs": made_up.rising(runs, EPOCHS),
        "trials": made_up.trials(made_up.runs({cell: [0.9] for cell in searched}), 15, chance=chance),
        "corpora": made_up.corpora(*study.corpora),
        "coverage": made_up.coverage(runs),
        "snapshots": made_up.snapshots(CLASSES[:8], epochs=range(41), objectives=kept["snapshots"]),
        "projections": made_up.projections(dict.fromkeys(CLASSES, 50), kept["projection"]),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in frames.items():
        write_frame(name, frame, folder / f"{name}.parquet")
    return len(runs)
