"""What jobs are given: the settings that each rule hands to its script as canonical JSON in its params.

Jobs read nothing else of a study.
"""

from typing import Any, Literal, Self

from pydantic import SerializeAsAny, model_validator

from glossbench.settings.losses import LossSettings, Weight, model_of
from glossbench.settings.model import Model, Protocol, Real, Seed, Size, Whole, about
from glossbench.settings.search import Pruning, Search, Space
from glossbench.settings.training import EncoderSettings, Maps, Probe, Subset, Training


class Objective(Model):
    """What a run is trained on: loss, weight and training, each setting with its value.

    A setting that a search or an estimate of sigma decides has a value that stands in for it until the run starts.
    """

    objective: str = about("Entry of config/objectives.yaml.")
    preset: str = about("Preset that its settings come from.")
    protocol: Protocol = about("integrated or standalone.")
    loss: str | None = about("Name of the loss; null is cross-entropy alone.")
    loss_settings: SerializeAsAny[LossSettings] = about("Settings of the loss.")
    weight: Real | None = about("Weight of the loss, lambda; null where it has none.", ge=0, le=1)
    training: Training = about("Settings of training.")
    multipliers: dict[str, Real] = about("Factors that are applied last, by setting.", {})
    tuned: tuple[str, ...] = about("Settings whose values are those that the search found.", ())

    @model_validator(mode="before")
    @classmethod
    def _typed_by_loss(cls, value: Any) -> Any:
        """The settings of the loss as those of its own model."""
        given = value.get("loss_settings") if isinstance(value, dict) else None
        if not isinstance(given, dict):
            return value
        return {**value, "loss_settings": model_of(value.get("loss"), given)(**given)}

    def part(self, setting: str) -> str:
        """The part that a setting belongs to, "weight", "loss_settings" or "training"; the loss's if both have it."""
        if setting in Weight.model_fields:
            return "weight"
        return "loss_settings" if setting in type(self.loss_settings).model_fields else "training"

    def value(self, setting: str) -> Any:
        """The value of a setting, whether of the loss, of training or the weight; None if it has none."""
        part = getattr(self, self.part(setting))
        return getattr(part, setting, None) if isinstance(part, Model) else part

    def with_values(self, values: dict[str, Any]) -> Self:
        """The objective with other values by setting, converted; SettingsError for one that its setting refuses."""
        given: dict[str, dict[str, Any]] = {"loss_settings": {}, "training": {}, "weight": {}}
        for setting, value in values.items():
            given[self.part(setting)][setting] = value
        changed = {}
        for part, settings in (("loss_settings", self.loss_settings), ("training", self.training)):
            changed[part] = type(settings).parse({**dict(settings), **given[part]}, self.objective)
        if given["weight"]:
            changed["weight"] = Weight.parse(given["weight"], self.objective).weight
        return self.model_copy(update=changed)


class SearchedObjective(Objective):
    """An objective and where its settings are searched."""

    search: dict[str, Space] = about("Space by setting.")


class _Reads(Model):
    """What every job that encodes documents is given."""

    device: Literal["auto", "cpu", "cuda"] = about("Device to compute on.", "auto")
    torch_threads: Size = about("CPU threads.", 1)
    subset: Subset = about("Documents that are used.", Subset())


class RunSettings(_Reads):
    """A training run."""

    corpus: str = about("Key of the corpus.")
    encoder: str = about("Key of the encoder.")
    objective_key: str = about("Key of the objective.")
    objective: Objective = about("What it is trained on.")
    encoder_settings: EncoderSettings = about("How the encoder is used.")
    max_length: Whole = about("Most tokens per document.")
    snapshots: bool = about("Whether embeddings of one mini-batch are kept after every epoch.", False)
    seed: Seed | None = about("Seed of the run; null where a job trains several.", None)

    @property
    def name(self) -> str:
        """The name of the run in messages and logs."""
        return f"{self.corpus}/{self.encoder}/{self.objective_key}/seed-{self.seed}"


class TrainedRun(RunSettings):
    """A run as its settings.json describes it: every setting with its value, and the sizes of splits and model."""

    num_classes: Whole = about("Classes of the corpus, C.")
    n_train: Whole = about("Training documents.")
    n_val: Whole = about("Validation documents.")
    n_test: Whole = about("Test documents.")
    n_parameters: Whole = about("Parameters of the encoder, frozen ones included.")
    n_trainable: Whole = about("Parameters that are trained.")


class SearchSettings(Search):
    """A search: its limits, sampler and pruner, and what becomes of trials that it prunes."""

    pruning: Pruning = about("What becomes of the trials that the pruner stops.", "pruned")
    start: tuple[dict[str, Real], ...] = about("Settings that are tried first.", ())
    scored_by: Probe | None = about(
        "How each trial is scored on test documents; null does not.", None, omit_default=True
    )


class TuneSettings(RunSettings):
    """A search of settings. All its trials have its seed."""

    objective: SearchedObjective = about("What is trained, and where its settings are searched.")
    tuning: SearchSettings = about("How they are searched.")


class UntunedTraining(Model):
    """The one setting of training that an objective without fine-tuning has."""

    silhouette_classes: Literal["all", "with-two-documents"] = about("See ``Training``.", "all")


class UntunedObjective(Model):
    """An objective that fine-tunes nothing. It has no loss, no weight and nothing to search."""

    objective: str = about("Entry of config/objectives.yaml.")
    preset: str = about("Preset that its settings come from.")
    protocol: Literal["untuned"] = about("The protocol.", "untuned")
    classifier: str = about("Module of glossbench.learning.untuned.")
    loss: None = about("Always empty: an untuned objective has none.", None)
    loss_settings: LossSettings = about("Always empty: an untuned objective has none.", LossSettings())
    weight: None = about("Always empty: an untuned objective has none.", None)
    training: UntunedTraining = about("How silhouettes are averaged.", UntunedTraining())
    multipliers: dict[str, Real] = about("Always empty: an untuned objective has none.", {})
    tuned: tuple[str, ...] = about("Always empty: an untuned objective has none.", ())

    def value(self, setting: str) -> Any:
        """The value of a setting; None, since it has none of those of a loss or of training."""
        return getattr(self.training, setting, None)


class UntunedSettings(Model):
    """A run of an untuned objective. One that reads texts has no settings of the encoder."""

    corpus: str = about("Key of the corpus.")
    encoder: str = about("Key of the encoder.")
    objective_key: str = about("Key of the objective.")
    objective: UntunedObjective = about("What classifies the documents.")
    probe: Probe = about("The linear classifier.")
    subset: Subset = about("Documents that are used.", Subset())
    encoder_settings: EncoderSettings | None = about("How the encoder is used.", None)
    max_length: Whole | None = about("Most tokens per document.", None)
    torch_threads: Size = about("CPU threads.", 1)
    seed: Seed | None = about("Seed of the run, which has an effect only where it draws its documents.", None)


class EvaluationSettings(Model):
    """An evaluation."""

    probe: Probe = about("The linear classifier, and how the silhouette is measured.")


class FrozenSettings(_Reads):
    """What the stored output of frozen layers depends on."""

    layers: Size | None = about("Layers of the encoder that are used; null is all.", None)
    frozen_layers: Whole = about("Lower layers whose output is stored.")


class SigmaSettings(_Reads):
    """An estimate of sigma."""

    encoder_settings: EncoderSettings = about("How the encoder is used.")


class CollectSettings(Model):
    """What is collected, and which planned runs are not there yet."""

    study: str = about("Name of the study.")
    objectives: dict[str, dict[str, str]] = about("Columns that describe an objective key, by key.")
    unfinished: tuple[dict[str, Any], ...] = about("Keys of planned runs without results.", ())


class ProjectionSettings(Model):
    """t-SNE maps of the runs that a study shows."""

    projection: Maps = about("How they are made.")
    runs: tuple[dict[str, Any], ...] = about("Keys of the runs, and columns of their objective keys.")
