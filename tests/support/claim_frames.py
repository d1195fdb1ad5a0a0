"""Run tables made up so that the answer to a claim is known beforehand."""

import zlib

import pandas as pd
from glossbench.evidence.paper.comparable import DOCUMENTS

STANDALONE = {"scl", "triplet", "cosine", "gloss-sqrt", "gloss-o"}
CORPORA = ["mr", "r8", "r52", "ohsumed", "20ng"]


def noise(*run) -> float:
    """What a run adds to its mean: at most 0.0008, the same each time, of its own for each run."""
    return (zlib.crc32(repr(run).encode()) / 2**32 - 0.5) * 0.0016


def runs(scores: dict[tuple[str, str], float], seeds: int = 3, encoder: str = "bert-base", **columns) -> pd.DataFrame:
    """runs.parquet of the paper's setting from {(corpus, objective key): mean}; every metric has that mean.

    columns: further ones, constant, or a mapping from objective key to value.
    """
    rows = [
        {
            "corpus": corpus,
            "encoder": encoder,
            "objective": key,
            "protocol": "standalone" if key.split("@")[0].split(",")[0] in STANDALONE else "integrated",
            "seed": seed,
            **dict.fromkeys(
                ["test_accuracy", "test_macro_f1", "test_macro_silhouette"], mean + noise(corpus, encoder, key, seed)
            ),
            **documents(corpus),
        }
        for (corpus, key), mean in scores.items()
        for seed in range(seeds)
    ]
    table = pd.DataFrame(rows)
    for name, value in columns.items():
        table[name] = table["objective"].map(value) if isinstance(value, dict) else value
    return table


def documents(corpus: str) -> dict[str, int]:
    learn, test = DOCUMENTS.get(corpus, (1000, 500))
    size = {"n_parameters": 360_000_000, "n_trainable": 360_000_000}  # more than any of the paper's encoders
    return {"n_train": learn - 100, "n_val": 100, "n_test": test, **size}


def grid(corpora: list[str], means: dict[str, float]) -> dict[tuple[str, str], float]:
    """The same mean of an objective on all corpora, but for an offset of each corpus."""
    return {(corpus, key): mean + 0.01 * place for place, corpus in enumerate(corpora) for key, mean in means.items()}


def epochs(shares: list[float], objective: str = "gloss-o", corpus: str = "mr", encoder: str = "bert-base"):
    """epochs.parquet of one run a share: two epochs of 10 s, in which graph and propagation take that share."""
    rows = [
        {
            "corpus": corpus,
            "encoder": encoder,
            "objective": objective,
            "protocol": "standalone",
            "seed": seed,
            "epoch": epoch,
            "seconds_graph": 10 * share * 0.75,
            "seconds_propagation": 10 * share * 0.25,
            "seconds_epoch": 10.0,
        }
        for seed, share in enumerate(shares)
        for epoch in (1, 2)
    ]
    columns = ["corpus", "encoder", "objective", "seed", "seconds_graph", "seconds_propagation", "seconds_epoch"]
    return pd.DataFrame(rows) if rows else pd.DataFrame(columns=columns)
