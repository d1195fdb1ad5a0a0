"""Whether a run or a search that was made elsewhere fits a study: by what it says of itself.

Compared are its files, each setting, and the digests of its documents and encoder; its scores must follow from its
predictions. Its code is stated, not compared: runs of another ``numerics`` are taken only on request.
"""

import json
import math
from collections.abc import Iterator, Mapping, Set
from numbers import Real
from pathlib import Path
from typing import Any

import pandas as pd
from sklearn.metrics import f1_score

from glossbench.checksums import CHECKSUMS
from glossbench.expected import Expected, Item, files_of_jobs
from glossbench.files import read_json
from glossbench.provenance import NUMERICS
from glossbench.settings.paths import manifest_file, search_folder
from glossbench.settings.study_file import Run
from glossbench.settings.yaml_file import read_yaml

KEYS = {"corpus": "corpus", "encoder": "encoder", "objective": "objective_key", "seed": "seed"}


class RunChecks:
    """Checks of the runs and searches in a folder.

    Args:
        expected: What the study gives them that they are to fit.
        folder: Folder with ``runs`` and ``tuning``.
        inputs: What the archive says of documents and encoders, as ``Expected.inputs`` gives it.
        other_numerics: Whether runs of another ``numerics`` fit; ``others`` counts them.
    """

    def __init__(self, expected: Expected, folder: Path, inputs: dict[str, Any], other_numerics: bool = False):
        self.expected, self.folder, self.inputs, self.other_numerics = expected, folder, inputs, other_numerics
        self.study, self.jobs, self.others = expected.study, files_of_jobs(expected.study), 0

    def fault(self, item: Item) -> str | None:
        """Why a run or search does not fit the study; None if it does."""
        try:
            return next(self._faults(item, *self.jobs[item]), None)
        except Exception as error:  # files from elsewhere may contain anything
            return f"cannot be read: {type(error).__name__}: {' '.join(str(error).split())}"

    def _faults(self, item: Item, name: str, files: list[str]) -> Iterator[str]:
        folder, expected = self.folder / name, self.expected.of(item)
        yield from (f"{file}: missing" for file in files if not (folder / file).is_file())
        for kind, entries in expected["inputs"].items():
            for key, entry in entries.items():
                if entry.get(CHECKSUMS, "") is None:
                    made = f".venv/bin/snakemake {manifest_file(kind, key)} --configfile ..."
                    yield f"{kind}.{key}: its local files are not listed yet; run {made}, then import again"
                yield from (f"{kind}.{key}.{text}" for text in differences(self.inputs[kind].get(key, {}), entry))
        for table in {"epochs.csv", "trials.csv"}.intersection(files):  # as they are collected
            rows, seconds = (pd.read_csv(folder / file) for file in (table, "timing.csv"))
            rows.merge(seconds, on=table.removesuffix("s.csv"), validate="one_to_one")
        if isinstance(item, Run):
            yield from self._of_run(item, folder, expected)
            made_by = read_json(folder / "timing.json")["origin"]
        else:
            best = read_yaml(folder / "best.yaml")
            made_by, chosen = best["origin"], {**best["settings"], "value": best["value"]}
            yield from differences(made_by.get("given", {}), expected["search"])
            trial = pd.read_csv(folder / "trials.csv").set_index("trial").loc[best["trial"]]
            text = f"best.yaml: {{}}: {{}} found, trial {best['trial']} has {{}}"
            yield from _unequal(text, chosen, {name: trial[name] for name in chosen})
        if (found := made_by.get("numerics", 1)) != NUMERICS:
            self.others += isinstance(item, Run)
            if not self.other_numerics:
                yield f"numerics {found} found, expected {NUMERICS}; --other-numerics takes runs of other numbers"

    def _of_run(self, run: Run, folder: Path, expected: dict[str, Any]) -> Iterator[str]:
        settings, metrics = (read_json(folder / f"{name}.json") for name in ("settings", "metrics"))
        objective, used = expected["training"]["objective"], settings["objective"]
        yield from differences(settings, {**expected["training"], "seed": run.seed}, _chosen_later(objective))
        search = self.study.search_of(run)
        best = self.folder / search_folder(search) / "best.yaml"
        if objective.get("tuned") and search in self.jobs and best.is_file():
            multipliers, used = objective.get("multipliers", {}), {**used["training"], **used["loss_settings"], **used}
            values = read_yaml(best)["settings"]
            chosen = {name: values[name] * multipliers.get(name, 1) for name in objective["tuned"]}
            yield from _unequal("{}: {} found, its search gives {}", used, chosen)
        stated = {name: settings[key] for name, key in KEYS.items()}
        yield from _unequal("metrics.json: {}: {} found, its settings have {}", metrics, stated)
        yield from differences(metrics["origin"].get("given", {}), expected.get("evaluation", {}))
        predictions = pd.read_parquet(folder / "predictions.parquet")
        label, predicted = predictions["label"], predictions["predicted"]
        f1 = f1_score(label, predicted, average="macro", zero_division=0)
        scores = {"test_accuracy": (label == predicted).mean(), "test_macro_f1": f1}
        yield from _unequal("metrics.json: {} {}, its predictions give {}", metrics, scores)


def differences(found: dict[str, Any], expected: dict[str, Any], left_out: Set[str] = frozenset()) -> Iterator[str]:
    """Settings that differ, each as one line, nested names joined by dots.

    A setting that is not there is null, false or empty. At the top, what ``found`` has besides is not looked at: what
    the documents gave, such as sizes.
    """
    for name, wanted in expected.items():
        value = found.get(name)
        if isinstance(wanted, dict) and isinstance(value, dict):
            inner = {**dict.fromkeys(value), **wanted}
            yield from (f"{name}.{text}".removeprefix("objective.") for text in differences(value, inner, left_out))
        elif name not in left_out and not (value is None and not wanted) and not _same(value, wanted):
            yield f"{name}: {json.dumps(value)} found, expected {json.dumps(wanted)}"


def _unequal(text: str, found: Mapping[str, Any], wanted: Mapping[str, Any]) -> Iterator[str]:
    """``text`` with name, value and wanted value, for each that differs."""
    return (text.format(name, found[name], value) for name, value in wanted.items() if not _same(found[name], value))


def _same(found: Any, wanted: Any) -> bool:
    if isinstance(found, float) or isinstance(wanted, float):
        return isinstance(found, Real) and isinstance(wanted, Real) and math.isclose(found, wanted)
    return found == wanted


def _chosen_later(objective: dict[str, Any]) -> set[str]:
    """Names of settings that a run takes from its search, its documents or a multiple: others than the study has."""
    sigma = {"sigma"} if isinstance(objective["loss_settings"].get("sigma"), str) else set()
    return {*objective.get("tuned", ()), *objective.get("multipliers", ()), "sigma_median"} | sigma
