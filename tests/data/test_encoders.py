"""Encoders of the user's own: copied, copied again when they change, and refused in one line before any job."""

import json
import shutil

import pytest
import torch
from glossbench.checksums import listed_files
from glossbench.data.encoders import check_encoder, encoder_files
from glossbench.data.entries import fetch_settings, local_files
from glossbench.data.fetching import fetch
from glossbench.data.sources.mirror import Mirror
from glossbench.errors import FetchError, TrainingError
from glossbench.learning.encoder.loading import load_backbone
from safetensors.torch import load_file, save_file
from transformers import (
    AutoModel,
    AutoModelForMaskedLM,
    BertConfig,
    BertForMaskedLM,
    GPT2Config,
    RobertaPreLayerNormConfig,
)

from tests.support.tiny_models import FAMILIES, HIDDEN, LAYERS, OTHERS, SIZES, random_encoder

WEIGHTS, INDEX = "model.safetensors", "model.safetensors.index.json"


@pytest.fixture
def own(tiny, tmp_path, monkeypatch):
    """A folder that a user has, relative to the working directory."""
    monkeypatch.chdir(tmp_path)
    return shutil.copytree(tiny["bert"], tmp_path / "own")


def entry(**facts: int) -> dict:
    return fetch_settings({"kind": "folder", "path": "own", "layers": LAYERS} | facts)


def rewrite(folder, rename, kind=None):
    """Change the weights of an encoder: ``rename`` gives a weight's new name, or None for one that is left out."""
    weights = load_file(folder / WEIGHTS)
    kept = {rename(name): weight.to(kind or weight.dtype) for name, weight in weights.items() if rename(name)}
    save_file(kept, folder / WEIGHTS, metadata={"format": "pt"})


def same_weights(folder, other) -> bool:
    found, expected = (load_backbone(path).state_dict() for path in (folder, other))
    return found.keys() == expected.keys() and all(torch.equal(found[name], expected[name]) for name in found)


def test_files_in_sub_folders_and_shards_beside_whole_weights_are_left_alone():
    names = ["config.json", WEIGHTS, "model-00001-of-00002.safetensors", "vocab.txt"]
    wanted, missing = encoder_files([*names, "onnx/config.json", "model-/../x-of-1.safetensors"])
    assert (wanted, missing) == ([names[0], names[1], names[3]], "")


def test_folder_is_copied_without_what_is_no_encoders(own, tmp_path):
    (own / "pytorch_model.bin").write_bytes(b"pickle")
    (own / "notes.txt").write_text("mine")
    (own / "run").mkdir()
    manifest = fetch(entry(hidden=HIDDEN), tmp_path / "a", Mirror(offline=True))
    names = ["config.json", WEIGHTS, "tokenizer.json", "tokenizer_config.json", "vocab.txt"]
    assert list(listed_files(manifest, verify=True)) == names
    assert {path.name for path in manifest.parent.iterdir()} == {".lock", ".fetched.json", "SHA256SUMS", *names}
    assert set(names) < {path.removeprefix("own/") for path in local_files({"kind": "folder", "path": "own"})}
    before = manifest.read_bytes()
    (own / "vocab.txt").unlink()
    fetch(entry(), tmp_path / "a", Mirror())
    assert manifest.read_bytes() != before
    assert not (tmp_path / "a/vocab.txt").exists()  # no longer in the folder


def test_sharded_weights_are_an_encoder_too(own, tiny, tmp_path):
    (own / WEIGHTS).unlink()
    AutoModel.from_pretrained(tiny["bert"]).save_pretrained(own, max_shard_size="40KB")
    shards = {path.name for path in own.glob("model-*")}
    assert len(shards) > 1
    assert {*shards, INDEX} < set(listed_files(fetch(entry(), tmp_path / "a", Mirror())))
    assert same_weights(tmp_path / "a", tiny["bert"])


def old_name(name):
    return "bert." + name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")


@pytest.mark.parametrize("rename", [str, "0.auto_model.{}".format, "model.bert.{}".format, old_name])
def test_names_before_those_of_the_weights_are_left_out(tiny, own, rename):
    rewrite(own, rename)
    check_encoder(own, {}, "own")
    assert same_weights(own, tiny["bert"])


def test_whole_encoders_with_or_without_heads_are_taken(tiny, own):
    for family in FAMILIES:
        check_encoder(tiny[family], {}, "own")
    BertForMaskedLM(BertConfig.from_pretrained(tiny["bert"])).save_pretrained(own)
    check_encoder(own, {}, "own")


@pytest.mark.parametrize("lost", ["encoder.layer.1.", "embeddings.position", "encoder.layer.0.attention.self.key.bias"])
def test_missing_weights_are_named_at_fetching_and_at_loading(own, tmp_path, refusal, lost):
    rewrite(own, lambda name: None if name.startswith(lost) else name)
    assert f"do not fit config.json (bert): {lost}" in refusal(entry(), tmp_path / "a")
    with pytest.raises(TrainingError, match=f"are missing, as {lost}"):
        load_backbone(own)


NO_MODEL, MISFIT = "config.json is not the configuration of a model ", "the weights do not fit config.json (bert): "
INDICES = [b"{}", b"[", b'{"weight_map": {}}', b'{"weight_map": {"a": "model-1-of-1.safetensors"}}']


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({WEIGHTS: None}, "no model.safetensors (weights in another format are not read: a pickle runs"),
        ({WEIGHTS: None, "model.pt": b""}, "no model.safetensors, only model.pt (weights in another"),
        ({WEIGHTS: b"version https://git-lfs"}, "model.safetensors is no whole safetensors file ("),
        *(({WEIGHTS: None, INDEX: index}, "model.safetensors.index.json ") for index in INDICES),
        ({"config.json": None}, "no config.json; correct `path:` in the encoder's entry"),
        ({"config.json": b"{"}, NO_MODEL + "(Expecting property name"),
        ({"config.json": b"{}"}, NO_MODEL + "('model_type')"),
        ({"vocab.txt": None, "tokenizer.json": None}, "no tokenizer, expected one of tokenizer.json, vocab.txt"),
        ({"tokenizer.json": b"{}"}, "no tokenizer that transformers can load"),
        ({"tokenizer.json": None, "vocab.txt": b""}, "no words in its tokenizer"),
        ({"tokenizer.json": None, "vocab.txt": "two\nwords\n"}, "the tokenizer's token 'words' has number 73, expected less than 72"),
        ({"num_hidden_layers": 1}, MISFIT + "encoder.layer.1.attention.output.LayerNorm.bias has no place in it, and 15 more"),
        ({"hidden_size": 64}, MISFIT + "embeddings.LayerNorm.bias is (32,), expected (64,), and"),
        ({"vocab_size": 10_000}, MISFIT + "embeddings.word_embeddings.weight is (72, 32), expected (10000, 32); take both"),
        ({"hidden_size": 33}, "config.json does not describe a model"),
        ({"quantization_config": {"bits": 4}}, "config.json says quantization_config {'bits': 4}, expected None"),
        ({"is_decoder": True}, "config.json says is_decoder True, expected False"),
        ({"position_embedding_type": "relative_key"}, "config.json says position_embedding_type relative_key, expected absolute"),
        ({"model_type": "t5"}, "config.json says model_type t5, expected one of bert, roberta, distilbert"),
    ],
)  # fmt: skip
def test_folder_that_is_no_encoder_is_refused_in_one_line(own, tmp_path, refusal, change, line):
    """Files are removed, replaced or, by a text, added to; other keys are settings of the configuration."""
    for name, content in change.items():
        path = own / name if "." in name else own / "config.json"
        if path.name != name:
            path.write_text(json.dumps(json.loads(path.read_text()) | {name: content}))
        elif content is None:
            path.unlink()
        else:
            path.write_bytes(content if isinstance(content, bytes) else path.read_bytes() + content.encode())
    facts = {} if "num_hidden_layers" not in change else {"layers": 1}
    assert refusal(entry(**facts), tmp_path / "a").startswith(f"own: {line}")


@pytest.mark.parametrize("family", OTHERS)
def test_weights_of_other_families_fit_with_the_head_that_they_were_pre_trained_with(own, family):
    model = random_encoder(family, AutoModelForMaskedLM, vocab_size=72, **SIZES)
    (own / WEIGHTS).unlink()
    model.save_pretrained(own)
    check_encoder(own, {"layers": LAYERS, "hidden": 32}, "own")
    found, given = load_backbone(own).state_dict(), model.base_model.state_dict()
    assert found
    assert all(weight.equal(given[name]) for name, weight in found.items())


@pytest.mark.parametrize("config", [GPT2Config, RobertaPreLayerNormConfig])
def test_families_that_no_test_compares_are_refused(own, tmp_path, refusal, config):
    sizes = {"hidden_size": 32, "num_hidden_layers": LAYERS, "num_attention_heads": 2}
    AutoModel.from_config(config(vocab_size=72, **sizes)).save_pretrained(own)
    assert f"says model_type {config.model_type}, expected one of bert" in refusal(entry(), tmp_path / "a")


def test_weights_in_whole_numbers_are_refused(own, tmp_path, refusal):
    rewrite(own, str, torch.int8)
    assert "is of type I8, expected floating-point weights" in refusal(entry(), tmp_path / "a")


def test_facts_of_the_registry_are_held_against_the_configuration(own, tmp_path, refusal):
    line = refusal(entry(layers=12), tmp_path / "a")
    assert line.startswith(f"own: config.json (bert) says layers {LAYERS}, the registry says 12; correct `layers:`")
    config = {"model_type": "distilbert", "n_layers": LAYERS, "dim": HIDDEN}
    (own / "config.json").write_text(json.dumps(config))
    line = refusal(entry(hidden=768), tmp_path / "a")
    assert f"(distilbert) says hidden {HIDDEN}, the registry says 768; correct `hidden:`" in line


def test_a_byte_that_changed_since_the_fetch_is_named_at_loading(own, tmp_path):
    fetch(entry(), tmp_path / "a", Mirror())
    load_backbone(tmp_path / "a")
    weights = bytearray((own / WEIGHTS).read_bytes())
    weights[-1] ^= 1
    (tmp_path / "a" / WEIGHTS).write_bytes(weights)
    with pytest.raises(FetchError, match=r"model.safetensors: changed since it was fetched .* delete .*SHA256SUMS"):
        load_backbone(tmp_path / "a")


@pytest.mark.parametrize(("kind", "what", "owner"), [("folder", "folder", "encoder"), ("csv", "file", "corpus")])
def test_path_that_is_not_there_is_named(tmp_path, monkeypatch, refusal, kind, what, owner):
    monkeypatch.chdir(tmp_path)
    line = f"own: no such {what} (looked in {tmp_path}); correct `path:` in the {owner}'s entry"
    assert refusal({"kind": kind, "path": "own"}, tmp_path / "a") == line
    assert local_files({"kind": kind, "path": "own"}) == []


def test_table_is_copied_and_copied_again_when_it_changes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    table, own = tmp_path / "mine.csv", {"kind": "csv", "path": "mine.csv"}
    table.write_text("text,label\n")
    assert local_files(own) == ["mine.csv"]
    assert list(listed_files(fetch(own, tmp_path / "a", Mirror(offline=True)))) == ["data.csv"]
    table.write_text("text,label\ntest,late\n")
    assert "late" not in (tmp_path / "a/data.csv").read_text()  # what a study reads does not change while it runs
    fetch(own, tmp_path / "a", Mirror())
    assert (tmp_path / "a/data.csv").read_text() == table.read_text()
