"""The facts that reproducibility checklists ask for: size, machine, time, search, seeds, validation and test scores."""

import pandas as pd

from glossbench.evidence.selection import unvaried_and_untuned
from glossbench.evidence.statistics.scores import METRICS
from glossbench.evidence.tables.hyperparameters import titles
from glossbench.evidence.tables.layout import Layout
from glossbench.evidence.tables.search import KEYS, in_words, spaces
from glossbench.evidence.text.names import arrange, in_order, machine_names, objective_name
from glossbench.evidence.text.numbers import DASH, duration, mean_spread, number
from glossbench.frames import EXPERIMENT

MACHINE_COLUMNS = ["device", "precision", "threads", "torch_version", "transformers_version", "python_version"]
SCALES = {
    f"{split}_{name}": METRICS[name].scale for name in ("macro_f1", "macro_silhouette") for split in ("val", "test")
}
SEARCH = ["n_trials", "search_seconds", "search_space"]

select = unvaried_and_untuned


def tidy(runs: pd.DataFrame, trials: pd.DataFrame | None = None) -> pd.DataFrame:
    """The facts of each corpus, encoder and objective. ``trials`` is None if the study has no search.

    Returns:
        One row per corpus, encoder and objective. n_parameters and n_trainable are counts. Scores are means and sample
        standard deviations over seeds, macro-F1 in percent, silhouettes in [-1, 1]. seconds_per_run is the mean over
        seeds, all_seconds the sum. n_trials and search_seconds belong to the search that chose the settings (0
        without one), search_space has its ranges in words. ``MACHINE_COLUMNS`` list all values that occur.
    """
    rows = arrange(select(runs), [*KEYS, "seed"])
    rows = rows.assign(device=machine_names(rows))
    rows = rows.assign(**{column: rows[column].astype(float) * scale for column, scale in SCALES.items()})
    cells = rows.groupby(KEYS, sort=False)
    facts = cells.agg(
        n_parameters=("n_parameters", "max"),
        n_trainable=("n_trainable", "max"),
        n_seeds=("seed", "size"),
        **{f"{column}_{what}": (column, what) for column in SCALES for what in ("mean", "std")},
        seconds_per_run=("total_seconds", "mean"),
        all_seconds=("total_seconds", "sum"),
    )
    searches = {} if trials is None else {cell: _search(own) for cell, own in trials.groupby(EXPERIMENT, sort=False)}
    found = [searches.get(cell, (0, 0.0, "")) for cell in facts.index.droplevel(["protocol", "preset"])]
    machines = cells[MACHINE_COLUMNS].agg(lambda values: ", ".join(map(str, sorted(values.dropna().unique()))))
    return pd.concat([facts, pd.DataFrame(found, facts.index, SEARCH), machines], axis=1).reset_index()


def _search(trials: pd.DataFrame) -> tuple[int, float, str]:
    """Number of trials, their seconds, and the ranges in words."""
    ranges = {titles().get(key, key): " or ".join(map(in_words, found)) for key, found in spaces(trials).items()}
    return len(trials), trials["seconds"].sum(), "; ".join(f"{title}: {words}" for title, words in ranges.items())


def layout(table: pd.DataFrame) -> Layout:
    """One row per encoder, objective and corpus. Machines and search spaces, which many rows share, are notes."""
    rows = arrange(table, ["encoder", "objective", "corpus"])

    def spread(score: str, decimals: int) -> list[str]:
        means = zip(rows[f"{score}_mean"], rows[f"{score}_std"], strict=True)
        return [mean_spread(mean, std, decimals) for mean, std in means]

    columns = {
        "Parameters": map(_parameters, rows["n_parameters"], rows["n_trainable"]),
        "Seeds": rows["n_seeds"].map(number),
        "Validation macro-F1": spread("val_macro_f1", 2),
        "Test macro-F1": spread("test_macro_f1", 2),
        "Validation silhouette": spread("val_macro_silhouette", 3),
        "Test silhouette": spread("test_macro_silhouette", 3),
        "Time per run": rows["seconds_per_run"].map(duration),
        "Trials": rows["n_trials"].map(number),
        "Search": rows["search_seconds"].where(rows["n_trials"] > 0).map(duration),
    }
    machines = rows.groupby(MACHINE_COLUMNS, sort=False).size()
    of_all = "" if len(machines) == 1 else " ({} of {} rows)"
    notes = [
        f"Machine{of_all.format(count, len(rows))}: {device}, {precision}, torch threads {threads}; "
        f"torch {torch}, transformers {transformers}, Python {python}."
        for (device, precision, threads, torch, transformers, python), count in machines.items()
    ]
    searched = rows[rows["n_trials"] > 0].groupby("search_space", sort=False)["objective"]
    notes += [
        f"Searched for {', '.join(map(objective_name, in_order(objectives, 'objective')))}: {space}."
        for space, objectives in searched
    ]
    return Layout.unranked(rows, ["encoder", "objective", "corpus"], columns).with_notes(*notes)


def _parameters(total: float, trained: float) -> str:
    """Number of parameters, e.g. "22.7 M", or "1.2 of 22.7 M" if the others were frozen."""
    if pd.isna(total):
        return DASH
    millions = f"{number(total / 1e6, 1)} M"
    return millions if pd.isna(trained) or trained == total else f"{number(trained / 1e6, 1)} of {millions}"
