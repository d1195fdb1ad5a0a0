# Input functions, params and digests of the data and of learning; what happens when a workflow starts and ends.

import os
import sys
import uuid
from functools import lru_cache
from pathlib import Path

from glossbench.archives.index import imported
from glossbench.commands.status import follow
from glossbench.data.entries import check_path, local_files
from glossbench.expected import Expected
from glossbench.job.memory import killed_jobs
from glossbench.provenance import code_digest as digest_of
from glossbench.settings import params as job_params
from glossbench.settings.paths import IMPORTED_FOLDER, StudyPaths
from glossbench.settings.resources import JobResources, gpu_resources, seed_batches, submission_name
from glossbench.settings.study_file import Experiment


def code_digest(script, *modules):
    """Digest of a rule's code: its script, the modules that it loads by name, and what these reach."""
    return digest_of(ROOT / "scripts" / f"{script}.py", *modules)


# Runs, searches and corpora whose files were imported from elsewhere. No rule makes those.
with errors_on_one_line():
    IMPORTED = imported(STUDY, Path(on_disk(RESULTS)))
EXPECTED = Expected(STUDY)
RUNS_HERE = [run for run in STUDY.runs if run not in IMPORTED]


def user_files(entry):
    """The local files that an entry of a registry names. They are the user's, so no prefix of a module moves them."""
    return [local(path) for path in local_files(entry)]


# Learning: what a run and a search read and depend on, and what they ask a scheduler for. Snakemake reruns nothing for a
# change of the latter. A machine that has fewer GPUs than jobs is told so by --resources gpu=1.
PATHS = StudyPaths(STUDY, lambda item: f"{RESULTS}/{IMPORTED_FOLDER}" if item in IMPORTED else RESULTS, on_disk)
SEED_BATCHES = seed_batches(STUDY, RUNS_HERE)
RESOURCES = JobResources(STUDY, ROOT / "config")
GPU = gpu_resources(STUDY, os.environ)


def training_inputs(experiment):
    with errors_on_one_line():
        return PATHS.training(experiment)


def params_of(made_by):
    """Params of the jobs of an experiment, made once for all of its seeds."""
    once = lru_cache(lambda experiment, **more: made_by(STUDY, experiment, **more))
    return lambda run, **more: once(Experiment(run.corpus, run.encoder, run.objective), **more)


run_params, evaluation_params, search_params = map(
    params_of, (job_params.run_params, job_params.evaluation_params, job_params.search_params)
)


def whole_experiment(wildcards):
    """A corpus, an encoder and an objective out of one wildcard."""
    return Experiment(*wildcards.experiment.split("/"))


def submission(wildcards):
    """The training and the evaluation of a run, or of the seeds of a batch, are one submission to a cluster."""
    experiment, seed = f"{wildcards.corpus}/{wildcards.encoder}/{wildcards.objective}", int(wildcards.seed)
    batches = (seeds for seeds, those in SEED_BATCHES.items() if seed in seeds and experiment in those)
    return submission_name(experiment, next(batches, (seed,)))


def in_batch(path, seed):
    """A run's path with its seed filled in and the rest of its experiment as one wildcard."""
    return path.replace(f"{CELL}/{{objective}}", "{experiment}").replace("{seed}", str(seed))


# At the start of a workflow, and at its end.
if workflow.is_main_process:
    os.environ.update(GLOSSBENCH_STARTED_BY=uuid.uuid4().hex)  # by which a job knows earlier attempts (job/logs.py)
    follow(STUDY, Path(on_disk(RESULTS)), IMPORTED)
    with errors_on_one_line():
        for name, key in sorted(
            {("corpora", run.corpus) for run in RUNS_HERE} | {("encoders", run.encoder) for run in RUNS_HERE}
        ):
            check_path(STUDY.entry(name, key), f"{ROOT}/config/{name}.yaml: {key}")


# What SIGKILL ends leaves no line of its own, so it is said when Snakemake ends.
onerror:
    asked = {str(path): job.resources.get("mem_mb") for job in workflow.dag.jobs for path in job.log}
    for path in log:
        for line in killed_jobs(Path(path).read_text(encoding="utf-8", errors="replace"), asked):
            print(f"glossbench: {line}", file=sys.stderr)
