"""Runs and epochs made up so that the answer to a claim is known beforehand."""

import zlib
from typing import Any

import numpy as np
import pandas as pd
from glossbench.evidence.claims.judging import decided, judge

from tests.support.made_up import CORPORA, ENCODERS, LARGER_CORPORA, ONE_SCORE, epochs, runs
from tests.support.registered import CLAIMS, FACTS

INTEGRATED = {"ce": 0.80, "scl-ce": 0.81}
STANDALONE = {"scl": 0.80, "triplet": 0.81, "cosine": 0.79}
# The last epochs of the standalone objectives on each corpus, and the seconds of an epoch of G-Loss.
STOPS = {
    "gloss-o": [20, 22, 30, 40, 90],
    "scl": [35, 38, 44, 60, 180],
    "triplet": [29, 30, 80, 99, 160],
    "cosine": [40] * 4 + [199],
}
SECONDS = [10.0, 20.0, 30.0, 15.0, 40.0]


def timed(
    shares: dict[str, float] | float, objective: str = "gloss-o", seeds: int = 3, corpora=CORPORA, **columns: Any
) -> dict[str, pd.DataFrame]:
    """Runs with two epochs of 10 s each, of which graph and propagation take a share that differs a little by seed.

    Args:
        shares: By corpus, or of all corpora.
    """
    cells = {(corpus, "bert-base", objective): [0.5] * seeds for corpus in corpora}
    made = runs(cells, tuned=True, **{"device": "NVIDIA A100", **columns})
    mean = made["corpus"].map(shares) if isinstance(shares, dict) else shares
    share = np.repeat((mean * (1 + 0.02 * (made["seed"] - 1))).to_numpy(dtype=float), 2)
    seconds = {"seconds_graph": 7.5 * share, "seconds_propagation": 2.5 * share}
    seconds |= {"seconds_forward": 2.0, "seconds_epoch": 10.0}
    return {"runs": made, "epochs": epochs(made, [[0.5, 0.5]] * len(made), **seconds)}


RUN = runs({("mr", "bert-base", "ce"): [0.8]})
NO_EPOCHS = epochs(RUN, [[0.5]]).iloc[:0]


def verdict(claim: str, runs: pd.DataFrame = RUN, epochs: pd.DataFrame = NO_EPOCHS) -> dict[str, Any]:
    """One claim of the registry on these frames."""
    (found,) = judge({claim: CLAIMS[claim]}, FACTS, runs, epochs)
    return found


def decided_on(claim: str, runs: pd.DataFrame = RUN, epochs: pd.DataFrame = NO_EPOCHS) -> str:
    """The verdict on one claim of the registry alone."""
    return decided(CLAIMS[claim], {"runs": runs, "epochs": epochs}, FACTS)


def noise(*run: Any) -> float:
    """What a run adds to its mean: at most 0.0008, the same each time, of its own for each run."""
    return (zlib.crc32(repr(run).encode()) / 2**32 - 0.5) * 0.0016


def near(means: dict[tuple[str, str], float], seeds: int = 3, encoder: str = "bert-base", **columns) -> pd.DataFrame:
    """Tuned runs near the mean of their corpus and objective, the same score in every metric."""
    scores = {
        (corpus, encoder, key): [mean + noise(corpus, encoder, key, seed) for seed in range(seeds)]
        for (corpus, key), mean in means.items()
    }
    return runs(scores, **{"tuned": True, **ONE_SCORE, **columns})


def everywhere(means: dict[str, float], corpora=CORPORA) -> dict[tuple[str, str], float]:
    """The same mean of an objective on all corpora, but for an offset of each corpus."""
    return {(corpus, key): mean + 0.01 * place for place, corpus in enumerate(corpora) for key, mean in means.items()}


def won(objective: str, baselines: dict[str, float], wins: int, seeds: int = 3) -> pd.DataFrame:
    """Runs in which an objective is two points above all baselines on the first ``wins`` corpora, else two below one."""
    means = everywhere({**baselines, objective: max(baselines.values())})
    for place, corpus in enumerate(CORPORA):
        means[corpus, objective] += 0.02 if place < wins else -0.02
    return near(means, seeds)


def weighed(largest: float, others: float) -> pd.DataFrame:
    """Runs of N4: the accuracy with the largest sigma, and with the others at the same weight."""
    measure = CLAIMS["N4"].measure
    means = {measure.gloss[0]: largest} | dict.fromkeys(measure.baselines, others)
    return near(everywhere(means))


def per_seed(table: pd.DataFrame, objective: str, scores: list[float], metric: str) -> pd.DataFrame:
    """The table with an objective's scores replaced, seed by seed, on every corpus."""
    own = table["objective"] == objective
    column, new = f"test_{metric}", table["seed"].map(dict(enumerate(scores)))
    return table.assign(**{column: np.where(own, new, table[column])})


def costs(column: str, values: dict[str, list[float]], seeds: int = 3, **columns) -> pd.DataFrame:
    """Runs on an A100 with a column that differs by objective and corpus, the same for every seed."""
    made = near({(corpus, key): 0.8 for corpus in CORPORA for key in values}, seeds, device="NVIDIA A100", **columns)
    cells = zip(made["corpus"], made["objective"], strict=True)
    return made.assign(**{column: [values[key][CORPORA.index(corpus)] for corpus, key in cells]})


def seconds(ratios: list[float], seeds: int = 3, **columns) -> pd.DataFrame:
    """Runs of G-Loss, and of SCL with so many times the seconds of an epoch on each corpus."""
    theirs = [ratio * own for ratio, own in zip(ratios, SECONDS, strict=True)]
    return costs("seconds_per_epoch", {"gloss-o": SECONDS, "scl": theirs}, seeds, **columns)


def sweep(setting: str, best: list[float], values=(0.1, 0.3, 0.5, 0.7, 0.9), seeds: int = 3) -> pd.DataFrame:
    """An objective with one setting varied on as many corpora as there are best values; nearer the best is better."""
    means = {
        (corpus, f"gloss-o-ce,{setting}={value}"): 0.9 - 0.05 * abs(value - top)
        for corpus, top in zip(CORPORA, best, strict=False)
        for value in values
    }
    return near(means, seeds)


def tornado(sigma: float, weight: float, gamma: float, corpus: str = "mr") -> pd.DataFrame:
    """Unvaried runs at 0.8, and each setting's x0.9 and x1.1, which lose the given amounts on the one side."""
    means = {(corpus, "gloss-o-ce"): 0.8}
    for setting, loss in {"sigma": sigma, "weight": weight, "labeled_fraction": gamma}.items():
        means |= {(corpus, f"gloss-o-ce,{setting}=x0.9"): 0.8 - loss, (corpus, f"gloss-o-ce,{setting}=x1.1"): 0.8}
    return near(means)


def large(gains: list[float], seeds: int = 3, corpora=LARGER_CORPORA) -> pd.DataFrame:
    """SST-2 and QNLI with each encoder: CE and SCL + CE at 0.8, G-Loss + CE above by one gain a cell."""
    tables, gain = [], iter(gains)
    for encoder in ENCODERS:
        means = {(corpus, key): 0.8 for corpus in corpora for key in ("ce", "scl-ce")}
        means |= {(corpus, "gloss-o-ce"): 0.8 + next(gain) for corpus in corpora}
        tables.append(near(means, seeds, encoder))
    return pd.concat(tables, ignore_index=True)
