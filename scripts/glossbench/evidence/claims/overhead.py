"""Measures the share of an epoch's time that some parts of it take."""

from typing import Any

import pandas as pd

from glossbench.evidence.claims.competitors import listed
from glossbench.evidence.claims.measurement import Measurement
from glossbench.evidence.statistics.intervals import bootstrap_interval

RUN = ["corpus", "encoder", "objective", "seed"]


def measure(measure: dict[str, Any], needs: dict[str, Any], epochs: pd.DataFrame, **_: Any) -> list[Measurement] | str:
    """Mean over runs of the share of the seconds of all epochs that the parts take.

    Returns:
        One measurement; its ``numbers`` are the mean share of each corpus, encoder and objective. Or a text that says
        which runs are missing.
    """
    columns = [*measure["parts"], measure["whole"]]
    rows = epochs[epochs["objective"].isin(measure["gloss"])].dropna(subset=columns)
    seconds = rows.groupby(RUN)[columns].sum()
    seconds = seconds[seconds[measure["whole"]] > 0]
    if not len(seconds):
        return f"no run of {listed(measure['gloss'])} with its epochs timed"
    shares = seconds[measure["parts"]].sum(axis=1) / seconds[measure["whole"]]
    low, high = bootstrap_interval(shares)
    by_cell = shares.groupby(["corpus", "encoder", "objective"]).agg(["mean", "count"]).reset_index()
    few = len(shares) < needs["seeds"]
    return [
        Measurement(
            float(shares.mean()),
            low,
            high,
            n=len(shares),
            unit="runs",
            interval="95 % bootstrap over runs",
            runs=frozenset(shares.index),
            missing=f"{len(shares)} of the {needs['seeds']} runs that a verdict needs" if few else "",
            numbers=by_cell.rename(columns={"mean": "share", "count": "n"}).to_dict("records"),
        )
    ]
