"""The training loop: epochs, resuming, snapshots, seeds, class weights."""

import contextlib
import copy
import itertools
import logging
from collections import namedtuple
from unittest.mock import Mock

import pytest
import torch
from glossbench.errors import TrainingError
from glossbench.learning.evaluation.scores import macro_f1
from glossbench.learning.training import machine
from glossbench.learning.training.batches import draw_batches
from glossbench.learning.training.checkpoints import Checkpoint
from glossbench.learning.training.machine import throughput
from glossbench.learning.training.run import run
from glossbench.losses import GLoss, SupConLoss
from hypothesis import given
from hypothesis import strategies as st
from pytorch_metric_learning.losses import SoftTripleLoss

from tests.support.documents_made_up import random_documents
from tests.support.tiny_runs import assert_same_weights, numbers, objective, run_settings, save_tokens, tiny_trainer

scputimes = namedtuple("scputimes", ["user", "idle", "steal"])


@pytest.mark.parametrize(("loss", "settings"), [
    (GLoss(sigma=0.5), {}), (GLoss(sigma=0.5, memory=40), {}), (SoftTripleLoss(3, 32), {}),
    (None, {"optimizer": "adamw", "weight_decay": 0.1, "warmup_fraction": 0.25, "schedule": "linear", "layer_decay": 0.8,
            "label_smoothing": 0.1, "batches": "balanced"}),
], ids=["none", "memory", "proxies", "recipe"])  # fmt: skip
def test_resumed_run_equals_uninterrupted_run(bert_folder, tmp_path, loss, settings):
    whole = tiny_trainer(bert_folder, "integrated", copy.deepcopy(loss), **settings)
    expected = whole.fit()
    for ends in ([KeyboardInterrupt], [None, KeyboardInterrupt], [None]):  # resumed after one and after three epochs
        checkpoint = Checkpoint(tmp_path / "state" / "checkpoint.safetensors", "key")
        resumed = tiny_trainer(bert_folder, "integrated", copy.deepcopy(loss), checkpoint=checkpoint, **settings)
        resumed.after_epoch = Mock(side_effect=ends)
        with contextlib.suppress(KeyboardInterrupt):
            found = resumed.fit()
    assert numbers(found) == numbers(expected)
    assert_same_weights(resumed.model, whole.model)
    for one, other in zip(resumed.loss_parameters, whole.loss_parameters, strict=True):
        assert torch.equal(one, other)
    if isinstance(whole.loss, GLoss):
        assert torch.equal(resumed.loss.past.embeddings, whole.loss.past.embeddings)
    checkpoint.remove()
    assert list((tmp_path / "state").iterdir()) == []


@pytest.mark.slow
def test_snapshots_are_taken_before_the_first_and_after_each_epoch_resumed_or_not(bert_folder, tmp_path):
    chosen = torch.tensor([5, 0, 17])
    whole = tiny_trainer(bert_folder, "standalone", GLoss(), indices=chosen, epochs=3)
    start, _ = whole.encode(whole.splits.train, chosen)
    expected = whole.snapshot_arrays(whole.fit())
    assert expected["embeddings"].shape == (4, 3, 32)
    assert (expected["embeddings"][0] == start.astype("float16")).all()
    assert list(expected["doc_ids"]) == ["5", "0", "17"]
    for epochs in (1, 3):
        checkpoint = Checkpoint(tmp_path / "checkpoint.safetensors", "key")
        resumed = tiny_trainer(bert_folder, "standalone", GLoss(), indices=chosen, epochs=epochs, checkpoint=checkpoint)
        found = resumed.snapshot_arrays(resumed.fit())
    assert (found["embeddings"] == expected["embeddings"]).all()
    without = tiny_trainer(bert_folder, "standalone", GLoss(), epochs=3)
    assert without.snapshot_arrays(without.fit()) == {}
    assert_same_weights(without.model, whole.model)


def test_other_test_documents_change_nothing_in_training(bert_folder):
    runs = [tiny_trainer(bert_folder, "integrated", GLoss(), epochs=2, tested=tested) for tested in (2, 9)]
    histories = [numbers(run.fit()) for run in runs]
    assert histories[0] == histories[1]
    assert_same_weights(runs[0].model, runs[1].model)


class Greedy(torch.nn.Module):
    """A loss that asks the allocator for more memory than any machine has."""

    def forward(self, embeddings, labels):
        return torch.empty(2**60, dtype=torch.uint8)


def test_running_out_of_memory_names_the_epoch_and_what_to_change(bert_folder):
    run = tiny_trainer(bert_folder, "standalone", Greedy())
    with pytest.raises(
        TrainingError,
        match=r"epoch 1: out of memory; training.gradient_cache: true, or a smaller training.micro_batch_tokens \(now 48\)",
    ):
        run.fit()


@pytest.mark.parametrize("damage", ["other key", "cut off", "no checkpoint", "bit of a weight", "digit of the history"])
def test_a_checkpoint_that_does_not_fit_is_ignored_with_a_warning(bert_folder, tmp_path, damage, caplog):
    path = tmp_path / "checkpoint.safetensors"
    tiny_trainer(bert_folder, checkpoint=Checkpoint(path, "key"), epochs=1).fit()
    if damage == "cut off":
        path.write_bytes(path.read_bytes()[:-1000])
    if damage == "bit of a weight":
        content = bytearray(path.read_bytes())
        content[-1000] ^= 1
        path.write_bytes(content)
    if damage == "digit of the history":
        path.write_bytes(path.read_bytes().replace(b'\\"epoch\\": 1', b'\\"epoch\\": 0'))
    if damage == "no checkpoint":
        path.write_bytes(b"\x80\x04pickle")
    key = "other" if damage == "other key" else "key"
    fresh = tiny_trainer(bert_folder, checkpoint=Checkpoint(path, key), epochs=1)
    with caplog.at_level(logging.WARNING):
        assert len(fresh.fit().history) == 1
    assert "ignored" in caplog.text


@pytest.mark.parametrize("threads", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_same_seed_same_weights_other_seed_other_weights(bert_folder, threads):
    """This is promised for one number of threads, not across numbers: torch_threads is a setting of each run."""
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(threads)
        runs = [tiny_trainer(bert_folder, "integrated", GLoss(), seed=seed, epochs=2) for seed in (3, 3, 4)]
        histories = [numbers(run.fit()) for run in runs]
    finally:
        torch.set_num_threads(before)
    assert histories[0] == histories[1] != histories[2]
    assert_same_weights(runs[0].model, runs[1].model)


@pytest.mark.slow
def test_the_best_epochs_weights_are_tested_and_not_the_last(bert_folder):
    run = tiny_trainer(bert_folder, epochs=6, learning_rate=3e-2)
    progress = run.fit()
    best = max(progress.history, key=lambda row: row["val_macro_f1"])
    _, logits = run.encode(run.splits.val)
    labels = run.splits.val.labels.numpy()
    assert macro_f1(labels, logits.argmax(axis=1)) == best["val_macro_f1"]
    last = tiny_trainer(bert_folder, epochs=6, learning_rate=3e-2, test_weights="last")
    last.fit()
    assert any(not torch.equal(a, b) for a, b in zip(run.model.parameters(), last.model.parameters(), strict=True))


def test_the_history_has_the_learning_rate_of_each_epoch(bert_folder):
    history = tiny_trainer(bert_folder, epochs=3, learning_rate_milestones=[1, 2]).fit().history
    assert [row["learning_rate"] for row in history] == pytest.approx([1e-3, 1e-4, 1e-5])


@pytest.mark.parametrize(
    "arguments", [(), ("standalone", GLoss()), ("standalone", SupConLoss())], ids=["ce", "gloss", "scl"]
)
@pytest.mark.parametrize(
    ("batch_size", "found"), [(8, "the loss is nan"), (40, "(logits|embeddings) are not finite")], ids=["loss", "last"]
)
def test_what_is_not_finite_ends_the_run_with_a_reason(bert_folder, arguments, batch_size, found):
    with pytest.raises(TrainingError, match=f"epoch 1: {found}; a smaller learning_rate"):
        tiny_trainer(bert_folder, *arguments, learning_rate=1e30, epochs=1, batch_size=batch_size).fit()


def test_the_parts_of_an_epoch_add_up_to_it(bert_folder):
    row = tiny_trainer(bert_folder, "standalone", GLoss(), epochs=1).fit().history[0]
    names = ("forward", "backward", "optimizer", "graph", "propagation", "other")
    parts = sum(row[f"seconds_{part}"] for part in names)
    assert parts == pytest.approx(row["seconds_epoch"])
    assert min(row[f"seconds_{part}"] for part in ("graph", "propagation", "other")) > 0


@pytest.mark.parametrize("others", [0.0, 0.5])
def test_the_load_of_a_run_is_the_work_of_other_processes_alone(bert_folder, monkeypatch, others):
    """Between two readings of the clocks this process worked for a second and others as long as is given."""
    own = itertools.count()
    last = 0

    def of_machine():
        nonlocal last
        last = next(own)
        return scputimes(user=last, idle=9 * last, steal=others * last)

    monkeypatch.setattr(machine.psutil, "cpu_times", of_machine)
    monkeypatch.setattr(machine.time, "process_time", lambda: last)
    rows = tiny_trainer(bert_folder, epochs=2).fit().history
    seconds = sum(row["seconds_epoch"] for row in rows)
    lengths = random_documents(40, 0).lengths
    found = throughput(rows, lengths[:30])
    assert found["load"] == pytest.approx(2 * others / seconds)
    assert found["docs_per_second"] == pytest.approx(2 * 30 / seconds)
    assert found["tokens_per_second"] == pytest.approx(2 * lengths[:30].sum().item() / seconds)
    assert {"processor", "cores"} <= set(machine.machine(torch.device("cpu")))


@given(st.integers(1, 300), st.integers(2, 64), st.integers(0, 5), st.integers(1, 5))
def test_batches_are_a_permutation_without_a_batch_of_one(n, batch_size, seed, epoch):
    batches = draw_batches(n, batch_size, seed, epoch)
    assert torch.equal(torch.cat(batches).sort().values, torch.arange(n))
    assert n == 1 or min(map(len, batches)) >= 2
    assert max(map(len, batches)) <= batch_size + 1


def test_a_gradient_cache_changes_no_bit(bert_folder):
    plain, cached = (
        tiny_trainer(bert_folder, "integrated", GLoss(sigma=0.5), gradient_cache=cache, epochs=2)
        for cache in (False, True)
    )
    assert cached.model.encoder.gradient_cache
    assert numbers(plain.fit()) == numbers(cached.fit())
    assert_same_weights(plain.model, cached.model)


def test_a_gradient_cache_keeps_the_activations_of_no_layer(bert_folder):
    """Elements that the graph keeps between forward and backward, for 40 documents with and without the cache."""
    kept = {}
    for cache in (False, True):
        run = tiny_trainer(bert_folder, "integrated", gradient_cache=cache)
        run.model.train()
        sizes = []
        with torch.autograd.graph.saved_tensors_hooks(lambda t, to=sizes: (to.append(t.numel()), t)[1], lambda t: t):
            run.model(run.splits.train, torch.arange(40))
        kept[cache] = sum(sizes)
    assert kept[True] < 0.2 * kept[False]


@pytest.mark.parametrize("precision", ["auto", "float32", "bfloat16"])
def test_bfloat16_is_of_the_encoder_and_losses_are_in_float32(bert_folder, precision):
    torch.manual_seed(0)
    run = tiny_trainer(bert_folder, loss=SupConLoss(0.3), precision=precision)
    lowered = []
    for layer in run.model.encoder.backbone.encoder.layer:
        layer.output.dense.register_forward_hook(lambda module, given, result: lowered.append(result.dtype))
    terms = run.step(torch.arange(16))
    assert set(lowered) == {torch.bfloat16 if precision == "bfloat16" else torch.float32}
    assert {value.dtype for value in terms.values()} == {torch.float32}
    assert {parameter.dtype for parameter in run.parameters} == {torch.float32}


def test_two_forward_passes_have_two_dropout_masks_and_one_has_one(bert_folder):
    """D8: with two passes cross-entropy is computed on other embeddings than the second loss."""
    seen = {}
    for passes in (1, 2):
        run = tiny_trainer(bert_folder, "integrated", SupConLoss(0.3), forward_passes=passes, epochs=1, batch_size=40)
        seen[passes] = []
        run.model.encoder.register_forward_hook(lambda _, given, output, to=seen[passes]: to.append(output.detach()))
        run.fit()
    training = {passes: outputs[:-1] for passes, outputs in seen.items()}  # the last is validation
    assert [len(training[1]), len(training[2])] == [1, 2]
    assert torch.equal(training[1][0], training[2][0])
    assert not torch.allclose(training[2][0], training[2][1])


def test_a_family_that_cannot_be_computed_in_bfloat16_says_so(encoder_folder, tmp_path):
    files = save_tokens(tmp_path / "tokens", encoder_folder, train=20, val=9, test=9)
    told = run_settings(objective(None, "integrated", epochs=1, precision="bfloat16"))
    if encoder_folder.name != "deberta":
        run(told, files)
        return
    with pytest.raises(TrainingError, match="ce/seed-42: precision: bfloat16 found, expected float32: DeBERTa v1"):
        run(told, files)
