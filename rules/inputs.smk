# Input functions, params and digests; no rules.

import hashlib
from dataclasses import replace
from functools import lru_cache

from glossbench.data.params import card_settings, check_path, digests, fetch_settings, local_files, prepare_settings
from glossbench.provenance import code_digest as digest_of
from glossbench.settings import params as study_params
from glossbench.settings import requests
from glossbench.settings.finished import Finished, refuse_other_settings
from glossbench.settings.params import collect_settings, projection_settings
from glossbench.settings.files import StudyFiles, run_folder
from glossbench.settings.study_file import TuningJob
from glossbench.archives.imported import imported, records


def code_digest(script, *modules):
    """Digest of a rule's code: its script, the modules that it loads by name, and what these reach."""
    return digest_of(ROOT / "scripts" / f"{script}.py", *modules)


@lru_cache
def digest_of_folder(folder, pattern="*"):
    """Digest of the contents of the files in a folder, wherever that is."""
    files = sorted(folder.glob(pattern))
    return hashlib.sha256(b"\n".join(path.read_bytes() for path in files)).hexdigest()[:16]


PUBLISHED = digest_of_folder(ROOT / "config/published", "*.csv")
# Runs, searches and corpora whose files were imported from elsewhere. No rule makes those.
IMPORTS = f"{RESULTS}/imported"
IMPORTED = imported(STUDY, Path(on_disk(RESULTS)))
OWN = [run for run in STUDY.runs if run not in IMPORTED]


def own_files(entry):
    """The local files that an entry of a registry names. They are the user's, so no prefix of a module moves them."""
    return [local(path) for path in local_files(entry)]


if workflow.is_main_process:
    with errors_on_one_line():
        for name, key in sorted({("corpora", run.corpus) for run in OWN} | {("encoders", run.encoder) for run in OWN}):
            check_path(STUDY.entry(name, key), f"{ROOT}/config/{name}.yaml: {key}")


# Learning: what a run and a search read and depend on.


def folder_of(item):
    """Folder of a run's, a search's or a corpus' files: the study's, or that of what was imported into it."""
    return IMPORTS if item in IMPORTED else RESULTS


INPUTS = StudyFiles(STUDY, folder_of)
FINISHED = Finished(INPUTS, on_disk)
per_run, per_search, cards = INPUTS.per_run, INPUTS.per_search, INPUTS.cards
encoded_inputs, tuning_inputs, untuned_inputs = INPUTS.encoded, INPUTS.tuning, INPUTS.untuned


def training_inputs(cell):
    with errors_on_one_line():
        return INPUTS.training(cell, FINISHED.all_there)


# Params of the jobs of a cell, made once for all of its seeds.


def params_of(made_by):
    once = lru_cache(lambda cell, **more: made_by(STUDY, cell, **more))
    return lambda cell, **more: once(TuningJob(cell.corpus, cell.encoder, cell.objective), **more)


run_params, evaluation_params, search_params = map(
    params_of, (study_params.run_params, study_params.evaluation_params, study_params.search_params)
)


def settings_digests(runs):
    return study_params.settings_digests(STUDY, runs, IMPORTED, run_params, evaluation_params)


# What jobs ask a scheduler for; Snakemake reruns nothing for a change here. A machine that has fewer GPUs than jobs is
# told so by --resources gpu=1.
GPU = requests.gpu_request(STUDY, os.environ)


def asked(request, **more):
    return lambda wildcards, attempt: request(STUDY, wildcards, attempt, ROOT / "config", **more)


memory_mb, search_minutes, projection_minutes = map(
    asked, (requests.memory_mb, requests.search_minutes, requests.projection_minutes)
)
encoding_minutes, untuned_minutes = (asked(requests.encoding_minutes, on_gpu=on_gpu) for on_gpu in (True, False))


def run_minutes(cell, attempt, seeds=1):
    return requests.run_minutes(STUDY, cell, seeds, attempt, ROOT / "config")


def whole_cell(wildcards):
    """A corpus, an encoder and an objective out of one wildcard."""
    return TuningJob(*wildcards.cell.split("/"))


def submission(wildcards):
    """The training and the evaluation of a run, or of the seeds of a batch, are one submission to a cluster."""
    cell, seed = f"{wildcards.corpus}/{wildcards.encoder}/{wildcards.objective}", int(wildcards.seed)
    return requests.submission(cell, INPUTS.batch_of.get((cell, seed), (seed,)))


def in_batch(path, seed):
    """A run's path with its seed filled in and the rest of its cell as one wildcard."""
    return path.replace(f"{CELL}/{{objective}}", "{cell}").replace("{seed}", str(seed))


def frames_of(view, names=STUDY.frames):
    """Frames of a view by name: every one that the study has, or these."""
    return {name: f"{view}/{name}.parquet" for name in names}


def collected_frames(view):
    """The frames that collect writes, by name."""
    return frames_of(view, [name for name in STUDY.frames if name != "projections"])


# Evidence: which tables and figures a view has, what they read and depend on.


@lru_cache
def study_of(view):
    """The study, or for a partial view what is finished of it."""
    return STUDY if view == RESULTS else replace(STUDY, runs=tuple(FINISHED.among(STUDY.runs)))


@lru_cache
def outputs_of(view, kind=None):
    """Tables and figures that a view's runs can fill, of one kind or of both."""
    return [output for output in OUTPUTS if kind in (None, output.kind) and output.fillable(study_of(view))]


def files_of(kind, view, endings=None):
    return [f"{view}/{kind}s/{output.key}.{e}" for output in outputs_of(view, kind) for e in endings or ENDINGS[kind]]


def products_of(view):
    names = ("report.html", "provenance.json", "claims.md", "claims.json", "significance.csv", "significance.json")
    return [*files_of("table", view), *files_of("figure", view), *(f"{view}/{name}" for name in names)]


OUTPUT = {(output.kind, output.key): output for output in OUTPUTS}


def output_params(output):
    numbers = {"published": PUBLISHED} if output.published else {}
    return canonical({**output.specification(), **numbers})


@lru_cache
def sources_of_results():
    """Files that say where results come from, by their names in an archive."""
    return {name: on_disk(path) for name, path in records(STUDY, IMPORTED).items()}


def records_here():
    """Of these, those that no rule of this study makes, as far as they are there."""
    named = records(STUDY, IMPORTED).values()
    return [path for path in named if path.startswith("results/") and FINISHED.all_there([path])]


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


# What a failed job has lost Snakemake does not miss where what was made from it is still there, so it is a target.


IN_MODULE = not workflow.modifier.is_main_snakefile()


def lost():
    """Files of the study that are missing although what is made from them may be there.

    None in a module: a rule that takes these targets as its input would run again when a file is there again.
    """
    if IN_MODULE:
        return []
    if not any(Path(".snakemake/metadata").glob("*")):  # was removed, so that Snakemake sees no change of settings
        with errors_on_one_line():
            refuse_other_settings(Path(on_disk(RESULTS)), OWN, settings_digests(OWN))
    return FINISHED.lost(OWN, list(frames_of(RESULTS).values()), products_of(RESULTS))
