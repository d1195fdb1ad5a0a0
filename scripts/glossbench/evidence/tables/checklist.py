"""What reproducibility checklists ask for: size, machine, time, search, seeds, validation beside test scores."""

import pandas as pd

from glossbench.evidence.selection import unvaried
from glossbench.evidence.tables.hyperparameters import SETTINGS
from glossbench.evidence.tables.spaces import in_words, spaces
from glossbench.evidence.text.layout import Layout
from glossbench.evidence.text.names import arrange, corpus_name, encoder_name, in_order, objective_name
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
NOTES = (
    "± is the sample standard deviation over seeds (n − 1 in the denominator); a dash after it means one seed. A seed "
    "changes the order of documents, dropout, label splits and the head's first weights, never which documents a "
    "corpus or its parts consist of.",
    "Epochs, and settings where they were tuned, are chosen on validation scores alone: macro-F1 in the integrated "
    "protocol, macro-silhouette in the standalone one. A reference preset tests the last epoch's weights instead.",
)


def select(runs: pd.DataFrame) -> pd.DataFrame:
    """Runs of both protocols whose objective changes no setting."""
    return unvaried(runs)


def tidy(runs: pd.DataFrame, trials: pd.DataFrame | None = None) -> pd.DataFrame:
    """One row a corpus, encoder and objective, all that the checklist asks for as columns.

    runs, trials: the collected parquet frames, no trials where the study tunes nothing. Parameters as counts;
    scores are means and sample standard deviations over seeds, macro-F1 in percent, silhouettes as they are;
    seconds_a_run is the mean over seeds, all_seconds their sum; n_trials and search_seconds are those of the search
    behind the settings (0 without one), search_space its ranges in words. A machine column lists all that were used.
    """
    chosen = arrange(select(runs), [*KEYS, "seed"])
    chosen = chosen.assign(**{column: chosen[column].astype(float) * scale for column, scale in SCALES.items()})
    facts = chosen.groupby(KEYS, sort=False).agg(
        n_parameters=("n_parameters", "max"),
        n_trainable=("n_trainable", "max"),
        n_seeds=("seed", "size"),
        seconds_a_run=("total_seconds", "mean"),
        all_seconds=("total_seconds", "sum"),
        **{f"{column}_{what}": (column, what) for column in SCALES for what in ("mean", "std")},
        **{column: (column, _all_of) for column in MACHINE},
    )
    searches, table = _searches(trials), facts.reset_index()
    found = [searches.get(keys, NO_SEARCH) for keys in table[SEARCH].itertuples(index=False, name=None)]
    return table.join(pd.DataFrame(found, columns=list(NO_SEARCH), index=table.index))[COLUMNS]


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
                f"{SETTINGS.get(setting, setting)}: {' or '.join(map(in_words, found))}"
                for setting, found in spaces(search).items()
            ),
        }
        for keys, search in trials.groupby(SEARCH, sort=False)
    }


def layout(table: pd.DataFrame) -> Layout:
    """One row an encoder, objective and corpus; the machine and the search spaces, which many share, as notes."""
    rows = arrange(table, ["encoder", "objective", "corpus"])
    cells = pd.DataFrame(
        {"Parameters": list(map(_parameters, rows["n_parameters"], rows["n_trainable"]))}, dtype=object
    )
    cells["Seeds"] = rows["n_seeds"].map(number)
    for score, title, decimals in (("macro_f1", "macro-F1", 2), ("macro_silhouette", "silhouette", 3)):
        for part, name in (("val", "Validation"), ("test", "Test")):
            means = zip(rows[f"{part}_{score}_mean"], rows[f"{part}_{score}_std"], strict=True)
            cells[f"{name} {title}"] = [mean_spread(mean, std, decimals) for mean, std in means]
    cells["Time a run"] = rows["seconds_a_run"].map(duration)
    cells["Trials"] = rows["n_trials"].map(number)
    cells["Search"] = rows["search_seconds"].where(rows["n_trials"] > 0).map(duration)
    index = [
        pd.Index(rows["encoder"].map(encoder_name), name="Encoder"),
        pd.Index(rows["objective"].map(objective_name), name="Objective"),
        pd.Index(rows["corpus"].map(corpus_name), name="Corpus"),
    ]
    return Layout.unranked(cells.set_axis(pd.MultiIndex.from_arrays(index))).with_notes(
        *_machines(rows), *_spaces(rows)
    )


def _parameters(total: float, trained: float) -> str:
    """``22.7 M``, or ``1.2 of 22.7 M`` where the rest was frozen."""
    if pd.isna(total):
        return DASH
    millions = f"{total / 1e6:.1f} M"
    return millions if pd.isna(trained) or trained == total else f"{trained / 1e6:.1f} of {millions}"


def _machines(rows: pd.DataFrame) -> list[str]:
    """One remark a machine, with the encoders and corpora that it served where there is more than one."""
    groups = rows.groupby(MACHINE, sort=False)
    remarks = []
    for (device, precision, threads, torch, transformers, python), cells in groups:
        where = f" ({len(cells)} of {len(rows)} rows)" if groups.ngroups > 1 else ""
        remarks.append(
            f"Machine{where}: {device}, {precision}, torch threads {threads}; torch {torch}, transformers "
            f"{transformers}, Python {python}."
        )
    return remarks


def _spaces(rows: pd.DataFrame) -> list[str]:
    """One remark for each space that was searched, with the objectives it was searched for."""
    searched = rows[rows["n_trials"] > 0].groupby("search_space", sort=False)["objective"]
    return [
        f"Searched for {', '.join(map(objective_name, in_order(objectives, 'objective')))}: {space}."
        for space, objectives in searched
    ]
