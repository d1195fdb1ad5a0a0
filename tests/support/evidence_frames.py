"""Hand-made frames of the shape that collect writes, small enough to work out their answers on paper."""

import itertools
import json
import re

import numpy as np
import pandas as pd

INTEGRATED = ("ce", "scl-ce", "gloss-sqrt-ce", "gloss-o-ce")
STANDALONE = ("scl", "triplet", "cosine", "gloss-sqrt", "gloss-o")
PROTOCOLS = {**dict.fromkeys(INTEGRATED, "integrated"), **dict.fromkeys(STANDALONE, "standalone")}
# Documents of train, validation and test.
PAPER_CORPORA = {
    "mr": (6397, 711, 3554),
    "r8": (4936, 549, 2189),
    "r52": (5865, 667, 2568),
    "ohsumed": (3021, 336, 4043),
    "20ng": (10182, 1132, 7532),
}
GLUE_CORPORA = {"sst2": (60614, 6735, 872), "qnli": (94268, 10475, 5463)}
PAPER_ENCODERS = {"distilbert": 66_000_000, "bert-base": 110_000_000, "roberta-large": 356_000_000}
SETTINGS = {
    "gloss": {"sigma": 0.5, "labeled_fraction": 0.7},
    "scl": {"temperature": 0.3},
    "triplet": {"margin": 5.0},
}


def runs(scores: dict[tuple[str, str, str], list[float]], **columns) -> pd.DataFrame:
    """runs.parquet from {(corpus, encoder, objective): accuracy of each seed}; macro-F1 is accuracy - 0.1."""
    rows = [
        {
            "corpus": corpus,
            "encoder": encoder,
            "objective": objective,
            "protocol": PROTOCOLS[re.split("[@,]", objective)[0]],
            "seed": seed,
            "test_accuracy": accuracy,
            "test_macro_f1": accuracy - 0.1,
            "test_macro_silhouette": 0.25,
            "val_macro_f1": accuracy - 0.05,
            "val_macro_silhouette": 0.3,
        }
        for (corpus, encoder, objective), accuracies in scores.items()
        for seed, accuracy in enumerate(accuracies)
    ]
    constant = {
        "study": "made-up",
        "preset": "paper",
        "best_epoch": 2,
        "stop_epoch": 3,
        "max_epochs": 3,
        "train_seconds": 9.0,
        "total_seconds": 10.0,
        "seconds_per_epoch": 3.0,
        "docs_per_second": 100.0,
        "peak_memory_mib": 900.0,
        "device": "cpu",
        "n_train": 320,
        "n_val": 160,
        "n_test": 500,
        "learning_rate": 2e-4,
        "batch_size": 128,
        "tuned": False,
        "n_parameters": 22_000_000,
        "n_trainable": 22_000_000,
        "precision": "float32",
        "threads": 1,
        "torch_version": "2.13.0",
        "transformers_version": "5.23.0",
        "python_version": "3.11.7",
        **dict.fromkeys(["sigma", "labeled_fraction", "weight", "temperature", "margin", "probe_C"], np.nan),
    }
    return pd.DataFrame(rows).assign(**constant | columns)


def paper_grid(seeds: int = 3, encoders: dict[str, int] = PAPER_ENCODERS) -> pd.DataFrame:
    """runs.parquet of the paper's whole grid: integrated with each encoder (GLUE too), standalone with the second.

    Scores rise with the objective's place in INTEGRATED or STANDALONE, by a point each; whole corpora, all tuned.
    """
    integrated = itertools.product([*PAPER_CORPORA, *GLUE_CORPORA], encoders, INTEGRATED)
    standalone = itertools.product(PAPER_CORPORA, list(encoders)[1:2] or list(encoders), STANDALONE)
    cells = [*integrated, *standalone]
    order = {key: place for keys in (INTEGRATED, STANDALONE) for place, key in enumerate(keys)}
    sizes = {**PAPER_CORPORA, **GLUE_CORPORA}
    scores = {
        cell: [0.8 + 0.01 * order[cell[2]] + 0.001 * place + 0.002 * seed * (1 + place % 3) for seed in range(seeds)]
        for place, cell in enumerate(cells)
    }
    frame = runs(scores, tuned=True, learning_rate=2e-5, max_epochs=200, device="NVIDIA A100", precision="bfloat16")
    for place, column in enumerate(["n_train", "n_val", "n_test"]):
        frame[column] = [sizes[corpus][place] for corpus in frame["corpus"]]
    frame["n_parameters"] = frame["n_trainable"] = frame["encoder"].map(encoders)
    for start, settings in SETTINGS.items():
        for setting, value in settings.items():
            frame.loc[frame["objective"].str.startswith(start), setting] = value
    frame.loc[frame["objective"].isin(INTEGRATED[1:]), "weight"] = 0.7
    frame["stop_epoch"] = 20 + frame.index % 11
    return frame


def trials(frame: pd.DataFrame, n: int = 5, spaces: dict[str, dict] | None = None) -> pd.DataFrame:
    """trials.parquet of one search for each corpus, encoder and objective of runs; the last trial is the best.

    The first trial failed, the second was pruned. Values go through the ends of each space: low, then high.
    """
    spaces = spaces or {"learning_rate": {"choices": [1e-5, 2e-5]}, "sigma": {"low": 0.1, "high": 10.0, "log": True}}
    keys = ["corpus", "encoder", "objective", "preset", "protocol"]
    ends = {name: space.get("choices") or [space["low"], space["high"]] for name, space in spaces.items()}
    rows = [
        {
            "study": "made-up",
            **dict(zip(keys, search, strict=True)),
            "trial": trial,
            "state": {0: "failed", 1: "pruned"}.get(trial, "complete"),
            "value": np.nan if trial == 0 else 0.5 + trial / 100,
            "score": "val_macro_f1" if search[-1] == "integrated" else "val_macro_silhouette",
            "epochs": 3,
            "seconds": 60.0,
            "best": trial == n - 1,
            "space": json.dumps(spaces),
            **{name: values[trial % 2] if trial < n - 1 else values[-1] for name, values in ends.items()},
        }
        for search in frame[keys].drop_duplicates().itertuples(index=False, name=None)
        for trial in range(n)
    ]
    return pd.DataFrame(rows)


def coverage(frame: pd.DataFrame, finished: list[bool] | bool = True) -> pd.DataFrame:
    """coverage.parquet of planned runs with the keys of ``frame``."""
    return frame[["corpus", "encoder", "objective", "preset", "protocol", "seed"]].assign(finished=finished)


def corpora(*keys: str, **columns) -> pd.DataFrame:
    """corpora.parquet with the same counts for each corpus."""
    counts = {"n_documents": 1234, "n_train": 800, "n_val": 34, "n_test": 400, "n_classes": 2, "n_empty": 0}
    audit = {"n_duplicates": 3, "n_test_in_train": 2, "n_conflicts": 1}
    about = {"title": "A title", "source": "a source", "licence": "a licence"}
    return pd.DataFrame([{"corpus": key, **counts, **audit, **about, **columns} for key in keys])


def epochs(scores: dict[tuple[str, int], list[float]], corpus: str = "mr") -> pd.DataFrame:
    """epochs.parquet from {(objective, seed): score of each epoch}, one corpus and encoder."""
    rows = []
    for (objective, seed), values in scores.items():
        protocol = PROTOCOLS[objective]
        column, other = "val_macro_f1", "val_macro_silhouette"
        if protocol == "standalone":
            column, other = other, column
        keys = {"corpus": corpus, "encoder": "minilm-l6", "objective": objective, "protocol": protocol}
        for epoch, value in enumerate(values, start=1):
            rows.append({**keys, "seed": seed, "epoch": epoch, column: value, other: np.nan})
    return pd.DataFrame(rows)


def projections(sizes: dict[str, int], objectives: tuple[str, ...], seeds: tuple[int, ...] = (0,)) -> pd.DataFrame:
    """projections.parquet: for each objective and seed, ``sizes`` documents of each class on a line."""
    names = [name for name, size in sizes.items() for _ in range(size)]
    labels = [label for label, size in enumerate(sizes.values()) for _ in range(size)]
    panels = itertools.product(objectives, seeds)
    rows = [
        {
            "corpus": "r8",
            "encoder": "minilm-l6",
            "objective": objective,
            "seed": seed,
            "doc_id": f"d{place:04d}",
            "label": label,
            "class_name": name,
            "x": 10.0 * place + seed,
            "y": 5.0 * label,
        }
        for objective, seed in panels
        for place, (label, name) in enumerate(zip(labels, names, strict=True))
    ]
    return pd.DataFrame(rows)
