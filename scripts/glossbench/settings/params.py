"""What the jobs of a study depend on besides their inputs: the settings and the digest of the code, as params of rules.

Snakemake imports this module while it parses the workflow, so it imports no large packages.
"""

from pathlib import Path
from typing import Any, Protocol

from glossbench.provenance import code_digest
from glossbench.settings.objectives import tuned_settings, without_searched
from glossbench.settings.study import Study, canonical

APART = ("probe", "search", "pruning")  # settings of an objective that its training does not depend on
SCRIPTS = Path(__file__).parents[2]


class Cell(Protocol):
    """What names the runs of a cell: a run, a search, or Snakemake's wildcards."""

    corpus: str
    encoder: str
    objective: str


def run_params(study: Study, cell: Cell, snapshots: bool = False) -> dict[str, str]:
    """Params of the job that makes a run of a cell.

    Args:
        study: the study.
        cell: corpus, encoder and objective.
        snapshots: whether the run keeps snapshots of a mini-batch.

    Returns:
        ``settings``, without the seed, as JSON text, and ``code``, a digest.
    """
    if study.is_untuned(cell.objective):
        return {"settings": canonical(untuned_settings(study, cell)), "code": untuned_code(study, cell)}
    settings = run_settings(study, cell) | ({"snapshots": True} if snapshots else {})
    return {"settings": canonical(settings), "code": run_code(study, cell)}


def evaluation_params(study: Study, cell: Cell) -> dict[str, str]:
    """Params of the job that evaluates a run of a cell, as those of ``run_params``."""
    settings = canonical({"probe": study.objective(cell.objective)["probe"]})
    return {"settings": settings, "code": code_digest(SCRIPTS / "evaluate.py")}


def search_params(study: Study, cell: Cell) -> dict[str, str]:
    """Params of the job that searches the settings of a cell, as those of ``run_params``."""
    code = code_digest(SCRIPTS / "tune.py", *_loss_module(study, cell))
    return {"settings": canonical(search_settings(study, cell)), "code": code}


def run_settings(study: Study, cell: Cell) -> dict[str, Any]:
    """All that defines the runs of a cell besides their seed."""
    return {
        "corpus": cell.corpus,
        "encoder": cell.encoder,
        "objective_key": cell.objective,
        "objective": objective_settings(without_searched(study.objective(cell.objective))),
        "encoder_settings": study.settings["encoder"],
        "max_length": study.max_length,
        **device_settings(study),
    }


def search_settings(study: Study, cell: Cell) -> dict[str, Any]:
    """All that defines a search."""
    tuning = study.settings["tuning"]
    objective = without_searched(study.objective(cell.objective))
    trials, epochs = trials_of(study, cell.objective), trial_epochs(study, cell.objective)
    settings = run_settings(study, cell)
    settings["objective"] |= {"search": objective["search"], "training": {**objective["training"], "epochs": epochs}}
    kept = {key: tuning[key] for key in ("timeout", "sampler", "pruner", "seed")}
    return {**settings, "seed": tuning["seed"], "tuning": {**kept, "trials": trials, "pruning": objective["pruning"]}}


def trials_of(study: Study, objective: str) -> int:
    """Trials of the search for an objective."""
    tuning = study.settings["tuning"]
    return tuning["trials_by_objective"].get(objective, tuning["trials"])


def trial_epochs(study: Study, objective: str) -> int:
    """Most epochs of a trial of the search for an objective."""
    return study.settings["tuning"]["epochs"] or study.objective(objective)["training"]["epochs"]


def untuned_settings(study: Study, cell: Cell) -> dict[str, Any]:
    """All that defines an untuned objective, besides its seed."""
    objective = study.objective(cell.objective)
    settings = {
        "corpus": cell.corpus,
        "encoder": cell.encoder,
        "objective_key": cell.objective,
        "objective": objective_settings(objective),
        "probe": objective["probe"],
        "subset": study.settings["subset"],
    }
    if reads_texts(study, cell):
        return settings
    encoding = {"encoder_settings": study.settings["encoder"], "max_length": study.max_length}
    return {**settings, **encoding, "torch_threads": study.settings["torch_threads"]}


def reads_texts(study: Study, cell: Cell) -> bool:
    """Whether an untuned objective reads the texts of a corpus and no encoder."""
    return study.objective(cell.objective)["classifier"] == "tfidf"


def frozen_settings(study: Study, encoder: str) -> dict[str, Any]:
    """What the stored output of frozen layers depends on."""
    layers = {"layers": study.settings["encoder"]["layers"], "frozen_layers": study.frozen_layers(encoder)}
    return {**layers, **device_settings(study)}


def device_settings(study: Study) -> dict[str, Any]:
    """Settings of what every job with an encoder reads and runs on."""
    return {name: study.settings[name] for name in ("device", "torch_threads", "subset")}


def objective_settings(objective: dict[str, Any]) -> dict[str, Any]:
    """What a run depends on of its resolved objective, and the settings that it takes from the objective's search."""
    return {**{key: objective[key] for key in objective if key not in APART}, "tuned": tuned_settings(objective)}


def run_code(study: Study, cell: Cell) -> str:
    """Digest of the code that trains the runs of a cell."""
    return code_digest(SCRIPTS / "train.py", *_loss_module(study, cell))


def untuned_code(study: Study, cell: Cell) -> str:
    """Digest of the code of an untuned objective."""
    return code_digest(
        SCRIPTS / "classify_untuned.py", f"glossbench.learning.untuned.{study.objective(cell.objective)['classifier']}"
    )


def _loss_module(study: Study, cell: Cell) -> list[str]:
    loss = study.objective(cell.objective)["loss"]
    return [f"glossbench.losses.{loss}"] if loss else []
