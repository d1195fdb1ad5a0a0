"""The report: one HTML page that shows a study and needs nothing beside itself."""

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from glossbench.evidence import rendering
from glossbench.evidence.layout import number
from glossbench.evidence.names import corpus_name, encoder_name, in_order, objective_name
from glossbench.evidence.tables import corpora as corpora_table
from glossbench.evidence.tables import results as results_table
from glossbench.evidence.tables import runs as runs_table

TEMPLATES = Path(__file__).parent / "templates"
RUNS_SHOWN_AT_ONCE = 40


@dataclass(frozen=True)
class Picture:
    """A figure on the page: its key (file stem), the bytes of its png, its caption."""

    key: str
    png: bytes
    caption: str

    @property
    def title(self) -> str:
        return self.key.replace("_", " ").capitalize()

    @property
    def alt(self) -> str:
        """The caption's first sentence, which says what is seen."""
        return self.caption.split(". ")[0].rstrip(".")

    @property
    def data(self) -> str:
        return base64.b64encode(self.png).decode("ascii")


def render_report(
    settings: dict[str, Any],
    provenance: dict[str, Any],
    corpora: pd.DataFrame,
    runs: pd.DataFrame,
    pictures: list[Picture],
    captions: dict[str, str],
) -> str:
    """The page as text.

    settings: the resolved study (its name under "study"), nested mappings and lists of plain values.
    provenance: texts, or mappings of texts. corpora, runs: the collected frames. captions: at least those of
    the tables "corpora" and "results". Whatever comes from outside is escaped.
    """
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["name"] = _spelled
    return environment.get_template("report.html.j2").render(
        study=settings["study"],
        facts=_facts(runs),
        costs=runs_table.summary(runs),
        tables=_tables(corpora, runs),
        sources=corpora_table.tidy(corpora).to_dict("records"),
        pictures=pictures,
        captions=captions,
        runs_open=len(runs) <= RUNS_SHOWN_AT_ONCE,
        settings=settings,
        provenance=provenance,
        style=Markup((TEMPLATES / "report.css").read_text(encoding="utf-8")),
    )


def _tables(corpora: pd.DataFrame, runs: pd.DataFrame) -> dict[str, Markup]:
    layouts = {
        "corpora": corpora_table.layout(corpora_table.tidy(corpora)),
        "results": results_table.layout(results_table.tidy(runs)),
        "cost": runs_table.cost(runs),
        "runs": runs_table.details(runs),
    }
    return {key: rendering.to_html(layout) for key, layout in layouts.items()}


def _facts(runs: pd.DataFrame) -> dict[str, str]:
    """What the study covers, in a few words each."""
    kinds = {"corpus": corpus_name, "encoder": encoder_name, "objective": objective_name}
    named = {kind: ", ".join(map(name, in_order(runs[kind], kind))) for kind, name in kinds.items()}
    return {
        "Corpora": named["corpus"],
        "Encoders": named["encoder"],
        "Objectives": named["objective"],
        "Seeds": ", ".join(map(str, sorted(runs["seed"].unique()))),
        "Runs": number(len(runs)),
    }


def _spelled(key: str) -> str:
    """A key of a mapping as words."""
    return str(key).replace("_", " ")
