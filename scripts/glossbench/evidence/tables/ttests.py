"""T9: paired tests of standalone G-Loss against each baseline across corpora, accuracy."""

import pandas as pd

from glossbench.evidence.selection import with_gloss
from glossbench.evidence.statistics.pairs import holm, paired
from glossbench.evidence.tables.layout import Layout
from glossbench.evidence.text.names import arrange, objective_name
from glossbench.evidence.text.numbers import number, signed, significant

METRIC = "accuracy"
PAIRS = ["published", "corpora", "runs"]
NUMBERS = ["n", "mean", "baseline_mean", "difference", "t", "p", "p_holm", "wilcoxon_p", "wilcoxon_p_holm"]
COLUMNS = ["encoder", "objective", "baseline", "pairs", *NUMBERS, "reason"]
_ONE = {"corpora": "corpus", "runs": "run"}
PUBLISHED_ENCODER = "bert-base"


def select(runs: pd.DataFrame, gloss: list[str], baselines: list[str]) -> pd.DataFrame:
    """Rows of the baselines and of G-Loss: for each encoder, the first of ``gloss`` that was run with it."""
    return with_gloss(runs, gloss, baselines, by=["encoder"])


def tidy(
    runs: pd.DataFrame, gloss: list[str], baselines: list[str], ttests: pd.DataFrame | None = None
) -> pd.DataFrame:
    """The tests against each baseline.

    Args:
        runs: The collected runs.
        gloss: Objective keys.
        baselines: Objective keys.
        ttests: From ``published_ttests``.

    Returns:
        One row per encoder, baseline and kind of pairs: "published", "corpora" or "runs" (see ``statistics.paired``).
        Columns encoder, objective, baseline, pairs, n, mean, baseline_mean and difference (percent), t, p, p_holm,
        wilcoxon_p, wilcoxon_p_holm and reason. p values that cannot be computed are missing, and reason says why.
    """
    ours = _our_tests(select(runs, gloss, baselines), gloss, baselines)
    theirs = [] if ttests is None else [ttests.assign(encoder=PUBLISHED_ENCODER, pairs="published")]
    theirs = [frame.rename(columns={"p_value": "p"}) for frame in theirs]
    frames = [frame.reindex(columns=COLUMNS).astype(dict.fromkeys(NUMBERS, float)) for frame in [*theirs, *ours]]
    table = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=COLUMNS)
    reasons = table["reason"].astype(object)
    return _in_order(_corrected(table.assign(reason=reasons.where(reasons.notna(), ""))), baselines)


def _our_tests(rows: pd.DataFrame, gloss: list[str], baselines: list[str]) -> list[pd.DataFrame]:
    ours = [
        paired(rows, objective, baseline, METRIC)
        for objective in gloss
        for baseline in baselines
        if {objective, baseline} <= set(rows["objective"])
    ]
    ours = [frame[frame["pairs"].isin(PAIRS)] for frame in ours if len(frame)]
    percent = ("mean", "baseline_mean", "difference")
    return [frame.assign(**{column: frame[column] * 100 for column in percent}) for frame in ours]


def _corrected(table: pd.DataFrame) -> pd.DataFrame:
    """The tests with Holm's p values of ours; the published ones are not corrected."""
    families = [table["encoder"], table["pairs"]]
    own = table["pairs"] != "published"
    holms = {
        f"{column}_holm": table[column].astype(float).where(own).groupby(families).transform(holm)
        for column in ("p", "wilcoxon_p")
    }
    return table.assign(**holms)


def _in_order(table: pd.DataFrame, baselines: list[str]) -> pd.DataFrame:
    places = {"by": table["baseline"].map(baselines.index), "kind": table["pairs"].map(PAIRS.index)}
    return arrange(table.assign(**places), ["encoder", "by", "kind"])[COLUMNS]


def layout(table: pd.DataFrame, **_: list[str]) -> Layout:
    """One row per encoder, comparison and kind of pairs. A note says why tests are missing."""
    compared = zip(table["objective"].map(objective_name), table["baseline"].map(objective_name), strict=True)
    titled = table.assign(
        Comparison=[f"{objective} vs {baseline}" for objective, baseline in compared],
        Pairs=[_pairs(kind, n) for kind, n in zip(table["pairs"], table["n"], strict=True)],
    )
    columns = {
        "G-Loss": table["mean"].map(_percent),
        "Baseline": table["baseline_mean"].map(_percent),
        "Difference": table["difference"].map(signed),
        "p": table["p"].map(significant),
        "p (Holm)": table["p_holm"].map(significant),
        "Wilcoxon p": table["wilcoxon_p"].map(significant),
        "Wilcoxon p (Holm)": table["wilcoxon_p_holm"].map(significant),
    }
    reasons = dict.fromkeys(reason for reason in table["reason"] if reason)
    laid_out = Layout.unranked(titled, ["encoder", "Comparison", "Pairs"], columns)
    return laid_out.with_notes(f"A dash among the tests: {'; '.join(reasons)}." if reasons else None)


def _pairs(kind: str, n: float) -> str:
    return kind if pd.isna(n) else f"{number(n)} {_ONE[kind] if n == 1 else kind}"


def _percent(value: float) -> str:
    return number(value, 2)
