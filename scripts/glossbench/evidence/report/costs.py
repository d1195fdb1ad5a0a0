"""Time and memory of the runs, for the report."""

import pandas as pd

from glossbench.evidence.text.layout import Layout
from glossbench.evidence.text.names import arrange, corpus_name, encoder_name, objective_name
from glossbench.evidence.text.numbers import duration, number


def cost(runs: pd.DataFrame) -> Layout:
    """Time and memory of each encoder and objective over all corpora and seeds: sums, means, highest memory."""
    groups = arrange(runs, ["encoder", "objective"]).groupby(["encoder", "objective"], sort=False)
    cells = pd.DataFrame(
        {
            "Runs": groups.size().map(str),
            "Total time": groups["total_seconds"].sum().map(duration),
            "Mean time an epoch": groups["seconds_per_epoch"].mean().map(duration),
            "Mean last epoch": groups["stop_epoch"].mean().map(lambda value: number(value, 1)),
            "Mean docs/s": groups["docs_per_second"].mean().map(number),
            "Mean tokens/s": groups["tokens_per_second"].mean().map(number),
            "Peak MiB": groups["peak_memory_mib"].max().map(number),
        }
    )
    index = [(encoder_name(encoder), objective_name(objective)) for encoder, objective in cells.index]
    return Layout.unranked(cells.set_axis(pd.MultiIndex.from_tuples(index, names=["Encoder", "Objective"])))


def summary(runs: pd.DataFrame) -> dict[str, str]:
    """Time and memory of all runs, as texts by title."""
    seconds = runs["total_seconds"]
    slowest = runs.loc[seconds.idxmax()]
    name = (
        f"{objective_name(slowest['objective'])} on {corpus_name(slowest['corpus'])} "
        f"with {encoder_name(slowest['encoder'])}, seed {slowest['seed']}"
    )
    return {
        "Runs": str(len(runs)),
        "Time of all runs": duration(seconds.sum()),
        "Mean time of a run": duration(seconds.mean()),
        "Slowest run": f"{duration(seconds.max())} ({name})",
        "Peak memory": f"{number(runs['peak_memory_mib'].max())} MiB",
        "Devices": ", ".join(sorted(runs["device"].astype(str).unique())),
    }
