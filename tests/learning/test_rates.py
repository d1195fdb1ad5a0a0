"""Speed of a run, and its share of the matrix rate."""

import pytest
import torch
from documents_made_up import random_documents
from glossbench.learning import rates
from glossbench.learning.encoder import Encoder, load_backbone
from glossbench.learning.runs import run
from tiny_runs import objective, run_settings, save_tokens

D, WIDE = 32, 48  # hidden size and size of the feed-forward part of the tiny encoders


def test_the_share_is_the_time_of_the_products_over_the_time_of_training(bert_folder, monkeypatch):
    measured = []
    monkeypatch.setattr(rates, "matrix_rate", lambda *given: measured.append(given) or 1e9)
    layer = 4 * (D * D + D) + 2 * D * WIDE + WIDE + D + 4 * D
    for pooling, parameters in {"cls": 2 * layer + 2 * D * D, "mean": 3 * layer}.items():
        encoder = Encoder(load_backbone(bert_folder), pooling, 64)
        found = rates.matrix_share(encoder, tokens_per_second=500.0, forward_passes=2, precision="bfloat16")
        assert found == pytest.approx(6 * parameters * 500 * 2 / 1e9)
    shapes = (*[(D, D)] * 4, (WIDE, D), (D, WIDE))
    assert measured[0] == (shapes, 64, torch.bfloat16, torch.device("cpu"))


def test_the_rate_is_measured_once_and_draws_none_of_the_trainings_random_numbers():
    rates.matrix_rate.cache_clear()
    before = torch.get_rng_state()
    found = {rates.matrix_rate(((48, 32), (32, 48)), 64, torch.float32, torch.device("cpu")) for _ in range(2)}
    assert len(found) == 1
    assert min(found) > 1e6
    assert torch.equal(torch.get_rng_state(), before)


def test_a_run_records_tokens_a_second_and_its_share_of_the_matrix_rate(bert_folder, tmp_path):
    files = save_tokens(tmp_path / "tokens", bert_folder, train=40, val=18, test=18)
    settings = run_settings(objective(None, "integrated", epochs=2))
    timing = run({**settings, "objective_key": "ce"}, files).timing
    tokens = int(random_documents(40, 0).lengths.sum())
    assert timing["tokens_per_second"] == pytest.approx(2 * tokens / timing["train_seconds"])
    assert 0 < timing["matrix_share"] < 1
