"""Frames of a made-up study of the paper's size, as collect would write them for config/paper.yaml."""

from pathlib import Path

import numpy as np
import pandas as pd
from glossbench.frames import OBJECTIVE_COLUMNS, RUN_KEYS, with_objective_columns, write_frame
from glossbench.settings.model import canonical
from glossbench.settings.study import Study, load_study
from glossbench.settings.yaml_file import read_yaml

ROOT = Path(__file__).parents[1]
SIZES = {"mr": (6397, 711, 3554, 2), "r8": (4936, 549, 2189, 8), "r52": (5865, 667, 2568, 52),
         "ohsumed": (3021, 336, 4043, 23), "20ng": (10182, 1132, 7532, 20), "sst2": (60614, 6735, 872, 2),
         "qnli": (94268, 10475, 5463, 2)}  # fmt: skip
PARTS = ("forward", "backward", "optimizer", "graph", "propagation", "other", "validation", "epoch")
KEYS = RUN_KEYS


def planned(seeds: int) -> Study:
    """The paper's grid with so many seeds."""
    settings = read_yaml(ROOT / "config" / "paper.yaml")
    return load_study({**settings, "seeds": list(range(seeds))}, "paper.yaml", ROOT / "config")


def runs_frame(study: Study, chance: np.random.Generator) -> pd.DataFrame:
    """A row a planned run, scores drawn."""
    n = len(study.runs)
    frame = pd.DataFrame([vars(run) for run in study.runs])
    resolved = [study.objective(key) for key in frame["objective"]]
    frame = frame.assign(study=study.name, **{k: [getattr(r, k) for r in resolved] for k in ("preset", "protocol")})
    standalone = frame["protocol"] == "standalone"
    for position, name in enumerate(("n_train", "n_val", "n_test")):
        frame[name] = [SIZES[corpus][position] for corpus in frame["corpus"]]
    sizes = frame["encoder"].map({key: study.registries.encoders[key].parameters for key in study.encoders})
    for name in ("test_accuracy", "test_macro_f1", "val_macro_f1"):
        frame[name] = chance.normal(0.9, 0.02, n).clip(0, 1)
    frame["test_macro_silhouette"] = chance.normal(0.5, 0.1, n)
    frame["val_macro_silhouette"] = frame["test_macro_silhouette"].where(standalone)
    epochs = chance.integers(20, 80, n)
    frame = frame.assign(
        probe_C=np.where(standalone, 1.0, np.nan), best_epoch=epochs - 10, stop_epoch=epochs, max_epochs=200,
        sigma=np.where(frame["objective"].str.startswith("gloss"), 0.5, np.nan),
        labeled_fraction=np.where(frame["objective"].str.startswith("gloss"), 0.7, np.nan),
        weight=np.where(standalone | (frame["objective"] == "ce"), np.nan, 0.7),
        temperature=np.where(frame["objective"].str.startswith("scl"), 0.3, np.nan),
        margin=np.where(frame["objective"] == "triplet", 5.0, np.nan), learning_rate=2e-5, batch_size=128, tuned=True,
        n_parameters=sizes, n_trainable=sizes, seconds_per_epoch=30.0 + chance.normal(0, 1, n), docs_per_second=300.0,
        tokens_per_second=9000.0, trials=15, max_length=128, patience=10, anchors_per_class=np.nan,
        layers=np.nan, trainable_layers=np.nan, pooling="cls", probe="logistic", n_test_deduplicated=frame["n_test"],
        test_accuracy_deduplicated=frame["test_accuracy"], test_macro_f1_deduplicated=frame["test_macro_f1"],
        peak_memory_mib=9000.0, device="made-up GPU", precision="bf16", threads=1, torch_version="2.13.0",
        transformers_version="5", python_version="3.11",
    )  # fmt: skip
    seconds = frame["seconds_per_epoch"] * frame["stop_epoch"]
    return frame.assign(train_seconds=seconds, total_seconds=seconds + 20)


def epochs_frame(runs: pd.DataFrame, chance: np.random.Generator) -> pd.DataFrame:
    """A row an epoch of each run."""
    frame = runs.loc[runs.index.repeat(runs["stop_epoch"]), [*KEYS, "best_epoch"]].reset_index(drop=True)
    frame["epoch"] = frame.groupby(KEYS).cumcount() + 1
    score = 1 - np.exp(-frame["epoch"] / 10) + chance.normal(0, 0.01, len(frame))
    standalone = frame["protocol"] == "standalone"
    frame = frame.assign(
        loss=1 / frame["epoch"], loss_ce=1 / frame["epoch"], loss_metric=1 / frame["epoch"], learning_rate=2e-5,
        val_macro_f1=score.where(~standalone), val_macro_silhouette=score.where(standalone), left_out_share=0.0,
        best=frame["epoch"] <= frame["best_epoch"],
    )  # fmt: skip
    for part, seconds in zip(PARTS, (10, 18, 1, 0.2, 0.1, 0.5, 2, 30), strict=True):
        frame[f"seconds_{part}"] = seconds * (1 + chance.normal(0, 0.02, len(frame)))
    return frame.drop(columns="best_epoch")


def trials_frame(study: Study, chance: np.random.Generator) -> pd.DataFrame:
    """Fifteen trials of each search."""
    rows = []
    for search in study.tuning_jobs():
        objective = study.objective(search.objective)
        space, values = objective.search, chance.normal(0.9, 0.02, 15)
        for trial in range(15):
            drawn = {name: value_of(one, chance) for name, one in space.items()}
            keys = {
                "study": study.name,
                **vars(search),
                "preset": objective.preset,
                "protocol": objective.protocol,
            }
            score = "val_macro_f1" if objective.protocol == "integrated" else "val_macro_silhouette"
            about = {
                "trial": trial,
                "state": "complete",
                "value": values[trial],
                "score": score,
                "epochs": 30,
                "repeats": np.nan,
            }
            more = {
                "seconds": 900.0,
                "best": trial == values.argmax(),
                "space": canonical(objective.model_dump()["search"]),
            }
            rows.append({**keys, **about, **more, **drawn})
    return pd.DataFrame(rows)


def value_of(space: dict, chance: np.random.Generator) -> float:
    """A value of a search space."""
    if "choices" in space:
        return float(chance.choice(space["choices"]))
    value = chance.uniform(space["low"], space["high"])
    return round(value / space["step"]) * space["step"] if "step" in space else value


def shown_frames(runs: pd.DataFrame, chance: np.random.Generator) -> dict[str, pd.DataFrame]:
    """Snapshots of 40 epochs of 128 documents in 768 dimensions, and 3,000 projected documents a run."""
    watched = runs[(runs["objective"] == "gloss-o") & (runs["seed"] == 0)]
    snapshots, projections = [], []
    for run in watched.to_dict("records"):
        labels = chance.integers(0, SIZES[run["corpus"]][3], 128)
        centres = chance.normal(size=(labels.max() + 1, 768))
        for epoch in range(41):
            points = (chance.normal(size=(128, 768)) + centres[labels] * epoch / 20).astype(np.float16)
            about = {"epoch": epoch, "position": range(128), "doc_id": [str(i) for i in range(128)], "label": labels}
            keys = {key: run[key] for key in [*KEYS, "sigma"]}
            names = [f"class {label}" for label in labels]
            snapshots.append(pd.DataFrame({**about, "class_name": names, "embedding": list(points)}).assign(**keys))
    for run in runs[runs["objective"].isin(["scl", "gloss-o"]) & (runs["seed"] == 0)].to_dict("records"):
        labels = chance.integers(0, SIZES[run["corpus"]][3], 3000)
        points = chance.normal(size=(3000, 2)).astype(np.float32)
        about = {"doc_id": [str(i) for i in range(3000)], "label": labels, "x": points[:, 0], "y": points[:, 1]}
        keys = {key: run[key] for key in ("corpus", "encoder", "objective", "seed")}
        projections.append(pd.DataFrame(about).assign(**keys, class_name=[f"class {label}" for label in labels]))
    return {"snapshots": pd.concat(snapshots), "projections": pd.concat(projections)}


def corpora_frame(study: Study) -> pd.DataFrame:
    """A row a corpus, sizes as the paper has them."""
    rows = []
    for key in study.corpora:
        *sizes, classes = SIZES[key]
        about = {name: study.registries.corpora[key][name] for name in ("title", "source", "licence", "description")}
        counts = dict(zip(("n_train", "n_val", "n_test"), sizes, strict=True))
        audit = dict.fromkeys(("n_empty", "n_duplicates", "n_test_in_train", "n_conflicts"), 0)
        more = {"n_documents": sum(sizes), "n_classes": classes, "mean_words": 50.0, "max_words": 500, "split": "paper"}
        names = {"class_names": [f"class {label}" for label in range(classes)], "class_counts": "{}"}
        rows.append({"corpus": key, **about, **counts, **audit, **more, **names, "n_classes_missing": "{}"})
    return pd.DataFrame(rows)


def write_frames(study: Study, folder: Path) -> int:
    """Write what collect and project_embeddings would leave. Returns the number of runs."""
    chance = np.random.default_rng(0)
    runs = runs_frame(study, chance)
    frames = {"runs": runs, "epochs": epochs_frame(runs, chance), "trials": trials_frame(study, chance)}
    frames |= {"corpora": corpora_frame(study), "coverage": runs[KEYS].assign(finished=True)}
    frames |= shown_frames(runs, chance)
    folder.mkdir(parents=True, exist_ok=True)
    objectives = {key: study.key_columns(key) for key in study.objectives_resolved}
    for name, frame in frames.items():
        if "objective" in frame:
            columns = ["base"] if name == "trials" else OBJECTIVE_COLUMNS
            frame = with_objective_columns(frame, objectives, columns)
        write_frame(name, frame, folder / f"{name}.parquet")
    return len(runs)
