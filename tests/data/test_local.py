"""Local tables and encoders of the user: copied, copied again when they change, and what is refused."""

import hashlib
import json
import shutil

import pytest
import torch
from glossbench.data.fetching import fetch
from glossbench.data.params import fetch_settings, local_files
from glossbench.data.sources.urls import Mirror
from glossbench.errors import FetchError
from glossbench.files import listed_files
from glossbench.learning.encoder.loading import load_backbone
from tiny_models import HIDDEN, LAYERS, save_tiny
from transformers import AutoModel


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return save_tiny("bert", tmp_path_factory.mktemp("own") / "whole")


@pytest.fixture
def own(whole, tmp_path, monkeypatch):
    """A folder that a user has, relative to the working directory."""
    monkeypatch.chdir(tmp_path)
    return shutil.copytree(whole, tmp_path / "own")


TABLE = b"text,label\r\nsnow,glad\r\n"


def test_table_is_copied_and_copied_again_when_it_changes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.csv").write_bytes(TABLE)
    own = {"kind": "csv", "path": "mine.csv"}
    assert local_files(own) == ["mine.csv"]
    manifest = fetch(fetch_settings(own), tmp_path / "a", Mirror(offline=True))
    assert manifest.read_text() == f"{hashlib.sha256(TABLE).hexdigest()}  data.csv\n"
    (tmp_path / "mine.csv").write_bytes(TABLE + b"test,late,sad\r\n")
    assert "late" not in (tmp_path / "a/data.csv").read_text()  # what a study reads does not change while it runs
    fetch(fetch_settings(own), tmp_path / "a", Mirror())
    assert "late" in (tmp_path / "a/data.csv").read_text()
    (tmp_path / "mine.csv").unlink()
    assert local_files(own) == []
    with pytest.raises(
        FetchError, match=r"^mine.csv: no such file \(looked in .*\); correct `path:` in the corpus's entry$"
    ):
        fetch(fetch_settings(own), tmp_path / "a", Mirror())


def entry(**facts: int) -> dict:
    return fetch_settings({"kind": "folder", "path": "own", "layers": LAYERS} | facts)


def test_folder_is_copied_without_what_is_no_encoders(own, tmp_path):
    (own / "pytorch_model.bin").write_bytes(b"pickle")
    (own / "notes.txt").write_text("mine")
    (own / "run").mkdir()
    manifest = fetch(entry(hidden=HIDDEN), tmp_path / "a", Mirror(offline=True))
    names = ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "vocab.txt"]
    assert list(listed_files(manifest, verify=True)) == names
    assert {path.name for path in manifest.parent.iterdir()} == {".lock", ".fetched.json", "SHA256SUMS", *names}
    assert set(names) < {path.removeprefix("own/") for path in local_files({"kind": "folder", "path": "own"})}
    before = manifest.read_bytes()
    (own / "vocab.txt").unlink()
    fetch(entry(), tmp_path / "a", Mirror())
    assert manifest.read_bytes() != before
    assert not (tmp_path / "a/vocab.txt").exists()  # no longer in the folder


def test_sharded_weights_are_an_encoder_too(own, whole, tmp_path):
    (own / "model.safetensors").unlink()
    AutoModel.from_pretrained(whole).save_pretrained(own, max_shard_size="40KB")
    shards = sorted(path.name for path in own.glob("model-*"))
    assert len(shards) > 1
    manifest = fetch(entry(), tmp_path / "a", Mirror())
    assert {*shards, "model.safetensors.index.json"} < set(listed_files(manifest))
    found, expected = load_backbone(tmp_path / "a").state_dict(), load_backbone(whole).state_dict()
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[name], expected[name]) for name in found)


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (
            {"model.safetensors": None},
            "own: no model.safetensors (weights in another format are not read: a pickle runs",
        ),
        ({"model.safetensors": None, "model.pt": b""}, "own: no model.safetensors, only model.pt (weights in another"),
        ({"config.json": None}, "own: no config.json; correct `path:` in the encoder's entry"),
        ({"vocab.txt": None, "tokenizer.json": None}, "own: no tokenizer, expected one of tokenizer.json, vocab.txt"),
        ({"config.json": b"{"}, "own: config.json is not the configuration of a model (Expecting property name"),
        ({"config.json": b"{}"}, "own: config.json is not the configuration of a model ('model_type')"),
        ({"model.safetensors": b"version https://git-lfs"}, "own: model.safetensors is no whole safetensors file ("),
    ],
)
def test_folder_that_is_no_encoder_is_refused_in_one_line(own, tmp_path, change, line):
    for name, content in change.items():
        (own / name).unlink(missing_ok=True)
        if content is not None:
            (own / name).write_bytes(content)
    with pytest.raises(FetchError) as caught:
        fetch(entry(), tmp_path / "a", Mirror())
    assert str(caught.value).startswith(line)
    assert "\n" not in str(caught.value)
    assert [path.name for path in (tmp_path / "a").iterdir()] == [".lock"]


def test_facts_of_the_registry_are_held_against_the_configuration(own, tmp_path):
    with pytest.raises(
        FetchError, match=f"^own: config.json .bert. says layers {LAYERS}, the registry says 12; correct"
    ):
        fetch(entry(layers=12), tmp_path / "a", Mirror())
    config = json.loads((own / "config.json").read_text())
    config = {"model_type": "distilbert", "n_layers": config["num_hidden_layers"], "dim": config["hidden_size"]}
    (own / "config.json").write_text(json.dumps(config))
    with pytest.raises(
        FetchError, match=f".distilbert. says hidden {HIDDEN}, the registry says 768; correct `hidden:`"
    ):
        fetch(entry(hidden=768), tmp_path / "a", Mirror())


def test_missing_folder_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        FetchError, match=r"^own: no such folder \(looked in .*\); correct `path:` in the encoder's entry$"
    ):
        fetch(entry(), tmp_path / "a", Mirror())
    assert local_files({"kind": "folder", "path": "own"}) == []
