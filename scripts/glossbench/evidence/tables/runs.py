"""Every run on a row of its own, and what the runs cost."""

import pandas as pd

from glossbench.evidence.layout import Layout, duration, number, significant
from glossbench.evidence.names import arrange, corpus_name, encoder_name, objective_name

PERCENT = {
    "test_accuracy": "Accuracy",
    "test_macro_f1": "Macro-F1",
}
SIZES = ["n_train", "n_val", "n_test"]
SIGNIFICANT = {
    "sigma": "σ",
    "labeled_fraction": "γ",
    "weight": "λ",
    "temperature": "τ",
    "learning_rate": "Learning rate",
}


def details(runs: pd.DataFrame) -> Layout:
    """One row a run: scores in percent (silhouette as it is), epochs, cost, device and hyper-parameters."""
    rows = arrange(runs, ["corpus", "encoder", "objective", "seed"])
    cells = pd.DataFrame({"Seed": rows["seed"].astype(str)})
    for key, name in PERCENT.items():
        cells[name] = (rows[key] * 100).map(lambda value: number(value, 2))
    cells["Silhouette"] = rows["test_macro_silhouette"].map(lambda value: number(value, 4))
    cells["Best epoch"] = rows["best_epoch"].map(number)
    cells["Last epoch"] = rows["stop_epoch"].map(number)
    cells["Train/val/test"] = [f"{n:,}/{v:,}/{t:,}" for n, v, t in rows[SIZES].itertuples(index=False)]
    cells["Time"] = rows["total_seconds"].map(duration)
    cells["Time an epoch"] = rows["seconds_per_epoch"].map(duration)
    cells["Docs/s"] = rows["docs_per_second"].map(number)
    cells["Peak MiB"] = rows["peak_memory_mib"].map(number)
    cells["Device"] = rows["device"].astype(str)
    for key, name in SIGNIFICANT.items():
        cells[name] = rows[key].map(significant)
    index = [
        rows["corpus"].map(corpus_name).rename("Corpus"),
        rows["encoder"].map(encoder_name).rename("Encoder"),
        rows["objective"].map(objective_name).rename("Objective"),
    ]
    return Layout.unranked(cells.set_axis(pd.MultiIndex.from_arrays(index)))


def cost(runs: pd.DataFrame) -> Layout:
    """What an objective cost with an encoder, over all corpora and seeds: sums, means, highest memory."""
    groups = arrange(runs, ["encoder", "objective"]).groupby(["encoder", "objective"], sort=False)
    cells = pd.DataFrame(
        {
            "Runs": groups.size().map(str),
            "Total time": groups["total_seconds"].sum().map(duration),
            "Mean time an epoch": groups["seconds_per_epoch"].mean().map(duration),
            "Mean last epoch": groups["stop_epoch"].mean().map(lambda value: number(value, 1)),
            "Mean docs/s": groups["docs_per_second"].mean().map(number),
            "Peak MiB": groups["peak_memory_mib"].max().map(number),
        }
    )
    index = [(encoder_name(encoder), objective_name(objective)) for encoder, objective in cells.index]
    return Layout.unranked(cells.set_axis(pd.MultiIndex.from_tuples(index, names=["Encoder", "Objective"])))


def summary(runs: pd.DataFrame) -> dict[str, str]:
    """How long the runs took, as facts to read: their number, sum, mean, and the slowest by name."""
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
