"""Files of a study that are missing although what is made from them may be there, as a failed job leaves it.

Snakemake removes the outputs of a job that fails, and does not miss them at the next attempt where what was made from
them is still there. Snakemake imports this module while it parses the workflow, so it imports no large packages.
"""

import json
from collections.abc import Iterable
from pathlib import Path

from glossbench.errors import SettingsError
from glossbench.settings.files import OF_RUNS, OF_UNTUNED, run_folder
from glossbench.settings.grid import Run
from glossbench.settings.study import Study

OF_TRAINING = ("embeddings.npz", "logits.npz")
DOWNLOADS = "resources"


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
