"""Published means next to ours, and whether they agree within the published spread."""

import pandas as pd

from glossbench.evidence.differences import size_differences
from glossbench.evidence.selection import is_untuned, unvaried, with_untuned
from glossbench.evidence.tables.layout import Layout
from glossbench.evidence.tables.scores import KEYS, METRICS, over_seeds, texts
from glossbench.evidence.text.names import arrange, corpus_name, encoder_name, in_order
from glossbench.evidence.text.numbers import mean_spread, number, signed
from glossbench.frames import UNTUNED
from glossbench.paper import Facts

PRINTED = ["corpus", "protocol", "metric"]
SCORES = ["accuracy", "macro_f1", "macro_silhouette"]
COLUMNS = [
    "corpus", "encoder", "protocol", "objective", "metric", "published_encoder", "published_mean", "published_std",
    "mean", "std", "n_seeds", "comparable", "departures", "difference", "within_two_std",
]  # fmt: skip
ROWS = ["corpus", "encoder", "objective", "metric"]
STANDARD_DEVIATIONS = 2
AGREES = "Within two published s.d."
ROUNDING = 1e-9


def select(runs: pd.DataFrame) -> pd.DataFrame:
    """Rows of objectives without changed settings, and the untuned objectives of the same corpora and encoders."""
    return with_untuned(unvaried(runs), runs)


def tidy(runs: pd.DataFrame, results: pd.DataFrame, facts: Facts) -> pd.DataFrame:
    """Our means and the published ones.

    A published number belongs to the same corpus, encoder, objective (with any preset) and metric. If the paper has
    numbers only for other encoders, the first of those in display order is given for orientation. The untuned
    objectives of a corpus and encoder follow, without published numbers.

    Args:
        runs: The collected runs.
        results: From ``published_results``.
        facts: The paper's sizes.

    Returns:
        One row per cell of ours and metric for which the paper has a number, and one per untuned objective
        and metric beside them;
        scores in percent, silhouettes in [-1, 1]. comparable is whether the encoder is the paper's, trained in full,
        on the whole corpus; departures lists the differences. Only comparable rows have a difference (ours -
        published). within_two_std is whether it is at most two published standard deviations, missing if none is
        published.
    """
    rows = select(runs)
    ours = over_seeds(rows, SCORES)
    bases = rows.drop_duplicates("objective").set_index("objective")["base"]
    table = _with_published(ours.assign(base=ours["objective"].map(bases)), results)
    table = arrange(pd.concat([table, _untuned_beside(table, ours)]), KEYS)
    differences = {
        keys: size_differences(cell, *keys[:2], facts)
        for keys, cell in rows.groupby(["corpus", "encoder", "objective"])
    }
    table["departures"] = [
        ""
        if row.protocol == UNTUNED
        else ", ".join([*_other_encoder(row), *differences[row.corpus, row.encoder, row.objective]])
        for row in table.itertuples(index=False)
    ]
    comparable = (table["departures"] == "").astype(bool) & ~is_untuned(table)
    difference = (table["mean"] - table["published_mean"]).where(comparable)
    within = difference.abs() <= STANDARD_DEVIATIONS * table["published_std"] + ROUNDING
    known = difference.notna() & table["published_std"].notna()
    within = within.astype("boolean").where(known)
    return table.assign(comparable=comparable, difference=difference, within_two_std=within)[COLUMNS]


def _with_published(ours: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    """Our cells with the published number of the same encoder, or else of the first other encoder; others dropped."""
    columns = {"encoder": "published_encoder", "mean": "published_mean", "std": "published_std", "objective": "base"}
    pairs = ours.merge(published.rename(columns=columns), on=[*PRINTED, "base"])
    order = {key: place for place, key in enumerate(in_order(pairs["published_encoder"], "encoder"))}
    distance = pairs["published_encoder"].map(order).where(pairs["published_encoder"] != pairs["encoder"], -1)
    nearest = pairs.assign(distance=distance).sort_values("distance", kind="stable")
    return nearest.drop_duplicates([*PRINTED, "encoder", "objective"]).sort_index().reset_index(drop=True)


def _untuned_beside(table: pd.DataFrame, ours: pd.DataFrame) -> pd.DataFrame:
    """Our untuned objectives, on the corpora and with the encoders of a table."""
    missing = {"published_encoder": None, "published_mean": float("nan"), "published_std": float("nan")}
    return ours[is_untuned(ours)].merge(table[["corpus", "encoder"]].drop_duplicates()).assign(**missing)


def _other_encoder(row) -> list[str]:
    if row.published_encoder == row.encoder:
        return []
    return [f"the published encoder is {encoder_name(row.published_encoder)}"]


def layout(table: pd.DataFrame) -> Layout:
    """One row per cell and metric: published, ours, difference and verdict. A note says why some have no verdict."""
    decimals = [METRICS[metric].decimals for metric in table["metric"]]
    columns = {
        "Published": map(_published, table["published_mean"], table["published_std"], decimals),
        "Ours": texts(table),
        "Seeds": table["n_seeds"].map(number),
        "Difference": map(signed, table["difference"], decimals),
        AGREES: map(_verdict, table.itertuples(index=False)),
    }
    return Layout.unranked(table, ROWS, columns, worded=[AGREES]).with_notes(_not_comparable(table))


def _not_comparable(table: pd.DataFrame) -> str | None:
    """A note with the differences of cells that are not comparable, each once for all objectives; None if all are."""
    rows = table.loc[table["departures"] != "", ["corpus", "encoder", "departures"]].drop_duplicates()
    reasons = [
        f"{corpus_name(row.corpus)} with {encoder_name(row.encoder)}: {row.departures}"
        for row in rows.itertuples(index=False)
    ]
    return f"Not comparable. {'; '.join(reasons)}." if reasons else None


def _published(mean: float, std: float, decimals: int) -> str:
    """A published mean, with its spread if one is printed."""
    return number(mean, decimals) if pd.isna(std) else mean_spread(mean, std, decimals)


def _verdict(row) -> str:
    if row.protocol == UNTUNED:
        return "not in the paper"
    if not row.comparable:
        return "not comparable"
    if pd.isna(row.within_two_std):
        return "no spread published"
    return "yes" if row.within_two_std else "no"
