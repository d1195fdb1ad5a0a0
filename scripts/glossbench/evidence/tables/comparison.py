"""Published means next to ours, and whether they agree within the published spread."""

import numpy as np
import pandas as pd

from glossbench.evidence.notes import note_of
from glossbench.evidence.selection import is_untuned, unvaried, with_untuned
from glossbench.evidence.sizes import differences_by_cell
from glossbench.evidence.statistics.scores import METRICS, PRINTED, over_seeds
from glossbench.evidence.tables.layout import Layout
from glossbench.evidence.tables.scores import texts
from glossbench.evidence.text.names import arrange, corpus_name, encoder_name, in_order
from glossbench.evidence.text.numbers import mean_spread, number, signed
from glossbench.frames import CELL, EXPERIMENT, EXPERIMENT_OF_PROTOCOL
from glossbench.paper import Facts
from glossbench.settings.model import UNTUNED

KEYS = [*EXPERIMENT_OF_PROTOCOL, "metric"]
COLUMNS = [
    "corpus", "encoder", "protocol", "objective", "metric", "published_encoder", "published_mean", "published_std",
    "mean", "std", "n_seeds", "comparable", "differences_from_paper", "difference", "within_two_std",
]  # fmt: skip
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

    ``results`` is from ``published_results``, ``facts`` has the paper's sizes.

    Returns:
        One row per cell of ours and metric for which the paper has a number, and one per untuned objective and metric
        of the same corpora and encoders; scores in percent, silhouettes in [-1, 1]. comparable is whether the encoder
        is the paper's, trained in full, on the whole corpus; differences_from_paper says what is not. Only comparable
        rows have a difference (ours - published). within_two_std is whether it is at most two published standard
        deviations, missing if none is published.
    """
    rows = select(runs)
    ours = over_seeds(rows, PRINTED)
    columns = {"encoder": "published_encoder", "mean": "published_mean", "std": "published_std", "objective": "base"}
    bases = rows[["objective", "base"]].drop_duplicates()
    pairs = ours.merge(bases).merge(results.rename(columns=columns), on=["corpus", "protocol", "metric", "base"])
    pairs = pairs.assign(other=pairs["published_encoder"] != pairs["encoder"])
    encoders = in_order(pairs["published_encoder"], "encoder")
    nearest = arrange(pairs, ["other", "published_encoder"], published_encoder=encoders).drop_duplicates(KEYS)
    untuned = ours[is_untuned(ours)].merge(nearest[CELL].drop_duplicates()).assign(other=False)
    table = arrange(pd.concat([nearest, untuned]), KEYS)
    untuned = is_untuned(table)
    named = "the published encoder is " + table["published_encoder"].map(encoder_name)
    sizes = table.set_index(EXPERIMENT).index.map(differences_by_cell(rows, facts)).where(~untuned, "")
    table["differences_from_paper"] = [
        ", ".join(filter(None, both)) for both in zip(named.where(table["other"].eq(True), ""), sizes, strict=True)
    ]
    comparable = (table["differences_from_paper"] == "") & ~untuned
    difference = (table["mean"] - table["published_mean"]).where(comparable)
    within = (difference.abs() <= STANDARD_DEVIATIONS * table["published_std"] + ROUNDING).astype("boolean")
    within = within.where(difference.notna() & table["published_std"].notna())
    return table.assign(comparable=comparable, difference=difference, within_two_std=within)[COLUMNS]


def layout(table: pd.DataFrame) -> Layout:
    """One row per cell and metric: published, ours, difference and verdict. A note says why some have no verdict."""
    decimals = [METRICS[metric].decimals for metric in table["metric"]]
    published = zip(table["published_mean"], table["published_std"], decimals, strict=True)
    within = table["within_two_std"].astype("boolean")
    known = [table["protocol"] == UNTUNED, ~table["comparable"].astype(bool), within.isna(), within.fillna(False)]
    verdicts = ["not in the paper", "not comparable", "no spread published", "yes"]
    columns = {
        "Published": [number(mean, d) if pd.isna(std) else mean_spread(mean, std, d) for mean, std, d in published],
        "Ours": texts(table),
        "Seeds": table["n_seeds"].map(number),
        "Difference": map(signed, table["difference"], decimals),
        AGREES: np.select(known, verdicts, "no"),
    }
    reasons = [
        f"{corpus_name(corpus)} with {encoder_name(encoder)}: {reason}"
        for corpus, encoder, reason in table[[*CELL, "differences_from_paper"]].itertuples(index=False)
        if reason
    ]
    laid_out = Layout.unranked(table, ["corpus", "encoder", "objective", "metric"], columns, worded=[AGREES])
    return laid_out.with_notes(note_of("Not comparable.", reasons))
