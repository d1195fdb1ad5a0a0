"""Encoders and data sets from a hub: a small one on the loopback interface that speaks its file API."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import huggingface_hub
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from glossbench.checksums import listed_files, write_checksums
from glossbench.data.corpora import prepare
from glossbench.data.encoders import load_tokenizer
from glossbench.data.entries import fetch_settings, prepare_settings
from glossbench.data.fetching import fetch
from glossbench.data.sources.mirror import Mirror
from glossbench.errors import CorpusError, FetchError
from glossbench.learning.encoder.loading import layer_list, load_backbone

from tests.support.hub_server import Hub, serving
from tests.support.registered import ROOT, entries
from tests.support.tiny_models import FAMILIES, HIDDEN, LAYERS

REVISION = "0123456789abcdef0123456789abcdef01234567"
BERT = "made-here/tiny-bert"


def point_to(endpoint: str, monkeypatch) -> None:
    """Do what HF_ENDPOINT does when a process starts."""
    template = endpoint + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", endpoint)
    monkeypatch.setattr(huggingface_hub.constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)


@pytest.fixture
def hub(tiny, tmp_path, monkeypatch):
    """A hub with the three encoders, each with weights in other formats and a page that are not wanted."""
    with serving(Hub()) as hub:
        point_to(hub.url, monkeypatch)
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.setattr(time, "sleep", lambda _: None)  # no waiting between attempts
        for family in FAMILIES:
            files = {path.name: path.read_bytes() for path in tiny[family].iterdir()}
            files |= {"pytorch_model.bin": b"pickle", "onnx/model.onnx": b"other", "README.md": b"page"}
            hub.add(f"made-here/tiny-{family}", REVISION, files)
        yield hub


def entry(repo: str = BERT, revision: str = REVISION, **facts: int) -> dict:
    return fetch_settings({"kind": "hub", "hub": {"repo": repo, "revision": revision}, "layers": LAYERS} | facts)


@pytest.fixture
def error_line(refusal):
    """What came whole is kept for the next attempt."""
    return partial(refusal, left={".lock", ".partial"})


@pytest.mark.parametrize("family", FAMILIES)
def test_encoder_of_each_family_is_fetched_whole_and_works_and_nothing_else_is_fetched(hub, tiny, tmp_path, family):
    manifest = fetch(entry(f"made-here/tiny-{family}", hidden=HIDDEN), tmp_path / "a", Mirror())
    listed = listed_files(manifest, verify=True)
    assert sorted(listed) == sorted(path.name for path in tiny[family].iterdir())
    for name, path in listed.items():
        assert path.read_bytes() == (tiny[family] / name).read_bytes()
    assert {path.name for path in manifest.parent.iterdir()} == {".lock", ".fetched.json", "SHA256SUMS", *listed}
    assert len(layer_list(load_backbone(manifest.parent))) == LAYERS
    assert len(load_tokenizer(manifest.parent)("a good film")["input_ids"]) > 3
    asked = len(hub.asked)
    manifest.unlink()  # as Snakemake does before it runs the rule again
    fetch(entry(f"made-here/tiny-{family}"), tmp_path / "a", Mirror())
    assert len(hub.asked) == asked


def test_what_came_whole_is_kept_for_the_next_attempt(hub, tmp_path, error_line):
    hub.status["model.safetensors"] = 500
    line = error_line(entry(), tmp_path / "a")
    said = f"{BERT}@{REVISION}: model.safetensors could not be downloaded from {hub.url} (the server answered 500"
    assert said in line
    assert "`mirror:`" in line
    hub.status.clear()
    before = len(hub.downloads())
    fetch(entry(), tmp_path / "a", Mirror())
    assert [Path(path).name for path in hub.downloads()[before:]] == ["model.safetensors"]


def test_file_that_is_not_what_the_hub_lists_is_refused_and_fetched_again(hub, tmp_path, error_line):
    # the hub states a sha256 for the first, a git object id for the second
    for name in ("model.safetensors", "vocab.txt"):
        hub.damaged = {name}
        assert f"{name} is not what the hub lists" in error_line(entry(), tmp_path / name)
        hub.damaged = set()
        fetch(entry(), tmp_path / name, Mirror())


CONFIG = {"config.json": json.dumps({"model_type": "bert", "num_hidden_layers": LAYERS}).encode()}
WORDS = {"vocab.txt": b"[PAD]\n"}
POINTER = {"model.safetensors": (b"version https://git-lfs.github.com/spec/v1\n" + b"x" * 130)[:130]}


@pytest.mark.parametrize(
    ("files", "line"),
    [
        (None, "^made-here/odd@.*: .* has no such model repository, or a private one; .*HF_TOKEN"),
        (CONFIG | WORDS | {"pytorch_model.bin": b"pickle"}, "no model.safetensors, only pytorch_model.bin .*a pickle runs code.* `hub:`"),
        (POINTER, "no config.json among its 1 files; correct `hub:`"),
        (CONFIG | WORDS | POINTER, "model.safetensors is no whole safetensors file .*, 130 bytes; .*Git LFS"),
    ],
)  # fmt: skip
def test_repository_that_cannot_be_used_is_refused_in_one_line(hub, tmp_path, error_line, files, line):
    if files:
        hub.add("made-here/odd", REVISION, files)
    assert re.search(line, error_line(entry("made-here/odd"), tmp_path / "a"))
    assert not list((tmp_path / "a").rglob("*.bin"))


def test_revision_that_is_not_there_is_named(hub, tmp_path, error_line):
    line = error_line(entry(revision="f" * 40), tmp_path / "a")
    assert line == f"{BERT}@{'f' * 40}: {hub.url} has no such revision; correct `hub: revision:` in the registry"


def test_wrong_facts_in_the_registry_are_named_even_after_the_fetch(hub, tmp_path):
    fetch(entry(), tmp_path / "a", Mirror())
    with pytest.raises(FetchError, match=f"hidden {HIDDEN}, the registry says 768"):
        fetch(entry(hidden=768), tmp_path / "a", Mirror())


def test_mirror_and_the_hubs_own_cache_come_before_the_network(hub, tiny, tmp_path):
    mirrored = tmp_path / "mirror/hub" / BERT / REVISION
    shutil.copytree(tiny["bert"], mirrored)
    fetch(entry(), tmp_path / "a", Mirror(tmp_path / "mirror", offline=True))
    (tmp_path / "empty").mkdir()
    cached = tmp_path / "cache/models--made-here--tiny-bert/snapshots" / REVISION
    shutil.copytree(tiny["bert"], cached)
    fetch(entry(), tmp_path / "b", Mirror(tmp_path / "empty", offline=True))
    assert hub.asked == []
    shutil.rmtree(cached)
    (mirrored / "model.safetensors").unlink()
    fetch(entry(), tmp_path / "c", Mirror(tmp_path / "mirror"))  # only what the mirror does not have is downloaded
    assert [Path(path).name for path in hub.downloads()] == ["model.safetensors"]
    manifests = [(tmp_path / name / "SHA256SUMS").read_bytes() for name in "abc"]
    assert manifests[0] == manifests[1] == manifests[2]


def test_files_that_the_hubs_own_cache_has_are_not_downloaded(hub, tiny, tmp_path, error_line):
    huggingface_hub.snapshot_download(BERT, revision=REVISION, allow_patterns=["config.json", "vocab.txt"])
    assert len(hub.downloads()) == 2
    assert "not in the mirror" in error_line(entry(), tmp_path / "a", Mirror(offline=True))
    fetch(entry(), tmp_path / "a", Mirror())
    names = [Path(path).name for path in hub.downloads()]
    assert sorted(names) == sorted(path.name for path in tiny["bert"].iterdir())
    huggingface_hub.snapshot_download(BERT, revision=REVISION)  # now the cache knows all names and has all files
    fetch(entry(), tmp_path / "b", Mirror(offline=True))


def test_damaged_mirror_is_refused_where_it_lists_its_digests(hub, tiny, tmp_path, error_line):
    mirrored = tmp_path / "mirror/hub" / BERT / REVISION
    shutil.copytree(tiny["bert"], mirrored)
    write_checksums(mirrored, [path.name for path in mirrored.iterdir()])
    (mirrored / "vocab.txt").write_bytes(b"[PAD]\n")
    line = error_line(entry(), tmp_path / "a", Mirror(tmp_path / "mirror"))
    assert line.startswith(f"{mirrored}/vocab.txt: sha256 is ")
    assert "replace the mirror's copy" in line
    (mirrored / "SHA256SUMS").unlink()
    (mirrored / "model.safetensors").write_bytes((mirrored / "model.safetensors").read_bytes()[:-1])
    assert "no whole safetensors file" in error_line(entry(), tmp_path / "a", Mirror(tmp_path / "mirror"))


@pytest.mark.parametrize("switch", ["`offline`", "HF_HUB_OFFLINE"])
def test_offline_asks_no_hub_and_names_the_mirror(hub, tmp_path, monkeypatch, switch, error_line):
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", switch == "HF_HUB_OFFLINE")
    line = error_line(entry(), tmp_path / "a", Mirror(offline=switch == "`offline`"))
    assert f"not in the mirror and {switch} is set; put its files into <mirror>/hub/{BERT}/{REVISION} and set" in line
    mirrored = tmp_path / "mirror/hub" / BERT / REVISION
    mirrored.mkdir(parents=True)
    (mirrored / "config.json").write_text("{}")
    line = error_line(entry(), tmp_path / "a", Mirror(tmp_path / "mirror", offline=switch == "`offline`"))
    assert f"no model.safetensors (weights in another format are not read: a pickle runs code) in {mirrored}" in line
    assert hub.asked == []


def test_no_network_names_the_endpoint_and_the_mirror(hub, tmp_path, monkeypatch, error_line):
    point_to("http://127.0.0.1:9", monkeypatch)
    line = error_line(entry(), tmp_path / "a")
    assert "could not be downloaded from http://127.0.0.1:9 (ConnectError: " in line
    assert "HF_ENDPOINT" in line
    assert f"put its files into <mirror>/hub/{BERT}/{REVISION} and set `mirror:`" in line


@pytest.mark.slow
def test_environment_names_the_endpoint_and_forbids_the_network(hub, tmp_path):
    code = (
        "import sys\n"
        "from glossbench.data.sources.mirror import Mirror\n"
        "from glossbench.data.fetching import fetch\n"
        f"fetch({entry()!r}, sys.argv[1], Mirror())\n"
    )

    def fetched(**variables: str) -> subprocess.CompletedProcess:
        kept = {key: value for key, value in os.environ.items() if not key.startswith("HF_")}
        variables = {**kept, "HF_HOME": str(tmp_path / "home"), "HF_ENDPOINT": hub.url, **variables}
        command = [sys.executable, "-c", code, tmp_path / "a"]
        return subprocess.run(command, cwd=ROOT / "scripts", env=variables, capture_output=True, text=True)

    assert "HF_HUB_OFFLINE is set" in fetched(HF_HUB_OFFLINE="1").stderr
    assert hub.asked == []
    online = fetched()
    assert (online.returncode, online.stderr, online.stdout) == (0, "", "")
    assert (tmp_path / "a/SHA256SUMS").is_file()


@pytest.mark.filterwarnings("ignore:Not enough free disk space")
@pytest.mark.usefixtures("hub")
def test_full_disk_is_named(small_disk, error_line):
    assert "no space left" in error_line(entry(), small_disk / "a")


# Data sets: Parquet files with the columns of GLUE.

NAMES = {"sst2": ["negative", "positive"], "qnli": ["entailment", "not_entailment"]}


def glue(task: str, split: str, size: int) -> bytes:
    """A Parquet file like GLUE's, with the names of the classes in its metadata; the test split has no labels."""
    labels = [-1 if split == "test" else i % 2 for i in range(size)]
    texts = {"sentence": [f"{split} sentence {i} " for i in range(size)]}
    if task == "qnli":
        texts = {"question": [f"{split} question {i // 3} ?" for i in range(size)], **texts}
    table = pa.table({**texts, "label": pa.array(labels, pa.int64()), "idx": pa.array(range(size), pa.int32())})
    kinds = {name: {"dtype": "string", "_type": "Value"} for name in texts}
    kinds |= {"label": {"names": NAMES[task], "_type": "ClassLabel"}, "idx": {"dtype": "int32", "_type": "Value"}}
    metadata = {"huggingface": json.dumps({"info": {"features": kinds}})}
    sink = pa.BufferOutputStream()
    pq.write_table(table.replace_schema_metadata(metadata), sink)
    return sink.getvalue().to_pybytes()


GLUE = {"repo": "nyu-mll/glue", "revision": "bcdcba79d07bc864c1c254ccfcedcce55bcc9a8c"}


@pytest.fixture
def glue_hub(hub):
    sizes = {"train": 60, "validation": 12, "test": 9}
    file = "{}/{}-00000-of-00001.parquet"
    parts = {file.format(task, split): glue(task, split, n) for task in NAMES for split, n in sizes.items()}
    hub.add(GLUE["repo"], GLUE["revision"], parts, "datasets")
    return hub


@pytest.mark.parametrize("task", ["sst2", "qnli"])
def test_glue_is_trained_on_train_and_tested_on_the_labelled_validation_split(glue_hub, tmp_path, task):
    stated, text = entries("corpora")[task], "text_pair" if task == "qnli" else "text"
    manifest = fetch(fetch_settings(stated), tmp_path / task, Mirror())
    wanted = [f"{task}/{split}-00000-of-00001.parquet" for split in ("train", "validation")]
    assert list(listed_files(manifest, verify=True)) == wanted
    assert sorted(path.partition(f"{GLUE['revision']}/")[2] for path in glue_hub.downloads()) == wanted
    settings = prepare_settings(stated)
    splits, class_names = prepare(settings["kind"], settings["splitting"], manifest, settings["layout"])
    assert class_names == NAMES[task]
    assert {split: len(frame) for split, frame in splits.items()} == {"train": 54, "val": 6, "test": 12}
    assert list(splits["test"].columns) == ["doc_id", *dict.fromkeys(["text", text]), "label"]
    assert splits["test"]["doc_id"].tolist() == [f"test-{i}" for i in range(12)]
    assert splits["test"]["label"].tolist() == [0, 1] * 6
    assert splits["val"]["label"].value_counts().tolist() == [3, 3]
    assert splits["test"][text].tolist() == [f"validation sentence {i}" for i in range(12)]
    whole = sorted([*splits["train"]["doc_id"], *splits["val"]["doc_id"]])
    assert whole == sorted(f"train-{i}" for i in range(60))


@pytest.mark.usefixtures("glue_hub")
def test_unlabelled_documents_and_missing_files_of_a_data_set_are_named(tmp_path, error_line):
    splits = {"train": "sst2/train-00000-of-00001.parquet", "test": ["sst2/test-00000-of-00001.parquet"]}
    data = {"kind": "hub-dataset", "hub": GLUE, "splits": splits}
    manifest = fetch(data, tmp_path / "a", Mirror())
    layout = {"splits": splits, "columns": {"text": "sentence", "label": "label"}}
    line = r"test-.*parquet, row 1, column 'label': label -1, a document without a class"
    with pytest.raises(CorpusError, match=line):
        prepare("hub-dataset", {"fraction": 0.1, "seed": 0}, manifest, layout)
    line = f"nyu-mll/glue@{GLUE['revision']}: no sst2/dev.parquet among its 6 files; correct `hub:` in the registry"
    assert error_line(data | {"splits": splits | {"test": "sst2/dev.parquet"}}, tmp_path / "b") == line
