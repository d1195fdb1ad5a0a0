"""How far a study is: which runs and searches are done, at work, waiting or failed.

Everything is read from files that jobs write anyway: results, checkpoints and logs. Nothing is changed, so another
machine may be at work on the same folder.
"""

import json
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glossbench.archives.imported import imported
from glossbench.settings.files import OF_SEARCHES, evidence_files, run_folder, search_folder
from glossbench.settings.params import trials_of
from glossbench.settings.study import Study
from glossbench.settings.study_file import Run, TuningJob

STATES = ("done", "at work", "failed", "waiting")
SCORES = {"integrated": "val_macro_f1", "standalone": "val_macro_silhouette"}
ERROR = re.compile(r"\S+ ERROR (.*)")
TRIAL = re.compile(r"INFO trial (\d+): (-?[\d.]+)$")
LAST_BYTES = 4000  # of a log, in which its last line is looked for


@dataclass(frozen=True)
class State:
    """The state of a run or a search.

    Args:
        name: Its folder below that of the study.
        state: One of ``STATES``.
        text: Epoch, score and time left where it is at work; the reason where it failed.
    """

    name: str
    state: str
    text: str = ""


def states(study: Study, results: Path) -> list[State]:
    """The state of every search and run of a study.

    Args:
        study: The study.
        results: Its folder.
    """
    taken = imported(study, results)

    def state(item: Run | TuningJob, name: str, files: Iterable[str], unfinished: Any) -> State:
        if item in taken or all((results / name / file).is_file() for file in files):
            return State(name, "done")
        return unfinished(study, item, results)

    searches = [state(search, search_folder(search), OF_SEARCHES, _search) for search in study.tuning_jobs()]
    return searches + [state(run, run_folder(run), evidence_files(study, run), _run) for run in study.runs]


def status_text(study: Study, results: Path) -> str:
    """The status of a study as text. Arguments are those of ``states``."""
    found = states(study, results)
    lines = [f"{study.name}: {len(study.runs)} runs and {len(study.tuning_jobs())} searches"]
    for state in STATES:
        those = [one for one in found if one.state == state]
        runs = sum(one.name.startswith("runs/") for one in those)
        if those:
            lines.append(f"  {state:8} {runs:4} runs, {len(those) - runs} searches")
        lines += [f"    {one.name}: {one.text}" for one in those if one.text]
    return "\n".join(lines)


def _run(study: Study, run: Run, results: Path) -> State:
    name = run_folder(run)
    folder = name.removeprefix("runs/").rpartition("/")[0]
    checkpoint = results / ".state" / name / "checkpoint.safetensors"
    logs = [
        log
        for rule in ("train", "classify_untuned", "evaluate")
        for log in (results / "logs" / rule / folder).glob("seed*.log")
        if str(run.seed) in log.stem.split("-")[1:]
    ]
    alone = any(log.stem == f"seed-{run.seed}" for log in logs)
    return _unfinished(name, logs, checkpoint, lambda: _progress(study, run, checkpoint), started=alone)


def _search(study: Study, search: TuningJob, results: Path) -> State:
    name = search_folder(search)
    log = results / "logs/tune" / f"{name.removeprefix('tuning/')}.log"
    logs = [log] if log.is_file() else []
    return _unfinished(name, logs, log, lambda: _trials(study, search, log), started=bool(logs))


def _unfinished(name: str, logs: list[Path], sign: Path, progress: Any, started: bool) -> State:
    """The state of what is not done: failed where its newest log ends in an error, else at work or waiting.

    Args:
        name: Its folder.
        logs: Its logs, as far as they are there.
        sign: The file that changes while it is at work.
        progress: Returns how far it is; called where it is at work.
        started: Whether it is at work, though ``sign`` is not there.
    """
    newest = max(logs, key=lambda log: log.stat().st_mtime, default=None)
    if newest is not None and (error := ERROR.fullmatch(last_line(newest))):
        return State(name, "failed", error[1])
    if sign.is_file():
        return State(name, "at work", f"{progress()}, seen {_spelled(time.time() - sign.stat().st_mtime)} ago")
    return State(name, "at work", "no epoch finished yet") if started else State(name, "waiting")


def _progress(study: Study, run: Run, checkpoint: Path) -> str:
    """Epoch, best score and time left of a run, from its checkpoint."""
    try:
        found = read_progress(checkpoint)
    except (OSError, ValueError):  # it was replaced or removed meanwhile, or is damaged
        return "checkpoint not readable"
    objective, history = study.objective(run.objective), found["history"]
    epochs, score = objective.training.epochs, SCORES[objective.protocol]
    best = max(history, key=lambda row: row[score], default={score: float("nan"), "epoch": 0})
    seconds = sum(row["seconds_epoch"] for row in history) / max(1, len(history)) * (epochs - found["epoch"])
    text = f"epoch {found['epoch']} of {epochs}, best {score} {best[score]:.4f} (epoch {best['epoch']})"
    return f"{text}, at most {_spelled(seconds)} left"


def read_progress(checkpoint: Path) -> dict[str, Any]:
    """The epoch and the history in a checkpoint: its header alone is read.

    Raises:
        ValueError: It is damaged.
    """
    with checkpoint.open("rb") as stream:
        size = int.from_bytes(stream.read(8), "little")
        if size > checkpoint.stat().st_size:
            raise ValueError(f"{checkpoint}: damaged")
        header = json.loads(stream.read(size))
    return json.loads(header["__metadata__"]["progress"])


def _trials(study: Study, search: TuningJob, log: Path) -> str:
    """Finished trials and the best score of a search, from its log."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    values = [float(match[2]) for line in lines if (match := TRIAL.search(line))]
    best = f", best {max(values):.4f}" if values else ""
    return f"{len(values)} of {trials_of(study, search.objective)} trials{best}"


def last_line(log: Path) -> str:
    """The last line of a log that says something."""
    with log.open("rb") as stream:
        stream.seek(max(0, log.stat().st_size - LAST_BYTES))
        lines = stream.read().decode(errors="replace").split("\n")
    return next((line for line in reversed(lines) if line.strip()), "")


def _spelled(seconds: float) -> str:
    minutes = seconds / 60
    return f"{seconds:.0f} s" if minutes < 2 else f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.1f} h"
