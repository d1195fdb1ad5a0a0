# Input functions, params and digests; no rules.

import hashlib
import uuid
from dataclasses import replace
from functools import lru_cache

from glossbench.archives.index import Expected, finished_jobs, imported, records
from glossbench.commands.status import follow
from glossbench.data.params import card_settings, check_path, digests, fetch_settings, local_files, prepare_settings
from glossbench.job.memory import killed_jobs
from glossbench.provenance import NUMERICS, code_digest as digest_of
from glossbench.settings import params as job_params, requests
from glossbench.settings.files import StudyFiles
from glossbench.settings.study_file import Experiment
from snakemake.io import IOFile


def code_digest(script, *modules):
    """Digest of a rule's code: its script, the modules that it loads by name, and what these reach."""
    return digest_of(ROOT / "scripts" / f"{script}.py", *modules)


def digest_of_folder(folder, pattern="*"):
    """Digest of the contents of the files in a folder, wherever that is."""
    files = sorted(folder.glob(pattern))
    return hashlib.sha256(b"\n".join(path.read_bytes() for path in files)).hexdigest()[:16]


PUBLISHED = digest_of_folder(ROOT / "config/published", "*.csv")
# Runs, searches and corpora whose files were imported from elsewhere. No rule makes those.
with errors_on_one_line():
    IMPORTED = imported(STUDY, Path(on_disk(RESULTS)))
OWN = [run for run in STUDY.runs if run not in IMPORTED]


def own_files(entry):
    """The local files that an entry of a registry names. They are the user's, so no prefix of a module moves them."""
    return [local(path) for path in local_files(entry)]


if workflow.is_main_process:
    os.environ.update(GLOSSBENCH_STARTED_BY=uuid.uuid4().hex)  # by which a job knows earlier attempts (job/logs.py)
    follow(STUDY, Path(on_disk(RESULTS)), IMPORTED)
    with errors_on_one_line():
        for name, key in sorted({("corpora", run.corpus) for run in OWN} | {("encoders", run.encoder) for run in OWN}):
            check_path(STUDY.entry(name, key), f"{ROOT}/config/{name}.yaml: {key}")


# Learning: what a run and a search read and depend on, and what they ask a scheduler for. Snakemake reruns nothing for a
# change of the latter. A machine that has fewer GPUs than jobs is told so by --resources gpu=1.
INPUTS = StudyFiles(STUDY, lambda item: f"{RESULTS}/imported" if item in IMPORTED else RESULTS, on_disk)
SEED_BATCHES = requests.seed_batches(STUDY, OWN)
ASKED = requests.Requests(STUDY, ROOT / "config")
GPU = requests.gpu_request(STUDY, os.environ)


def training_inputs(experiment):
    with errors_on_one_line():
        return INPUTS.training(experiment)


def params_of(made_by):
    """Params of the jobs of an experiment, made once for all of its seeds."""
    once = lru_cache(lambda experiment, **more: made_by(STUDY, experiment, **more))
    return lambda run, **more: once(Experiment(run.corpus, run.encoder, run.objective), **more)


run_params, evaluation_params, search_params = map(
    params_of, (job_params.run_params, job_params.evaluation_params, job_params.search_params)
)


def settings_digests(runs):
    return job_params.settings_digests(STUDY, runs, IMPORTED, run_params, evaluation_params)


def whole_experiment(wildcards):
    """A corpus, an encoder and an objective out of one wildcard."""
    return Experiment(*wildcards.experiment.split("/"))


def submission(wildcards):
    """The training and the evaluation of a run, or of the seeds of a batch, are one submission to a cluster."""
    experiment, seed = f"{wildcards.corpus}/{wildcards.encoder}/{wildcards.objective}", int(wildcards.seed)
    batches = (seeds for seeds, those in SEED_BATCHES.items() if seed in seeds and experiment in those)
    return requests.submission(experiment, next(batches, (seed,)))


def in_batch(path, seed):
    """A run's path with its seed filled in and the rest of its experiment as one wildcard."""
    return path.replace(f"{CELL}/{{objective}}", "{experiment}").replace("{seed}", str(seed))


# Evidence: the frames of a view, which tables and figures it has, what they read and depend on.


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
        return INPUTS.files(STUDY.runs, STUDY.searches(), INPUTS.cards())
    searches = [one for one in STUDY.searches() if one in finished()]
    return INPUTS.absolute(INPUTS.files(study_of(view).runs, searches, INPUTS.cards_there()))


def collected_settings(view):
    there = set(study_of(view).runs)
    return job_params.collect_settings(STUDY, [run for run in STUDY.runs if run not in there]).to_json()


def projected_embeddings(view):
    """Embeddings of the runs that are projected, and the cards of their corpora."""
    embeddings = INPUTS.per_run("embeddings.npz", study_of(view).runs_with("projection"))
    if view == RESULTS:
        return {"embeddings": embeddings, "cards": INPUTS.cards()}
    return INPUTS.absolute({"embeddings": embeddings, "cards": INPUTS.cards_there()})


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


def records_here():
    """Files that say where results come from and that no rule of this study makes, as far as they are there."""
    named = records(STUDY, IMPORTED).values()
    return [path for path in named if path.startswith("results/") and INPUTS.is_there(path)]


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


@lru_cache
def check_records():
    """Warn of files that Snakemake has no record of, so that no change of settings or code makes them again.

    Their jobs ended after their Snakemake was killed, or .snakemake was removed, or they were brought from elsewhere.
    Runs among them that were made with other settings are refused.
    """
    made = [file for file in INPUTS.of_runs(OWN) if not file.startswith(("resources/", f"{RESULTS}/imported/"))]
    ends = {run: [*INPUTS.per_run("timing.json", [run]), *INPUTS.per_run("metrics.json", [run])] for run in OWN}
    made += [file for files in ends.values() for file in files]
    files = [file for file in made if Path(file).exists() and workflow.persistence.metadata(IOFile(file)) is None]
    if unrecorded := set(files):
        others = f" and {len(files) - 1} other files" * (len(files) > 1)
        text = "made without a record of Snakemake (it was killed, or .snakemake removed), so that a change of settings"
        print(
            f"glossbench: {files[-1]}{others}: {text} or code does not make it again; delete it then", file=sys.stderr
        )
        expected = Expected(STUDY)
        for run in (run for run in OWN if not unrecorded.isdisjoint(ends[run])):
            folder = Path(on_disk(RESULTS), run_folder(run))
            with errors_on_one_line():
                if all(Path(file).exists() for file in ends[run]) and not expected.is_of(run, folder):
                    raise SettingsError(job_params.OTHER_SETTINGS.format(folder))


IN_MODULE = not workflow.modifier.is_main_snakefile()


def lost():
    """Files of the study that are missing although what is made from them may be there; Snakemake does not miss them.

    None in a module: a rule that takes these targets as its input would run again when a file is there again.
    """
    if IN_MODULE:
        return []
    check_records()
    return INPUTS.lost(OWN, list(frames_of(RESULTS).values()), products_of(RESULTS))


# What SIGKILL ends leaves no line of its own, so it is said when Snakemake ends.
onerror:
    asked = {str(path): job.resources.get("mem_mb") for job in workflow.dag.jobs for path in job.log}
    for path in log:
        for line in killed_jobs(Path(path).read_text(encoding="utf-8", errors="replace"), asked):
            print(f"glossbench: {line}", file=sys.stderr)
