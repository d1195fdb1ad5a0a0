"""Frames of the shape that collect writes, as large as a study of the paper's size, from one seed."""

import itertools
import json

import numpy as np
import pandas as pd

CORPORA = ("mr", "r8", "r52", "ohsumed", "20ng")
ENCODERS = ("bert-base", "roberta-large", "distilbert")
INTEGRATED = ("ce", "scl-ce", "gloss-sqrt-ce", "gloss-o-ce")
STANDALONE = ("scl", "triplet", "cosine", "gloss-sqrt", "gloss-o")
LEVELS = {"mr": 0.86, "r8": 0.94, "r52": 0.82, "ohsumed": 0.61, "20ng": 0.84}
PARTS = {"forward": 0.3, "backward": 0.6, "optimizer": 0.05, "graph": 0.007, "propagation": 0.002, "other": 0.041}


def protocol(objective: str) -> str:
    name = objective.split(",")[0].split("@")[0]
    return "integrated" if name == "ce" or name.endswith("-ce") else "standalone"


def runs(corpora=CORPORA, encoders=ENCODERS, objectives=INTEGRATED + STANDALONE, seeds=(0, 1, 2)) -> pd.DataFrame:
    """runs.parquet of a product; scores are made up, a little better for each later objective."""
    chance = np.random.default_rng(0)
    rows = []
    for corpus, encoder, objective, seed in itertools.product(corpora, encoders, objectives, seeds):
        base = objective.split(",")[0]
        place = (INTEGRATED + STANDALONE).index(base) if base in INTEGRATED + STANDALONE else 0
        score = LEVELS.get(corpus, 0.9) + 0.003 * place + chance.normal(0, 0.004)
        rows.append(
            {
                "corpus": corpus,
                "encoder": encoder,
                "objective": objective,
                "protocol": protocol(objective),
                "preset": objective.split(",")[0].partition("@")[2] or "paper",
                "seed": seed,
                "test_accuracy": score + 0.02,
                "test_macro_f1": score,
                "test_macro_silhouette": 0.4 + 0.02 * place,
                "weight": 0.7 if "gloss" in base and protocol(base) == "integrated" else np.nan,
                "labeled_fraction": 0.7 if "gloss" in base else np.nan,
                "sigma": 0.5 if "gloss" in base else np.nan,
            }
        )
    return pd.DataFrame(rows)


def epochs(table: pd.DataFrame, length: int = 40) -> pd.DataFrame:
    """epochs.parquet for the runs of a table: rising curves of ``length`` epochs at most, and their times."""
    chance = np.random.default_rng(1)
    frames = []
    for number, run in enumerate(table[["corpus", "encoder", "objective", "protocol", "seed"]].to_dict("records")):
        n = int(length * (0.5 + 0.5 * chance.random())) or 1
        epoch = np.arange(1, n + 1)
        pace = 2 + number % 7
        score = 0.9 - 0.6 * np.exp(-epoch / pace) + chance.normal(0, 0.004, n)
        integrated = run["protocol"] == "integrated"
        has_graph = "gloss" in run["objective"]
        whole = 20 + 3 * (number % 5)
        parts = {
            f"seconds_{part}": whole * share if has_graph or part not in ("graph", "propagation") else 0.0
            for part, share in PARTS.items()
        }
        frames.append(
            pd.DataFrame(
                {
                    **run,
                    "preset": "paper",
                    "epoch": epoch,
                    "val_macro_f1": score if integrated else np.nan,
                    "val_macro_silhouette": np.nan if integrated else score,
                    **parts,
                    "seconds_epoch": sum(parts.values()),
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def varied(base: str = "gloss-o-ce") -> tuple[str, ...]:
    """The keys of the paper's ablations of an objective, its plain key first."""
    tenths = [f"0.{digit}" for digit in range(1, 10)]
    keys = [f"{base},{setting}={value}" for setting in ("weight", "labeled_fraction") for value in tenths]
    keys += [f"{base},sigma=x{multiple}" for multiple in ("0.5", "1.5", "2")]
    nearby = itertools.product(("sigma", "weight", "labeled_fraction"), ("x0.9", "x1.1"))
    return (base, *keys, *(f"{base},{setting}={value}" for setting, value in nearby))


SPACES = {
    "learning_rate": {"choices": [1e-5, 2e-5, 3e-5, 4e-5, 5e-5]},
    "weight": {"low": 0.5, "high": 0.9, "step": 0.1},
    "labeled_fraction": {"low": 0.5, "high": 0.9, "step": 0.1},
    "sigma": {"low": 0.1, "high": 10.0, "log": True},
    "temperature": {"choices": [0.1, 0.3, 0.5, 0.7]},
    "margin": {"low": 0.1, "high": 5.0},
}
TUNED = {
    "scl-ce": ("learning_rate", "temperature"),
    "gloss-o-ce": ("learning_rate", "weight", "labeled_fraction", "sigma"),
    "scl": ("learning_rate", "temperature"),
    "triplet": ("learning_rate", "margin"),
    "cosine": ("learning_rate",),
    "gloss-o": ("learning_rate", "labeled_fraction", "sigma"),
}


def trials(corpora=CORPORA, encoders=ENCODERS, objectives=tuple(TUNED), count: int = 15) -> pd.DataFrame:
    """trials.parquet: each search's value is higher the nearer the learning rate to 3e-5 and sigma to 1."""
    chance = np.random.default_rng(2)
    rows = []
    for corpus, encoder, objective in itertools.product(corpora, encoders, objectives):
        space = {setting: SPACES[setting] for setting in TUNED[objective]}
        for trial in range(count):
            settings = {setting: _drawn(chance, allowed) for setting, allowed in space.items()}
            value = 0.9 - 2000 * abs(settings["learning_rate"] - 3e-5) - 0.05 * abs(np.log(settings.get("sigma", 1)))
            state = "failed" if trial == 7 else "pruned" if trial > 5 and trial % 3 == 0 else "complete"
            rows.append(
                {
                    "study": "s",
                    "corpus": corpus,
                    "encoder": encoder,
                    "objective": objective,
                    "preset": "paper",
                    "protocol": protocol(objective),
                    "trial": trial,
                    "state": state,
                    "value": np.nan if state == "failed" else value,
                    "score": "val_macro_f1",
                    "epochs": 5,
                    "seconds": 1.0,
                    "best": False,
                    "space": json.dumps(space),
                    **dict.fromkeys(SPACES, np.nan),
                    **settings,
                }
            )
    return pd.DataFrame(rows)


def _drawn(chance: np.random.Generator, allowed: dict) -> float:
    if "choices" in allowed:
        return float(chance.choice(allowed["choices"]))
    if allowed.get("log"):
        return float(np.exp(chance.uniform(np.log(allowed["low"]), np.log(allowed["high"]))))
    if "step" in allowed:
        steps = round((allowed["high"] - allowed["low"]) / allowed["step"])
        return round(allowed["low"] + allowed["step"] * int(chance.integers(steps + 1)), 6)
    return float(chance.uniform(allowed["low"], allowed["high"]))


def snapshots(
    classes=("alpha", "beta", "gamma", "delta"), size=128, epochs=(0, 1, 2, 5, 10), objectives=("gloss-o",), sigma=0.5
) -> pd.DataFrame:
    """snapshots.parquet of one fixed batch whose classes drift apart epoch by epoch."""
    chance = np.random.default_rng(3)
    labels = chance.integers(len(classes), size=size)
    centres = chance.normal(size=(len(classes), 32))
    noise = chance.normal(size=(size, 32)) + 2
    rows = []
    for objective, epoch in itertools.product(objectives, epochs):
        for position, label in enumerate(labels):
            embedding = noise[position] + 0.4 * epoch * centres[label]
            rows.append(
                {
                    "corpus": "r8",
                    "encoder": "bert-base",
                    "objective": objective,
                    "preset": "paper",
                    "protocol": protocol(objective),
                    "seed": 0,
                    "epoch": epoch,
                    "position": position,
                    "doc_id": f"d{position:03d}",
                    "label": int(label),
                    "class_name": classes[label],
                    "sigma": sigma,
                    "embedding": embedding.astype(np.float32),
                }
            )
    return pd.DataFrame(rows)


def scored(scores: dict[tuple[str, int], float], corpus: str = "mr", **columns) -> pd.DataFrame:
    """runs.parquet from {(objective, seed): test macro-F1}; accuracy is the same, silhouette half of it."""
    rows = [
        {
            "corpus": corpus,
            "encoder": "bert-base",
            "objective": objective,
            "protocol": protocol(objective),
            "seed": seed,
            "test_macro_f1": score,
            "test_accuracy": score,
            "test_macro_silhouette": score / 2,
            **columns,
        }
        for (objective, seed), score in scores.items()
    ]
    return pd.DataFrame(rows)
