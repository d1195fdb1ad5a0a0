"""The facts that reproducibility checklists ask for: size, machine, time, search, seeds, validation and test scores."""

import pandas as pd

from glossbench.evidence.selection import unvaried_and_untuned
from glossbench.evidence.tables.hyperparameters import titles
from glossbench.evidence.tables.layout import Layout
from glossbench.evidence.tables.search import in_words, spaces
from glossbench.evidence.text.names import arrange, in_order, objective_name
from glossbench.evidence.text.numbers import DASH, duration, mean_spread, number

KEYS = ["corpus", "encoder", "protocol", "objective", "preset"]
SEARCH = ["corpus", "encoder", "objective"]
MACHINE = ["device", "precision", "threads", "torch_version", "transformers_version", "python_version"]
SCALES = {"val_macro_f1": 100, "test_macro_f1": 100, "val_macro_silhouette": 1, "test_macro_silhouette": 1}
COLUMNS = [
    *KEYS, "n_parameters", "n_trainable", "n_seeds",
    *(f"{column}_{what}" for column in SCALES for what in ("mean", "std")),
    "seconds_a_run", "all_seconds", "n_trials", "search_seconds", "search_space", *MACHINE,
]  # fmt: skip
NO_SEARCH = {"n_trials": 0, "search_seconds": 0.0, "search_space": ""}

select = unvaried_and_untuned


def tidy(runs: pd.DataFrame, trials: pd.DataFrame | None = None) -> pd.DataFrame:
    """The facts of each corpus, encoder and objective.

    Args:
        runs: The collected runs.
        trials: The collected trials; None if the study has no search.

    Returns:
        One row per corpus, encoder and objective. n_parameters and n_trainable are counts. Scores are means and sample
        standard deviations over seeds, macro-F1 in percent, silhouettes in [-1, 1]. seconds_a_run is the mean over
        seeds, all_seconds the sum. n_trials and search_seconds belong to the search that chose the settings (0
        without one), search_space has its ranges in words. The columns in ``MACHINE`` list all values that occur.
    """
    rows = arrange(select(runs), [*KEYS, "seed"])
    rows = rows.assign(**{column: rows[column].astype(float) * scale for column, scale in SCALES.items()})
    facts = rows.groupby(KEYS, sort=False).agg(
        n_parameters=("n_parameters", "max"),
        n_trainable=("n_trainable", "max"),
        n_seeds=("seed", "size"),
        seconds_a_run=("total_seconds", "mean"),
        all_seconds=("total_seconds", "sum"),
        **{f"{column}_{what}": (column, what) for column in SCALES for what in ("mean", "std")},
        **{column: (column, _all_of) for column in MACHINE},
    )
    by_search, table = _searches(trials), facts.reset_index()
    searches = [by_search.get(keys, NO_SEARCH) for keys in table[SEARCH].itertuples(index=False, name=None)]
    return table.join(pd.DataFrame(searches, columns=list(NO_SEARCH), index=table.index))[COLUMNS]


def _all_of(values: pd.Series) -> str:
    return ", ".join(map(str, sorted(values.dropna().unique())))


def _searches(trials: pd.DataFrame | None) -> dict[tuple[str, ...], dict]:
    if trials is None:
        return {}
    return {
        keys: {
            "n_trials": len(search),
            "search_seconds": search["seconds"].sum(),
            "search_space": "; ".join(
                f"{titles().get(setting, setting)}: {' or '.join(map(in_words, ranges))}"
                for setting, ranges in spaces(search).items()
            ),
        }
        for keys, search in trials.groupby(SEARCH, sort=False)
    }


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
        "Time a run": rows["seconds_a_run"].map(duration),
        "Trials": rows["n_trials"].map(number),
        "Search": rows["search_seconds"].where(rows["n_trials"] > 0).map(duration),
    }
    laid_out = Layout.unranked(rows, ["encoder", "objective", "corpus"], columns)
    return laid_out.with_notes(*_machines(rows), *_spaces(rows))


def _parameters(total: float, trained: float) -> str:
    """Number of parameters, e.g. "22.7 M", or "1.2 of 22.7 M" if the others were frozen."""
    if pd.isna(total):
        return DASH
    millions = f"{number(total / 1e6, 1)} M"
    return millions if pd.isna(trained) or trained == total else f"{number(trained / 1e6, 1)} of {millions}"


def _machines(rows: pd.DataFrame) -> list[str]:
    """One note per machine, with the number of its rows if there are several machines."""
    groups = rows.groupby(MACHINE, sort=False)
    notes = []
    for (device, precision, threads, torch, transformers, python), cells in groups:
        where = f" ({len(cells)} of {len(rows)} rows)" if groups.ngroups > 1 else ""
        notes.append(
            f"Machine{where}: {device}, {precision}, torch threads {threads}; torch {torch}, transformers "
            f"{transformers}, Python {python}."
        )
    return notes


def _spaces(rows: pd.DataFrame) -> list[str]:
    """One note per search space, with the objectives that were searched in it."""
    searched = rows[rows["n_trials"] > 0].groupby("search_space", sort=False)["objective"]
    return [
        f"Searched for {', '.join(map(objective_name, in_order(objectives, 'objective')))}: {space}."
        for space, objectives in searched
    ]
