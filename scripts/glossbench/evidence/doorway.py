"""What every table and figure is given: its frames, the paper's numbers, and the notes under it."""

from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd

from glossbench.evidence.paper import published
from glossbench.evidence.text.coverage import coverage_note
from glossbench.evidence.text.layout import Layout

PUBLISHED = {
    "results": published.published_results,
    "models": published.published_models,
    "ttests": published.published_ttests,
}


def frames_of(given: dict[str, Any], which: str | None, folder: Path) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """The frames that an exhibit reads by name, and the coverage of the study.

    given: a rule's inputs by name. which: the part of the paper's numbers that is read, if any. folder: where
    these lie.
    """
    frames = {name: pd.read_parquet(path) for name, path in given.items()}
    if which:
        frames["published"] = PUBLISHED[which](folder)
    return frames, frames.pop("coverage")


def with_notes(layout: Layout, module: ModuleType, coverage: pd.DataFrame) -> Layout:
    """A layout with the module's own remarks and, where runs are missing, how many it stands on."""
    note = _coverage_note(module, coverage)
    own = (*layout.notes, *getattr(module, "NOTES", ()))
    return replace(layout, notes=(*own, note) if note else own)


def caption(text: str, module: ModuleType, coverage: pd.DataFrame) -> str:
    """A figure's caption, with how many runs it stands on where some are missing."""
    note = _coverage_note(module, coverage)
    return f"{text} {note}" if note else text


def _coverage_note(module: ModuleType, coverage: pd.DataFrame) -> str | None:
    return coverage_note(coverage, module.select) if hasattr(module, "select") else None
