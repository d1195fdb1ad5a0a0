"""How far a study is: which runs and searches are done, at work, waiting or failed.

Everything is read from files that jobs write anyway: results, checkpoints and logs. Nothing is changed, so another
machine may be at work on the same folder.
"""

import json
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from glossbench.archives.index import imported
from glossbench.expected import Item, files_of_jobs, finished_jobs, jobs_there
from glossbench.job.finished import CHECKPOINT
from glossbench.settings.model import SCORES
from glossbench.settings.params import trials_of
from glossbench.settings.study import Study
from glossbench.settings.study_file import Experiment, Run

STATES = ("done", "at work", "failed", "waiting")
ERROR = re.compile(r"\S+ ERROR (.*)")
ENDED = re.compile(r"\S+ (INFO done|WARNING ended by )")
TRIAL = re.compile(r"trial (\d+)(?:: (-?[\d.]+)$| (?:stopped|failed|has))")  # finished
_followed: list[tuple[Study, Path, set[Item | str]]] = []


@dataclass(frozen=True)
class State:
    """The state of a run or a search."""

    name: str  # Its folder below that of the study
    state: str  # One of ``STATES``
    text: str = ""  # Epoch, score and time left where it is at work; the reason where it failed


def states(study: Study, results: Path, taken: set[Item | str], finished: Any = finished_jobs) -> list[State]:
    """The state of every search and run of a study; arguments are those of ``finished_jobs``."""
    done = {name for _, name, *_ in finished(study, results, taken)}
    found = []
    for item, (name, files) in files_of_jobs(study).items():
        if name in done:
            found.append(State(name, "done"))
        elif all((results / name / file).is_file() for file in files):
            found.append(State(name, "waiting", "finished with other settings than the study has now"))
        else:
            found.append(State(name, *_unfinished(study, item, name, results)))
    return found


def follow(study: Study, results: Path, taken: set[Item | str]) -> None:
    """Name a study that this process runs to ``at_work``; arguments are those of ``states``."""
    _followed.append((study, results, taken))


def at_work() -> list[State]:
    """The searches and runs at work of the studies that this process runs; settings are not compared."""
    return [one for followed in _followed for one in states(*followed, jobs_there) if one.state == "at work"]


def status_text(study: Study, results: Path) -> str:
    """The status of a study, whose folder is ``results``, as text."""
    found = states(study, results, imported(study, results))
    lines = [f"{study.name}: {len(study.runs)} runs and {len(study.searches())} searches"]
    for state in STATES:
        those = [one for one in found if one.state == state]
        runs = sum(one.name.startswith("runs/") for one in those)
        if those:
            lines.append(f"  {state:8} {runs:4} runs, {len(those) - runs} searches")
        lines += [f"    {one.name}: {one.text}" for one in those if one.text]
    return "\n".join(lines)


def _unfinished(study: Study, item: Item, name: str, results: Path) -> tuple[str, str]:
    """State and text of what is not done: failed where its newest log ends in an error, else at work or waiting."""
    experiment = f"{item.corpus}/{item.encoder}/{item.objective}"
    if isinstance(item, Run):
        sign = results / ".state" / name / CHECKPOINT  # changes while it is at work
        rules = ("train", "classify_untuned", "evaluate")
        logs = [log for rule in rules for log in (results / "logs" / rule / experiment).glob("seed*.log")
                if str(item.seed) in log.stem.split("-")[1:]]  # fmt: skip
        started = any(log.stem == f"seed-{item.seed}" for log in logs)
    else:
        sign = results / f"logs/tune/{experiment}.log"
        logs = [sign] if sign.is_file() else []
        started = bool(logs)
    newest = max(logs, key=lambda log: log.stat().st_mtime, default=None)
    if newest is not None:
        last_line = newest.read_text(encoding="utf-8", errors="replace").rstrip().rpartition("\n")[2]
        if error := ERROR.fullmatch(last_line):
            return "failed", error[1]
        started = started and not ENDED.search(last_line)
    if isinstance(item, Run) and (results / name / "timing.json").is_file():
        return "at work", "trained, not evaluated yet"
    if sign.is_file():
        progress = (_progress if isinstance(item, Run) else _trials)(study, item, sign)
        return "at work", f"{progress}, seen {spelled(time.time() - sign.stat().st_mtime)} ago"
    return ("at work", "no epoch finished yet") if started else ("waiting", "")


def _progress(study: Study, run: Run, checkpoint: Path) -> str:
    """Epoch, best score and time left of a run, from the header of its checkpoint."""
    try:
        with safe_open(checkpoint, framework="numpy") as file:
            found = json.loads(file.metadata()["progress"])
    except (OSError, SafetensorError):  # it was replaced or removed meanwhile, or is damaged
        return "checkpoint not readable"
    objective, history = study.objective(run.objective), found["history"]
    epochs, score = objective.training.epochs, SCORES[objective.protocol]
    best: dict[str, Any] = max(history, key=lambda row: row[score], default={score: float("nan"), "epoch": 0})
    seconds = sum(row["seconds_epoch"] for row in history) / max(1, len(history)) * (epochs - found["epoch"])
    text = f"epoch {found['epoch']} of {epochs}, best {score} {best[score]:.4f} (epoch {best['epoch']})"
    return f"{text}, at most {spelled(seconds)} left"


def _trials(study: Study, search: Experiment, log: Path) -> str:
    """Finished trials and the best score of a search, from its log."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    finished = [match for line in lines if (match := TRIAL.search(line))]  # numbers go on where a search was resumed
    best = max((float(match[2]) for match in finished if match[2]), default=None)
    trials = f"{int(finished[-1][1]) + 1 if finished else 0} of {trials_of(study, search.objective)} trials"
    return trials if best is None else f"{trials}, best {best:.4f}"


def spelled(seconds: float) -> str:
    """Seconds as a person would say them."""
    minutes = seconds / 60
    return f"{seconds:.0f} s" if minutes < 2 else f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.1f} h"
