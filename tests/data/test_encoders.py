"""Which files make an encoder, and files that do not fit each other: refused in one line before any job."""

import json
import shutil

import pytest
import torch
from glossbench.data.encoders import check_encoder, encoder_files
from glossbench.errors import FetchError, TrainingError
from glossbench.files import write_checksums
from glossbench.learning.encoder.loading import load_backbone
from safetensors.torch import load_file, save_file
from tiny_models import FAMILIES, save_tiny
from transformers import AutoModel, BertConfig, BertForMaskedLM, ElectraConfig, RobertaPreLayerNormConfig


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiny")
    return {family: save_tiny(family, folder / family) for family in FAMILIES}


@pytest.fixture
def folder(tiny, tmp_path):
    return shutil.copytree(tiny["bert"], tmp_path / "own")


def rewrite(folder, rename):
    """Change the weights of an encoder: ``rename`` gives a weight's new name, or None for one that is left out."""
    weights = load_file(folder / "model.safetensors")
    kept = {rename(name): weight for name, weight in weights.items() if rename(name)}
    save_file(kept, folder / "model.safetensors", metadata={"format": "pt"})


def reconfigure(folder, **settings):
    config = json.loads((folder / "config.json").read_text()) | settings
    (folder / "config.json").write_text(json.dumps(config))


def refusal(folder) -> str:
    with pytest.raises(FetchError) as caught:
        check_encoder(folder, {}, "own")
    line = str(caught.value)
    assert line.startswith("own: ")
    assert "\n" not in line
    return line


def test_files_in_sub_folders_and_shards_beside_whole_weights_are_left_alone():
    names = ["config.json", "model.safetensors", "model-00001-of-00002.safetensors", "vocab.txt"]
    assert encoder_files([*names, "onnx/config.json", "model-/../x-of-1.safetensors"])[0] == [
        names[0],
        names[1],
        names[3],
    ]
    assert encoder_files(names)[1] == ""


def old_name(name):
    return "bert." + name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")


@pytest.mark.parametrize("rename", [str, "0.auto_model.{}".format, "model.bert.{}".format, old_name])
def test_names_before_those_of_the_weights_are_left_out(tiny, folder, rename):
    rewrite(folder, rename)
    check_encoder(folder, {}, "own")
    found, expected = (load_backbone(path).state_dict() for path in (folder, tiny["bert"]))
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[name], expected[name]) for name in found)


@pytest.mark.parametrize("family", FAMILIES)
def test_whole_encoders_with_or_without_heads_are_taken(tiny, tmp_path, family):
    check_encoder(tiny[family], {}, "own")
    shutil.copytree(tiny["bert"], tmp_path / "masked")
    BertForMaskedLM(BertConfig.from_pretrained(tiny["bert"])).save_pretrained(tmp_path / "masked")
    check_encoder(tmp_path / "masked", {}, "own")


@pytest.mark.parametrize("lost", ["encoder.layer.1.", "embeddings.position", "encoder.layer.0.attention.self.key.bias"])
def test_missing_weights_are_named_at_fetching_and_at_loading(folder, lost):
    rewrite(folder, lambda name: None if name.startswith(lost) else name)
    assert f"do not fit config.json (bert): {lost}" in refusal(folder)
    with pytest.raises(TrainingError, match=f"are missing, as {lost}"):
        load_backbone(folder)


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"num_hidden_layers": 1}, "encoder.layer.1.attention.output.LayerNorm.bias has no place in it, and 15 more"),
        ({"hidden_size": 64}, "is (32,), expected (64,), and"),
        ({"hidden_size": 33}, "does not describe a model"),
        ({"vocab_size": 10_000}, "embeddings.word_embeddings.weight is (72, 32), expected (10000, 32); take both"),
        ({"quantization_config": {"bits": 4}}, "quantization_config {'bits': 4}, expected None"),
        ({"is_decoder": True}, "is_decoder True, expected False"),
        ({"position_embedding_type": "relative_key"}, "position_embedding_type relative_key, expected absolute"),
        ({"model_type": "modernbert"}, "says model_type modernbert, expected one of bert, roberta, distilbert"),
    ],
)
def test_configuration_that_does_not_fit_is_named(folder, change, line):
    reconfigure(folder, **change)
    assert line in refusal(folder)


@pytest.mark.parametrize("config", [ElectraConfig, RobertaPreLayerNormConfig])
def test_families_that_no_test_compares_are_refused(folder, config):
    sizes = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 64}
    AutoModel.from_config(config(vocab_size=72, **sizes)).save_pretrained(folder)
    assert f"says model_type {config.model_type}, expected one of bert" in refusal(folder)


def test_weights_in_whole_numbers_are_refused(folder):
    weights = load_file(folder / "model.safetensors")
    save_file({name: weight.to(torch.int8) for name, weight in weights.items()}, folder / "model.safetensors")
    assert "is of type I8, expected floating-point weights" in refusal(folder)


@pytest.mark.parametrize(
    "index", [b"{}", b"[", b'{"weight_map": {}}', b'{"weight_map": {"a": "model-1-of-1.safetensors"}}']
)
def test_index_without_its_shards_is_refused(folder, index):
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors.index.json").write_bytes(index)
    assert "model.safetensors.index.json" in refusal(folder)


@pytest.mark.parametrize(
    ("files", "line"),
    [
        ({"tokenizer.json": b"{}"}, "no tokenizer that transformers can load"),
        ({"tokenizer.json": None, "vocab.txt": b""}, "no words in its tokenizer"),
        ({"tokenizer.json": None, "vocab.txt": b"+two\nwords\n"}, "token 'words' has number 73, expected less than 72"),
    ],
)
def test_tokenizer_that_does_not_fit_is_refused(folder, files, line):
    for name, content in files.items():
        before = (folder / name).read_bytes()
        (folder / name).unlink()
        if content is not None:
            (folder / name).write_bytes(before + content[1:] if content.startswith(b"+") else content)
    assert line in refusal(folder)


def test_a_byte_that_changed_since_the_fetch_is_named_at_loading(folder):
    write_checksums(folder, [path.name for path in folder.iterdir()])
    load_backbone(folder)
    weights = bytearray((folder / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (folder / "model.safetensors").write_bytes(weights)
    with pytest.raises(FetchError, match=r"model.safetensors: changed since it was fetched .* delete .*SHA256SUMS"):
        load_backbone(folder)
