"""The report: one self-contained HTML page about a study."""

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from glossbench.evidence.claims.page import tallies
from glossbench.evidence.report.overview import (
    code_facts,
    costs_in_all,
    costs_table,
    graph_warnings,
    missing_runs,
    scores_table,
    study_facts,
)
from glossbench.evidence.report.runs_table import runs_table
from glossbench.evidence.tables.rendering import to_html
from glossbench.evidence.text.names import arrange, machine_names
from glossbench.evidence.text.numbers import duration, number

TEMPLATES = Path(__file__).parent / "templates"
# Figures have 300 dots per inch and text from 6 points on, which is easy to read at 135 pixels per inch.
DOTS_PER_PIXEL = 300 / 135
PROVENANCE_COLUMNS = {
    "devices": "device",
    "precision": "precision",
    "threads": "threads",
    "python": "python_version",
    "torch": "torch_version",
    "transformers": "transformers_version",
    "seeds": "seed",
}


@dataclass(frozen=True)
class ReportItem:
    """A table or a figure on the page."""

    key: str  # Stem of its files
    kind: str  # "table" or "figure"
    title: str
    paper: str | None  # Its number in the paper, or None
    caption: str  # One paragraph
    content: str | bytes  # HTML from ``rendering.to_html`` for a table, the bytes of the png for a figure
    files: tuple[str, ...] = ()  # Files that the page links, relative to the page

    @property
    def size(self) -> list[int]:
        """Width and height of a figure on the page, in CSS pixels: bytes 16 to 24 of a png are those in dots."""
        return [round(int.from_bytes(self.content[at : at + 4], "big") / DOTS_PER_PIXEL) for at in (16, 20)]


def render_report(
    settings: dict[str, Any],
    provenance: dict[str, Any],
    shown: list[ReportItem],
    claims: list[dict[str, Any]],
    runs: pd.DataFrame,
    epochs: pd.DataFrame,
    corpora: pd.DataFrame,
    coverage: pd.DataFrame,
) -> str:
    """Render the page.

    All text is escaped, except for the HTML of tables, in which it already is.

    Args:
        settings: The resolved study: nested mappings and lists, with the name of the study under "study".
        provenance: Strings, or mappings of strings.
        shown: Tables and figures in the order of the page.
        claims: From ``claims.judging.judge``; empty if no claims were judged.
        runs, epochs, corpora, coverage: The collected frames.
    """
    loader = FileSystemLoader(TEMPLATES)
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["base64"] = lambda content: base64.b64encode(content).decode("ascii")
    style, script = (Markup((TEMPLATES / name).read_text(encoding="utf-8")) for name in ("report.css", "report.js"))
    return environment.get_template("report.html.j2").render(
        study=settings["study"],
        facts=study_facts(runs, coverage) | code_facts(runs, provenance),
        missing=missing_runs(coverage),
        scores=to_html(scores_table(runs)),
        warnings=graph_warnings(epochs),
        claims=claims,
        tallies=list(tallies(claims)),
        shown=shown,
        sources=arrange(corpora, ["corpus"]).to_dict("records"),
        costs=costs_in_all(runs),
        cost=to_html(costs_table(runs)),
        runs_table=runs_table(runs),
        settings=settings,
        provenance=provenance,
        style=style,
        script=script,
        script_digest=hashlib.sha256(script.encode()).digest(),
    )


def shown_outputs(entries: list[dict[str, Any]], files: list[str]) -> list[ReportItem]:
    """Read tables and figures from their files, in the order of the entries.

    Args:
        entries: Mappings with key, kind, title, paper, caption and files (those that the page links).
        files: Paths ``{kind}s/{key}.*`` of the html of each table and the png of each figure. The caption of a figure
            is read from the txt file with the same stem.
    """
    paths, shown = {(path.parent.name, path.stem): path for path in map(Path, files)}, []
    for entry in entries:
        path = paths[f"{entry['kind']}s", entry["key"]]
        read: dict[str, Any] = {"content": path.read_bytes()}
        if entry["kind"] == "figure":
            read["caption"] = path.with_suffix(".txt").read_text(encoding="utf-8").strip()
        else:
            read["content"] = read["content"].decode()
        shown.append(ReportItem(**{**entry, "files": tuple(entry["files"]), **read}))
    return shown


def machines(runs: pd.DataFrame) -> dict[str, str]:
    """Machines, versions, duration and seeds of the runs, for the provenance.

    Machine and versions may differ from those that make the report.
    """
    runs = runs.assign(device=machine_names(runs))
    known = {name: runs[column].dropna().unique() for name, column in PROVENANCE_COLUMNS.items() if column in runs}
    return {
        "runs": number(len(runs)),
        "time": duration(runs["total_seconds"].sum()),
        **{name: ", ".join(map(str, sorted(values))) for name, values in known.items()},
    }
