"""T9: paired tests of standalone G-Loss against each baseline across corpora, accuracy."""

from itertools import product
from typing import Any

import pandas as pd

from glossbench.evidence.notes import note_of
from glossbench.evidence.selection import with_gloss
from glossbench.evidence.statistics.pairs import ONE, paired, with_holm
from glossbench.evidence.tables.layout import Layout
from glossbench.evidence.text.names import arrange, objective_name
from glossbench.evidence.text.numbers import number, signed, significant
from glossbench.paper import ENCODER

PAIRS = ["published", "corpora", "runs"]
MEANS = ["mean", "baseline_mean", "difference"]
NUMBERS = ["n", *MEANS, "t", "p", "p_holm", "wilcoxon_p", "wilcoxon_p_holm"]
COLUMNS = ["encoder", "objective", "baseline", "pairs", *NUMBERS, "reason"]
P_VALUES = {"p": "p", "p_holm": "p (Holm)", "wilcoxon_p": "Wilcoxon p", "wilcoxon_p_holm": "Wilcoxon p (Holm)"}


def select(runs: pd.DataFrame, gloss: list[str], baselines: list[str]) -> pd.DataFrame:
    """Rows of the baselines and of G-Loss: for each encoder, the first of ``gloss`` that was run with it."""
    return with_gloss(runs, gloss, baselines, by=["encoder"])


def tidy(
    runs: pd.DataFrame, gloss: list[str], baselines: list[str], ttests: pd.DataFrame | None = None
) -> pd.DataFrame:
    """The tests of G-Loss against each baseline; ``ttests`` is from ``published_ttests``.

    Returns:
        One row per encoder, baseline and kind of pairs: "published", "corpora" or "runs" (``statistics.pairs.paired``).
        mean, baseline_mean and difference are percent. p values that cannot be computed are missing, and reason says
        why. The published ones are not corrected.
    """
    rows = select(runs, gloss, baselines)
    ours = pd.concat([paired(rows, *pair, "accuracy") for pair in product(gloss, baselines)], ignore_index=True)
    ours = with_holm(ours[ours["pairs"] != "seeds"], ["encoder", "pairs"])
    ours[MEANS] = ours[MEANS].astype(float) * 100
    theirs = None
    if ttests is not None:
        theirs = ttests.assign(encoder=ENCODER, pairs="published").rename(columns={"p_value": "p"})
    table = pd.concat([theirs, ours], ignore_index=True).reindex(columns=COLUMNS)
    table = table.astype(dict.fromkeys(NUMBERS, float)).fillna({"reason": ""})
    return arrange(table, ["encoder", "baseline", "pairs"], baseline=baselines, pairs=PAIRS)


def layout(table: pd.DataFrame, **_: Any) -> Layout:
    """One row per encoder, comparison and kind of pairs. A note says why tests are missing."""
    names = [table[column].map(objective_name) for column in ("objective", "baseline")]
    titled = table.assign(
        Comparison=[f"{objective} vs {baseline}" for objective, baseline in zip(*names, strict=True)],
        Pairs=[
            kind if pd.isna(n) else f"{number(n)} {ONE[kind] if n == 1 else kind}"
            for kind, n in zip(table["pairs"], table["n"], strict=True)
        ],
    )
    columns = {
        "G-Loss": [number(mean, 2) for mean in table["mean"]],
        "Baseline": [number(mean, 2) for mean in table["baseline_mean"]],
        "Difference": table["difference"].map(signed),
        **{title: table[column].map(significant) for column, title in P_VALUES.items()},
    }
    laid_out = Layout.unranked(titled, ["encoder", "Comparison", "Pairs"], columns)
    return laid_out.with_notes(note_of("A dash among the tests:", table["reason"]))
