"""All tests of a study, and the number of seeds that the paper's differences need."""

import math
from dataclasses import asdict

import numpy as np
import pandas as pd

from glossbench.evidence.selection import unvaried
from glossbench.evidence.statistics.pairs import FEWEST_PAIRS, pairwise
from glossbench.evidence.statistics.power import seeds_needed
from glossbench.evidence.statistics.ranks import friedman
from glossbench.evidence.statistics.scores import METRICS, PRINTED
from glossbench.evidence.text.names import arrange, is_gloss

PAIR = ["corpus", "encoder", "protocol", "objective", "baseline", "metric"]


def pair_tests(runs: pd.DataFrame) -> pd.DataFrame:
    """``pairwise`` for accuracy, macro-F1 and macro-silhouette, in one frame."""
    frames = [pairwise(runs, metric) for metric in PRINTED]
    return pd.concat([frame for frame in frames if len(frame)] or frames[:1], ignore_index=True)


def rank_tests(runs: pd.DataFrame) -> list[dict]:
    """``friedman`` for every protocol, encoder and metric with scores, as mappings for JSON."""
    rows = []
    for (protocol, encoder), group in unvaried(runs).groupby(["protocol", "encoder"]):
        tests = [friedman(group, metric, protocol, encoder) for metric in PRINTED]
        rows += [asdict(test) for test in tests if test.ranks]
    return rows


def seeds_for_published(pairs: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    """The number of seeds needed to detect a difference of the published size between G-Loss and a baseline.

    ``pairs`` is from ``pair_tests``, ``published`` from ``published_results``.

    Returns:
        One row per published difference, and one per pair of objectives that was run in a cell without a published
        number. Columns corpus, encoder, protocol, objective, baseline, metric, difference and std (percentage points;
        silhouettes in [-1, 1]), difference_source ("paper", or "paper, mean": the mean over the paper's cells if it
        has no number for this one), std_source ("runs": of the differences between at least three common seeds; else
        "paper": from its two standard deviations, as if runs were independent) and seeds (runs of each objective for
        a power of 0.8, two-sided paired t test at 0.05; missing if it cannot be computed).
    """
    paper = _published_pairs(published)
    ours = pairs[(pairs["pairs"] == "seeds") & _is_gloss(pairs["objective"]) & ~_is_gloss(pairs["baseline"])]
    scale = ours["metric"].map(lambda name: METRICS[name].scale).astype(float)
    ours = ours.assign(own_std=ours["std"].astype(float) * scale)[[*PAIR, "n", "own_std"]]
    table = paper.merge(ours, "outer", PAIR)
    means = paper.groupby(["objective", "baseline", "metric"])["difference"].mean().rename("typical").reset_index()
    table = table.merge(means, "left", ["objective", "baseline", "metric"])
    table["difference_source"] = np.where(table["difference"].notna(), "paper", "paper, mean")
    table["difference"] = table["difference"].fillna(table["typical"])
    measured = (table["n"] >= FEWEST_PAIRS) & (table["own_std"] > 0)
    table["std"] = table["own_std"].where(measured, table["published_std"])
    table["std_source"] = np.select([measured, table["std"].notna()], ["runs", "paper"], "")
    table = table.dropna(subset=["difference"])
    needed = [seeds_needed(*row) for row in table[["difference", "std"]].round(9).itertuples(index=False)]
    table["seeds"] = pd.array([math.nan if seeds is None else seeds for seeds in needed], dtype="Int64")
    columns = [*PAIR, "difference", "difference_source", "std", "std_source", "seeds"]
    return arrange(table[columns], PAIR)


def _published_pairs(published: pd.DataFrame) -> pd.DataFrame:
    keys = ["corpus", "encoder", "protocol", "metric"]
    gloss = _is_gloss(published["objective"])
    table = published[gloss].merge(published[~gloss], on=keys, suffixes=("", "_baseline"))
    return table.rename(columns={"objective_baseline": "baseline"}).assign(
        difference=table["mean"] - table["mean_baseline"], published_std=np.hypot(table["std"], table["std_baseline"])
    )[[*PAIR, "difference", "published_std"]]


def _is_gloss(objectives: pd.Series) -> pd.Series:
    return objectives.map(is_gloss).astype(bool)
