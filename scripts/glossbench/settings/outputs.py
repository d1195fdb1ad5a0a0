"""The registry of outputs, which are tables and figures, and which of them a study can fill."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from glossbench.paper import READERS, paper_keys
from glossbench.settings.model import NEARBY, Listed, Model, Protocol, Size, Text, Whole, about, matching
from glossbench.settings.study import OPTIONAL_FRAMES, Study
from glossbench.settings.study_file import Run
from glossbench.settings.yaml_file import check_key, read_yaml

# File endings of each kind of output. Those meant for readers come first.
ENDINGS = {"table": ("csv", "md", "tex", "html"), "figure": ("csv", "pdf", "png", "txt")}
FOR_THE_REPORT = (".html", ".txt")  # endings that only the report reads; it links the others


Word = matching("^[a-z][a-z_]*$", "lower-case letters and _")
KEY = ("[a-z][a-z_]*", "lower-case letters and _")
Read = Literal[
    "runs", "epochs", "corpora", "trials", "snapshots", "projections", "results", "models", "ttests", "facts"
]


class Needs(Model):
    """What a study must plan, so that a table or figure is not empty. All conditions must hold."""

    protocol: Protocol | None = about("Runs of this protocol.", None)
    trained: Literal[True] | None = about("Runs that fine-tune an encoder.", None)
    losses: Listed[str] | None = about("Runs that are trained with one of these losses.", None)
    corpora_at_least: Size | None = about("Number of corpora.", None)
    objectives_at_least: Annotated[Whole, Field(ge=2)] | None = about("Objectives of a protocol and a cell.", None)
    varied: Listed[str] | None = about("At least one of these settings is varied.", None)
    swept: str | None = about("This setting is varied by more than NEARBY.", None)
    published: Literal[True] | None = about("At least one cell is in the paper.", None)
    random_trials: Literal[True] | None = about("A search whose trials are drawn at random.", None)
    test_scores: Literal[True] | None = about("A search that keeps the test scores of its trials.", None)


class OutputSettings(BaseModel, extra="allow", frozen=True):
    """Further keyword arguments of all functions of an output's module. A study must plan one entry of each list."""

    gloss: Listed[Text] | None = about("Objectives that represent G-Loss, the first that was run.", None)
    baselines: Listed[Text] | None = about("Objectives that it is compared with.", None)
    corpora: Listed[Text] | None = about("Corpora of the table.", None)


class OutputEntry(Model):
    """A table or a figure, as its registry has it."""

    title: str = about("Displayed name.")
    paper: Annotated[str, Field(pattern="^[TF][0-9]$")] | None = about("Its number in the paper, if any.", None)
    reads: tuple[Read, ...] = about("Frames and numbers of the paper that its module takes.")
    reads_if_there: tuple[Read, ...] = about("Frames that not every study has.", ())
    module: Word | None = about("Its module; null is the one named like the key.", None)
    settings: OutputSettings = about("Further keyword arguments.", OutputSettings())
    notes: tuple[str, ...] = about("Paragraphs below it, the same for every study.", ())
    needs: Needs = about("What a study must plan so that it is not empty.", Needs())


class Registry(Model):
    """Tables and figures by key, which is also the name of their files and of their caption."""

    tables: dict[str, OutputEntry] = about("By key.")
    figures: dict[str, OutputEntry] = about("By key.")


class Output(OutputEntry):
    """A table or a figure: its entry, and what follows from its place in the registry."""

    key: str = about("Name of its files and of its caption.")
    kind: Literal["table", "figure"] = about("What it is.")
    module: str = about("Name of the module that makes it.")
    settings: dict[str, Any] = about("Further keyword arguments of the module's functions, as stated.")
    needs: dict[str, Any] = about("What a study must plan to fill it, as stated.")
    paper_keys: dict[str, tuple[str, ...]] = about("The paper's corpora, encoders and objectives by kind.")

    @property
    def full_module(self) -> str:
        """The module that makes it, by its full name."""
        return f"glossbench.evidence.{self.kind}s.{self.module}"

    @property
    def reads_paper(self) -> bool:
        """Whether it reads the paper's numbers."""
        return any(name in READERS for name in self.reads)

    def frames_in(self, study: Study) -> list[str]:
        """Names of the frames that it is made from in a study; ``runs`` and ``coverage`` for the notes on runs."""
        required = [name for name in self.reads if name not in READERS]
        optional = [name for name in self.reads_if_there if name in study.frames]
        return list(dict.fromkeys([*required, *optional, "runs", "coverage"]))

    @property
    def files(self) -> list[str]:
        """Paths of its files, relative to a study's folder."""
        return [f"{self.kind}s/{self.key}.{ending}" for ending in ENDINGS[self.kind]]

    def specification(self) -> dict[str, Any]:
        """What its job depends on, for JSON: kind, module, settings, notes and reads (with optional frames)."""
        names = ("kind", "module", "settings", "notes")
        return {**{name: getattr(self, name) for name in names}, "reads": [*self.reads, *self.reads_if_there]}

    def for_report(self) -> dict[str, Any]:
        """What the report shows of it, as values for JSON. A change here does not make the output again."""
        files = [file for file in self.files if not file.endswith(FOR_THE_REPORT)]
        return {**{name: getattr(self, name) for name in ("key", "kind", "title", "paper")}, "files": files}

    def fillable(self, study: Study) -> bool:
        """Whether the planned runs of a study can fill it. Untuned objectives alone fill none of its ``needs``."""
        unvaried = [run for run in study.trained if not study.changes(run.objective)]
        objectives, corpora = {run.objective for run in unvaried}, {run.corpus for run in unvaried}
        for name, planned in {"gloss": objectives, "baselines": objectives, "corpora": corpora}.items():
            if self.settings.get(name) is not None and not planned & set(self.settings[name]):
                return False
        missing = set(self.reads) & set(OPTIONAL_FRAMES) - set(study.frames)
        return not missing and all(self._met(need, wanted, study, unvaried) for need, wanted in self.needs.items())

    def _met(self, need: str, wanted: Any, study: Study, unvaried: list[Run]) -> bool:
        tuning = study.settings.tuning
        changes = [change for run in study.runs for change in study.changes(run.objective)]
        cells = [(run.corpus, run.encoder, study.objective(run.objective).protocol) for run in unvaried]
        pairs = set(zip(cells, (run.objective for run in unvaried), strict=True))
        in_paper = {kind: set(keys) for kind, keys in self.paper_keys.items()}
        return {
            "protocol": lambda: any(protocol == wanted for *_, protocol in cells),
            "trained": lambda: bool(study.trained),
            "losses": lambda: any(study.objective(run.objective).loss in wanted for run in unvaried),
            "corpora_at_least": lambda: len(study.corpora) >= wanted,
            "objectives_at_least": lambda: max(Counter(cell for cell, _ in pairs).values(), default=0) >= wanted,
            "varied": lambda: any(setting in wanted for setting, _ in changes),
            "swept": lambda: any(setting == wanted and value not in NEARBY for setting, value in changes),
            "published": lambda: any(c in in_paper["corpus"] and e in in_paper["encoder"] for c, e, _ in cells),
            "random_trials": lambda: tuning is not None and tuning.sampler.kind == "random",
            "test_scores": lambda: tuning is not None and tuning.keep_test_scores,
        }[need]()


def load_outputs(config_dir: Path) -> list[Output]:
    """Every output in the order of ``config_dir``/outputs.yaml, tables first; SettingsError if that is not valid."""
    path = config_dir / "outputs.yaml"
    registry = Registry.parse(read_yaml(path), str(path))
    keys, outputs = paper_keys(config_dir / "published"), []
    for kind, entries in registry:
        for key, entry in entries.items():
            check_key(key, KEY, f"{path}: {kind}")
            settings = entry.settings.model_dump(mode="json", exclude_unset=True)
            own = {"module": entry.module or key, "settings": settings, "needs": entry.needs.stated()}
            outputs.append(Output(**{**dict(entry), **own}, key=key, kind=kind.removesuffix("s"), paper_keys=keys))
    return outputs


def read_caption(root: Path, key: str) -> str:
    """A caption as one line of plain text, so that Snakemake's report, ours and the tables show the same words."""
    return " ".join((root / "report" / f"{key}.rst").read_text(encoding="utf-8").split())


def report_entries(outputs: Iterable[Output], root: Path) -> list[dict[str, Any]]:
    """What the report shows of tables and figures; see ``Output.for_report`` and ``read_caption``."""
    return [{**output.for_report(), "caption": read_caption(root, output.key)} for output in outputs]
