# A view is the whole study, results/{study}, or what is finished of it so far, results/{study}/partial: its frames, the
# tables and figures that it has, what these depend on, and which files of them are missing; no rules.

import hashlib
import sys
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from glossbench.archives.format import EVIDENCE
from glossbench.archives.index import source_lists
from glossbench.expected import finished_jobs, unrecorded_files
from glossbench.settings.model import canonical
from glossbench.settings.names import names_of
from glossbench.settings.outputs import ENDINGS
from glossbench.settings.paths import TRAINING_FILES
from snakemake.io import IOFile


def digest_of_folder(folder, pattern="*"):
    """Digest of the contents of the files in a folder, wherever that is."""
    files = sorted(folder.glob(pattern))
    return hashlib.sha256(b"\n".join(path.read_bytes() for path in files)).hexdigest()[:16]


PAPER_DIGEST = digest_of_folder(ROOT / "config/published", "*.csv")


@lru_cache
def finished():
    """Runs and searches that have finished so far."""
    with errors_on_one_line():
        return {item for item, *_ in finished_jobs(STUDY, Path(on_disk(RESULTS)), IMPORTED)}


@lru_cache
def study_of(view):
    """The study, or for a partial view what is finished of it."""
    return STUDY if view == RESULTS else replace(STUDY, runs=tuple(run for run in STUDY.runs if run in finished()))


def frames_of(view, names=STUDY.frames):
    """Frames of a view by name: every one that the study has, or these."""
    return {name: f"{view}/{name}.parquet" for name in names}


def collected_files(view):
    if view == RESULTS:
        return PATHS.collected(STUDY.runs, STUDY.searches(), PATHS.cards())
    searches = [one for one in STUDY.searches() if one in finished()]
    return PATHS.absolute(PATHS.collected(study_of(view).runs, searches, PATHS.cards_there()))


def collected_settings(view):
    there = set(study_of(view).runs)
    return job_params.collect_settings(STUDY, [run for run in STUDY.runs if run not in there]).to_json()


def projected_embeddings(view):
    """Embeddings of the runs that are projected, and the cards of their corpora."""
    embeddings = PATHS.per_run(TRAINING_FILES["embeddings"], study_of(view).runs_with("projection"))
    if view == RESULTS:
        return {"embeddings": embeddings, "cards": PATHS.cards()}
    return PATHS.absolute({"embeddings": embeddings, "cards": PATHS.cards_there()})


@lru_cache
def outputs_of(view, kind=None):
    """Tables and figures that a view's runs can fill, of one kind or of both."""
    return [output for output in OUTPUTS if kind in (None, output.kind) and output.fillable(study_of(view))]


def files_of(kind, view, endings=None):
    return [f"{view}/{kind}s/{output.key}.{e}" for output in outputs_of(view, kind) for e in endings or ENDINGS[kind]]


def products_of(view):
    return [*files_of("table", view), *files_of("figure", view), *(f"{view}/{name}" for name in EVIDENCE)]


OUTPUT = {(output.kind, output.key): output for output in OUTPUTS}


def output_params(output):
    numbers = {"paper_digest": PAPER_DIGEST} if output.reads_paper else {}
    return canonical({**output.specification(), **numbers})


def source_lists_here():
    """Manifests and packs that exist and that no rule makes."""
    named = source_lists(STUDY, IMPORTED).values()
    return [path for path in named if path.startswith("results/") and PATHS.is_there(path)]


@lru_cache
def names_param():
    """Titles, order and colours of what the study and the paper have."""
    return canonical(names_of(STUDY, ROOT / "config"))


def shown(path, category):
    """An output that Snakemake's report shows under the param ``caption``."""

    def labels(wildcards):
        key = wildcards.get("table", wildcards.get("figure", Path(path).stem))
        runs = "all" if wildcards.view == RESULTS else "finished so far"
        return {"what": key.replace("_", " ").capitalize(), "runs": runs, "format": Path(path).suffix[1:]}

    return report(path, caption="../report/caption.rst", category=category, labels=labels)


def is_recorded(file):
    """Whether Snakemake has a record of a file."""
    return workflow.persistence.metadata(IOFile(file)) is not None


@lru_cache
def warn_of_unrecorded_files():
    """Warn of files that no change of settings or code makes again; runs of other settings among them are refused."""
    with errors_on_one_line():
        files = unrecorded_files(PATHS, EXPECTED, RUNS_HERE, is_recorded)
    if files:
        others = f" and {len(files) - 1} other files" * (len(files) > 1)
        text = "made without a record of Snakemake (it was killed, or .snakemake removed), so that a change of settings"
        print(
            f"glossbench: {files[-1]}{others}: {text} or code does not make it again; delete it then", file=sys.stderr
        )


IN_MODULE = not workflow.modifier.is_main_snakefile()


def missing_files():
    """Files of the study that are missing although what is made from them may be there; Snakemake does not miss them.

    None in a module: a rule that takes these targets as its input would run again when a file is there again.
    """
    if IN_MODULE:
        return []
    warn_of_unrecorded_files()
    return PATHS.missing(RUNS_HERE, list(frames_of(RESULTS).values()), products_of(RESULTS))
