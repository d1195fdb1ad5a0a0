"""Our means beside the published ones, and whether they agree within the published spread."""

import pandas as pd

from glossbench.evidence.paper.comparable import differences_from_paper
from glossbench.evidence.paper.facts import Facts
from glossbench.evidence.selection import unvaried
from glossbench.evidence.tables.grid import NAMES, TITLES
from glossbench.evidence.tables.scores import METRICS, over_seeds
from glossbench.evidence.text.layout import Layout
from glossbench.evidence.text.names import corpus_name, encoder_name, in_order
from glossbench.evidence.text.numbers import DASH, mean_spread, number

CELL = ["corpus", "protocol", "metric"]
SCORES = ["accuracy", "macro_f1", "macro_silhouette"]
COLUMNS = [
    "corpus", "encoder", "protocol", "objective", "metric", "published_encoder", "published_mean", "published_std",
    "mean", "std", "n_seeds", "comparable", "departures", "difference", "within_two_std",
]  # fmt: skip
ROWS = ["corpus", "encoder", "objective", "metric"]
STANDARD_DEVIATIONS = 2
ROUNDING = 1e-9
NOTES = (
    "The paper's numbers stand on three seeds; its caption speaks of variance where the size of the numbers fits a "
    "standard deviation (D13), which is how they are read here.",
    "A reference preset follows the paper's code where that departs from the paper's equations, and is set against "
    "the same published numbers.",
)


def select(runs: pd.DataFrame) -> pd.DataFrame:
    """Runs of both protocols whose objective changes no setting."""
    return unvaried(runs)


def tidy(runs: pd.DataFrame, results: pd.DataFrame, facts: Facts) -> pd.DataFrame:
    """One row a cell of ours and score for which the paper has a number.

    ``results`` is what ``published_results`` reads, ``runs`` the collected runs.parquet; scores in percent,
    silhouettes as they are. Ours are set against the published numbers of the same corpus, encoder, objective
    (whatever its preset) and score. Where the paper has them for other encoders only, the first of those, in
    readers' order, stands there as a landmark. comparable is whether the encoder is the paper's, trained whole, on
    the whole corpus; departures says where not. Only then there is a difference (ours - published), and
    within_two_std: whether it is at most two published standard deviations, missing where none is published.
    """
    chosen = select(runs)
    ours = over_seeds(chosen, SCORES).drop(columns="rank")
    bases = chosen.drop_duplicates("objective").set_index("objective")["base"]
    found = _landmarks(ours.assign(base=ours["objective"].map(bases)), results)
    differences = {
        keys: differences_from_paper(cell, *keys[:2], facts)
        for keys, cell in chosen.groupby(["corpus", "encoder", "objective"])
    }
    found["departures"] = [
        ", ".join([*_other_encoder(row), *differences[row.corpus, row.encoder, row.objective]])
        for row in found.itertuples(index=False)
    ]
    comparable = (found["departures"] == "").astype(bool)
    difference = (found["mean"] - found["published_mean"]).where(comparable)
    within = difference.abs() <= STANDARD_DEVIATIONS * found["published_std"] + ROUNDING
    known = difference.notna() & found["published_std"].notna()
    judged = within.astype("boolean").where(known)
    return found.assign(comparable=comparable, difference=difference, within_two_std=judged)[COLUMNS]


def _landmarks(ours: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    """Our cells with the published one of the same encoder, else of the first other encoder; the rest left out."""
    theirs = published.rename(
        columns={"encoder": "published_encoder", "mean": "published_mean", "std": "published_std"}
    )
    theirs = theirs.rename(columns={"objective": "base"})
    pairs = ours.merge(theirs, on=[*CELL, "base"])
    order = {key: place for place, key in enumerate(in_order(pairs["published_encoder"], "encoder"))}
    distance = pairs["published_encoder"].map(order).where(pairs["published_encoder"] != pairs["encoder"], -1)
    nearest = pairs.assign(distance=distance).sort_values("distance", kind="stable")
    return nearest.drop_duplicates([*CELL, "encoder", "objective"]).sort_index().reset_index(drop=True)


def _other_encoder(row) -> list[str]:
    if row.published_encoder == row.encoder:
        return []
    return [f"the published encoder is {encoder_name(row.published_encoder)}"]


def layout(table: pd.DataFrame) -> Layout:
    """One row a cell and score: published, ours, difference, the verdict, and below why some have none."""
    texts = [
        [
            _score(row.published_mean, row.published_std, METRICS[row.metric].decimals),
            mean_spread(row.mean, row.std, METRICS[row.metric].decimals),
            number(row.n_seeds),
            _signed(row.difference, METRICS[row.metric].decimals),
            _verdict(row),
        ]
        for row in table.itertuples(index=False)
    ]
    index = pd.MultiIndex.from_arrays(
        [list(map(NAMES[key], table[key])) for key in ROWS], names=[TITLES[key] for key in ROWS]
    )
    columns = ["Published", "Ours", "Seeds", "Difference", "Within two published s.d."]
    cells = pd.DataFrame(texts, index=index, columns=columns, dtype=object)
    return Layout.unranked(cells, worded=columns[-1:]).with_notes(_why(table))


def _why(table: pd.DataFrame) -> str | None:
    """What keeps cells from being compared, once for all objectives that share it."""
    rows = table.loc[table["departures"] != "", ["corpus", "encoder", "departures"]].drop_duplicates()
    reasons = [
        f"{corpus_name(row.corpus)} with {encoder_name(row.encoder)}: {row.departures}"
        for row in rows.itertuples(index=False)
    ]
    return f"Not comparable. {'; '.join(reasons)}." if reasons else None


def _score(mean: float, std: float, decimals: int) -> str:
    """A published mean, with its spread where one is printed."""
    return number(mean, decimals) if pd.isna(std) else mean_spread(mean, std, decimals)


def _signed(difference: float, decimals: int) -> str:
    return DASH if pd.isna(difference) else f"{difference:+,.{decimals}f}".replace("-", "−")


def _verdict(row) -> str:
    if not row.comparable:
        return "not comparable"
    if pd.isna(row.within_two_std):
        return "no spread published"
    return "yes" if row.within_two_std else "no"
