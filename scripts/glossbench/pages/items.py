"""The studies of config/costs.yaml, and the runs of a study behind each table, figure and claim of the paper."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
from pydantic import Field

from glossbench.errors import SettingsError
from glossbench.evidence.build import module_of
from glossbench.paper import published_models, published_results
from glossbench.settings.claims import load_claims
from glossbench.settings.keys import ObjectiveKey
from glossbench.settings.messages import must_be_known
from glossbench.settings.model import Flag, Model, Positive
from glossbench.settings.outputs import Output, load_outputs
from glossbench.settings.study import Study, load_study
from glossbench.settings.study_file import Run
from glossbench.settings.yaml_file import read_yaml

VARIED = ("best-values", "swings")  # kinds of claims about changed settings
# Frames of a few runs, by the setting of a study that names their objectives and one seed.
SHOWN_SINGLY = {"projections": "projection", "snapshots": "snapshots"}
SCORES = {"T2": "integrated", "T3": "standalone"}  # tables whose cells the published scores of a protocol list
MODELS = "T5"  # lists models by their names
OURS = "G-Loss + "  # how T5 names its own, before the encoder's title


class StudyCosts(Model):
    """Time and disk space of a study. Null is not measured yet."""

    file: str = Field(description="The study file.")
    run_here: Flag = Field(description="Whether its results were made on our machines.")
    hours: Positive | None = Field(None, description="Wall time of the first run without downloads.")
    disk_gb: Positive | None = Field(None, description="Size of its files in results/ and resources/.")
    machine: str | None = Field(None, description="Machine that it ran on.")
    where: str | None = Field(None, description="Where the numbers come from.")


class CostsRegistry(Model):
    """Time and disk space of studies, for REPRODUCING.md."""

    studies: Annotated[dict[str, StudyCosts], Field(min_length=1)] = Field(
        description="Studies by name, in the order of the page."
    )
    leads: str = Field(description="The study that the page leads with.")
    names: str = Field(description="The study whose commands and files the page names.")
    machine: str = Field(description="Machine of the estimates.")


@dataclass(frozen=True)
class Costs:
    """config/costs.yaml and its studies, in its order."""

    entries: dict[str, Any]
    studies: dict[str, Study]
    published: Path

    @property
    def main(self) -> Study:
        """The study whose commands and files the page names."""
        return self.studies[self.entries["names"]]

    @property
    def core(self) -> Study:
        """The study that the page leads with."""
        return self.studies[self.entries["leads"]]

    def run_here(self) -> list[Study]:
        """The studies that were run on our machines."""
        return [study for name, study in self.studies.items() if self.entries["studies"][name]["run_here"]]


@dataclass(frozen=True)
class Item:
    """A row of the page: a table, a figure or a claim.

    Args:
        number: Its number in the paper, or empty.
        title: What it is.
        target: The file to make; empty if the main study cannot fill it.
        study: The main study with the runs that the item needs, and no others.
        searches: Whether it needs the trials of searches alone.
        here: Names of the studies run here that fill it.
    """

    number: str
    title: str
    target: str
    study: Study
    searches: bool
    here: list[str]


def load_costs(root: Path) -> Costs:
    """Load config/costs.yaml and its studies.

    Args:
        root: Root folder of the repository.

    Raises:
        SettingsError: The file is not valid, or a study file has another name than listed.
    """
    config = root / "config"
    source = config / "costs.yaml"
    entries = CostsRegistry.parse(read_yaml(source), str(source)).model_dump()
    for key in ("names", "leads"):
        must_be_known(entries[key], entries["studies"], f"{source}: {key}", "studies")
    studies = {}
    for name, entry in entries["studies"].items():
        studies[name] = load_study(read_yaml(root / entry["file"]), entry["file"], config)
        if studies[name].name != name:
            raise SettingsError(f"{source}: studies.{name}: {entry['file']} is the study {studies[name].name}")
    return Costs(entries, studies, config / "published")


def output_item(output: Output, costs: Costs) -> Item:
    """A table or a figure of the main study."""
    study = costs.main if output.fillable(costs.main) else None
    ending = "csv" if output.kind == "table" else "pdf"
    runs = runs_of_output(output, study, costs.published) if study else ()
    return Item(
        number=output.paper or "",
        title=output.title,
        target=f"results/{study.name}/{output.kind}s/{output.key}.{ending}" if study else "",
        study=replace(costs.main, runs=runs),
        searches="trials" in output.reads and not runs,
        here=[other.name for other in costs.run_here() if output.fillable(other)],
    )


def claim_item(number: str, claim: dict[str, Any], costs: Costs) -> Item:
    """A claim of the paper, judged by the main study."""
    return Item(
        number=number,
        title=f"{claim['claim']} Source: {claim['source']}. Measured: {claim['quantity']}.",
        target=f"results/{costs.main.name}/claims.md",
        study=replace(costs.main, runs=runs_of_claim(claim, costs.main)),
        searches=False,
        here=[study.name for study in costs.run_here() if measures(study, claim)],
    )


def runs_of_output(output: Output, study: Study, published: Path) -> tuple[Run, ...]:
    """The runs of a study that an output stands on.

    They are those that it selects and, where the paper prints scores, those of the paper's cells; for projections and
    snapshots, only those whose embeddings are kept for it.

    Args:
        output: The output.
        study: The study.
        published: config/published.
    """
    runs = _printed(output.paper, study, published)
    for shown in (getattr(study.settings, SHOWN_SINGLY[name]) for name in output.reads if name in SHOWN_SINGLY):
        runs = [run for run in runs if run.objective in shown.objectives and run.seed == shown.seed]
    rows = [
        {
            **vars(run),
            **ObjectiveKey.parse(run.objective).columns(),
            **{key: getattr(study.objective(run.objective), key) for key in ("preset", "protocol")},
        }
        for run in runs
    ]
    module = module_of(output.kind, output.module)
    kept = module.select(pd.DataFrame(rows), **output.settings).index if rows else []
    return tuple(runs[place] for place in kept)


def _printed(number: str | None, study: Study, published: Path) -> list[Run]:
    """The runs whose cells the paper's table of this number has; all runs for tables that list no cells."""
    if number in SCORES:
        cells = _cells(published)
        return [run for run in study.runs if (SCORES[number], run.corpus, run.encoder, run.objective) in cells]
    if number == MODELS:
        models, encoders = set(published_models(published)["model"]), study.registry["encoders"]
        return [run for run in study.runs if f"{OURS}{encoders[run.encoder].title}" in models]
    return list(study.runs)


def _cells(published: Path) -> set[tuple[str, ...]]:
    """Protocol, corpus, encoder and objective of every score with a spread: those in T2 and T3, without T6."""
    results = published_results(published).dropna(subset="std")
    return set(results[["protocol", "corpus", "encoder", "objective"]].itertuples(index=False, name=None))


def runs_of_claim(claim: dict[str, Any], study: Study) -> tuple[Run, ...]:
    """The runs of a study that decide a claim: its corpora, encoders and objectives, and the changes it is about.

    Args:
        claim: Entry of config/claims.yaml.
        study: The study.
    """
    measure, paper = claim["measure"], claim["paper"]
    varied = [measure.get("setting"), *measure.get("baselines", [])] if measure["kind"] in VARIED else []
    objectives = {*measure["gloss"], *([] if varied else measure.get("baselines", []))}
    keys = {key: ObjectiveKey.parse(key) for key in study.objectives}
    needed = {
        text
        for text, key in keys.items()
        if key.base in objectives
        and key.preset is None
        and (not key.changes or any(setting in varied for setting, _ in key.changes))
    }
    return tuple(
        run
        for run in study.runs
        if run.corpus in paper["corpora"] and run.encoder in paper["encoders"] and run.objective in needed
    )


def measures(study: Study, claim: dict[str, Any]) -> bool:
    """Whether a study has runs that measure a claim, on any corpus: G-Loss, and a baseline or a change."""
    measure = claim["measure"]
    only = measure.get("only", study.corpora)
    keys = {run.objective for run in study.runs if run.corpus in only}
    if measure["kind"] in VARIED:
        settings = [measure["setting"], *(measure.get("baselines", []) if measure["kind"] == "swings" else [])]
        changed = {setting for key in keys for setting, _ in study.changes(key)}
        return changed >= set(settings)
    baselines = measure.get("baselines")
    return bool(keys & set(measure["gloss"])) and (baselines is None or bool(keys & set(baselines)))


def files_of(number: str, root: Path) -> list[str]:
    """One file of each run and search that a table, figure or claim needs. Making these files makes the runs.

    Args:
        number: Number in the paper, e.g. T2, F5 or C1.
        root: Root folder of the repository.

    Raises:
        SettingsError: There is no such number.
    """
    costs, claims = load_costs(root), load_claims(root / "config")
    outputs = {output.paper: output for output in load_outputs(root / "config") if output.paper}
    must_be_known(number, {**outputs, **claims}, "files", "tables, figures and claims")
    study, top = costs.main, f"results/{costs.main.name}"
    if number in claims:
        runs, searches = runs_of_claim(claims[number], study), []
    else:
        runs = output_item(outputs[number], costs).study.runs
        searches = study.tuning_jobs() if "trials" in outputs[number].reads else []
    return [
        *(f"{top}/tuning/{one.corpus}/{one.encoder}/{one.objective}/best.yaml" for one in searches),
        *(f"{top}/runs/{run.corpus}/{run.encoder}/{run.objective}/seed-{run.seed}/metrics.json" for run in runs),
    ]
