"""Tokens of documents that are pairs of texts: truncation, token types, and the embeddings that they give."""

import json
import shutil

import pandas as pd
import pytest
import torch
from glossbench.data.corpora import read_split, write_split
from glossbench.data.documents import load_documents
from glossbench.data.encoders import load_tokenizer
from glossbench.data.tokens import tokenize
from glossbench.errors import SettingsError
from glossbench.learning.encoder.encoder import Encoder
from glossbench.learning.encoder.frozen_layers import hidden_states
from glossbench.learning.encoder.loading import keep_layers, load_backbone

from tests.support.tiny_models import FAMILIES

LENGTH = 12
PAIRS = [
    ("who wrote the book ?", "she wrote it in the spring .", 0),
    ("who wrote the book ?", "a good film", 1),
    ("who ?", "she wrote it in the spring and a bad film and a long one and a book and a film " * 3, 0),
    ("who wrote the book and the long film in the spring and the good one ? " * 3, "she", 1),
    ("", "a film", 0),
]


@pytest.fixture(scope="module")
def val_split(tmp_path_factory):
    """A split of five pairs: both short, one long, the other long, one empty."""
    path = tmp_path_factory.mktemp("pairs") / "val.parquet"
    frame = pd.DataFrame(PAIRS, columns=["text", "text_pair", "label"]).assign(doc_id=list("abcde"))
    write_split(frame[["doc_id", "text", "text_pair", "label"]], ["x", "y"], path)
    assert read_split(path)[0].columns.tolist() == ["doc_id", "text", "text_pair", "label"]
    return path


@pytest.fixture(params=FAMILIES)
def encoder(request, tiny):
    return request.param, tiny[request.param]


@pytest.fixture
def stored(val_split, encoder, tmp_path):
    shares = tokenize({"val": val_split}, encoder[1], LENGTH, tmp_path / "tokens")
    tokenizer = load_tokenizer(encoder[1])
    lengths = [len(tokenizer(*pair[:2])["input_ids"]) for pair in PAIRS]
    special = 4 if encoder[0] == "roberta" else 3
    lost = sum(max(length - LENGTH, 0) for length in lengths) / sum(length - special for length in lengths)
    assert shares["val"]["truncated"] == round(lost, 4) > 0
    return load_documents(tmp_path / "tokens", "val")


def test_pairs_are_encoded_as_the_tokenizer_does_and_cut_where_they_are_longer(stored, encoder):
    family, folder = encoder
    tokenizer = load_tokenizer(folder)
    for i, (text, pair, _) in enumerate(PAIRS):
        first, second = (tokenizer(one, add_special_tokens=False)["input_ids"] for one in (text, pair))
        room = LENGTH - (4 if family == "roberta" else 3)
        if len(first) + len(second) > room:  # the shorter keeps at least half of the room
            shorter, longer = (first, second) if len(first) <= len(second) else (second, first)
            del shorter[room // 2 :]
            del longer[room - len(shorter) :]
        start, end = tokenizer.cls_token_id, tokenizer.sep_token_id
        middle = [end, end] if family == "roberta" else [end]
        found = stored.values[stored.offsets[i] : stored.offsets[i + 1]].tolist()
        assert found == [start, *first, *middle, *second, end]
        if family == "bert":
            types = stored.token_types[stored.offsets[i] : stored.offsets[i + 1]].tolist()
            assert types == [0] * (len(first) + 2) + [1] * (len(second) + 1)
    assert (stored.token_types is not None) == (family == "bert")


def test_embeddings_are_those_of_the_model_called_with_the_tokenizers_own_pairs(stored, encoder):
    folder = encoder[1]
    tokenizer, model = load_tokenizer(folder), load_backbone(folder).eval()
    texts, pairs = [list(column) for column in zip(*[pair[:2] for pair in PAIRS], strict=True)]
    inputs = tokenizer(texts, pairs, truncation=True, max_length=LENGTH, padding=True, return_tensors="pt")
    with torch.no_grad():
        expected = model(**inputs).last_hidden_state[:, 0]
        found = Encoder(load_backbone(folder), micro_batch_tokens=48).eval()(stored)
        torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)
        # frozen lower layers have seen the token types already
        lower = hidden_states(keep_layers(load_backbone(folder), 0, 1), stored, 48)
        upper = Encoder(keep_layers(load_backbone(folder), 1, 2), micro_batch_tokens=48).eval()
        torch.testing.assert_close(upper(lower), expected, rtol=2e-3, atol=2e-3)


def test_length_must_hold_the_special_tokens_of_a_pair(val_split, encoder, tmp_path):
    special = 5 if encoder[0] == "roberta" else 4
    tokenize({"val": val_split}, encoder[1], special, tmp_path / "tokens")
    with pytest.raises(SettingsError, match=f"max_length: {special - 1}, expected {special} to 64"):
        tokenize({"val": val_split}, encoder[1], special - 1, tmp_path / "tokens")


def test_length_is_limited_by_the_position_table_where_the_tokenizer_states_none(val_split, encoder, tmp_path):
    folder = shutil.copytree(encoder[1], tmp_path / "own")
    stated = json.loads((folder / "tokenizer_config.json").read_text())
    del stated["model_max_length"]
    (folder / "tokenizer_config.json").write_text(json.dumps(stated))
    most = load_backbone(folder).embeddings.position_embeddings.num_embeddings
    most -= 2 if encoder[0] == "roberta" else 0  # it counts from the one after its padding token
    tokenize({"val": val_split}, folder, most, tmp_path / "tokens")
    assert Encoder(load_backbone(folder)).eval()(load_documents(tmp_path / "tokens", "val")).isfinite().all()
    with pytest.raises(SettingsError, match=f"max_length: {most + 1}, expected . to {most}"):
        tokenize({"val": val_split}, folder, most + 1, tmp_path / "tokens")
