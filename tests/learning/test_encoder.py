"""Encoding: length-sorted micro-batches, pooling, frozen layers, the last layer for the first token only."""

import copy
import shutil
from dataclasses import replace

import pytest
import torch
from glossbench.errors import TrainingError
from glossbench.learning.encoder.encoder import Encoder
from glossbench.learning.encoder.frozen_layers import hidden_states
from glossbench.learning.encoder.loading import keep_layers, layer_list, load_backbone, read_backbone
from glossbench.learning.exporting import fine_tuned
from glossbench.settings.training import EncoderSettings
from torch import nn
from transformers import AlbertConfig, AlbertModel

from tests.support.documents_made_up import random_documents

TOLERANCE = {"rtol": 1e-4, "atol": 1e-6}
# one family without padding and one with it, where no more of the family matters
EITHER = pytest.mark.parametrize("encoder_folder", ["bert", "modernbert"], indirect=True)


def padded_batch(backbone, documents, pooling):
    """Embeddings of all documents as one batch, padded by a loop and encoded by the unchanged model."""
    rows = [documents.values[documents.offsets[i] : documents.offsets[i + 1]] for i in range(len(documents))]
    longest = max(map(len, rows))
    ids = torch.full((len(rows), longest), backbone.config.pad_token_id)
    mask = torch.zeros((len(rows), longest), dtype=torch.long)
    for i, row in enumerate(rows):
        ids[i, : len(row)], mask[i, : len(row)] = row, 1
    hidden = backbone(input_ids=ids, attention_mask=mask).last_hidden_state
    if pooling == "cls":
        return hidden[:, 0]
    return torch.stack([hidden[i, : len(row)].mean(dim=0) for i, row in enumerate(rows)])


def gradient_of(parameter):
    """The gradient of a parameter; the key bias of a first token's layer cancels and has none."""
    return torch.zeros_like(parameter) if parameter.grad is None else parameter.grad


@pytest.mark.parametrize("pooling", ["cls", "mean"])
def test_sorted_micro_batches_give_the_embeddings_and_gradients_of_one_padded_batch(encoder_folder, pooling):
    plain = load_backbone(encoder_folder).eval()
    documents = random_documents(23)
    encoder = Encoder(load_backbone(encoder_folder), pooling, micro_batch_tokens=48).eval()
    weights = torch.randn(23, 32)

    expected, found = padded_batch(plain, documents, pooling), encoder(documents)
    torch.testing.assert_close(found, expected, **TOLERANCE)
    (expected * weights).sum().backward()
    (found * weights).sum().backward()
    for (name, one), (_, other) in zip(plain.named_parameters(), encoder.backbone.named_parameters(), strict=True):
        if one.grad is None:  # the pooling head of a family that keeps it
            continue
        torch.testing.assert_close(gradient_of(other), one.grad, rtol=1e-3, atol=1e-5, msg=name)


@EITHER
def test_a_part_of_the_documents_is_encoded_in_the_order_asked_for(encoder_folder):
    encoder = Encoder(load_backbone(encoder_folder), micro_batch_tokens=48).eval()
    documents = random_documents(12)
    indices = torch.tensor([7, 0, 11, 3])
    torch.testing.assert_close(encoder(documents, indices), encoder(documents)[indices], **TOLERANCE)


@pytest.mark.parametrize("pooling", ["cls", "mean"])
def test_stored_output_of_frozen_layers_gives_what_freezing_in_place_gives(encoder_folder, pooling):
    whole = Encoder(load_backbone(encoder_folder), pooling).eval()
    layer_list(whole.backbone)[0].requires_grad_(False)
    documents = random_documents(15)
    stored = hidden_states(keep_layers(load_backbone(encoder_folder), 0, 1), documents, micro_batch_tokens=48)
    upper = Encoder(keep_layers(load_backbone(encoder_folder), 1, 3), pooling).eval()

    assert stored.values.dtype == torch.float16
    expected, found = whole(documents), upper(stored)
    torch.testing.assert_close(found, expected, rtol=1e-2, atol=2e-3)  # the precision of float16
    expected.square().sum().backward()
    found.square().sum().backward()
    layers = layer_list(whole.backbone)[1:].parameters(), layer_list(upper.backbone).parameters()
    for one, other in zip(*layers, strict=True):
        assert (gradient_of(other) - gradient_of(one)).norm() < 5e-3 * gradient_of(one).norm() + 1e-4


@pytest.mark.parametrize("encoder", [{}, {"layers": 2, "trainable_layers": 1}, {"trainable_layers": 1}])
def test_a_trained_encoder_is_exported_with_all_that_was_trained(encoder_folder, tmp_path, encoder):
    documents, settings = random_documents(15), EncoderSettings(**encoder)
    given, frozen = documents, None
    if settings.trainable_layers:
        below = keep_layers(load_backbone(encoder_folder), 0, (settings.layers or 3) - 1)
        given, frozen = hidden_states(below, documents), tmp_path
    of_run = Encoder(read_backbone(encoder_folder, settings, frozen)[0]).eval()
    optimizer = torch.optim.Adam([one for one in of_run.parameters() if one.requires_grad], lr=1e-2)
    for _ in range(5):
        of_run(given).pow(4).sum().backward()
        optimizer.step()
        optimizer.zero_grad()
    stored = {f"encoder.{name}": value for name, value in of_run.state_dict().items()}
    fine_tuned(encoder_folder, dict(settings), stored).save_pretrained(tmp_path)
    found = padded_batch(load_backbone(tmp_path).eval(), documents, "cls")
    torch.testing.assert_close(found, of_run(given), rtol=1e-3, atol=2e-3)  # states are kept in float16


def test_keeping_the_first_layers_stops_there(encoder_folder):
    backbone = load_backbone(encoder_folder, layers=2).eval()
    documents = random_documents(5)
    whole = load_backbone(encoder_folder).eval()
    after_second = []
    layer_list(whole)[1].register_forward_hook(lambda module, given, output: after_second.append(output))
    padded_batch(whole, documents, "cls")
    expected = after_second[0] if torch.is_tensor(after_second[0]) else after_second[0][0]
    expected = getattr(backbone, "final_norm", getattr(backbone, "norm", nn.Identity()))(expected)
    torch.testing.assert_close(Encoder(backbone).eval()(documents), expected[:, 0], **TOLERANCE)


def test_dropout_of_the_shortcut_falls_on_the_first_token(encoder_folder):
    backbone = load_backbone(encoder_folder)
    documents = random_documents(4)
    encoder = Encoder(copy.deepcopy(backbone)).train()
    torch.manual_seed(1)
    first, second = encoder(documents), encoder(documents)
    assert not torch.allclose(first, second)
    torch.manual_seed(1)
    torch.testing.assert_close(encoder(documents), first, rtol=0, atol=0)


def test_an_encoder_whose_layers_share_weights_is_taken_whole_or_not_at_all(tmp_path):
    torch.manual_seed(0)
    sizes = {"vocab_size": 60, "hidden_size": 32, "num_attention_heads": 4, "intermediate_size": 48}
    AlbertModel(AlbertConfig(**sizes, num_hidden_layers=3, embedding_size=16)).save_pretrained(tmp_path)
    documents, plain = random_documents(9), load_backbone(tmp_path).eval()
    encoder = Encoder(load_backbone(tmp_path), micro_batch_tokens=48).eval()
    torch.testing.assert_close(encoder(documents), padded_batch(plain, documents, "cls"), **TOLERANCE)
    with pytest.raises(TrainingError, match="3 layers of shared weights found, expected each with its own; leave"):
        load_backbone(tmp_path, layers=2)


@EITHER
def test_layers_that_are_not_there_and_folders_without_safetensors_are_refused(encoder_folder, tmp_path):
    with pytest.raises(TrainingError, match="layers 0 to 4 of an encoder with 3"):
        load_backbone(encoder_folder, layers=4)
    folder = shutil.copytree(encoder_folder, tmp_path / "encoder")
    torch.save({}, folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    with pytest.raises(TrainingError, match="not an encoder that transformers can load from safetensors"):
        load_backbone(folder)


@EITHER
def test_equal_lengths_need_no_mask(encoder_folder):
    encoder = Encoder(load_backbone(encoder_folder), micro_batch_tokens=48).eval()
    documents = random_documents(8)
    even = replace(documents, values=documents.values[: 8 * 5], offsets=torch.arange(0, 45, 5))
    expected = padded_batch(load_backbone(encoder_folder).eval(), even, "cls")
    torch.testing.assert_close(encoder(even), expected, **TOLERANCE)
