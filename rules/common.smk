# Paths, grid expansion, input functions and digests; no rules.

import os
import re
import sys
from functools import lru_cache
from pathlib import Path

sys.path.insert(0, str(Path(workflow.basedir) / "scripts"))

from glossbench.data.entries import card_settings, digests, fetch_settings, prepare_settings
from glossbench.errors import SettingsError
from glossbench.provenance import code_digest as digest_of
from glossbench.settings import canonical, load_study
from glossbench.yaml_file import read_yaml

CONFIG_FILES = [min(os.path.relpath(path), str(path), key=len) for path in workflow.configfiles]
try:
    for path in CONFIG_FILES:  # of two equal keys Snakemake silently took the last
        read_yaml(Path(path))
    STUDY = load_study(config, ", ".join(CONFIG_FILES), Path(workflow.basedir) / "config")
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
    objective="|".join(map(re.escape, STUDY.objectives)),
    seed=r"\d+",


@lru_cache
def code_digest(script, loss=None):
    """Digest of a rule's code: its script, and what that reaches; for train also the module of the loss."""
    losses = [f"glossbench.losses.{loss}"] if loss else []
    return digest_of(Path(workflow.basedir) / "scripts" / f"{script}.py", *losses)


def per_run(pattern, runs=None):
    """A path for each of the given runs, or for every run of the study."""
    return [pattern.format(**vars(run)) for run in (STUDY.runs() if runs is None else runs)]


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


def frozen_of(wildcards):
    """Stored output of the frozen layers, where the study freezes any."""
    if STUDY.frozen_layers(wildcards.encoder) == 0:
        return {}
    return {"frozen": f"{RESULTS}/frozen/{CELL}.safetensors".format(**wildcards)}


def encoded_inputs(wildcards):
    return {
        "tokens": f"{RESULTS}/tokens/{CELL}".format(**wildcards),
        "encoder": "resources/encoders/{encoder}/SHA256SUMS".format(**wildcards),
        **frozen_of(wildcards),
    }


def training_inputs(wildcards):
    """Tokens and encoder; frozen states and the estimates of sigma only where the run uses them."""
    inputs = encoded_inputs(wildcards)
    sigma = STUDY.objective(wildcards.objective)["loss_settings"].get("sigma")
    if isinstance(sigma, str):
        inputs["sigma"] = f"{RESULTS}/sigma/{CELL}.json".format(**wildcards)
    return inputs


def run_settings(wildcards):
    """All that defines a run beside its inputs and its code."""
    return {
        "corpus": wildcards.corpus,
        "encoder": wildcards.encoder,
        "objective_key": wildcards.objective,
        "seed": int(wildcards.seed),
        "objective": {key: value for key, value in STUDY.objective(wildcards.objective).items() if key != "probe"},
        "encoder_settings": STUDY.settings["encoder"],
        **device_settings(),
    }


def probe_settings(wildcards):
    return {**STUDY.settings["probe"], **STUDY.objective(wildcards.objective)["probe"]}


def projected_runs():
    """Runs whose test embeddings are projected: the same seed for each corpus, encoder and chosen objective."""
    wanted = STUDY.settings["projection"]
    return [run for run in STUDY.runs() if run.objective in wanted["objectives"] and run.seed == wanted["seed"]]


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

# Asked of the scheduler; a machine that has fewer GPUs than jobs is told so by --resources gpu=1.
GPUS = 0 if STUDY.settings["device"] == "cpu" else 1
