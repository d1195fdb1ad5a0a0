"""Outputs that an earlier submission had finished are given back, and only those that are still right."""

import json
import os
from types import SimpleNamespace

import pytest
from glossbench.job.finished import give_back, keep
from glossbench.provenance import origin

SETTINGS, CODE = '{"a":1}', "c0de"


@pytest.fixture
def job(tmp_path, monkeypatch):
    """A training job whose outputs were made, kept, and then deleted."""
    monkeypatch.setenv("SLURM_JOB_ID", "1")
    tokens = tmp_path / "tokens"
    tokens.mkdir()
    (tokens / "part").write_text("tokens")
    run = tmp_path / "runs" / "seed-3"
    run.mkdir(parents=True)
    output = {name: str(run / f"{name}.json") for name in ("epochs", "timing")}
    (run / "epochs.json").write_text("epochs")
    (run / "timing.json").write_text(json.dumps({"origin": origin(SETTINGS, CODE)}))
    keep(tmp_path / "state" / "seed-3" / "finished", "key", output)
    for file in run.iterdir():
        file.unlink()
    params = SimpleNamespace(settings=SETTINGS, code=CODE, state=str(tmp_path / "state"))
    params.items = lambda: [("settings", params.settings), ("code", params.code), ("state", params.state)]
    return SimpleNamespace(params=params, output=output, input=[str(tokens)], folder=tmp_path)


def test_the_outputs_of_a_finished_run_are_given_back(job):
    assert give_back(job)
    assert (job.folder / "runs/seed-3/epochs.json").read_text() == "epochs"
    assert give_back(job), "as often as a submission fails after it"


KEY, TOKENS = "state/seed-3/finished/key", "tokens/part"
CHANGES = {
    "settings": lambda job: setattr(job.params, "settings", '{"a":2}'),
    "code": lambda job: setattr(job.params, "code", "other"),
    "input": lambda job: os.utime(job.folder / TOKENS, ns=(0, (job.folder / KEY).stat().st_mtime_ns + 10**9)),
    "more outputs": lambda job: job.output.update(weights=str(job.folder / "runs/seed-3/weights.safetensors")),
    "damaged output": lambda job: (job.folder / KEY).with_name("epochs").write_text("epochz"),
    "links cut off": lambda job: (job.folder / KEY).unlink(),
    "several seeds": lambda job: job.output.update({name: [path] for name, path in job.output.items()}),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_no_longer_right_is_made_again(job, change):
    CHANGES[change](job)
    assert not give_back(job)
    assert not (job.folder / "runs/seed-3/epochs.json").exists()


def test_on_one_machine_a_run_is_made_again(job, monkeypatch):
    monkeypatch.delenv("SLURM_JOB_ID")
    assert not give_back(job)
