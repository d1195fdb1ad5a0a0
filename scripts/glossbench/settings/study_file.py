"""A study file, one field per setting, and the names of its runs and searches."""

import json
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from glossbench.settings.keys import canonical_key
from glossbench.settings.messages import Schema
from glossbench.settings.model import Distinct, Flag, Listed, Model, Real, Seed, Size, Text, Whole
from glossbench.settings.training import EncoderSettings, Maps, Probe, Search, Space, Subset, Training

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
        description="Values to try, one setting at a time; x1.5 is 1.5 times the value without the change.",
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
        None, description="Study, run or imported here, whose searches are taken over; null searches."
    )
    trials_by_objective: dict[KeyText, Size] = Field({}, description="Number of trials by objective key.")
    epochs: Size | None = Field(None, description="Most epochs of a trial; null is training.epochs.")
    objectives: Listed[Key] | None = Field(
        None, description="Objective keys to search; null is all that have a search."
    )
    spaces: dict[str, Space] = Field({}, description="Search spaces by setting, in the place of the presets'.")
    fixed: Distinct[str] = Field((), description="Settings that are not searched.")


class StudyFile(Model):
    """One run of the workflow: its corpora, encoders, objectives and seeds, and how they are trained and shown."""

    study: str = Field(pattern=NAME, max_length=60, title=NAMED, description="Name of the study and of its folder.")
    corpora: Listed[Text] = Field(default_factory=tuple, description="Keys of config/corpora.yaml.")
    encoders: Listed[Text] = Field(default_factory=tuple, description="Keys of config/encoders.yaml.")
    objectives: Listed[Key] = Field(
        default_factory=tuple, description="Objective keys, objective[@preset][+setting=value]."
    )
    seeds: Listed[Seed] = Field(
        default_factory=tuple, description="One run per seed, which decides all that is random."
    )
    grid: Annotated[tuple[Block, ...], Field(min_length=1)] | None = Field(
        None, description="Blocks of runs; a list that a block leaves out is the study's."
    )
    subset: Subset = Field(
        Subset(),
        title="a mapping of sizes, or one size for train",
        description="Most documents per corpus; null is all.",
    )
    max_length: Whole = Field(
        128, ge=4, le=1_000_000, description="Most tokens per document; longer documents are truncated."
    )
    encoder: EncoderSettings = Field(EncoderSettings(), description="How every encoder of the study is used.")
    training: Training = Field(Training(), description="Training settings; an objective's own override them.")
    probe: Probe = Field(Probe(), description="How embeddings are evaluated.")
    projection: Projection | None = Field(None, description="t-SNE maps of test embeddings; null makes none.")
    snapshots: Snapshots | None = Field(
        None, description="Runs whose mini-batch is kept after every epoch; null keeps none."
    )
    tuning: Tuning | None = Field(
        None, description="Search for the best settings on validation documents; null searches nothing."
    )
    seeds_per_job: Size = Field(1, description="Seeds of one corpus, encoder and objective that one job trains.")
    max_runtime: Real = Field(12, gt=0, le=8760, description="Most hours that a job asks a scheduler for.")
    keep_weights: Flag = Field(False, description="Keep the best weights of each run as weights.safetensors.")
    device: Literal["auto", "cpu", "cuda"] = Field("auto", description="Device; auto is CUDA if available.")
    torch_threads: Size = Field(1, le=1024, description="CPU threads per job; other numbers change the last bits.")
    mirror: str | None = Field(
        None, description="Folder whose copies are used before the network: <host>/<path>, wheels/ and hub/."
    )
    offline: Flag = Field(False, description="Never use the network.")

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


@dataclass(frozen=True, order=True)
class Run:
    """One training job: a corpus, an encoder, an objective key and a seed."""

    corpus: str
    encoder: str
    objective: str
    seed: int


@dataclass(frozen=True)
class TuningJob:
    """One hyperparameter search: a corpus, an encoder and an objective key without changed settings."""

    corpus: str
    encoder: str
    objective: str
