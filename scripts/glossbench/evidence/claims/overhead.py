"""Measures the share of an epoch's time that some parts of it take, in each cell."""

from typing import Any

import numpy as np
import pandas as pd

from glossbench.evidence.claims.measurement import CellValue, Measurement, runs_of
from glossbench.evidence.statistics.intervals import ALPHA, t_interval
from glossbench.evidence.text.names import corpus_name, encoder_name, listed, machine_names, objective_name
from glossbench.evidence.text.numbers import significant
from glossbench.frames import EXPERIMENT, RUN_OF_EXPERIMENT
from glossbench.settings.claims import Measure

TIMED_ALIKE = ["device", "precision"]


def overhead(measure: Measure, runs: pd.DataFrame, epochs: pd.DataFrame, **_: Any) -> list[Measurement] | str:
    """Share of the seconds of all epochs that the parts take, in each cell, on one device and in one precision.

    The claim must hold in each. Contradiction uses an interval at level alpha / number of cases, because each case
    alone can contradict.

    Returns:
        One measurement for each cell, objective, device and precision, with Student's t interval over seeds; its
        ``numbers`` are the share, that of the forward pass with the parts, and the milliseconds per step. Or a text
        that says which runs are missing.
    """
    columns = [*measure.parts, measure.whole, measure.forward]
    rows = epochs[epochs["objective"].isin(measure.gloss)].dropna(subset=columns)
    timed = rows.groupby(RUN_OF_EXPERIMENT)[columns].sum().assign(epochs=rows.groupby(RUN_OF_EXPERIMENT).size())
    timed = timed[timed[measure.whole] > 0].reset_index()
    if not len(timed):
        return f"no run of {listed(measure.gloss)} with its epochs timed"
    runs = runs.assign(device=machine_names(runs))
    timed = timed.merge(runs[[*RUN_OF_EXPERIMENT, *TIMED_ALIKE, "n_train", "batch_size"]], on=RUN_OF_EXPERIMENT)
    # as documents are cut into batches: a last one of a single document is part of the one before
    per_epoch = np.ceil((timed["n_train"] - 1) / timed["batch_size"]).clip(lower=1)
    parts, steps = timed[list(measure.parts)].sum(axis=1), timed["epochs"] * per_epoch
    ratios = {"share": parts / timed[measure.whole], "share_of_forward": parts / (timed[measure.forward] + parts)}
    timed = timed.assign(**ratios, milliseconds_per_step=1000 * parts / steps)
    cases, measured = timed.groupby([*EXPERIMENT, *TIMED_ALIKE], sort=True), []
    for (corpus, encoder, objective, device, precision), own in cases:
        means, shares = own[[*ratios, "milliseconds_per_step"]].mean().to_dict(), own["share"].to_numpy()
        case = own[[*EXPERIMENT, *TIMED_ALIKE]].iloc[0].to_dict()
        where = f"{objective_name(objective)} on {corpus_name(corpus)} with {encoder_name(encoder)}"
        speed = f"{significant(means['milliseconds_per_step'])} ms per step on {device} in {precision}"
        speed = f"{speed}, {significant(100 * means['share_of_forward'])} % of the forward pass with them"
        measured.append(
            Measurement(
                means["share"],
                *t_interval(shares),
                n=len(own),
                unit="seeds",
                interval="95 % of Student's t over seeds",
                runs=runs_of(own),
                cells={(corpus, encoder): CellValue(means["share"], means["share"], len(own))},
                one_of_many=True,
                about=f"{where}, {speed}",
                wide=t_interval(shares, 1 - ALPHA / len(cases)),
                numbers=[{**case, **means, "n": len(own)}],
            )
        )
    return measured
