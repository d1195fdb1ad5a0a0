"""How many hours a study will take, at most, from documents per second that were measured.

``python -m glossbench.tools.plan STUDY [RUNS]``: STUDY a study file, RUNS the runs.parquet of a finished one;
without it the speed is the paper's own, BERT-base on one A100.
"""

import sys
from collections import Counter
from pathlib import Path

import pandas as pd

from glossbench.errors import GlossbenchError, SettingsError
from glossbench.evidence.paper.comparable import DOCUMENTS
from glossbench.evidence.paper.published import published_costs
from glossbench.study.grid import Run
from glossbench.study.study import Study, load_study
from glossbench.study.yaml_file import read_yaml

SMALL_FILES = 100_000  # bytes of a run's settings, epochs, metrics, predictions and timing
CONFIG = Path(__file__).parents[3] / "config"


def speeds(runs: pd.DataFrame, study: Study) -> dict[str, float]:
    """Training documents a second of each encoder of a study.

    runs: measured runs (runs.parquet), on one device. An encoder that was not measured is taken to be slower than a
    measured one by the ratio of their parameters: a token's work is proportional to them.
    """
    measured = runs.groupby("encoder").agg({"docs_per_second": "median", "n_trainable": "median"})
    found = {}
    for encoder in study.encoders:
        if encoder in measured.index:
            found[encoder] = measured.loc[encoder, "docs_per_second"]
        else:
            ours = study.registry["encoders"][encoder]["parameters"]
            found[encoder] = (measured["docs_per_second"] * measured["n_trainable"] / ours).mean()
    return found


def published_speed(study: Study, costs: pd.DataFrame) -> pd.DataFrame:
    """The paper's runs as if measured here: documents a second of BERT-base, from T3's seconds an epoch."""
    sizes = costs["corpus"].map(lambda corpus: study.registry["corpora"][corpus]["documents"]["train"])
    return pd.DataFrame(
        {
            "encoder": costs["encoder"],
            "docs_per_second": sizes / costs["seconds_per_epoch"],
            "n_trainable": 109_482_240,
            "device": "one A100 80 GB, by the seconds an epoch in the paper's T3",
        }
    )


def stop_epochs(study: Study, costs: pd.DataFrame) -> dict[str, float]:
    """Epochs of a run on each corpus: the paper's mean early stop there, else of all; at most what the study allows."""
    published = costs.groupby("corpus")["stop_epoch"].mean()
    limit = study.settings["training"]["epochs"]
    return {corpus: min(limit, published.get(corpus, published.mean())) for corpus in study.corpora}


def plan(study: Study, runs: pd.DataFrame, costs: pd.DataFrame) -> pd.DataFrame:
    """Hours by encoder and kind of job (run, trial): encoder, kind, jobs, documents, docs_per_second, hours.

    documents: training documents that are encoded forward and backward, over all epochs, in all jobs.
    """
    rate, epochs, tuning = speeds(runs, study), stop_epochs(study, costs), study.settings["tuning"]
    jobs = Counter((run.corpus, run.encoder, "run") for run in study.runs)
    for search in study.searches():
        trials = tuning["trials_by_objective"].get(search.objective, tuning["trials"])
        jobs[search.corpus, search.encoder, "trial"] += trials
    rows = [
        {
            "encoder": encoder,
            "kind": kind,
            "jobs": number,
            "documents": number * _size(study, corpus) * _epochs(study, epochs[corpus], kind),
            "docs_per_second": rate[encoder],
        }
        for (corpus, encoder, kind), number in jobs.items()
    ]
    frame = pd.DataFrame(rows).groupby(["encoder", "kind", "docs_per_second"], as_index=False).sum(numeric_only=True)
    return frame.assign(hours=frame["documents"] / frame["docs_per_second"] / 3600)


def kept_bytes(study: Study) -> float:
    """What all runs keep: embeddings in float16 of the test documents, standalone of all; a little for the rest."""
    return sum(
        _encoded(study, run) * study.registry["encoders"][run.encoder]["hidden"] * 2 + SMALL_FILES for run in study.runs
    )


def checkpoint_bytes(study: Study) -> dict[str, float]:
    """What a run needs while it trains, by encoder: weights, the best weights and two moments in float32."""
    return {encoder: 16 * study.registry["encoders"][encoder]["parameters"] for encoder in study.encoders}


def _encoded(study: Study, run: Run) -> int:
    subset = study.settings["subset"]
    documents = study.registry["corpora"][run.corpus].get("documents", {})
    learned, tested = DOCUMENTS.get(run.corpus, (0, 0))
    n_test = subset["test"] or documents.get("test", tested)
    if study.objective(run.objective)["protocol"] == "integrated":
        return n_test
    whole = documents.get("train", learned) + documents.get("val", 0)
    return n_test + (whole if subset["train"] is None else subset["train"] + (subset["val"] or documents.get("val", 0)))


def _epochs(study: Study, epochs: float, kind: str) -> float:
    limit = study.settings["tuning"]["epochs"] if kind == "trial" else None
    return min(epochs, limit or epochs)


def _size(study: Study, corpus: str) -> int:
    wanted = study.settings["subset"]["train"]
    known = study.registry["corpora"][corpus].get("documents", {}).get("train") or DOCUMENTS.get(corpus, (None,))[0]
    if wanted is None and known is None:
        raise SettingsError(f"config/corpora.yaml: {corpus}.documents.train: missing; a plan needs the size")
    return wanted or known


def said(study: Study, runs: pd.DataFrame, frame: pd.DataFrame) -> str:
    """The plan for readers."""
    shown = frame.assign(
        documents=frame["documents"].map("{:,.0f}".format),
        docs_per_second=frame["docs_per_second"].map("{:,.1f}".format),
        hours=frame["hours"].map("{:,.1f}".format),
    )
    devices = ", ".join(sorted(runs["device"].unique()))
    checkpoints = ", ".join(f"{name} {size / 1e9:.1f} GB" for name, size in checkpoint_bytes(study).items())
    return (
        f"{study.name}: {len(study.runs)} runs and {len(study.searches())} searches, "
        f"at most {frame['hours'].sum():,.1f} hours on one device like the measured one ({devices})\n"
        f"{shown.to_markdown(index=False, colalign=('left', 'left', *['right'] * 4), disable_numparse=True)}\n"
        "Epochs are the mean early stop that the paper has for each corpus, or for all; encoders not measured\n"
        "are scaled by their parameters; no pruning of trials is counted on.\n"
        f"Disk: all runs keep {kept_bytes(study) / 1e9:.2f} GB; a run under way needs besides: {checkpoints}\n"
    )


def main(study_file: str, runs_file: str | None = None) -> None:
    """Print the plan of a study."""
    study = load_study(read_yaml(Path(study_file)), study_file, CONFIG)
    costs = published_costs(CONFIG / "published")
    if runs_file is not None and not Path(runs_file).is_file():
        raise SettingsError(f"{runs_file}: no such file; give the runs.parquet of a finished study")
    runs = pd.read_parquet(runs_file) if runs_file else published_speed(study, costs)
    print(said(study, runs, plan(study, runs, costs)))


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except GlossbenchError as error:
        sys.exit(f"glossbench: {error}")
