"""Measures the share of an epoch's time that some parts of it take, in each cell."""

from typing import Any

import pandas as pd

from glossbench.evidence.claims.measurement import CellValue, Measurement, runs_of
from glossbench.evidence.statistics.intervals import ALPHA, t_interval
from glossbench.evidence.text.names import corpus_name, encoder_name, listed, objective_name
from glossbench.evidence.text.numbers import significant
from glossbench.frames import CELL, RUN_OF_CELL

MACHINE = ["device", "precision"]
CASE = [*CELL, *MACHINE]


def overhead(measure: dict[str, Any], runs: pd.DataFrame, epochs: pd.DataFrame, **_: Any) -> list[Measurement] | str:
    """Share of the seconds of all epochs that the parts take, in each cell, on one device and in one precision.

    The claim must hold in each. Contradiction uses an interval at level alpha / number of cases, because each case
    alone can contradict.

    Returns:
        One measurement for each cell, objective, device and precision, with Student's t interval over seeds; its
        ``numbers`` are the share and the milliseconds per step. Or a text that says which runs are missing.
    """
    columns = [*measure["parts"], measure["whole"]]
    rows = epochs[epochs["objective"].isin(measure["gloss"])].dropna(subset=columns)
    seconds = rows.groupby(RUN_OF_CELL)[columns].agg("sum").assign(epochs=rows.groupby(RUN_OF_CELL).size())
    seconds = seconds[seconds[measure["whole"]] > 0].reset_index()
    if len(seconds):
        seconds = seconds.merge(runs[[*RUN_OF_CELL, *MACHINE, "n_train", "batch_size"]], on=RUN_OF_CELL)
    if not len(seconds):
        return f"no run of {listed(measure['gloss'])} with its epochs timed"
    parts = seconds[measure["parts"]].sum(axis=1)
    steps = seconds["epochs"] * seconds["n_train"] / seconds["batch_size"]
    timed = seconds.assign(share=parts / seconds[measure["whole"]], milliseconds=1000 * parts / steps)
    cases = timed.groupby(CASE, sort=True)
    return [_measured(dict(zip(CASE, case, strict=True)), own, len(cases)) for case, own in cases]


def _measured(case: dict[str, str], own: pd.DataFrame, n_cases: int) -> Measurement:
    shares, cell = own["share"].to_numpy(), (case["corpus"], case["encoder"])
    value, milliseconds = float(shares.mean()), float(own["milliseconds"].mean())
    where = f"{objective_name(case['objective'])} on {corpus_name(cell[0])} with {encoder_name(cell[1])}"
    return Measurement(
        value,
        *t_interval(shares),
        n=len(shares),
        unit="seeds",
        interval="95 % of Student's t over seeds",
        runs=runs_of(own),
        cells={cell: CellValue(value, value, len(shares))},
        one_of_many=True,
        about=f"{where}, {significant(milliseconds)} ms per step on {case['device']} in {case['precision']}",
        wide=t_interval(shares, 1 - ALPHA / n_cases),
        numbers=[{**case, "share": value, "milliseconds_per_step": milliseconds, "n": len(shares)}],
    )
