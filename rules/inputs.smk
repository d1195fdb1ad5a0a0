# Input functions, params and digests; no rules.

import hashlib
import math
from dataclasses import replace
from functools import lru_cache

from glossbench.data.params import card_settings, check_path, digests, fetch_settings, local_files, prepare_settings
from glossbench.provenance import code_digest as digest_of
from glossbench.settings import params as study_params
from glossbench.settings import requests
from glossbench.settings.collected import Collected, collect_settings, projection_settings
from glossbench.settings.files import OF_SEARCHES, evidence_files, search_folder
from glossbench.settings.grid import TuningJob
from glossbench.archives.imported import imported, records
from glossbench.settings.lost import lost_files, lost_files_of_runs


def code_digest(script, *modules):
    """Digest of a rule's code: its script, the modules that it loads by name, and what these reach."""
    return digest_of(ROOT / "scripts" / f"{script}.py", *modules)


def digest_of_files(paths):
    return hashlib.sha256(b"\n".join(path.read_bytes() for path in sorted(paths))).hexdigest()[:16]


# Runs, searches and corpora whose files were imported from elsewhere. No rule makes those.
IMPORTS = f"{RESULTS}/imported"
IMPORTED = imported(STUDY, Path(on_disk(RESULTS)))


def check_paths():
    """Check the local files of all corpora and encoders that runs of this study read."""
    own = [run for run in STUDY.runs if run not in IMPORTED]
    for name, keys in {"corpora": {run.corpus for run in own}, "encoders": {run.encoder for run in own}}.items():
        for key in sorted(keys):
            check_path(STUDY.registry[name][key], f"{ROOT}/config/{name}.yaml: {key}")


def own_files(entry):
    """The local files that an entry of a registry names. They are the user's, so no prefix of a module moves them."""
    return [local(path) for path in local_files(entry)]


if workflow.is_main_process:
    try:
        check_paths()
    except SettingsError as error:
        sys.exit(f"glossbench: {error}")


# Learning: what a run and a search read and depend on.


def frozen_of(cell):
    """Stored output of the frozen layers, where the study freezes any."""
    if STUDY.frozen_layers(cell.encoder) == 0:
        return {}
    return {"frozen": f"{RESULTS}/frozen/{cell.corpus}/{cell.encoder}.safetensors"}


def encoded_inputs(cell):
    return {
        "tokens": f"{RESULTS}/tokens/{cell.corpus}/{cell.encoder}",
        "encoder": f"resources/encoders/{cell.encoder}/SHA256SUMS",
        **frozen_of(cell),
    }


def tuning_inputs(cell):
    """Tokens and encoder; frozen states and the estimates of sigma only where the objective uses them."""
    inputs = encoded_inputs(cell)
    if isinstance(STUDY.objective(cell.objective).value("sigma"), str):
        inputs["sigma"] = f"{RESULTS}/sigma/{cell.corpus}/{cell.encoder}.json"
    return inputs


def training_inputs(cell):
    """What a search reads, and what it found where the study has one."""
    inputs = tuning_inputs(cell)
    if STUDY.objective(cell.objective).search:
        inputs["best"] = found_settings(STUDY.search_of(cell))
    return inputs


def found_settings(search):
    """What a search of this study found, or that of the study whose searches it takes over."""
    if STUDY.searches:
        (best,) = per_search("best.yaml", [search])
        return best
    source = STUDY.settings.tuning.taken_from
    files = [f"results/{source}/{part}{search_folder(search)}/best.yaml" for part in ("", "imported/")]
    try:
        return next(file for file in files if all_there([file]))
    except StopIteration:
        # a WorkflowError would bury the line under a traceback
        sys.exit(f"glossbench: {files[0]}: missing; tuning.taken_from needs {source}: run it, or import its runs")


def untuned_inputs(cell):
    """The card of a corpus, and its texts for an untuned objective without an encoder, else tokens and encoder."""
    folder = f"{RESULTS}/corpora/{cell.corpus}"
    if study_params.reads_texts(STUDY, cell):
        read = {split: f"{folder}/{split}.parquet" for split in ("train", "val", "test")}
    else:
        read = encoded_inputs(cell)
    return {**read, "card": f"{folder}/card.json"}


# Params of the jobs of a cell, made once for all of its seeds.


@lru_cache
def _params(made_by, corpus, encoder, objective, **more):
    return made_by(STUDY, TuningJob(corpus, encoder, objective), **more)


def run_params(cell, **more):
    return _params(study_params.run_params, cell.corpus, cell.encoder, cell.objective, **more)


def evaluation_params(cell):
    return _params(study_params.evaluation_params, cell.corpus, cell.encoder, cell.objective)


def search_params(cell):
    return _params(study_params.search_params, cell.corpus, cell.encoder, cell.objective)


# What jobs ask a scheduler for. Snakemake reruns nothing for a change here.


# A machine that has fewer GPUs than jobs is told so by --resources gpu=1.
GPU = requests.gpu_request(STUDY, os.environ)


def memory_mb(wildcards, attempt):
    return requests.memory_mb(STUDY, wildcards, attempt, ROOT / "config")


def encoding_minutes(wildcards, attempt):
    return requests.encoding_minutes(STUDY, wildcards, attempt, ROOT / "config")


def untuned_minutes(wildcards, attempt):
    return requests.encoding_minutes(STUDY, wildcards, attempt, ROOT / "config", on_gpu=False)


def search_minutes(wildcards, attempt):
    return requests.search_minutes(STUDY, wildcards, attempt, ROOT / "config")


def run_minutes(cell, attempt, seeds=1):
    return requests.run_minutes(STUDY, cell, seeds, attempt, ROOT / "config")


def projection_minutes(wildcards, attempt):
    return min(60 * attempt, math.ceil(60 * STUDY.settings.max_runtime))


# Several seeds in one job.


class Cell:
    """A corpus, an encoder and an objective out of one wildcard."""

    def __init__(self, wildcards):
        self.corpus, self.encoder, self.objective = wildcards.cell.split("/")


def seed_batches():
    """Seeds that one job trains together, with the cells that this is so for; none where each has its own job."""
    size, found = STUDY.settings.seeds_per_job, {}
    with_snapshots = set(STUDY.runs_shown("snapshots"))
    seeds = {}
    for run in STUDY.trained if size > 1 else []:
        if run not in with_snapshots:
            seeds.setdefault(f"{run.corpus}/{run.encoder}/{run.objective}", []).append(run.seed)
    for cell, members in seeds.items():
        for start in range(0, len(members), size):
            found.setdefault(tuple(members[start : start + size]), []).append(cell)
    return found


@lru_cache
def batches_of_runs():
    """The seeds of one job by cell and seed, for the runs that share a job."""
    return {(cell, seed): seeds for seeds, cells in seed_batches().items() for cell in cells for seed in seeds}


def submission(wildcards):
    """The training and the evaluation of a run, or of the seeds of a batch, are one submission to a cluster."""
    cell, seed = f"{wildcards.corpus}/{wildcards.encoder}/{wildcards.objective}", int(wildcards.seed)
    return requests.submission(cell, batches_of_runs().get((cell, seed), (seed,)))


def in_batch(path, seed):
    """A run's path with its seed filled in and the rest of its cell as one wildcard."""
    return path.replace(f"{CELL}/{{objective}}", "{cell}").replace("{seed}", str(seed))


# What is collected: of all planned runs, or of those that are finished so far.


def folder_of(item):
    """Folder of a run's, a search's or a corpus' files: the study's, or that of what was imported into it."""
    return IMPORTS if item in IMPORTED else RESULTS


COLLECTED = Collected(STUDY, folder_of)
per_run, per_search, cards = COLLECTED.per_run, COLLECTED.per_search, COLLECTED.cards


def frames_of(view, names=STUDY.frames):
    """Frames of a view by name: every one that the study has, or these."""
    return {name: f"{view}/{name}.parquet" for name in names}


def collected_frames(view):
    """The frames that collect writes, by name."""
    return frames_of(view, [name for name in STUDY.frames if name != "projections"])


# A partial view must not start the jobs behind the files that it reads, since another Snakemake may be at work on
# them. Absolute paths match the output of no job.


def existing(files):
    return {name: [os.path.abspath(on_disk(path)) for path in paths] for name, paths in files.items()}


def all_there(paths):
    return all(Path(on_disk(path)).is_file() for path in paths)


def finished(runs):
    """Those whose results are all there."""
    return [run for run in runs if all(all_there(per_run(name, [run])) for name in evidence_files(STUDY, run))]


def finished_inputs():
    searches = [search for search in STUDY.tuning_jobs() if all_there(per_search("timing.csv", [search]))]
    return existing(COLLECTED.files(finished(STUDY.runs), searches, [path for path in cards() if all_there([path])]))


def finished_settings():
    done = set(finished(STUDY.runs))
    return collect_settings(STUDY, [run for run in STUDY.runs if run not in done])


# Evidence: which tables and figures a view has, what they read and depend on.


@lru_cache
def study_of(view):
    """The study, or for a partial view what is finished of it."""
    return STUDY if view == RESULTS else replace(STUDY, runs=tuple(finished(STUDY.runs)))


@lru_cache
def outputs_of(view, kind=None):
    """Tables and figures that a view's runs can fill, of one kind or of both."""
    return [output for output in OUTPUTS if kind in (None, output.kind) and output.fillable(study_of(view))]


def files_of(kind, view, endings=None):
    endings = ENDINGS[kind] if endings is None else endings
    return [f"{view}/{kind}s/{output.key}.{ending}" for output in outputs_of(view, kind) for ending in endings]


def products_of(view):
    names = ("report.html", "provenance.json", "claims.md", "claims.json", "significance.csv", "significance.json")
    return [*files_of("table", view), *files_of("figure", view), *(f"{view}/{name}" for name in names)]


@lru_cache
def output_called(kind, key):
    return next(output for output in OUTPUTS if (output.kind, output.key) == (kind, key))


def output_params(output):
    numbers = {"published": digest_of_published()} if output.published else {}
    return canonical({**output.specification(), **numbers})


@lru_cache
def sources_of_results():
    """Files that say where results come from, by their names in an archive."""
    return {name: on_disk(path) for name, path in records(STUDY, IMPORTED).items()}


def records_here():
    """Of these, those that no rule of this study makes, as far as they are there."""
    return [path for path in records(STUDY, IMPORTED).values() if path.startswith("results/") and all_there([path])]


def claims_inputs(view):
    return frames_of(view, [name for name in ("runs", "epochs", "trials") if name in STUDY.frames])


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
def digest_of_published():
    """The paper's numbers by their content: they lie in the workflow, wherever that is."""
    return digest_of_files((ROOT / "config/published").glob("*.csv"))


@lru_cache
def digest_of_templates():
    return digest_of_files(TEMPLATES.iterdir())


# What a failed job has lost Snakemake does not miss where what was made from it is still there, so it is a target.


def lost():
    """Files of the study that are missing although what is made from them may be there."""
    frames, here = list(frames_of(RESULTS).values()), Path(on_disk("."))
    own = [run for run in STUDY.runs if run not in IMPORTED]
    files = [*frames, *cards()]
    for corpus in dict.fromkeys(run.corpus for run in own):
        files += [f"{RESULTS}/corpora/{corpus}/{split}.parquet" for split in ("train", "val", "test")]
        files.append(f"resources/corpora/{corpus}/SHA256SUMS")
    for cell in dict.fromkeys(TuningJob(run.corpus, run.encoder, run.objective) for run in own):
        files += (untuned_inputs if STUDY.is_untuned(cell.objective) else tuning_inputs)(cell).values()
    for name in OF_SEARCHES:
        files += per_search(name, STUDY.tuning_jobs())
    collected = any(all_there([file]) for file in [*frames, *products_of(RESULTS)])
    of_runs = lost_files_of_runs(STUDY, own, here / RESULTS, collected)
    return [*lost_files(files, here), *(f"{RESULTS}/{file}" for file in of_runs)]
