"""What is finished of a study so far, and what a failed job has lost of it.

Snakemake removes the outputs of a job that fails, and does not miss them at the next attempt where what was made from
them is still there. Snakemake imports this module while it parses the workflow, so it imports no large packages.
"""

import json
from collections.abc import Callable, Iterable
from pathlib import Path

from glossbench.errors import SettingsError
from glossbench.settings.files import OF_RUNS, OF_UNTUNED, StudyFiles, evidence_files, run_folder
from glossbench.settings.jobs import CollectSettings
from glossbench.settings.params import collect_settings
from glossbench.settings.study import Study
from glossbench.settings.study_file import Run

OF_TRAINING = ("embeddings.npz", "logits.npz")
DOWNLOADS = "resources"


class Finished:
    """What is finished of a study so far.

    Its inputs are absolute paths, which match the output of no job: a view of what is finished must not start the jobs
    behind the files that it reads, since another Snakemake may be at work on them.

    Args:
        collected: Paths of the files of the study.
        on_disk: Where a file of the workflow is.
    """

    def __init__(self, collected: StudyFiles, on_disk: Callable[[str], str]):
        self.collected, self.study, self.on_disk = collected, collected.study, on_disk

    def all_there(self, paths: Iterable[str]) -> bool:
        """Whether all of these files are there."""
        return all(Path(self.on_disk(path)).is_file() for path in paths)

    def among(self, runs: Iterable[Run]) -> list[Run]:
        """Those of the runs whose results are all there."""
        names = {run: evidence_files(self.study, run) for run in runs}
        return [
            run
            for run, of_run in names.items()
            if all(self.all_there(self.collected.per_run(n, [run])) for n in of_run)
        ]

    def inputs(self) -> dict[str, list[str]]:
        """The files that ``collect`` reads of what is finished, by name."""
        searches = [
            search
            for search in self.study.tuning_jobs()
            if self.all_there(self.collected.per_search("timing.csv", [search]))
        ]
        cards = [path for path in self.collected.cards() if self.all_there([path])]
        return self.existing(self.collected.files(self.among(self.study.runs), searches, cards))

    def maps_inputs(self) -> dict[str, list[str]]:
        """The files that ``project_embeddings`` reads of what is finished, by name."""
        runs = self.among(self.study.runs_shown("projection"))
        return self.existing(
            {"embeddings": self.collected.per_run("embeddings.npz", runs), "cards": self.collected.cards()}
        )

    def settings(self) -> CollectSettings:
        """What ``collect`` is told of what is finished."""
        done = set(self.among(self.study.runs))
        return collect_settings(self.study, [run for run in self.study.runs if run not in done])

    def lost(self, runs: list[Run], frames: list[str], products: list[str]) -> list[str]:
        """Missing files of runs, and of what is made from them, that Snakemake would not miss.

        Args:
            runs: Those of its runs that the study makes itself.
            frames: Paths of its frames.
            products: Paths of what is made from the frames.
        """
        here, results = Path(self.on_disk(".")), self.collected.results
        collected = any(self.all_there([file]) for file in [*frames, *products])
        of_runs = lost_files_of_runs(self.study, runs, here / results, collected)
        of_study = lost_files([*frames, *self.collected.of_runs(runs)], here)
        return [*of_study, *(f"{results}/{file}" for file in of_runs)]

    def existing(self, files: dict[str, list[str]]) -> dict[str, list[str]]:
        """Files by name, as absolute paths."""
        return {name: [str(Path(self.on_disk(path)).absolute()) for path in paths] for name, paths in files.items()}


def refuse_other_settings(results: Path, runs: Iterable[Run], expected: dict[str, list[str]]) -> None:
    """Raise SettingsError if a run says of itself that it was made with other settings than those of the study.

    Args:
        results: Folder of the study.
        runs: Those of its runs that it makes itself.
        expected: Digests of the settings of training and evaluation by the folder of a run or of its cell.
    """
    for run in runs:
        folder, digests = run_folder(run), []
        for name in ("timing.json", "metrics.json"):
            file = results / folder / name
            digests += [json.loads(file.read_text(encoding="utf-8"))["origin"]["settings"]] if file.is_file() else []
        wanted = expected.get(folder) or expected[str(Path(folder).parent)]
        if len(digests) == len(wanted) and digests != wanted:
            raise SettingsError(
                f"{results / folder}: made with other settings than the study has, and Snakemake has no record of "
                "that, since .snakemake was removed; delete this folder and run again"
            )


def lost_files(files: Iterable[str], prefix: Path) -> list[str]:
    """Those of the files that are missing.

    A download whose folder is gone too was removed by its owner to save room, and is not lost: one that failed leaves
    its folder.

    Args:
        files: Paths below ``prefix``.
        prefix: The folder that the workflow works in.
    """
    missing = [file for file in dict.fromkeys(files) if not (prefix / file).exists()]
    return [file for file in missing if not file.startswith(f"{DOWNLOADS}/") or (prefix / file).parent.exists()]


def lost_files_of_runs(study: Study, runs: Iterable[Run], results: Path, collected: bool) -> list[str]:
    """The missing files of the runs that have others, as paths below the folder of the study.

    Kept weights are not among them: nothing reads them, and they may be removed to save room.

    Args:
        study: The study.
        runs: Those of its runs that it makes itself.
        results: Folder of the study.
        collected: Whether the runs were collected, so that those without any file are missed too.
    """
    with_snapshots, lost = set(study.runs_shown("snapshots")), []
    for run in runs:
        names = OF_UNTUNED if study.is_untuned(run.objective) else OF_RUNS + OF_TRAINING
        names += ("snapshots.npz",) * (run in with_snapshots)
        folder = results / run_folder(run)
        there = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
        if there or collected:
            lost += [f"{run_folder(run)}/{name}" for name in names if name not in there]
    return lost
