# Paths, grid expansion, input functions and digests; no rules.

import os
import re
import sys
from functools import lru_cache
from pathlib import Path

sys.path.insert(0, str(Path(workflow.basedir) / "scripts"))

from glossbench.data.entries import card_settings, digests, fetch_settings, local_files, prepare_settings
from glossbench.errors import SettingsError
from glossbench.study.grid import Search
from glossbench.study.outputs import load_claims, load_exhibits
from glossbench.provenance import code_digest as digest_of
from glossbench.study.objectives import tuned_as, without_searched
from glossbench.study.study import canonical, load_study
from glossbench.study.yaml_file import read_yaml

CONFIG_FILES = [min(os.path.relpath(path), str(path), key=len) for path in workflow.configfiles]
try:
    for path in CONFIG_FILES:  # of two equal keys Snakemake silently took the last
        read_yaml(Path(path))
    STUDY = load_study(config, ", ".join(CONFIG_FILES), Path(workflow.basedir) / "config")
    EXHIBITS = load_exhibits(Path(workflow.basedir) / "config")
    CLAIMS = load_claims(Path(workflow.basedir) / "config")
except SettingsError as error:
    # a WorkflowError would bury the line under a traceback
    sys.exit(f"glossbench: {error}")

RESULTS = f"results/{STUDY.name}"
CELL = "{corpus}/{encoder}"
RUN = f"{RESULTS}/runs/{CELL}/{{objective}}/seed-{{seed}}"
STATE = f"{RESULTS}/.state"


wildcard_constraints:
    corpus="|".join(map(re.escape, STUDY.registry["corpora"])),
    encoder="|".join(map(re.escape, STUDY.registry["encoders"])),
    objective="|".join(map(re.escape, STUDY.objectives_resolved)),
    seed=r"\d+",


@lru_cache
def code_digest(script, *modules):
    """Digest of a rule's code: its script, the modules that it loads by name, and what these reach."""
    return digest_of(Path(workflow.basedir) / "scripts" / f"{script}.py", *modules)


def loss_modules(cell):
    loss = STUDY.objective(cell.objective)["loss"]
    return [f"glossbench.losses.{loss}"] if loss else []


def per_run(pattern, runs=None):
    """A path for each of the given runs (or searches), or for every run of the study."""
    return [pattern.format(**vars(run)) for run in (STUDY.runs if runs is None else runs)]


def cards():
    return [f"{RESULTS}/corpora/{corpus}/card.json" for corpus in STUDY.corpora]


# What the encoder of a job is: shared by every rule that runs one.


def encoder_settings(wildcards):
    return {
        "layers": STUDY.settings["encoder"]["layers"],
        "frozen_layers": STUDY.frozen_layers(wildcards.encoder),
    }


def device_settings():
    return {name: STUDY.settings[name] for name in ("device", "torch_threads", "subset")}


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


def searched_inputs(cell):
    """Tokens and encoder; frozen states and the estimates of sigma only where the objective uses them."""
    inputs = encoded_inputs(cell)
    if isinstance(STUDY.objective(cell.objective)["loss_settings"].get("sigma"), str):
        inputs["sigma"] = f"{RESULTS}/sigma/{cell.corpus}/{cell.encoder}.json"
    return inputs


def training_inputs(cell):
    """What a search reads, and what it found where the study has one."""
    inputs = searched_inputs(cell)
    if STUDY.objective(cell.objective)["search"]:
        inputs["best"] = f"{RESULTS}/tuning/{cell.corpus}/{cell.encoder}/{tuned_as(cell.objective)}/best.yaml"
    return inputs


def cell_params(cell, **more):
    """All that defines the runs of a cell beside their seed, their inputs and their code, as one text."""
    return _cell_params(cell.corpus, cell.encoder, cell.objective, **more)


@lru_cache
def _cell_params(corpus, encoder, objective, **more):
    return canonical(cell_settings(Search(corpus, encoder, objective), **more))


def cell_settings(cell, **more):
    objective = without_searched(STUDY.objective(cell.objective))
    return {
        "corpus": cell.corpus,
        "encoder": cell.encoder,
        "objective_key": cell.objective,
        "objective": {
            **{key: value for key, value in objective.items() if key not in ("probe", "search")},
            "tuned": sorted(objective["search"]),
        },
        "encoder_settings": STUDY.settings["encoder"],
        **device_settings(),
        **more,
    }


def search_settings(cell):
    """All that defines a search beside its inputs and its code."""
    tuning = STUDY.settings["tuning"]
    objective = without_searched(STUDY.objective(cell.objective))
    trials = tuning["trials_by_objective"].get(cell.objective, tuning["trials"])
    epochs = tuning["epochs"] or objective["training"]["epochs"]
    settings = cell_settings(cell)
    settings["objective"] |= {"search": objective["search"], "training": {**objective["training"], "epochs": epochs}}
    wanted = {key: tuning[key] for key in ("timeout", "sampler", "pruner", "seed")}
    return {**settings, "seed": tuning["seed"], "tuning": {**wanted, "trials": trials}}


def probe_settings(wildcards):
    return {**STUDY.settings["probe"], **STUDY.objective(wildcards.objective)["probe"]}


def packs():
    """Seeds that one job trains together, with the cells that this is so for; none where each has its own job."""
    size, found = STUDY.settings["seeds_per_job"], {}
    watched = set(chosen_runs("snapshots"))
    seeds = {}
    for run in STUDY.runs if size > 1 else []:
        if run not in watched:
            seeds.setdefault(f"{run.corpus}/{run.encoder}/{run.objective}", []).append(run.seed)
    for cell, members in seeds.items():
        for start in range(0, len(members), size):
            found.setdefault(tuple(members[start : start + size]), []).append(cell)
    return found


def in_pack(path, seed):
    """A run's path with its seed filled in and the rest of its cell as one wildcard."""
    return path.replace(f"{CELL}/{{objective}}", "{cell}").replace("{seed}", str(seed))


class Cell:
    """A corpus, an encoder and an objective out of one wildcard."""

    def __init__(self, wildcards):
        self.corpus, self.encoder, self.objective = wildcards.cell.split("/")


def chosen_runs(name):
    """Runs that are shown singly (projection, snapshots): one seed of each corpus, encoder and chosen objective."""
    wanted = STUDY.settings[name]
    if wanted is None:
        return []
    return [run for run in STUDY.runs if run.objective in wanted["objectives"] and run.seed == wanted["seed"]]


# The files of a run, as train writes them.
RUN_FILES = {
    "settings": f"{RUN}/settings.json",
    "epochs": f"{RUN}/epochs.csv",
    "embeddings": f"{RUN}/embeddings.npz",
    "logits": f"{RUN}/logits.npz",
    "timing": f"{RUN}/timing.json",
    "timing_epochs": f"{RUN}/timing.csv",
    **({"weights": f"{RUN}/weights.safetensors"} if STUDY.settings["keep_weights"] else {}),
}
TUNING = f"{RESULTS}/tuning/{CELL}/{{objective}}"


# Asked of the scheduler; a machine that has fewer GPUs than jobs is told so by --resources gpu=1.
GPUS = 0 if STUDY.settings["device"] == "cpu" else 1


# What collect reads and writes; partial views take what is there.


def collect_files(runs, searches, described):
    # epochs.csv and timing.csv lie beside timing.json, made by the same job; naming them slows every parse of a big grid
    files = {
        "metrics": per_run(f"{RUN}/metrics.json", runs),
        "timing": per_run(f"{RUN}/timing.json", runs),
        "cards": described,
    }
    if STUDY.settings["tuning"]:
        for name, file in {"best": "best.yaml", "trials": "trials.csv", "trial_seconds": "timing.csv"}.items():
            files[name] = per_run(f"{TUNING}/{file}", searches)
    if STUDY.settings["snapshots"]:
        watched = [run for run in chosen_runs("snapshots") if run in set(runs)]
        files["snapshots"] = per_run(f"{RUN}/snapshots.npz", watched)
        files["watched"] = per_run(f"{RUN}/settings.json", watched)
    return files


def frames_of_study(view):
    names = ["runs", "epochs", "corpora", "coverage"]
    names += ["trials"] if STUDY.settings["tuning"] else []
    names += ["snapshots"] if STUDY.settings["snapshots"] else []
    return {name: f"{view}/{name}.parquet" for name in names}


def finished(runs):
    """Those whose results are all there."""
    needed = ("metrics.json", "epochs.csv", "timing.json", "timing.csv", "embeddings.npz")
    return [run for run in runs if all(Path(RUN.format(**vars(run)), name).is_file() for name in needed)]


def finished_so_far():
    """Settings of collect for a partial view; the newest time stamp says that a run has been made again."""
    runs = finished(STUDY.runs)
    searches = [search for search in STUDY.searches() if Path(f"{TUNING}/timing.csv".format(**vars(search))).is_file()]
    files = collect_files(runs, searches, [path for path in cards() if Path(path).is_file()])
    done = set(runs)
    unfinished = [
        {**vars(run), **{key: STUDY.objective(run.objective)[key] for key in ("preset", "protocol")}}
        for run in STUDY.runs
        if run not in done
    ]
    newest = max((Path(path).stat().st_mtime_ns for path in files["metrics"]), default=0)
    return {"study": STUDY.name, "unfinished": unfinished, "files": files, "newest": newest}


def projection_settings(runs, as_files=False):
    settings = {key: value for key, value in STUDY.settings["projection"].items() if key != "objectives"}
    files = {"embeddings": per_run(f"{RUN}/embeddings.npz", runs), "cards": cards()} if as_files else None
    return {"projection": settings, "runs": [vars(run) for run in runs], "files": files}
