"""Hand-made frames of the shape that collect writes, small enough to work out their answers on paper."""

import itertools

import numpy as np
import pandas as pd

PROTOCOLS = {"ce": "integrated", "gloss-sqrt-ce": "integrated", "scl-ce": "integrated", "scl": "standalone"}


def runs(scores: dict[tuple[str, str, str], list[float]], **columns) -> pd.DataFrame:
    """runs.parquet from {(corpus, encoder, objective): accuracy of each seed}; macro-F1 is accuracy - 0.1."""
    rows = [
        {
            "corpus": corpus,
            "encoder": encoder,
            "objective": objective,
            "protocol": PROTOCOLS[objective.split("@")[0]],
            "seed": seed,
            "test_accuracy": accuracy,
            "test_macro_f1": accuracy - 0.1,
            "test_macro_silhouette": 0.25,
        }
        for (corpus, encoder, objective), accuracies in scores.items()
        for seed, accuracy in enumerate(accuracies)
    ]
    constant = {
        "best_epoch": 2,
        "stop_epoch": 3,
        "total_seconds": 10.0,
        "seconds_per_epoch": 3.0,
        "docs_per_second": 100.0,
        "peak_memory_mib": 900.0,
        "device": "cpu",
        "n_train": 320,
        "n_val": 160,
        "n_test": 500,
        "learning_rate": 2e-4,
        **dict.fromkeys(["sigma", "labeled_fraction", "weight", "temperature"], np.nan),
    }
    return pd.DataFrame(rows).assign(**constant | columns)


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
