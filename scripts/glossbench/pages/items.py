"""The studies of config/costs.yaml, and the runs of a study behind each table, figure and claim of the paper."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import pandas as pd
from pydantic import Field

from glossbench.errors import SettingsError
from glossbench.evidence.build import selection_of
from glossbench.evidence.claims.scope import of_the_paper
from glossbench.frames import EXPERIMENT
from glossbench.paper import published_models, published_results
from glossbench.settings.claims import Claim
from glossbench.settings.claims_file import load_claims
from glossbench.settings.keys import ObjectiveKey
from glossbench.settings.messages import must_be_known
from glossbench.settings.model import Flag, Model, Positive
from glossbench.settings.outputs import Output, load_outputs
from glossbench.settings.paths import EVALUATION_FILES, SEARCH_FILES, StudyPaths
from glossbench.settings.study import Study, load_study
from glossbench.settings.study_file import Run
from glossbench.settings.yaml_file import read_yaml

# Frames of a few runs, by the setting of a study that names their objectives and one seed.
OF_SINGLE_RUNS = {"projections": "projection", "snapshots": "snapshots"}
SCORES = {"T2": "integrated", "T3": "standalone"}  # tables whose cells the published scores of a protocol list
MODELS, OURS = "T5", "G-Loss + "  # lists models by names: its own begin so, and end with the encoder's title


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
    core: str = Field(description="The study that the page leads with.")
    main: str = Field(description="The study whose commands and files the page names.")
    machine: str = Field(description="Machine of the estimates.")


@dataclass(frozen=True)
class Costs:
    """config/costs.yaml and its studies, in its order."""

    entries: CostsRegistry
    studies: dict[str, Study]

    @property
    def main(self) -> Study:
        """The study whose commands and files the page names."""
        return self.studies[self.entries.main]

    @property
    def core(self) -> Study:
        """The study that the page leads with."""
        return self.studies[self.entries.core]


def load_costs(root: Path) -> Costs:
    """Load config/costs.yaml and its studies; SettingsError if it is not valid, or a study has another name."""
    source = root / "config/costs.yaml"
    entries = CostsRegistry.parse(read_yaml(source), str(source))
    for key in ("main", "core"):
        must_be_known(getattr(entries, key), entries.studies, f"{source}: {key}", "studies")
    studies = {}
    for name, entry in entries.studies.items():
        studies[name] = load_study(read_yaml(root / entry.file), entry.file, root / "config")
        if studies[name].name != name:
            raise SettingsError(f"{source}: studies.{name}: {entry.file} is the study {studies[name].name}")
    return Costs(entries, studies)


def runs_of_output(output: Output, study: Study, published: Path) -> list[Run]:
    """The runs of a study that an output stands on.

    They are those that it selects and, where the paper prints scores, those of the paper's cells; for projections and
    snapshots, those of the objectives and the seed that the study shows.
    """
    runs = list(study.runs)
    if output.paper in SCORES:
        results = published_results(published).dropna(subset="std")  # without T6
        results = results[results["protocol"] == SCORES[output.paper]]
        cells = set(results[EXPERIMENT].itertuples(index=False, name=None))
        runs = [run for run in runs if (run.corpus, run.encoder, run.objective) in cells]
    elif output.paper == MODELS:
        models, encoders = set(published_models(published)["model"]), study.registries.encoders
        runs = [run for run in runs if f"{OURS}{encoders[run.encoder].title}" in models]
    for name in OF_SINGLE_RUNS.keys() & set(output.reads):
        runs = study.runs_with(OF_SINGLE_RUNS[name])
    if not runs:
        return []
    rows = pd.DataFrame([{**vars(run), **ObjectiveKey.parse(run.objective).columns()} for run in runs])
    for key in ("preset", "protocol"):
        rows[key] = [getattr(study.objective(run.objective), key) for run in runs]
    return [runs[place] for place in selection_of(output.specification())(rows).index]


def runs_of_claim(claim: Claim, study: Study) -> list[Run]:
    """The runs of a study that decide a claim: its corpora, encoders and objectives, and the changes it is about."""
    measure, paper, varied = claim.measure, claim.paper, _varied(claim)
    objectives = {*measure.gloss, *(() if varied else measure.baselines)}

    def decides(run: Run) -> bool:
        key = ObjectiveKey.parse(run.objective)
        of_the_claim = key.base in objectives and key.preset is None
        return of_the_claim and (not key.changes or not varied.isdisjoint(dict(key.changes)))

    among = [run for run in study.runs if run.corpus in paper.corpora and run.encoder in paper.encoders]
    return list(filter(decides, among))


def measures(study: Study, claim: Claim) -> bool:
    """Whether a study has runs that measure a claim, on any corpus: G-Loss, and baselines or a change.

    Cells won are those in which G-Loss is ahead of every baseline; else one baseline is enough.
    """
    measure, varied = claim.measure, _varied(claim)
    keys = {run.objective for run in study.runs if run.corpus in (measure.only or study.corpora)}
    if varied:
        return varied <= {setting for key in keys for setting, _ in study.changes(key)}
    baselines = set(measure.baselines)
    compared = baselines <= keys if measure.kind == "cells-won" else not baselines or not baselines.isdisjoint(keys)
    return compared and not keys.isdisjoint(measure.gloss)


def _varied(claim: Claim) -> set[str]:
    """The settings that a claim is about; empty for most."""
    measure = claim.measure
    return {measure.setting, *measure.baselines} if measure.setting else set()


def files_of(number: str, root: Path) -> list[str]:
    """One file of each run and search that a table, figure or claim (T2, F5, C1) needs. Making them makes the runs.

    SettingsError if there is no such number.
    """
    study, searches = load_costs(root).main, []
    claims = {key: claim for key, claim in load_claims(root / "config").items() if of_the_paper(key)}
    outputs = {output.paper: output for output in load_outputs(root / "config") if output.paper}
    must_be_known(number, {**outputs, **claims}, "files", "tables, figures and claims")
    if number in claims:
        runs = runs_of_claim(claims[number], study)
    else:
        runs = runs_of_output(outputs[number], study, root / "config/published")
        searches = study.searches() if "trials" in outputs[number].reads else []
    paths = StudyPaths(study, lambda _: f"results/{study.name}")
    return [*paths.per_search(SEARCH_FILES["best"], searches), *paths.per_run(EVALUATION_FILES["metrics"], runs)]
