"""Notes below tables and figures: sentences about what they are made from. None where there is nothing to say."""

from collections.abc import Callable, Iterable

import pandas as pd

from glossbench.evidence.selection import unvaried
from glossbench.evidence.text.names import entries, titles
from glossbench.evidence.text.numbers import number, span
from glossbench.frames import EXPERIMENT, QUIET


def numerics_note(runs: pd.DataFrame, numerics: int) -> str | None:
    """A sentence about runs of code that gives other numbers than the code of these ``numerics``; None without any."""
    others = runs[runs["numerics"] != numerics]
    if others.empty:
        return None
    found = ", ".join(map(str, sorted(others["numerics"].unique())))
    about = f"(numerics {found}, here {numerics})"
    return f"{len(others):,} of {len(runs):,} runs are of code that gives other numbers {about}."


def search_note(coverage: pd.DataFrame, trials: pd.DataFrame) -> str | None:
    """A sentence about the searches behind an output of an unfinished study, e.g. "Made from 3 of 5 searches of ..."

    Args:
        coverage: One row per planned run. Whether an objective is searched for shows in its first search.
        trials: The collected trials.
    """
    of_these = unvaried(coverage)[lambda runs: runs["objective"].isin(trials["objective"])]
    made, planned = (len(frame.groupby(EXPERIMENT)) for frame in (trials, of_these))
    if made >= planned or coverage["finished"].all():
        return None
    return f"Made from {made:,} of {planned:,} searches of these objectives."


def coverage_note(coverage: pd.DataFrame, select: Callable[[pd.DataFrame], pd.DataFrame]) -> str | None:
    """A sentence about the runs behind a table or figure, which ``select`` returns; None if all are finished.

    For example "Made from 14 of 20 planned runs, 3 to 4 of 5 seeds per cell.", where a cell is a corpus, encoder and
    objective. ``coverage`` has one row per planned run.
    """
    planned = select(coverage)
    finished = planned["finished"].astype(bool)
    if finished.all():
        return None
    cells = finished.groupby([planned[key] for key in EXPERIMENT]).agg(["sum", "size"])
    done, of_all = (span(one.min(), one.max(), str, " to ") for _, one in cells.items())
    return f"Made from {finished.sum():,} of {len(planned):,} planned runs, {done} of {of_all} seeds per cell."


def spread_note(table: pd.DataFrame, cells: pd.DataFrame) -> str | None:
    """A note on ±, if a tidy table has means over ``n_seeds`` seeds and its ``cells``, texts, have the sign."""
    if "n_seeds" not in table or not cells.map(lambda text: "±" in text).any(axis=None):
        return None
    return (
        "± is the sample standard deviation over seeds (n − 1 in the denominator), of which each mean has "
        f"{span(table['n_seeds'].min(), table['n_seeds'].max(), number)}; a dash after it means one seed."
    )


def load_note(table: pd.DataFrame) -> str | None:
    """A note on the corpora of a table whose times were taken beside other work, by its column ``load`` if any."""
    busy = table[table["load"] > QUIET] if "load" in table else table[:0]
    if busy.empty:
        return None
    return (
        f"Times on {titles(busy['corpus'], 'corpus')} were taken while other processes kept up to "
        f"{number(busy['load'].max(), 1)} cores of the machine busy: they are not ranked, and not to be compared."
    )


def outside_note(table: pd.DataFrame, published: Iterable[str]) -> str | None:
    """A note that names the objectives of a table which the paper, with those ``published``, does not have."""
    known = entries("objective")
    found = table["objective"].dropna().unique() if "objective" in table else []
    # a reference preset is the paper's code
    outside = {key for key in found if known.get(key, {}).get("preset") not in (None, "reference")}
    outside |= {key for key in found if known.get(key, {"base": key})["base"] not in published}
    return f"Not in the paper: {titles(outside, 'objective')}." if outside else None


def note_of(start: str, reasons: Iterable[str]) -> str | None:
    """A note with the distinct reasons; None if all are empty."""
    reasons = dict.fromkeys(filter(None, reasons))
    return f"{start} {'; '.join(reasons)}." if reasons else None
