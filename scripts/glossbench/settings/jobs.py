"""What jobs are told: the settings that each rule hands to its script as canonical JSON in its params.

Jobs read nothing else of a study. Snakemake imports this module while it parses the workflow, and every job does.
"""

from typing import Any, Literal, Self

from pydantic import Field, SerializeAsAny, model_validator

from glossbench.settings.losses import LOSSES, LossSettings, Weight
from glossbench.settings.model import Model, Protocol, Real, Seed, Size, Whole
from glossbench.settings.training import EncoderSettings, Maps, Probe, Pruning, Search, Space, Subset, Training


class Objective(Model):
    """What a run is trained on: loss, weight and training, each setting with its value.

    A setting that a search or an estimate of sigma decides has a value that stands in for it until the run starts.
    """

    objective: str = Field(description="Entry of config/objectives.yaml.")
    preset: str = Field(description="Preset that its settings come from.")
    protocol: Protocol = Field(description="integrated or standalone.")
    loss: str | None = Field(description="Name of the loss; null is cross-entropy alone.")
    loss_settings: SerializeAsAny[LossSettings] = Field(description="Settings of the loss.")
    weight: Real | None = Field(ge=0, le=1, description="Weight of the loss, lambda; null where it has none.")
    training: Training = Field(description="Settings of training.")
    multipliers: dict[str, Real] = Field({}, description="Factors that are applied last, by setting.")
    tuned: tuple[str, ...] = Field((), description="Settings whose values are those that the search found.")

    @model_validator(mode="before")
    @classmethod
    def _typed_by_loss(cls, value: Any) -> Any:
        """The settings of the loss as those of its own model."""
        given = value.get("loss_settings") if isinstance(value, dict) else None
        if not isinstance(given, dict):
            return value
        return {**value, "loss_settings": LOSSES.get(value.get("loss"), LossSettings)(**given)}

    def part(self, setting: str) -> str:
        """The part that a setting belongs to: "weight", "loss_settings" or "training".

        Of a name that a loss and training share, it is the loss's.
        """
        if setting in Weight.model_fields:
            return "weight"
        return "loss_settings" if setting in type(self.loss_settings).model_fields else "training"

    def value(self, setting: str) -> Any:
        """The value of a setting, whether of the loss, of training or the weight; None if it has none."""
        part = getattr(self, self.part(setting))
        return getattr(part, setting, None) if isinstance(part, Model) else part

    def with_values(self, values: dict[str, Any]) -> Self:
        """The objective with other values of some settings, checked and converted.

        Args:
            values: Values by setting.

        Raises:
            SettingsError: A value is not one that its setting accepts.
        """
        changed: dict[str, Any] = {"loss_settings": {}, "training": {}}
        for setting, value in values.items():
            part = self.part(setting)
            changed[part] = value if part == "weight" else {**changed[part], setting: value}
        for part in ("loss_settings", "training"):
            settings = getattr(self, part)
            changed[part] = type(settings).parse({**dict(settings), **changed[part]}, self.objective)
        if "weight" in changed:
            Weight.parse({"weight": changed["weight"]}, self.objective)
        return self.model_copy(update=changed)


class SearchedObjective(Objective):
    """An objective and where its settings are searched."""

    search: dict[str, Space] = Field(description="Space by setting.")


class _Reads(Model):
    device: Literal["auto", "cpu", "cuda"] = Field("auto", description="Device to compute on.")
    torch_threads: Size = Field(1, description="CPU threads.")
    subset: Subset = Field(Subset(), description="Documents that are used.")


class RunSettings(_Reads):
    """A training run."""

    corpus: str = Field(description="Key of the corpus.")
    encoder: str = Field(description="Key of the encoder.")
    objective_key: str = Field(description="Key of the objective.")
    objective: Objective = Field(description="What it is trained on.")
    encoder_settings: EncoderSettings = Field(description="How the encoder is used.")
    max_length: Whole = Field(description="Most tokens per document.")
    snapshots: bool = Field(False, description="Whether embeddings of one mini-batch are kept after every epoch.")
    seed: Seed | None = Field(None, description="Seed of the run; null where a job trains several.")

    @property
    def name(self) -> str:
        """The name of the run in messages and logs."""
        return f"{self.corpus}/{self.encoder}/{self.objective_key}/seed-{self.seed}"


class TrainedRun(RunSettings):
    """A run as its settings.json describes it: every setting with its value, and the sizes of splits and model."""

    num_classes: Whole = Field(description="Classes of the corpus, C.")
    n_train: Whole = Field(description="Training documents.")
    n_val: Whole = Field(description="Validation documents.")
    n_test: Whole = Field(description="Test documents.")
    n_parameters: Whole = Field(description="Parameters of the encoder, frozen ones included.")
    n_trainable: Whole = Field(description="Parameters that are trained.")


class SearchJob(Search):
    """A search: its limits, sampler and pruner, and what becomes of trials that it prunes."""

    pruning: Pruning = Field("pruned", description="What becomes of the trials that the pruner stops.")


class TuneSettings(RunSettings):
    """A search of settings. All its trials have its seed."""

    objective: SearchedObjective = Field(description="What is trained, and where its settings are searched.")
    tuning: SearchJob = Field(description="How they are searched.")


class UntunedTraining(Model):
    """The one setting of training that an objective without fine-tuning has."""

    silhouette_classes: Literal["all", "with-two-documents"] = Field("all", description="See ``Training``.")


class UntunedObjective(Model):
    """An objective that fine-tunes nothing. It has no loss, no weight and nothing to search."""

    objective: str = Field(description="Entry of config/objectives.yaml.")
    preset: str = Field(description="Preset that its settings come from.")
    protocol: Literal["untuned"] = Field("untuned", description="The protocol.")
    classifier: str = Field(description="Module of glossbench.learning.untuned.")
    loss: None = Field(None, description="None.")
    loss_settings: LossSettings = Field(LossSettings(), description="None.")
    weight: None = Field(None, description="None.")
    training: UntunedTraining = Field(UntunedTraining(), description="How silhouettes are averaged.")
    multipliers: dict[str, Real] = Field({}, description="None.")
    tuned: tuple[str, ...] = Field((), description="None.")

    def value(self, setting: str) -> Any:
        """The value of a setting; None, since it has none of those of a loss or of training."""
        return getattr(self.training, setting, None)


class UntunedSettings(Model):
    """A run of an untuned objective. One that reads texts has no settings of the encoder."""

    corpus: str = Field(description="Key of the corpus.")
    encoder: str = Field(description="Key of the encoder.")
    objective_key: str = Field(description="Key of the objective.")
    objective: UntunedObjective = Field(description="What classifies the documents.")
    probe: Probe = Field(description="The linear classifier.")
    subset: Subset = Field(Subset(), description="Documents that are used.")
    encoder_settings: EncoderSettings | None = Field(None, description="How the encoder is used.")
    max_length: Whole | None = Field(None, description="Most tokens per document.")
    torch_threads: Size = Field(1, description="CPU threads.")
    seed: Seed | None = Field(None, description="Seed of the run, which has no effect.")


class EvaluationSettings(Model):
    """An evaluation."""

    probe: Probe = Field(description="The linear classifier, and how the silhouette is measured.")


class FrozenSettings(_Reads):
    """What the stored output of frozen layers depends on."""

    layers: Size | None = Field(None, description="Layers of the encoder that are used; null is all.")
    frozen_layers: Whole = Field(description="Lower layers whose output is stored.")


class SigmaSettings(_Reads):
    """An estimate of sigma."""

    encoder_settings: EncoderSettings = Field(description="How the encoder is used.")


class CollectSettings(Model):
    """What is collected, and which planned runs are not there yet."""

    study: str = Field(description="Name of the study.")
    objectives: dict[str, dict[str, str]] = Field(description="Columns that describe an objective key, by key.")
    unfinished: tuple[dict[str, Any], ...] = Field((), description="Keys of planned runs without results.")


class ProjectionSettings(Model):
    """t-SNE maps of the runs that a study shows."""

    projection: Maps = Field(description="How they are made.")
    runs: tuple[dict[str, Any], ...] = Field(description="Keys of the runs, and columns of their objective keys.")
