"""The finished runs of a study in a tracking store, MLflow's or TensorBoard's: curves of epochs, scores, settings.

A run goes there once, however often this is called: it is known by its name and the digests of the settings, those that
a search found among them, and of the code that made it. One that was made anew with others becomes another run there,
and what was there stays.
"""

import hashlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from glossbench.archives.index import imported
from glossbench.errors import GlossbenchError
from glossbench.expected import Expected, finished_jobs
from glossbench.files import read_made, reading
from glossbench.settings.model import canonical
from glossbench.settings.paths import run_folder
from glossbench.settings.study import Study
from glossbench.settings.study_file import Run

RUNS_AT_ONCE = 1000
IDENTITY = "glossbench.identity"


@dataclass(frozen=True)
class TrackedRun:
    """A finished run as a tracking store has it."""

    name: str  # Corpus, encoder, objective and seed
    identity: str  # Digest of the name, and of the settings and the code that made the run
    settings: dict[str, Any]  # Value of each setting, by its dotted name
    scores: dict[str, float]  # Final scores by name
    epochs: dict[str, dict[int, float]]  # Numeric columns of the epochs by name; each maps an epoch to its value


def track(study: Study, results: Path, to: str, store: str) -> tuple[int, int]:
    """Write the finished runs of a study to a store.

    Args:
        study: The study.
        results: Its folder.
        to: "mlflow" or "tensorboard".
        store: A folder for TensorBoard, or an address of an MLflow store: a server, a database, a folder.

    Returns:
        How many runs were written, and how many were there already.

    Raises:
        GlossbenchError: No run has finished, or the store's library is not installed.
    """
    runs = list(finished_runs(study, results))
    if not runs:
        raise GlossbenchError(f"{results}: no run has finished yet")
    try:
        written = sum({"mlflow": _to_mlflow, "tensorboard": _to_tensorboard}[to](study, runs, store))
    except ImportError as error:
        raise GlossbenchError(f"{to}: not installed ({error}); pip install '.[{to}]'") from error
    return written, len(runs) - written


def finished_runs(study: Study, results: Path) -> Iterator[TrackedRun]:
    """The finished runs of a study, its own and imported ones."""
    expected = Expected(study)
    for run, _, folder, _ in finished_jobs(study, results, imported(study, results)):
        if isinstance(run, Run):
            yield _tracked(run, folder, expected)


def _tracked(run: Run, folder: Path, expected: Expected) -> TrackedRun:
    metrics, name = read_made(folder / "metrics.json"), run_folder(run).removeprefix("runs/")
    made_by = [read_made(folder / "timing.json")["origin"], metrics["origin"]]
    settings = read_made(folder / "settings.json")
    digests = [expected.digest(run), canonical(settings), *(origin["code"] for origin in made_by)]
    scores = {key: float(value) for key, value in metrics.items() if _is_number(value) and key != "seed"}
    epochs: dict[str, dict[int, float]] = {}
    if (file := folder / "epochs.csv").is_file():
        with reading(file):
            frame = pd.read_csv(file).set_index("epoch").select_dtypes("number")
        epochs = {str(column): values.dropna().to_dict() for column, values in frame.items()}
    identity = hashlib.sha256("\n".join([name, *digests]).encode()).hexdigest()[:16]
    return TrackedRun(name, identity, pd.json_normalize(settings).to_dict("records")[0], scores, epochs)


def _to_mlflow(study: Study, runs: list[TrackedRun], store: str) -> Iterator[bool]:
    """Whether each run was written. One whose writing was cut off is written anew."""
    from mlflow import MlflowClient
    from mlflow.entities import Metric, Param, RunStatus

    client = MlflowClient(tracking_uri=store)
    experiment = client.get_experiment_by_name(study.name)
    key = experiment.experiment_id if experiment else client.create_experiment(study.name)
    known, token = set(), None
    while token != "":
        page = client.search_runs([key], max_results=RUNS_AT_ONCE, page_token=token)
        for run in page:
            if run.info.status == RunStatus.to_string(RunStatus.FINISHED):
                known.add(run.data.tags.get(IDENTITY))
            elif IDENTITY in run.data.tags:
                client.delete_run(run.info.run_id)
        token = page.token or ""
    for run in runs:
        if run.identity not in known:
            written = client.create_run(key, run_name=run.name, tags={IDENTITY: run.identity}).info.run_id
            metrics = [Metric(name, value, 0, 0) for name, value in run.scores.items()]
            metrics += [Metric(f"epoch/{name}", value, 0, epoch)
                        for name, values in run.epochs.items() for epoch, value in values.items()]  # fmt: skip
            params = [Param(name, str(value)) for name, value in run.settings.items()]
            client.log_batch(written, metrics, params)
            client.set_terminated(written)
        yield run.identity not in known


def _to_tensorboard(study: Study, runs: list[TrackedRun], store: str) -> Iterator[bool]:
    """Whether each run was written. A folder has its name when it is whole."""
    from torch.utils.tensorboard import SummaryWriter

    for run in runs:
        folder = Path(store, study.name, f"{run.name}-{run.identity}")
        if absent := not folder.exists():
            part = folder.with_name(f".{folder.name}.part")
            shutil.rmtree(part, ignore_errors=True)
            with SummaryWriter(part) as writer:
                settings = {name: value if _is_number(value) else str(value) for name, value in run.settings.items()}
                writer.add_hparams(settings, run.scores, run_name=".")
                for name, values in run.epochs.items():
                    for epoch, value in values.items():
                        writer.add_scalar(f"epoch/{name}", value, epoch)
            part.rename(folder)
        yield absent


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
