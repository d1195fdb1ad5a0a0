"""Archives of small studies: runs are made up, all else is made from them as the workflow makes it."""

import json
import lzma
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from glossbench.archives.format import digest_of, write_tar
from glossbench.archives.index import source_lists
from glossbench.archives.packing import pack
from glossbench.archives.rebuilding import make_evidence, make_frames
from glossbench.checksums import CHECKSUMS, checksum_lines
from glossbench.expected import Expected
from glossbench.files import write_json
from glossbench.frames import GRAPH_COLUMNS, write_frame
from glossbench.learning.evaluation.metrics import run_columns
from glossbench.provenance import describe, origin
from glossbench.settings.model import canonical
from glossbench.settings.paths import card_file, run_folder
from glossbench.settings.study import Study, load_study
from glossbench.settings.study_file import Run

from tests.support.made_up import corpora
from tests.support.registered import CONFIG, ROOT

EPOCHS = 3
SMALL = {"study": "mine", "corpora": ["bbc-news"], "encoders": ["minilm-l6"], "objectives": ["ce", "gloss-sqrt-ce"],
         "seeds": [0, 1]}  # fmt: skip


def archive_of(settings: dict[str, Any], work: Path, monkeypatch: Any) -> Path:
    """The archive of a study that downloaded its corpora and encoders, with its evidence.

    Args:
        settings: The study as its file has it.
        work: Folder to work in.
        monkeypatch: Of pytest.
    """
    study = load_study(settings, "study", CONFIG)
    monkeypatch.chdir(work)
    make_runs(study, Path("results", study.name))
    _make_evidence(study, Path("results", study.name))
    archive = work / f"{study.name}.tar.xz"
    assert pack(study, settings, archive, ROOT) == (len(study.runs), True)
    return archive


def make_runs(study: Study, results: Path) -> None:
    """Write the files of finished runs, the cards of the corpora and the lists of what was fetched."""
    frame = corpora(*study.corpora, test_in_train=[["test-0"]] * len(study.corpora))
    for row in frame.to_dict("records"):
        write_json(_placed(results / card_file(row["corpus"])), json.loads(json.dumps(row, default=_plain)))
    for name in source_lists(study, set()):
        _placed(Path(name)).write_text(_manifest(study, name))
    expected = Expected(study)
    for place, one in enumerate(study.runs):
        make_run(one, expected.of(one), results / run_folder(one), 0.7 + 0.01 * place)


def make_run(one: Run, made_from: dict[str, dict[str, Any]], folder: Path, accuracy: float) -> None:
    """Write the files of a finished run that has these settings."""
    sizes = {"n_train": 100, "n_val": 50, "n_test": 100, "n_parameters": 1000, "n_trainable": 1000, "num_classes": 2}
    settings = {**made_from["training"], "seed": one.seed, **sizes}
    loss_settings = settings["objective"]["loss_settings"]
    if isinstance(loss_settings.get("sigma"), str):
        settings["objective"] = {**settings["objective"], "loss_settings": {**loss_settings, "sigma": 0.5}}
    folder.mkdir(parents=True)
    labels = np.arange(100) % 2
    right = np.arange(100) < round(100 * accuracy)
    predictions = pd.DataFrame({"doc_id": [f"test-{place}" for place in range(100)], "label": labels})
    predictions["predicted"] = np.where(right, labels, 1 - labels)
    predictions.to_parquet(folder / "predictions.parquet", index=False)
    from sklearn.metrics import f1_score

    scores = {
        "test_accuracy": float(right.mean()),
        "test_macro_f1": f1_score(labels, predictions["predicted"], average="macro"),
    }
    scores |= {"val_macro_f1": accuracy, "val_macro_silhouette": 0.3, "test_macro_silhouette": 0.25}
    scores |= {"best_epoch": 2, "stop_epoch": EPOCHS, "probe": None, "probe_C": None}
    scores |= {"test_accuracy_deduplicated": None, "test_macro_f1_deduplicated": None, "n_test_deduplicated": None}
    trained, judged = (origin(canonical(made_from[job]), "1" * 16) for job in ("training", "evaluation"))
    write_json(folder / "settings.json", settings)
    write_json(
        folder / "metrics.json",
        {**run_columns(settings), **scores, "origin": {**judged, "given": made_from["evaluation"]}},
    )
    seconds = dict.fromkeys(("train_seconds", "seconds_per_epoch", "total_seconds", "docs_per_second"), 1.5)
    about = {"tokens_per_second": 9.0, "peak_memory_mib": 100.0, "device": "cpu", "precision": "float32", "threads": 1}
    versions = {f"{name}_version": "1.0" for name in ("torch", "transformers", "python")}
    write_json(folder / "timing.json", {**seconds, **about, **versions, "origin": trained, "commit": "unknown"})
    epochs = pd.DataFrame({"epoch": range(1, EPOCHS + 1), "loss": 0.5, "loss_ce": 0.4, "loss_metric": 0.6})
    epochs = epochs.assign(learning_rate=1e-5, val_macro_f1=[0.5, 0.7, 0.6], val_macro_silhouette=0.2)
    epochs = epochs.assign(**dict.fromkeys(GRAPH_COLUMNS, np.nan))
    epochs.assign(left_out_share=0.0, best=[False, True, False]).to_csv(folder / "epochs.csv", index=False)
    parts = ("forward", "backward", "optimizer", "graph", "propagation", "other", "validation", "epoch", "elsewhere")
    timing = pd.DataFrame({"epoch": epochs["epoch"], **{f"seconds_{part}": 0.5 for part in parts}})
    timing.to_csv(folder / "timing.csv", index=False)


def _manifest(study: Study, name: str) -> str:
    """A list of fetched files: those that the registry names by their digests, and one more."""
    _, kind, key, _ = name.split("/")
    entry = study.entry(kind, key)
    sources = entry.get("files") or ({"file": entry["file"]} if "file" in entry else {})
    digests = {role: source["sha256"] for role, source in sources.items()}
    return "".join(f"{digest}  {role}\n" for role, digest in {**digests, "more": "0" * 64}.items())


def _placed(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else list(value)


def _make_evidence(study: Study, results: Path) -> None:
    """Make frames, tables, figures, tests, verdicts and the report."""
    for name, frame in make_frames(study, results).items():
        write_frame(name, frame, results / f"{name}.parquet")
    stated = {name: Path(path) for name, path in source_lists(study, set()).items()}
    for name, content in make_evidence(study, results, ROOT, describe(ROOT), stated):
        _placed(results / name).write_bytes(content if isinstance(content, bytes) else content.encode())


def files_of(archive: Path) -> dict[str, bytes]:
    """The files of an archive by their names below its top folder."""
    with tarfile.open(archive) as tar:
        return {member.name.partition("/")[2]: tar.extractfile(member).read() for member in tar}


def repacked(files: dict[str, bytes], path: Path, sums: bool, folder: str = "mine") -> Path:
    """An archive of changed files; with ``sums`` its SHA256SUMS is made to fit them, as who hides a change would."""
    if sums:
        digests = {name: digest_of(content) for name, content in files.items() if name != CHECKSUMS}
        files = {**files, CHECKSUMS: checksum_lines(digests).encode()}
    with lzma.open(path, "wb", preset=0) as stream:  # make pack's own takes seconds
        write_tar(stream, folder, files)
    return path
