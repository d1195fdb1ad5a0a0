"""A study file: one field per setting, with its type, bounds, default and documentation.

Snakemake imports this module while it parses the workflow, so it imports no large packages.
"""

import json
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from glossbench.settings.keys import canonical_key
from glossbench.settings.messages import Schema
from glossbench.settings.model import Distinct, Flag, Listed, Model, Real, Seed, Size, Text, Whole
from glossbench.settings.search import Search, Space
from glossbench.settings.training import EncoderSettings, Maps, Probe, Subset, Training

LISTS = ("corpora", "encoders", "objectives", "seeds")
# Settings of where files come from and of how long jobs may take. They do not change results.
VOLATILE = ("mirror", "offline", "max_runtime")
NAME = "^[a-z0-9][a-z0-9_-]*$"
NAMED = "lower-case letters, digits, - and _, a letter or digit first, at most 60"
KeyText = Annotated[str, AfterValidator(canonical_key)]
Key = Annotated[KeyText, Field(max_length=200)]
Varied = Annotated[Real | str | Flag, Field(title="a value, or a multiple as in x1.5")]


class Block(Model):
    """A product of lists that gives runs, and settings to vary."""

    corpora: Listed[Text] = Field(default_factory=tuple, description="Corpora of this block.")
    encoders: Listed[Text] = Field(default_factory=tuple, description="Encoders of this block.")
    objectives: Listed[Key] = Field(default_factory=tuple, description="Objectives of this block.")
    seeds: Listed[Seed] = Field(default_factory=tuple, description="Seeds of this block.")
    vary: dict[str, Annotated[tuple[Varied, ...], Field(min_length=1)]] = Field(
        default_factory=dict,
        min_length=1,
        description="Settings to change one at a time, with their values. x1.5 is 1.5 times the value that the "
        "objective has without the change, which may be tuned or estimated. x1, or that value itself, is the unvaried "
        "objective.",
    )


class Projection(Maps):
    """t-SNE maps of test embeddings."""

    objectives: Listed[Key] = Field(description="Objective keys of this study.")


class Snapshots(Model):
    """Embeddings of one mini-batch after every epoch."""

    objectives: Listed[Key] = Field(description="Objective keys of this study.")
    seed: Seed = Field(0, description="Seed of the runs.")


class Tuning(Search):
    """Searches of settings."""

    taken_from: Annotated[str, Field(pattern=NAME)] | None = Field(
        None,
        description="Name of another study, run or imported here, whose searches are taken over; null searches. The "
        "other settings of tuning then have no effect.",
    )
    trials_by_objective: dict[KeyText, Size] = Field(
        {}, description="Number of trials by objective key; overrides trials."
    )
    epochs: Size | None = Field(None, description="Most epochs of a trial; null is training.epochs.")
    objectives: Listed[Key] | None = Field(
        None, description="Objective keys to search; null is all that have settings to search."
    )
    spaces: dict[str, Space] = Field(
        {},
        description="Search spaces by setting, in the place of those of the presets, e.g. `learning_rate` for another "
        "encoder.",
    )
    fixed: Distinct[str] = Field((), description="Settings that are not searched.")


class StudyFile(Model):
    """One run of the workflow: its corpora, encoders, objectives and seeds, and how they are trained and shown."""

    study: str = Field(
        pattern=NAME, max_length=60, title=NAMED, description="Name of the study and of its folder under results/."
    )
    corpora: Listed[Text] = Field(default_factory=tuple, description="Keys of config/corpora.yaml.")
    encoders: Listed[Text] = Field(default_factory=tuple, description="Keys of config/encoders.yaml.")
    objectives: Listed[Key] = Field(
        default_factory=tuple,
        description="Objective keys: an entry of config/objectives.yaml, then optionally @preset and +setting=value.",
    )
    seeds: Listed[Seed] = Field(
        default_factory=tuple,
        description="One run per seed. The seed determines the order of documents, dropout, label splits and the "
        "classifier's initial weights.",
    )
    grid: Annotated[tuple[Block, ...], Field(min_length=1)] | None = Field(
        None,
        description="Blocks of runs, for a study that is not a single product of its lists. If a block leaves out a "
        "list, the study's list applies.",
    )
    subset: Subset = Field(
        Subset(),
        title="a mapping of sizes, or one size for train",
        description="Most documents of each corpus that runs use, drawn with stratification; null is all. A corpus "
        "with fewer is used whole. A single number is that of train.",
    )
    max_length: Whole = Field(
        128,
        ge=4,
        le=1_000_000,
        description="Most tokens per document, special tokens included. Longer documents are truncated.",
    )
    encoder: EncoderSettings = Field(EncoderSettings(), description="How every encoder of the study is used.")
    training: Training = Field(
        Training(),
        description="Training settings of all runs of the study. An objective's own settings override them.",
    )
    probe: Probe = Field(
        Probe(), description="The linear classifier that evaluates standalone runs on frozen embeddings."
    )
    projection: Projection | None = Field(
        None, description="t-SNE maps of test embeddings for these objectives; null makes none."
    )
    snapshots: Snapshots | None = Field(
        None,
        description="Runs whose embeddings of one fixed mini-batch are kept after every epoch, for the figure of its "
        "graph; null keeps none.",
    )
    tuning: Tuning | None = Field(
        None,
        description="Search for the settings that objectives.yaml names, on the validation documents, for each corpus, "
        "encoder and objective. Runs use the best settings. null searches nothing.",
    )
    seeds_per_job: Size = Field(
        1,
        description="Number of seeds of one corpus, encoder and objective that one job trains, to start fewer "
        "processes.",
    )
    max_runtime: Real = Field(
        12,
        gt=0,
        le=8760,
        description="Most hours that a job asks a scheduler for, on a cluster. A job that is cut off there is "
        "submitted again and goes on from its checkpoint.",
    )
    keep_weights: Flag = Field(
        False, description="Whether to keep the best weights of each run as weights.safetensors."
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto",
        description="Device to train on. auto is CUDA (with bfloat16 autocast) if available, else the CPU.",
    )
    torch_threads: Size = Field(
        1,
        le=1024,
        description="CPU threads per job. Results are equal to the last bit only with the same number of threads.",
    )
    mirror: str | None = Field(
        None,
        description="Root folder of a local copy of download hosts (<root>/<host>/<path>), wheels (<root>/wheels) and "
        "the Hugging Face hub (<root>/hub/<repo>/<revision>/<path>). Files are taken from it before the network is "
        "used.",
    )
    offline: Flag = Field(False, description="Never use the network. A file that is not in the mirror is an error.")

    @model_validator(mode="before")
    @classmethod
    def _without_short_forms(cls, value: Any) -> Any:
        """A single value (as in --config corpora=mr) as a list, and a number for ``subset`` as that of train."""
        full = dict(value)
        for key in LISTS:
            if isinstance(full.get(key), str | int):
                full[key] = [full[key]]
        subset = full.get("subset", {})
        if subset is None or isinstance(subset, int | float):
            full["subset"] = {"train": subset}
        return full


def study_schema() -> str:
    """The JSON Schema of a study file as text, for editors and for the catalogue of workflows."""
    schema = StudyFile.model_json_schema(schema_generator=Schema)
    subset = schema["properties"]["subset"]  # which may be a number; see ``StudyFile``
    number = {"type": ["integer", "null"], "minimum": 2}
    schema["properties"]["subset"] = {"description": subset["description"], "anyOf": [subset, number]}
    about = {"$schema": Schema.schema_dialect, "title": "Study"}
    return json.dumps({**about, **schema}, indent=2, ensure_ascii=False) + "\n"
