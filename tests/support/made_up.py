"""The frames that learning hands to evidence, made up: small enough for answers on paper, or as large as a study.

Each function gives a frame that satisfies its contract in ``glossbench.frames`` (tests/test_frames.py checks that).
``columns`` of a function replace columns, as in ``DataFrame.assign``. Whoever changes objective keys afterwards calls
``keyed``.
"""

import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from glossbench.evidence.build import Evidence
from glossbench.frames import (
    GRAPH_COLUMNS,
    OBJECTIVE_COLUMNS,
    RUN_KEYS,
    RUN_ORIGIN,
    SEARCH_ORIGIN,
    with_objective_columns,
)
from glossbench.settings.keys import ObjectiveKey

from tests.support.registered import FACTS, PUBLISHED, names, resolved

Cell = tuple[str, str, str]  # corpus, encoder, objective key

CORPORA = ("mr", "r8", "r52", "ohsumed", "20ng")
LARGER_CORPORA = ("sst2", "qnli")
ENCODERS = ("distilbert", "bert-base", "roberta-large")
INTEGRATED = ("ce", "scl-ce", "gloss-sqrt-ce", "gloss-o-ce")
STANDALONE = ("scl", "triplet", "cosine", "gloss-sqrt", "gloss-o")
SMALL = (320, 160, 500)  # training, validation and test documents of a corpus that the paper does not have
LEVELS = {"mr": 0.86, "r8": 0.94, "r52": 0.82, "ohsumed": 0.61, "20ng": 0.84}
ONE_SCORE = dict.fromkeys(["test_macro_f1", "test_macro_silhouette"], lambda frame: frame["test_accuracy"])
SHARES = {"forward": 0.3, "backward": 0.6, "optimizer": 0.05, "graph": 0.007, "propagation": 0.002, "other": 0.041}
MACHINE = {"device": "cpu", "precision": "float32", "threads": 1, "python_version": "3.11.7"}
MACHINE |= {"torch_version": "2.13.0", "transformers_version": "5.23.0", "processor": None}
MACHINE |= dict.fromkeys(["cores", "load", "unknown_tokens", "truncated_tokens"], np.nan)
PROTOCOL = {"max_length": 128, "pooling": "cls", "layers": np.nan, "trainable_layers": np.nan, "probe": "logistic"}
COSTS = {"best_epoch": 2, "stop_epoch": 3, "train_seconds": 9.0, "total_seconds": 10.0, "seconds_per_epoch": 3.0}
COSTS |= {"docs_per_second": 100.0, "tokens_per_second": 2500.0, "peak_memory_mib": 900.0}
# columns of settings by the names that objectives have for them
LOSS_SETTINGS = ["sigma", "neighbors", "labeled_fraction", "weight", "temperature", "margin", "anchors_per_class"]
SETTINGS = {name: name for name in [*LOSS_SETTINGS, "learning_rate", "batch_size", "patience"]}
SETTINGS["max_epochs"] = "epochs"
SPACES = {"learning_rate": {"choices": [1e-5, 2e-5]}, "sigma": {"low": 0.1, "high": 10.0, "log": True}}


def keyed(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with the columns that say what its objective keys mean; trials have ``base`` alone."""
    columns = ["base"] if "trial" in frame else OBJECTIVE_COLUMNS
    meanings = {key: ObjectiveKey.parse(key).columns() for key in frame["objective"].unique()}
    return with_objective_columns(frame.drop(columns=columns, errors="ignore"), meanings, columns)


def runs(scores: Mapping[Cell, Sequence[float] | Mapping[int, float]], **columns: Any) -> pd.DataFrame:
    """A run for each score; macro-F1 is accuracy - 0.1, documents and parameters are the paper's where it has them.

    Args:
        scores: Test accuracies by corpus, encoder and objective key: of the seeds from 0 on, or by seed.
    """
    rows = [
        (*cell, seed, float(score))
        for cell, values in scores.items()
        for seed, score in (values.items() if isinstance(values, Mapping) else enumerate(values))
    ]
    frame = pd.DataFrame(rows, columns=["corpus", "encoder", "objective", "seed", "test_accuracy"])
    sizes = np.array([_documents(corpus) for corpus in frame["corpus"]], dtype=int).reshape(-1, 3)
    parameters = [int(FACTS.parameters.get(encoder, 22_000_000)) for encoder in frame["encoder"]]
    frame = frame.assign(
        study="made-up",
        test_macro_f1=frame["test_accuracy"] - 0.1,
        test_macro_silhouette=0.25,
        val_macro_f1=frame["test_accuracy"] - 0.05,
        val_macro_silhouette=0.3,
        n_parameters=parameters,
        n_trainable=parameters,
        **PROTOCOL | {"tuned": False, "probe_C": np.nan, "numerics": 1},
        **dict(zip(["n_train", "n_val", "n_test"], sizes.T, strict=True)),
        **_settings(frame["objective"]) | COSTS | MACHINE | dict.fromkeys(RUN_ORIGIN, "0" * 16),
    ).assign(**columns)
    derived = {f"{name}_deduplicated": frame[name] for name in ("test_accuracy", "test_macro_f1")}
    derived |= {"n_test_deduplicated": frame["n_test"] - 1, "trials": 15 * frame["tuned"].astype(int)}  # a copy in test
    return keyed(frame.assign(**{name: values for name, values in derived.items() if name not in frame}))


def untuned_runs(scores: Mapping[tuple[str, str], float], objectives: Sequence[str] = ("tfidf", "frozen")):
    """One run of each untuned objective by corpus and encoder, which has neither epochs nor seconds of training."""
    made = runs({(*cell, key): [score] for cell, score in scores.items() for key in objectives})
    nothing = ["best_epoch", "stop_epoch", "train_seconds", "seconds_per_epoch", "docs_per_second", "patience"]
    nothing += ["tokens_per_second"]
    return made.assign(n_trainable=0, **dict.fromkeys(nothing, np.nan))


def by_corpus(scores: Mapping[tuple[str, str], Sequence[float]], encoder: str = "bert-base", **columns: Any):
    """Runs with one encoder, by corpus and objective key; see ``runs``."""
    return runs({(corpus, encoder, key): values for (corpus, key), values in scores.items()}, **columns)


def scored(scores: Mapping[str, Sequence[float] | Mapping[int, float]], corpus: str = "mr", **columns: Any):
    """Runs of one corpus with BERT-base: the same accuracy and macro-F1 by objective key, half of it as silhouette."""
    alike = {**ONE_SCORE, "test_macro_silhouette": lambda frame: frame["test_accuracy"] / 2}
    return by_corpus({(corpus, key): values for key, values in scores.items()}, **alike | columns)


def cells(corpora: Iterable[str] = CORPORA, encoders: Iterable[str] = ENCODERS, objectives: Iterable[str] = ()):
    """The product of corpora, encoders and objectives, by default all of the paper's."""
    return list(itertools.product(corpora, encoders, objectives or INTEGRATED + STANDALONE))


def paper_cells() -> list[Cell]:
    """The paper's grid: T2 and T6 with each encoder, T3 with BERT-base."""
    return [*cells((*CORPORA, *LARGER_CORPORA), objectives=INTEGRATED), *cells(CORPORA, ["bert-base"], STANDALONE)]


def study_runs(cells: Iterable[Cell], seeds: int = 3, **columns: Any) -> pd.DataFrame:
    """Tuned runs on an A100 with drawn scores, on the whole a little better for each later objective."""
    chance = np.random.default_rng(0)
    order = {key: place for keys in (INTEGRATED, STANDALONE) for place, key in enumerate(keys)}
    scores = {
        cell: LEVELS.get(cell[0], 0.9) + 0.008 * order.get(cell[2], 2) + chance.normal(0, 0.004, seeds)
        for cell in cells
    }
    machine = {"device": "NVIDIA A100", "precision": "bfloat16"}
    stops = chance.integers(20, 31, seeds * len(scores))
    return runs(scores, **{"tuned": True, "stop_epoch": stops, **machine, **columns})


def ablations(key: str = "gloss-o-ce") -> tuple[str, ...]:
    """An objective key and those of the paper's ablations of it."""
    plain, tenths = ObjectiveKey.parse(key), [place / 10 for place in range(1, 10)]
    values = {"weight": tenths, "labeled_fraction": tenths, "sigma": ["x0.5", "x1.5", "x2"]}
    changes = [(setting, value) for setting in values for value in [*values[setting], "x0.9", "x1.1"]]
    return (key, *(str(plain.with_change(*change)) for change in changes))


def coverage(runs: pd.DataFrame, finished: Sequence[bool] | bool = True) -> pd.DataFrame:
    """Planned runs with the keys of ``runs``."""
    return runs[[*RUN_KEYS, *OBJECTIVE_COLUMNS]].assign(finished=finished)


def epochs(runs: pd.DataFrame, scores: Sequence[Sequence[float]], **columns: Any) -> pd.DataFrame:
    """The epochs of runs; each takes 30 s, of which G-Loss spends 0.9 % on its graph.

    Args:
        runs: Their keys are taken.
        scores: Validation scores of each run in its protocol's metric, epoch by epoch.
    """
    lengths = [len(curve) for curve in scores]
    given = coverage(runs).drop(columns="finished")
    frame = given.loc[given.index.repeat(lengths)].reset_index(drop=True)
    score = pd.Series(np.concatenate([np.asarray(curve, dtype=float) for curve in scores] or [[]]), dtype=float)
    epoch = np.concatenate([np.arange(1, length + 1) for length in lengths] or [np.arange(0)])
    integrated, has_graph = frame["protocol"] == "integrated", frame["base"].str.startswith("gloss")
    seconds = {
        f"seconds_{part}": 30.0 * share * (has_graph | (part not in ("graph", "propagation")))
        for part, share in SHARES.items()
    }
    losses = dict.fromkeys(["loss", "loss_ce", "loss_metric"], 1 / epoch)
    return frame.assign(
        epoch=epoch,
        **losses,
        learning_rate=2e-5,
        left_out_share=0.0,
        val_macro_f1=score.where(integrated),
        val_macro_silhouette=score.where(~integrated),
        best=score == score.groupby([frame[key] for key in RUN_KEYS]).transform("max"),
        **seconds,
        seconds_validation=2.0,
        seconds_epoch=sum(seconds.values()),
        seconds_elsewhere=np.nan,
        **dict.fromkeys(GRAPH_COLUMNS, np.nan),
    ).assign(**columns)


def curves(scores: Mapping[tuple[str, int], Sequence[float]], corpus: str = "mr", encoder: str = "minilm-l6"):
    """Epochs of one corpus and encoder from the validation scores of each (objective key, seed)."""
    found = [runs({(corpus, encoder, key): {seed: 0.5}}) for key, seed in scores]
    return epochs(pd.concat(found, ignore_index=True), list(scores.values()))


def rising(runs: pd.DataFrame, length: int = 40) -> pd.DataFrame:
    """Epochs of runs whose scores rise at different paces, ``length`` at most."""
    chance = np.random.default_rng(1)
    lengths = (length * (0.5 + 0.5 * chance.random(len(runs)))).astype(int).clip(min=1)
    scores = [
        0.9 - 0.6 * np.exp(-np.arange(1, n + 1) / (2 + place % 7)) + chance.normal(0, 0.004, n)
        for place, n in enumerate(lengths)
    ]
    return with_graph(epochs(runs, scores))


def with_graph(epochs: pd.DataFrame) -> pd.DataFrame:
    """Epochs with what they say of the graph and of the gradient."""
    has_graph = epochs["base"].str.startswith("gloss")
    alone = (epochs["protocol"] != "integrated") | (epochs["base"] == "ce")
    said = {"sigma": 0.3, "sigma_over_median": 0.4, "effective_neighbors": 40.0, "propagated_accuracy": 0.7}
    said |= {"chance_loss": 1.5, "eliminated": 0.0}
    graph = {name: np.where(has_graph, value, np.nan) for name, value in said.items()}
    shares = dict.fromkeys(["gradient_share_ce", "gradient_share_metric"], np.where(alone, np.nan, 0.5))
    return epochs.assign(**graph, **shares)


def trials(
    runs: pd.DataFrame,
    count: int = 5,
    spaces: dict[str, dict] | None = None,
    chance: np.random.Generator | None = None,
    **columns: Any,
) -> pd.DataFrame:
    """The trials of one search for each corpus, encoder, objective and preset of ``runs``.

    The first trial failed, the second was pruned, the last is the best. Without ``chance`` settings go through the
    ends of each space, low and high in turn, the last trial at the high end; each trial scores 0.01 more than the one
    before. Test scores are 0.1 below the validation score.

    Args:
        runs: Their keys are taken.
        count: Trials of a search.
        spaces: By setting; with ``chance`` and without ``spaces`` those that the registry has for the objective.
        chance: Draws settings; scores are higher the nearer the learning rate is to 3e-5 and sigma to 1.
    """
    rows = []
    for search in runs[RUN_KEYS[:-1]].drop_duplicates().to_dict("records"):
        own = spaces or SPACES
        if spaces is None and chance is not None:
            own = resolved(search["objective"]).model_dump(mode="json")["search"]
        about = {"study": "made-up", **search, "epochs": 3, "repeats": np.nan, "seconds": 60.0}
        about |= {"space": json.dumps(own, sort_keys=True), **dict.fromkeys(SEARCH_ORIGIN, "0" * 16)}
        about["score"] = "val_macro_f1" if search["protocol"] == "integrated" else "val_macro_silhouette"
        for trial in range(count):
            high, state = trial % 2 or trial == count - 1, {0: "failed", 1: "pruned"}.get(trial, "complete")
            found = {setting: _drawn(one, chance, high) for setting, one in own.items()}
            value = 0.5 + trial / 100 if chance is None else _value(found)
            outcome = {
                "trial": trial,
                "state": state,
                "value": value if trial else np.nan,
                "best": trial == count - 1,
                "start": False,
            }
            tested = max(0.0, value - 0.1) if state == "complete" else np.nan
            rows.append({**about, **outcome, **dict.fromkeys(["test_accuracy", "test_macro_f1"], tested), **found})
    return keyed(pd.DataFrame(rows).assign(**columns))


def snapshots(
    classes: Sequence[str] = ("alpha", "beta", "gamma", "delta"),
    size: int = 128,
    epochs: Sequence[int] = (0, 1, 2, 5, 10),
    objectives: Sequence[str] = ("gloss-o",),
    sigma: float = 0.5,
) -> pd.DataFrame:
    """One fixed batch of ``size`` documents for each objective, whose classes drift apart epoch by epoch."""
    chance = np.random.default_rng(3)
    labels = chance.integers(len(classes), size=size)
    centres, noise = chance.normal(size=(len(classes), 32)), chance.normal(size=(size, 32)) + 2
    batches = []
    for objective, epoch in itertools.product(objectives, epochs):
        run = coverage(runs({("r8", "bert-base", objective): [0.9]})).drop(columns="finished").iloc[0].to_dict()
        points = (noise + 0.4 * epoch * centres[labels]).astype(np.float32)
        documents = {"position": range(size), "doc_id": [f"d{place:03d}" for place in range(size)], "label": labels}
        names = [classes[label] for label in labels]
        batch = pd.DataFrame({**documents, "class_name": names, "embedding": list(points)})
        batches.append(batch.assign(**run, epoch=epoch, sigma=sigma))
    return pd.concat(batches, ignore_index=True)


def projections(sizes: Mapping[str, int], objectives: Sequence[str], seeds: Sequence[int] = (0,)) -> pd.DataFrame:
    """``sizes`` test documents of each class on a line, for each objective and seed."""
    names = [name for name, size in sizes.items() for _ in range(size)]
    labels = [label for label, size in enumerate(sizes.values()) for _ in range(size)]
    places = np.arange(len(names))
    documents = {"doc_id": [f"d{place:04d}" for place in places], "label": labels, "class_name": names}
    maps = [
        pd.DataFrame({**documents, "x": 10.0 * places + seed, "y": 5.0 * np.array(labels)}).assign(
            corpus="r8", encoder="minilm-l6", objective=objective, seed=seed
        )
        for objective, seed in itertools.product(objectives, seeds)
    ]
    return keyed(pd.concat(maps, ignore_index=True))


def corpora(*keys: str, **columns: Any) -> pd.DataFrame:
    """Corpora with the same counts."""
    counts = {"n_documents": 1234, "n_train": 800, "n_val": 34, "n_test": 400, "n_classes": 2, "n_empty": 0}
    audit = {"n_duplicates": 3, "n_test_in_train": 2, "n_conflicts": 1}
    about = {"title": "A title", "source": "a source", "licence": "a licence"}
    return pd.DataFrame([{"corpus": key, **counts, **audit, **about} for key in keys]).assign(**columns)


def printed(runs: pd.DataFrame) -> pd.DataFrame:
    """The results of a paper that prints about the same scores, in percent."""
    keys = ["corpus", "encoder", "protocol", "objective"]
    means = runs.groupby(keys)[["test_accuracy", "test_macro_f1"]].mean() * 99
    means = means.rename(columns=lambda name: name.removeprefix("test_"))
    return means.reset_index().melt(keys, var_name="metric", value_name="mean").assign(std=0.5)


def evidence(**frames: pd.DataFrame) -> Evidence:
    """What these frames give under the registries' names; without a frame of coverage all planned runs are finished."""
    if "runs" in frames and "epochs" not in frames:
        frames = {**frames, "epochs": epochs(frames["runs"].iloc[:0], [])}
    if "coverage" not in frames:
        planned = frames["runs"] if "runs" in frames else runs({("mr", "bert-base", "ce"): [0.5]})
        frames = {**frames, "coverage": coverage(planned)}
    keys = {key for frame in frames.values() if "objective" in frame for key in frame["objective"].unique()}
    return Evidence(frames, PUBLISHED, names(*sorted(keys)))


def _documents(corpus: str) -> tuple[int, int, int]:
    if corpus not in FACTS.documents:
        return SMALL
    learned, tested = (int(count) for count in FACTS.documents[corpus])
    return learned - learned // 10, learned // 10, tested


def _settings(keys: pd.Series) -> dict[str, list[Any]]:
    """Preset, protocol and settings of each run by its objective key; an estimated sigma is 0.5."""
    found = {key: resolved(key) for key in keys.unique()}
    return {
        "preset": [ObjectiveKey.parse(key).preset or "paper" for key in keys],
        "protocol": [found[key].protocol if found[key] else "standalone" for key in keys],
        **{
            column: [_setting(found[key] or resolved("ce"), setting) for key in keys]
            for column, setting in SETTINGS.items()
        },
    }


def _setting(objective: Any, setting: str) -> float:
    value = objective.value(setting)
    if isinstance(value, str):
        value = 0.5
    return np.nan if value is None else value * objective.multipliers.get(setting, 1)


def _drawn(space: dict[str, Any], chance: np.random.Generator | None, high: bool) -> float:
    """A value of a space: drawn, or without ``chance`` its low or high end."""
    ends = space.get("choices") or [space["low"], space["high"]]
    if chance is None:
        return ends[-1] if high else ends[0]
    if "choices" in space:
        return float(chance.choice(ends))
    if space.get("log"):
        return float(np.exp(chance.uniform(*np.log(ends))))
    if "step" in space:
        return round(ends[0] + space["step"] * int(chance.integers(round((ends[1] - ends[0]) / space["step"]) + 1)), 6)
    return float(chance.uniform(*ends))


def _value(settings: dict[str, float]) -> float:
    return 0.9 - 2000 * abs(settings["learning_rate"] - 3e-5) - 0.05 * abs(np.log(settings.get("sigma", 1)))
