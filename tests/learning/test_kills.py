"""Runs that are killed and resumed: processes that get SIGKILL at random moments."""

import itertools
import multiprocessing
import os
import random
import signal
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from glossbench.errors import TrainingError
from glossbench.job.locks import exclusive
from glossbench.learning.training.checkpoints import Checkpoint
from glossbench.losses import GLoss
from safetensors.torch import load_file, save_file

from tests.support.tiny_runs import tiny_trainer

KILLS = 10
forkserver = multiprocessing.get_context("forkserver")
forkserver.set_forkserver_preload(
    ["test_kills", "test_tuning", "transformers.models.bert.modeling_bert", "transformers.models.auto.modeling_auto"]
)


def train(folder, state, done):
    """Train a run from its checkpoint, if there is one, and write weights, numbers and embeddings to ``done``."""
    torch.set_num_threads(1)
    with exclusive(state):
        checkpoint = Checkpoint(state / "checkpoint.safetensors", "key")
        trainer = tiny_trainer(folder, "integrated", GLoss(sigma=0.5), checkpoint=checkpoint, epochs=6)
        history = trainer.fit().history
        names = ("epoch", "loss", "loss_ce", "loss_metric", "val_macro_f1")
        numbers = [[row[name] for name in names] for row in history]
        embeddings, logits = trainer.encode(trainer.splits.test)
        outputs = {"numbers": np.array(numbers), "embeddings": embeddings, "logits": logits}
        tensors = {name: torch.from_numpy(value) for name, value in outputs.items()}
        save_file({**tensors, **trainer.model.state_dict()}, done)
        checkpoint.remove()


def completed(folder, state, done, seconds=None):
    """Train a run in a process that is killed after some seconds. Returns whether the run completed before."""
    process = forkserver.Process(target=train, args=(folder, state, done))
    process.start()
    process.join(seconds)
    if process.is_alive():
        process.kill()
        process.join()
    assert process.exitcode in (0, -signal.SIGKILL)
    return process.exitcode == 0


@pytest.fixture(scope="module")
def whole(saved, tmp_path_factory):
    """The outputs of a run that nobody kills, and its seconds."""
    folder = tmp_path_factory.mktemp("whole")
    for _ in range(2):  # the first run also starts the server of processes, and is slower
        started = time.perf_counter()
        assert completed(saved("bert"), folder / "state", folder / "expected")
        seconds = time.perf_counter() - started
    return load_file(folder / "expected"), seconds


@pytest.mark.slow
def test_a_run_killed_ten_times_ends_as_if_it_had_not_been(bert_folder, whole, tmp_path):
    expected, seconds = whole
    generator, kills, epochs = random.Random(0), 0, set()
    while kills < KILLS:
        state, done = tmp_path / f"state-{len(epochs)}", tmp_path / "found"
        while not completed(bert_folder, state, done, generator.uniform(0.2, 0.9) * seconds if kills < KILLS else None):
            kills += 1
        found = load_file(done)
        assert expected.keys() == found.keys()
        for name in expected:
            assert torch.equal(expected[name], found[name]), f"{name} differs after {kills} kills"
        assert [path.name for path in state.iterdir()] == ["lock"], "no checkpoint or partial file is left"
        epochs.add(kills)


def train_until_a_checkpoint(kill, folder, state, done):
    """Train a run as :func:`train` does; at its ``kill``-th checkpoint half of the file is written, then SIGKILL comes."""
    renames = itertools.count(1)

    def die_half_written(event, arguments):
        if event == "os.rename" and str(arguments[0]).endswith(".partial") and next(renames) == kill:
            os.truncate(arguments[0], Path(arguments[0]).stat().st_size // 2)
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(die_half_written)
    train(folder, state, done)


@pytest.mark.slow
def test_a_kill_while_a_checkpoint_is_written_leaves_the_one_before(bert_folder, whole, tmp_path):
    state, done = tmp_path / "state", tmp_path / "done"
    for kill in (1, 2, 3):
        process = forkserver.Process(target=train_until_a_checkpoint, args=(kill, bert_folder, state, done))
        process.start()
        process.join()
        assert process.exitcode == -signal.SIGKILL
        assert list(state.glob("*.partial"))
        if kill > 1:
            load_file(state / "checkpoint.safetensors")  # whole
    assert completed(bert_folder, state, done)
    (expected, _), found = whole, load_file(done)
    assert all(torch.equal(expected[name], found[name]) for name in expected)


def test_a_run_is_trained_by_one_process_at_a_time(tmp_path):
    with (
        exclusive(tmp_path),
        pytest.raises(TrainingError, match="another process is training this run"),
        exclusive(tmp_path, 0.1),
    ):
        pass
