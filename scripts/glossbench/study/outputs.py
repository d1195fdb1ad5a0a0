"""The registries of tables, figures and claims, and which exhibits a study can fill.

Imported while the workflow is parsed: nothing heavy in here.
"""

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glossbench.study.schema import check, load_schema, with_defaults
from glossbench.study.study import Study
from glossbench.study.yaml_file import read_yaml

PAPER = {
    "corpora": {"mr", "r8", "r52", "ohsumed", "20ng", "sst2", "qnli"},
    "encoders": {"bert-base", "roberta-large", "distilbert"},
}


NEARBY = ("x0.9", "x1.1")  # for F8: too near to be a sweep


@dataclass(frozen=True)
class Exhibit:
    """A table or a figure: key, kind, title, the paper's number for it, what it reads and what it needs."""

    key: str
    kind: str
    title: str
    paper: str | None
    reads: tuple[str, ...]
    reads_if_there: tuple[str, ...]
    published: str | None
    needs: dict[str, Any]

    @property
    def module(self) -> str:
        """The module that makes it."""
        return f"glossbench.evidence.{self.kind}s.{self.key}"

    def fillable(self, study: Study) -> bool:
        """Whether the runs that a study plans can fill it."""
        plain = [run for run in study.runs if "," not in run.objective]
        return all(NEEDS[need](wanted, study, plain) for need, wanted in self.needs.items())


def load_exhibits(config_dir: Path) -> list[Exhibit]:
    """Every exhibit in the registry's order, tables first. Raises SettingsError."""
    path = config_dir / "exhibits.yaml"
    schema = load_schema(config_dir, "exhibits")
    registry = read_yaml(path)
    check(registry, schema, str(path))
    found = []
    for kind in ("table", "figure"):
        part = schema["properties"][f"{kind}s"]["additionalProperties"]
        for key, entry in registry[f"{kind}s"].items():
            entry = with_defaults(entry, part)
            rest = {"paper": entry.get("paper"), "published": entry.get("published"), "needs": entry["needs"]}
            reads = {name: tuple(entry[name]) for name in ("reads", "reads_if_there")}
            found.append(Exhibit(key, kind, entry["title"], **reads, **rest))
    return found


def load_claims(config_dir: Path) -> dict[str, Any]:
    """The registry of the paper's claims. Raises SettingsError."""
    path = config_dir / "claims.yaml"
    registry = read_yaml(path)
    check(registry, load_schema(config_dir, "claims"), str(path))
    return registry


def _names(runs: list) -> set[str]:
    return {run.objective for run in runs}


def _rivals(wanted: int, study: Study, plain: list) -> bool:
    cells = defaultdict(set)
    for run in plain:
        cells[run.corpus, run.encoder, study.objective(run.objective)["protocol"]].add(run.objective)
    return any(len(objectives) >= wanted for objectives in cells.values())


def _varied(wanted: str | list[str], study: Study, _: list) -> bool:
    names = [wanted] if isinstance(wanted, str) else wanted
    return any(f",{name}=" in run.objective for run in study.runs for name in names)


def _swept(wanted: str, study: Study, _: list) -> bool:
    changes = [run.objective.partition(f",{wanted}=")[2].split(",")[0] for run in study.runs]
    return any(value and value not in NEARBY for value in changes)


NEEDS = {
    "protocol": lambda wanted, study, plain: any(study.objective(run.objective)["protocol"] == wanted for run in plain),
    "objectives": lambda wanted, _, plain: all(_names(plain) & set(names) for names in wanted),
    "corpora": lambda wanted, _, plain: any(run.corpus in wanted for run in plain),
    "corpora_at_least": lambda wanted, study, _: len(study.corpora) >= wanted,
    "rivals": _rivals,
    "varied": _varied,
    "swept": _swept,
    "setting": lambda wanted, study, _: study.settings[wanted] is not None,
    "published": lambda _, __, plain: any(
        run.corpus in PAPER["corpora"] and run.encoder in PAPER["encoders"] for run in plain
    ),
}
