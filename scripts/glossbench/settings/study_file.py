"""A study file, one field per setting, and the names of its runs and searches."""

import json
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Protocol

from pydantic import AfterValidator, Field, model_validator

from glossbench.settings.keys import canonical_key
from glossbench.settings.messages import Schema
from glossbench.settings.model import Distinct, Flag, Listed, Model, Real, Seed, Size, Text, Whole, about
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

    corpora: Listed[Text] = about("Corpora of this block.", default_factory=tuple)
    encoders: Listed[Text] = about("Encoders of this block.", default_factory=tuple)
    objectives: Listed[Key] = about("Objectives of this block.", default_factory=tuple)
    seeds: Listed[Seed] = about("Seeds of this block.", default_factory=tuple)
    vary: dict[str, Annotated[tuple[Varied, ...], Field(min_length=1)]] = about(
        "Values to try, one setting at a time; x1.5 is 1.5 times the value without the change.",
        default_factory=dict,
        min_length=1,
    )


class Projection(Maps):
    """t-SNE maps of test embeddings."""

    objectives: Listed[Key] = about("Objective keys of this study.")


class Snapshots(Model):
    """Embeddings of one mini-batch after every epoch."""

    objectives: Listed[Key] = about("Objective keys of this study.")
    seed: Seed = about("Seed of the runs.", 0)


class Tuning(Search):
    """Searches of settings."""

    taken_from: Annotated[str, Field(pattern=NAME)] | None = about(
        "Study, run or imported here, whose searches are taken over; null searches.", None
    )
    trials_by_objective: dict[KeyText, Size] = about("Number of trials by objective key.", {})
    epochs: Size | None = about("Most epochs of a trial, if fewer than those of a run; null is as many.", None)
    objectives: Listed[Key] | None = about("Objective keys to search; null is all that have a search.", None)
    spaces: dict[str, Space] = about("Search spaces by setting, in the place of the presets'.", {})
    fixed: Distinct[str] = about("Settings that are not searched.", ())
    start_from: dict[KeyText, tuple[dict[str, Real], ...]] = about(
        "Settings by objective key that are tried first; of those that are left out, values are drawn.", {}
    )
    keep_test_scores: Flag = about("Record each trial's test scores. They are never used to choose.", False)


class StudyFile(Model):
    """One study: its corpora, encoders, objectives and seeds, and how they are trained and shown."""

    study: str = about("Name of the study and of its folder.", pattern=NAME, max_length=60, title=NAMED)
    corpora: Listed[Text] = about("Keys of config/corpora.yaml.", default_factory=tuple)
    encoders: Listed[Text] = about("Keys of config/encoders.yaml.", default_factory=tuple)
    objectives: Listed[Key] = about("Objective keys, objective[@preset][+setting=value].", default_factory=tuple)
    seeds: Listed[Seed] = about("One run per seed, which decides all that is random.", default_factory=tuple)
    grid: Annotated[tuple[Block, ...], Field(min_length=1)] | None = about(
        "Blocks of runs; a list that a block leaves out is the study's.", None
    )
    subset: Subset = about(
        "Most documents per corpus; null is all.", Subset(), title="a mapping of sizes, or one size for train"
    )
    max_length: Whole = about("Most tokens per document; longer documents are truncated.", 128, ge=4, le=1_000_000)
    encoder: EncoderSettings = about("How every encoder of the study is used.", EncoderSettings())
    training: Training = about("Training settings; an objective's own override them.", Training())
    probe: Probe = about("How embeddings are evaluated.", Probe())
    projection: Projection | None = about("t-SNE maps of test embeddings; null makes none.", None)
    snapshots: Snapshots | None = about("Runs whose mini-batch is kept after every epoch; null keeps none.", None)
    tuning: Tuning | None = about("Search for the best settings on validation documents; null searches nothing.", None)
    seeds_per_job: Size = about("Seeds of one corpus, encoder and objective that one job trains.", 1)
    max_runtime: Real = about("Most hours that a job asks a scheduler for.", 12, gt=0, le=8760)
    keep_weights: Flag = about("Keep the best weights of each run as weights.safetensors.", False)
    device: Literal["auto", "cpu", "cuda"] = about("Device; auto is CUDA if available.", "auto")
    torch_threads: Size = about("CPU threads per job; other numbers change the last bits.", 1, le=1024)
    mirror: str | None = about(
        "Folder whose copies are used before the network: <host>/<path>, wheels/ and hub/.", None
    )
    offline: Flag = about("Never use the network.", False)

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
    head = {"$schema": Schema.schema_dialect, "title": "Study"}
    return json.dumps({**head, **schema}, indent=2, ensure_ascii=False) + "\n"


class Cell(Protocol):
    """What has a corpus and an encoder: a run, an experiment, or the wildcards of a rule."""

    @property
    def corpus(self) -> str: ...
    @property
    def encoder(self) -> str: ...


class CellOfObjective(Cell, Protocol):
    """What has an objective besides: a run, an experiment, or the wildcards of a rule."""

    @property
    def objective(self) -> str: ...


@dataclass(frozen=True, order=True)
class Run:
    """One run: a corpus, an encoder, an objective key and a seed."""

    corpus: str
    encoder: str
    objective: str
    seed: int


@dataclass(frozen=True)
class Experiment:
    """All runs of an objective on a corpus with an encoder. A search is for one whose key changes no settings."""

    corpus: str
    encoder: str
    objective: str
