"""The files that say where the results of a study come from: what was fetched, what was imported, its corpora.

Snakemake imports this module while it parses the workflow, so it imports no large packages.
"""

from pathlib import Path

from glossbench.settings.files import card_file
from glossbench.settings.grid import Run, TuningJob
from glossbench.settings.study import Study
from glossbench.tools.imported import FOLDER, INDEX, PACKS


def manifest(kind: str, key: str) -> str:
    """List of the fetched files of a corpus or encoder, in the working directory and in archives.

    Args:
        kind: "corpora" or "encoders".
        key: Key of the registry.
    """
    return f"resources/{kind}/{key}/SHA256SUMS"


def manifests(study: Study, found: set[Run | TuningJob | str]) -> list[str]:
    """The manifests of all that was fetched for a study.

    Args:
        study: The study.
        found: What was imported into it; see ``imported``. Nothing is fetched for that.
    """
    encoders = dict.fromkeys(run.encoder for run in study.runs if run not in found)
    corpora = [corpus for corpus in study.corpora if corpus not in found]
    return [*(manifest("corpora", key) for key in corpora), *(manifest("encoders", key) for key in encoders)]


def records(study: Study, found: set[Run | TuningJob | str]) -> dict[str, str]:
    """Files that the report states the digests of, by their names in an archive.

    Args:
        study: The study.
        found: What was imported into it.
    """
    results = Path("results", study.name)
    names = [f"{FOLDER}/{name}" for name in (INDEX, PACKS) if (results / FOLDER / name).is_file()]
    return {name: name for name in manifests(study, found)} | {name: f"{results}/{name}" for name in names}


def cards(study: Study, found: set[Run | TuningJob | str]) -> dict[str, str]:
    """The cards of a study's corpora, by their names in an archive; arguments are those of ``records``."""
    results = Path("results", study.name)
    return {
        card_file(corpus): str((results / FOLDER if corpus in found else results) / card_file(corpus))
        for corpus in study.corpora
    }
