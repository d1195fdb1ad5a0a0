"""Which runs had a graph that carried no information up to the best epoch: no verdict rests on these."""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from glossbench.evidence.claims.measurement import Measurement
from glossbench.evidence.claims.support import rows_behind
from glossbench.frames import CELL, RUN_KEYS

INTEGRATED = "integrated"
LEAST_SHARE = 0.05  # of the gradient; a loss beside cross-entropy with less in every epoch changes next to nothing


def little_and_flat(epochs: pd.DataFrame) -> pd.DataFrame:
    """Whether the loss beside cross-entropy, or the graph, carried little in each epoch up to the best one.

    Args:
        epochs: The collected epochs.

    Returns:
        One row per run: ``RUN_KEYS``, little (the loss beside cross-entropy had less than ``LEAST_SHARE`` of the
        gradient), flat (sigma was above the median distance, where it is a weight of the loss and no width) and
        recorded (whether the run recorded both).
    """
    best = epochs["epoch"].where(epochs["best"]).groupby([epochs[key] for key in RUN_KEYS]).transform("max")
    runs = (
        epochs[epochs["epoch"] <= best]
        .groupby(RUN_KEYS, as_index=False)
        .agg(share=("gradient_share_metric", "max"), width=("sigma_over_median", "min"))
    )
    recorded = runs[["share", "width"]].notna().all(axis=1)
    flags = {"little": runs["share"] < LEAST_SHARE, "flat": runs["width"] > 1, "recorded": recorded}
    return runs[RUN_KEYS].assign(**flags)


def uninformative_graphs(
    measurements: list[Measurement], epochs: pd.DataFrame, gloss: Sequence[str]
) -> tuple[int, int] | None:
    """In how many cells the graph of most G-Loss + CE runs carried no information, and the number of cells.

    A graph carries none if it had little of the gradient, or if sigma was above the median distance; see
    ``little_and_flat``. None if no run recorded it.

    Args:
        measurements: All measurements of a claim.
        epochs: The collected epochs.
        gloss: Objectives that represent G-Loss in the claim; what they are compared with may have a graph too.
    """
    ours = epochs[(epochs["protocol"] == INTEGRATED) & epochs["base"].isin(gloss)]
    found = little_and_flat(rows_behind(measurements, ours))
    cells = (found["little"] | found["flat"]).groupby([found[key] for key in CELL]).mean() > 1 / 2
    return (int(cells.sum()), len(cells)) if found["recorded"].any() else None


def uninformative_graphs_text(found: tuple[int, int]) -> str:
    """What ``uninformative_graphs`` found, in words."""
    return (
        f"in {found[0]} of {found[1]} cells, most G-Loss + CE runs had a graph with under {100 * LEAST_SHARE:g} % of "
        "the gradient up to the best epoch, or a sigma above the median distance"
    )


def undecided_if_uninformative(
    measurements: list[Measurement], epochs: pd.DataFrame, gloss: Sequence[str]
) -> list[Measurement]:
    """The measurements, which cannot decide a claim about graphs that carried no information in most cells."""
    uninformative = uninformative_graphs(measurements, epochs, gloss)
    if not uninformative or 2 * uninformative[0] <= uninformative[1]:
        return measurements
    return [replace(one, missing=one.missing or uninformative_graphs_text(uninformative)) for one in measurements]
