"""The report: one self-contained HTML page about a study."""

import base64
import hashlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from glossbench.evidence.claims.measurement import CONFIRMED, CONTRADICTED, NOT_TESTED, UNDECIDED
from glossbench.evidence.report.overview import costs_in_all, costs_table, scores_table
from glossbench.evidence.report.runs_table import runs_table
from glossbench.evidence.selection import coverage_note, unvaried_and_untuned
from glossbench.evidence.tables.rendering import to_html
from glossbench.evidence.text.names import arrange, corpus_name, encoder_name, in_order, objective_name
from glossbench.evidence.text.numbers import duration, number
from glossbench.frames import CELL

TEMPLATES = Path(__file__).parent / "templates"
RUNS_SHOWN_AT_ONCE = 40
PNG_WIDTH = slice(16, 20)  # bytes of the first chunk of a png, big-endian
PNG_HEIGHT = slice(20, 24)
# Figures have 300 dots per inch and text from 6 points on, which is easy to read at 135 pixels per inch.
DOTS_PER_PIXEL = 300 / 135
VERDICTS = {CONFIRMED: "✓", CONTRADICTED: "✗", UNDECIDED: "?", NOT_TESTED: "–"}
# Outputs that have a section of their own: the picture beside the scores, and the audit of the corpora.
PICTURE, AUDIT = "headline", "corpora"


@dataclass(frozen=True)
class Shown:
    """A table or a figure on the page.

    Args:
        key: Stem of its files.
        kind: "table" or "figure".
        title: Displayed name.
        paper: Its number in the paper, or None.
        caption: One paragraph.
        content: HTML from ``rendering.to_html`` for a table, the bytes of the png for a figure.
        files: Files that the page links, relative to the page.
    """

    key: str
    kind: str
    title: str
    paper: str | None
    caption: str
    content: str | bytes
    files: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """Its HTML id."""
        return f"{self.kind}-{self.key}"

    @property
    def heading(self) -> str:
        """Title, with the number in the paper if it has one."""
        return f"{self.paper} · {self.title}" if self.paper else self.title

    @property
    def alt(self) -> str:
        """Alternative text of a figure: the first sentence of the caption."""
        return self.caption.split(". ")[0].rstrip(".")

    @property
    def table(self) -> Markup:
        """The HTML of a table."""
        return Markup(self.content)

    @property
    def data(self) -> str:
        """The png of a figure in base64."""
        return base64.b64encode(self.content).decode("ascii")

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of a figure on the page, in CSS pixels."""
        width, height = (int.from_bytes(self.content[part], "big") for part in (PNG_WIDTH, PNG_HEIGHT))
        return round(width / DOTS_PER_PIXEL), round(height / DOTS_PER_PIXEL)


def render_report(
    settings: dict[str, Any],
    provenance: dict[str, Any],
    shown: list[Shown],
    claims: list[dict[str, Any]],
    runs: pd.DataFrame,
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
        runs: The collected runs.
        corpora: The collected corpora.
        coverage: The collected coverage.

    Returns:
        The HTML text.
    """
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["name"] = _spelled
    style, script = (Markup((TEMPLATES / name).read_text(encoding="utf-8")) for name in ("report.css", "report.js"))
    return environment.get_template("report.html.j2").render(
        study=settings["study"],
        facts=_facts(runs, coverage),
        missing=_missing(coverage),
        scores=to_html(scores_table(runs)),
        picture=[one for one in shown if one.key == PICTURE],
        claims=[_claim(claim) for claim in claims if claim["verdict"] != NOT_TESTED],
        untested=[_claim(claim) for claim in claims if claim["verdict"] == NOT_TESTED],
        tally=_tally(claims),
        audit=[one for one in shown if one.key == AUDIT],
        tables=[one for one in shown if one.kind == "table" and one.key != AUDIT],
        figures=[one for one in shown if one.kind == "figure" and one.key != PICTURE],
        sources=arrange(corpora, ["corpus"])[["title", "source", "licence"]].to_dict("records"),
        costs=costs_in_all(runs),
        cost=to_html(costs_table(runs)),
        runs_table=runs_table(runs),
        runs_open=len(runs) <= RUNS_SHOWN_AT_ONCE,
        settings=settings,
        provenance=provenance,
        style=style,
        script=script,
        script_digest=_digest(script),
    )


def shown_outputs(entries: list[dict[str, Any]], files: list[str]) -> list[Shown]:
    """Read tables and figures from their files, in the order of the entries.

    Args:
        entries: Mappings with key, kind, title, paper, caption and files (those that the page links).
        files: Paths ``{kind}s/{key}.*`` of the html of each table and the png of each figure. The caption of a figure
            is read from the txt file with the same stem.
    """
    paths = {(path.parent.name, path.stem): path for path in map(Path, files)}
    shown = []
    for entry in entries:
        path = paths[f"{entry['kind']}s", entry["key"]]
        about = {key: entry[key] for key in ("key", "kind", "title", "paper")} | {"files": tuple(entry["files"])}
        if entry["kind"] == "figure":
            caption = path.with_suffix(".txt").read_text(encoding="utf-8").strip()
            shown.append(Shown(**about, caption=caption, content=path.read_bytes()))
        else:
            shown.append(Shown(**about, caption=entry["caption"], content=path.read_text(encoding="utf-8")))
    return shown


def machines(runs: pd.DataFrame) -> dict[str, str]:
    """Machines, versions, duration and seeds of the runs, for the provenance.

    Machine and versions may differ from those that make the report.
    """
    columns = {
        "devices": "device",
        "precision": "precision",
        "threads": "threads",
        "python": "python_version",
        "torch": "torch_version",
        "transformers": "transformers_version",
        "seeds": "seed",
    }
    known = {name: runs[column].dropna().unique() for name, column in columns.items() if column in runs}
    return {
        "runs": number(len(runs)),
        "time": duration(runs["total_seconds"].sum()),
        **{name: ", ".join(map(str, sorted(values))) for name, values in known.items()},
    }


def _digest(text: str) -> str:
    """The digest of a text in the form of a content security policy."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _facts(runs: pd.DataFrame, coverage: pd.DataFrame) -> dict[str, str]:
    """The content of the study as texts by title. Objectives with changed settings are counted, not named."""
    kinds = {"corpus": corpus_name, "encoder": encoder_name}
    named = {kind: ", ".join(map(name, in_order(runs[kind], kind))) for kind, name in kinds.items()}
    objectives = [objective_name(key) for key in in_order(unvaried_and_untuned(runs)["objective"], "objective")]
    varied = runs["objective"].nunique() - len(objectives)
    others = [f"{varied} with a changed setting"] if varied else []
    return {
        "Corpora": named["corpus"],
        "Encoders": named["encoder"],
        "Objectives": ", ".join(objectives + others),
        "Seeds": ", ".join(map(str, sorted(coverage["seed"].unique()))),
        "Runs": f"{number(coverage['finished'].sum())} of {number(len(coverage))} planned",
    }


def _missing(coverage: pd.DataFrame) -> dict[str, Any] | None:
    """A sentence about missing runs, and the missing seeds of each cell; None if all runs are finished."""
    note = coverage_note(coverage, lambda planned: planned)
    if note is None:
        return None
    open_runs = arrange(coverage[~coverage["finished"].astype(bool)], [*CELL, "seed"])
    cells = {
        f"{corpus_name(corpus)}, {encoder_name(encoder)}, {objective_name(objective)}": ", ".join(map(str, seeds))
        for (corpus, encoder, objective), seeds in open_runs.groupby(CELL, sort=False)["seed"]
    }
    return {"note": note, "cells": cells}


def _tally(claims: list[dict[str, Any]]) -> str:
    counts = Counter(claim["verdict"] for claim in claims)
    return ", ".join(f"{counts[verdict]} {verdict}" for verdict in VERDICTS if counts[verdict])


def _claim(claim: dict[str, Any]) -> dict[str, Any]:
    """A claim for the page: its text, the verdict with its reason, and further facts as texts by title."""
    facts = {
        "Stands in": claim["source"],
        "Measured": claim["quantity"],
        "Value": claim["value_text"],
        "95 % interval": _joined(claim["interval_text"], claim["interval_kind"]),
        "Holds if": claim["holds_text"],
        "In the paper": claim["published_text"],
        "Scope": claim["scope_text"],
        "Support": f"{claim['support_text']}; {claim['n_runs']} runs" if claim["support_text"] else "",
        "The paper's own tables": claim["published_reason"]
        and f"{claim['published_verdict']}: {claim['published_reason']}",
        "Caveats": "; ".join(claim["caveats"]),
        "Note": claim["note"],
    }
    return {
        **{key: claim[key] for key in ("id", "claim", "verdict", "scope", "needed")},
        "reason": claim["reason"][:1].upper() + claim["reason"][1:],
        "mark": VERDICTS[claim["verdict"]],
        "facts": {key: text for key, text in facts.items() if text},
    }


def _joined(text: str, kind: str) -> str:
    return f"{text} ({kind})" if text and kind else text


def _spelled(key: str) -> str:
    """A key of a mapping, with spaces for underscores."""
    return str(key).replace("_", " ")
