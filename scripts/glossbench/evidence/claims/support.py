"""What a verdict rests on: cells, seeds, and runs that were not cut off or timed beside other work.

A verdict needs three corpora, or all that the paper names for the claim where it names fewer, and three seeds.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from glossbench.evidence.claims.measurement import CellKey, Measurement, cells_behind, inside
from glossbench.evidence.text.names import titles
from glossbench.evidence.text.numbers import number
from glossbench.frames import QUIET, RUN_OF_EXPERIMENT
from glossbench.settings.claims import Condition

FEWEST_CORPORA = 3
FEWEST_SEEDS = 3


@dataclass(frozen=True)
class Support:
    """What a verdict rests on."""

    holding: int  # Number of cells in which the claim holds by itself, judged by the mean over seeds
    cells: int  # Number of cells that were tested
    seeds: int | None  # Number of seeds in the cell with the fewest; None for published means
    # Number of runs that trained to their last allowed epoch, so that where they would have stopped was not seen.
    censored: int

    @property
    def text(self) -> str:
        """For example "5 of 5 cells, 3 seeds, 0 censored"."""
        seeds = "published means" if self.seeds is None else f"{self.seeds} {'seed' if self.seeds == 1 else 'seeds'}"
        return f"{self.holding} of {self.cells} cells, {seeds}, {self.censored} censored"


def support_of(
    measurements: list[Measurement], holds: Condition, runs: pd.DataFrame, of_paper: bool = False
) -> Support:
    """The support of a verdict.

    Args:
        measurements: All measurements of the claim. It holds in a cell if it does in each that has the cell.
        holds: The claim's ``holds``.
        runs: The collected runs.
        of_paper: Whether the runs are published means.
    """
    values = [(cell, value, one.at_least) for one in measurements for cell, value in one.cells.items()]
    fails = {cell for cell, value, at_least in values if not inside(value.low, value.high, holds, at_least)}
    cells, rows = cells_behind(measurements), rows_behind(measurements, runs)
    return Support(
        holding=len(cells - fails),
        cells=len(cells),
        seeds=None if of_paper else min((value.seeds for _, value, _ in values), default=0),
        censored=int((rows["stop_epoch"] >= rows["max_epochs"]).sum()),
    )


def rows_behind(measurements: list[Measurement], runs: pd.DataFrame) -> pd.DataFrame:
    """The rows of ``runs`` that measurements come from."""
    keys = frozenset().union(*(one.runs for one in measurements))
    rows = runs[RUN_OF_EXPERIMENT].itertuples(index=False, name=None)
    return runs[np.array([row in keys for row in rows], dtype=bool)]


def with_rule(measurements: list[Measurement], corpora: Sequence[str], of_paper: bool = False) -> list[Measurement]:
    """The measurements, with what they lack for a verdict.

    Args:
        measurements: All measurements of a claim.
        corpora: Corpora that the paper names for the claim.
        of_paper: Whether they come from published means: the rule on seeds is waived.
    """
    together, ruled = cells_behind(measurements), []
    for one in measurements:
        fewest, seeds = min((value.seeds for value in one.cells.values()), default=FEWEST_SEEDS), ""
        if fewest < FEWEST_SEEDS and not of_paper:
            seeds = f"a cell has {fewest} of the {FEWEST_SEEDS} common seeds that a verdict needs"
        if one.one_of_many:  # one cell is enough to contradict, all are needed to confirm
            one = replace(one, missing=seeds or one.missing, unconfirmed=_too_few_corpora(together, corpora))
        elif one.cells:
            one = replace(one, missing=_too_few_corpora(one.cells, corpora) or seeds or one.missing)
        ruled.append(one)
    return ruled


def timed_alone(measurements: list[Measurement], runs: pd.DataFrame) -> list[Measurement]:
    """Measurements of times; those of runs that were timed beside other work can decide nothing."""
    ruled = []
    for one in measurements:
        loads = rows_behind([one], runs).get("load", pd.Series(dtype=float))
        busy, most = loads[loads > QUIET], number(loads.max(), 1)
        why = f"{len(busy)} of {len(loads)} runs were timed while up to {most} other cores were busy"
        ruled.append(replace(one, missing=one.missing or why) if len(busy) else one)
    return ruled


def _too_few_corpora(cells: Iterable[CellKey], named: Sequence[str]) -> str:
    found = {corpus for corpus, _ in cells}
    if len(named) < FEWEST_CORPORA > len(found):
        return "" if found >= set(named) else f"a verdict needs {titles(named, 'corpus')}"
    return "" if len(found) >= FEWEST_CORPORA else f"{len(found)} of the {FEWEST_CORPORA} corpora that a verdict needs"
