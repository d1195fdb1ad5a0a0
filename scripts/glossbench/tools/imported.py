"""Which runs, searches and corpora of a study were imported from an archive and still fit the study.

Imported files lie in results/{study}/imported. Snakemake takes them as inputs that no rule makes. What no longer fits,
because settings or code changed, is made by its rule again. Snakemake imports this module while it parses the workflow,
so it imports no large packages.
"""

import json
from pathlib import Path
from typing import Any

from glossbench.data.params import digests, prepare_settings
from glossbench.provenance import origin
from glossbench.settings.files import card_file, evidence_files, run_folder, search_folder
from glossbench.settings.grid import Run, TuningJob
from glossbench.settings.params import evaluation_params, run_params, search_params
from glossbench.settings.study import Study, canonical

FOLDER = "imported"
INDEX = "index.json"
PACKS = "packs.json"  # what the imported archives say of themselves, by their digests


class Expected:
    """What the runs and searches of a study are made from, computed once for all seeds of a cell.

    Args:
        study: the study.
    """

    def __init__(self, study: Study):
        self.study, self._known = study, {}
        self._snapshots = set(study.runs_shown("snapshots"))

    def of_run(self, run: Run) -> dict[str, dict[str, str]]:
        """Origins of a run: of its ``training``, its ``evaluation`` and its ``inputs``."""
        cell = TuningJob(run.corpus, run.encoder, run.objective)
        return self._once((cell, run in self._snapshots), lambda: self._of_run(cell, run in self._snapshots))

    def of_search(self, search: TuningJob) -> dict[str, dict[str, str]]:
        """Origins of a search: of its trials, as ``search``, and of its ``inputs``."""
        return self._once(search, lambda: self._of_search(search))

    def _of_search(self, search: TuningJob) -> dict[str, dict[str, str]]:
        return {"search": origin(**search_params(self.study, search)), "inputs": self._inputs(search)}

    def _of_run(self, cell: TuningJob, snapshots: bool) -> dict[str, dict[str, str]]:
        training = origin(**run_params(self.study, cell, snapshots))
        untuned = self.study.is_untuned(cell.objective)
        return {
            "training": training,
            "evaluation": training if untuned else origin(**evaluation_params(self.study, cell)),
            "inputs": self._inputs(cell),
        }

    def _inputs(self, cell: TuningJob) -> dict[str, str]:
        """Origin of documents and encoder, by their digests in the registries."""
        corpus, encoder = (
            self.study.registry[name][key] for name, key in (("corpora", cell.corpus), ("encoders", cell.encoder))
        )
        return origin(canonical({"corpus": prepare_settings(corpus), "encoder": digests(encoder)}), "")

    def _once(self, key: Any, make: Any) -> dict[str, dict[str, str]]:
        if key not in self._known:
            self._known[key] = make()
        return self._known[key]


def imported(study: Study, results: Path) -> set[Run | TuningJob | str]:
    """The runs, searches and corpora of a study that are taken from what was imported.

    Args:
        study: the study.
        results: folder of the study.
    """
    folder = results / FOLDER
    index = read_index(folder)
    if not index:
        return set()
    expected = Expected(study)

    def taken(name: str, files: list[str], wanted: dict[str, dict[str, str]]) -> bool:
        entry = index.get(name)
        if entry is None or not all((folder / name / file).is_file() for file in files):
            return False
        return fits(entry["origin"], wanted, entry["other_code"]) is None

    searches = study.tuning_jobs()
    found = {search for search in searches if taken(search_folder(search), ["best.yaml"], expected.of_search(search))}
    for run in study.runs:
        search = study.search_of(run)
        if (search in found or search not in searches) and taken(
            run_folder(run), evidence_files(study, run), expected.of_run(run)
        ):
            found.add(run)
    # A run that is not imported reads the corpus, which then has a card of its own.
    whole = {run.corpus for run in study.runs} - {run.corpus for run in study.runs if run not in found}
    return found | {corpus for corpus in whole if (folder / card_file(corpus)).is_file()}


def fits(found: dict[str, dict[str, str]], wanted: dict[str, dict[str, str]], other_code: bool) -> str | None:
    """Why a result does not fit a study: "other documents or encoder", "other settings" or "other code"; None if it
    fits.

    Args:
        found: origins of the result by job.
        wanted: origins that the study gives, by job.
        other_code: whether a result of other code is accepted.
    """
    differing = {
        (job, name) for job in wanted for name in wanted[job] if found.get(job, {}).get(name) != wanted[job][name]
    }
    if ("inputs", "settings") in differing:
        return "other documents or encoder"
    if any(name == "settings" for _, name in differing):
        return "other settings"
    return "other code" if differing and not other_code else None


def read_index(folder: Path, name: str = INDEX) -> dict[str, Any]:
    """The entries of what was imported, by folder below that of the study; none if nothing was."""
    file = folder / name
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
