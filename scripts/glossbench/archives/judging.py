"""Whether a run or a search that was made elsewhere fits a study: by what it says of itself.

Looked at are its files, its settings one by one, the digests of its documents and its encoder, and whether its scores
follow from its predictions. Its code is told, not compared: runs of another ``numerics`` are taken only when asked for.
"""

import json
import math
from collections.abc import Iterator, Set
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from glossbench.archives.imported import Expected
from glossbench.files import read_json
from glossbench.provenance import NUMERICS
from glossbench.settings.files import OF_SEARCHES, evidence_files, run_folder, search_folder
from glossbench.settings.study import Study
from glossbench.settings.study_file import Run, TuningJob
from glossbench.settings.yaml_file import read_yaml

KEYS = {"corpus": "corpus", "encoder": "encoder", "objective": "objective_key", "seed": "seed"}


class Judge:
    """Judges the runs and searches in a folder.

    Args:
        study: The study that they are to fit.
        folder: Folder with ``runs`` and ``tuning``.
        inputs: What the archive says of documents and encoders, as ``Expected.inputs`` gives it.
        other_numerics: Whether runs of another ``numerics`` fit.
    """

    def __init__(self, study: Study, folder: Path, inputs: dict[str, Any], other_numerics: bool = False):
        self.study, self.folder, self.inputs, self.other_numerics = study, folder, inputs, other_numerics
        self.expected = Expected(study)

    def fault(self, item: Run | TuningJob) -> str | None:
        """Why a run or search does not fit the study; None if it does."""
        folder = self.folder / self.folder_of(item)
        faults = self._of_run(item, folder) if isinstance(item, Run) else self._of_search(item, folder)
        try:
            return next(faults, None)
        except Exception as error:  # files from elsewhere may contain anything
            return f"cannot be read: {type(error).__name__}: {' '.join(str(error).split())}"

    @staticmethod
    def folder_of(item: Run | TuningJob) -> str:
        """Folder of a run or search below that of its study."""
        return run_folder(item) if isinstance(item, Run) else search_folder(item)

    def _of_run(self, run: Run, folder: Path) -> Iterator[str]:
        yield from missing(folder, evidence_files(self.study, run))
        expected = self.expected.of_run(run)
        settings, metrics, timing = (read_json(folder / f"{name}.json") for name in ("settings", "metrics", "timing"))
        yield from self._of_inputs(expected["inputs"])
        training = {**expected["training"], "seed": run.seed}
        yield from differences(settings, training, _chosen_later(training["objective"]))
        yield from self._searched(run, settings["objective"], training["objective"])
        yield from (
            f"metrics.json: {name}: {metrics[name]} found, its settings have {settings[of]}"
            for name, of in KEYS.items()
            if metrics[name] != settings[of]
        )
        if "evaluation" in expected:
            yield from differences(metrics["origin"].get("given", {}), expected["evaluation"])
        yield from _scores(folder, metrics)
        yield from self._of_numerics(timing["origin"])

    def _of_search(self, search: TuningJob, folder: Path) -> Iterator[str]:
        yield from missing(folder, OF_SEARCHES)
        expected, best = self.expected.of_search(search), read_yaml(folder / "best.yaml")
        yield from self._of_inputs(expected["inputs"])
        yield from differences(best["origin"].get("given", {}), expected["search"])
        trials = pd.read_csv(folder / "trials.csv").set_index("trial").loc[best["trial"]]
        yield from (
            f"best.yaml: {name}: {value} found, trial {best['trial']} has {trials[name]}"
            for name, value in {**best["settings"], "value": best["value"]}.items()
            if not math.isclose(trials[name], value, rel_tol=1e-9)
        )
        yield from self._of_numerics(best["origin"])

    def _of_inputs(self, expected: dict[str, Any]) -> Iterator[str]:
        for kind, entries in expected.items():
            for key, entry in entries.items():
                yield from (f"{kind}.{key}.{text}" for text in differences(self.inputs[kind].get(key, {}), entry))

    def _of_numerics(self, origin: dict[str, Any]) -> Iterator[str]:
        found = origin.get("numerics", 1)
        if found != NUMERICS and not self.other_numerics:
            yield f"numerics {found} found, expected {NUMERICS}; --other-numerics takes runs of other numbers"

    def _searched(self, run: Run, found: dict[str, Any], expected: dict[str, Any]) -> Iterator[str]:
        """Faults of the settings that a run took from its search: they are not what the search found."""
        search = self.study.search_of(run)
        if search not in self._best or not expected.get("tuned"):
            return
        for name in expected["tuned"]:
            value = self._best[search]["settings"][name] * expected.get("multipliers", {}).get(name, 1)
            used = next(group[name] for group in (found, found["loss_settings"], found["training"]) if name in group)
            if not math.isclose(used, value, rel_tol=1e-9):
                yield f"{name}: {used} found, its search gives {value}"

    @cached_property
    def _best(self) -> dict[TuningJob, dict[str, Any]]:
        """What the searches of the study found, as far as they are in the folder."""
        files = {search: self.folder / search_folder(search) / "best.yaml" for search in self.study.tuning_jobs()}
        return {search: read_yaml(file) for search, file in files.items() if file.is_file()}


def differences(found: dict[str, Any], expected: dict[str, Any], left_out: Set[str] = frozenset()) -> Iterator[str]:
    """Settings that differ, each as one line, nested names joined by dots.

    A setting that is not there is null, false or empty. At the top, what ``found`` has besides is not looked at: what
    the documents gave, such as sizes.

    Args:
        found: Settings that something was made with.
        expected: Those that a study gives.
        left_out: Names of settings that are not compared.
    """
    for name, wanted in expected.items():
        value = found.get(name)
        if isinstance(wanted, dict) and isinstance(value, dict):
            inner = {**dict.fromkeys(value), **wanted}
            yield from (f"{name}.{text}".removeprefix("objective.") for text in differences(value, inner, left_out))
        elif name not in left_out and not (value is None and not wanted) and not _same(value, wanted):
            yield f"{name}: {json.dumps(value)} found, expected {json.dumps(wanted)}"


def _same(found: Any, wanted: Any) -> bool:
    if isinstance(found, float) or isinstance(wanted, float):
        return isinstance(found, float | int) and isinstance(wanted, float | int) and math.isclose(found, wanted)
    return found == wanted


def _chosen_later(objective: dict[str, Any]) -> set[str]:
    """Names of settings that a run takes from its search, its documents or a multiple: others than the study has."""
    names = {*objective.get("tuned", ()), *objective.get("multipliers", ()), "sigma_median"}
    return names | {
        name for name, value in objective["loss_settings"].items() if name == "sigma" and isinstance(value, str)
    }


def missing(folder: Path, files: Any) -> Iterator[str]:
    """A line for each of the files that a folder lacks."""
    yield from (f"{name}: missing" for name in files if not (folder / name).is_file())


def _scores(folder: Path, metrics: dict[str, Any]) -> Iterator[str]:
    """Faults of scores that the predictions do not give."""
    from sklearn.metrics import f1_score

    predictions = pd.read_parquet(folder / "predictions.parquet")
    label, predicted = predictions["label"], predictions["predicted"]
    given = {
        "test_accuracy": (label == predicted).mean(),
        "test_macro_f1": f1_score(label, predicted, average="macro", zero_division=0),
    }
    for name, value in given.items():
        if not math.isclose(metrics[name], value, abs_tol=1e-9):
            yield f"metrics.json: {name} {metrics[name]}, its predictions give {value}"
