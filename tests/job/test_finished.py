"""Outputs that an earlier submission had finished are given back, and only those that are still right."""

import json
import os
from types import SimpleNamespace

import pytest
from glossbench.job.finished import KeptRun, give_back
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
    KeptRun(tmp_path / "state" / "seed-3" / "finished", "key").keep(output)
    for file in run.iterdir():
        file.unlink()
    params = SimpleNamespace(settings=SETTINGS, code=CODE, state=str(tmp_path / "state"))
    params.items = lambda: [("settings", params.settings), ("code", params.code), ("state", params.state)]
    return SimpleNamespace(params=params, output=output, input=[str(tokens)], folder=tmp_path)


def test_the_outputs_of_a_finished_run_are_given_back(job):
    assert give_back(job)
    assert (job.folder / "runs/seed-3/epochs.json").read_text() == "epochs"
    assert give_back(job), "as often as a submission fails after it"


def change_settings(job):
    job.params.settings = '{"a":2}'


def change_code(job):
    job.params.code = "other"


def change_input(job):
    later = (job.folder / "state/seed-3/finished/key").stat().st_mtime_ns + 10**9
    os.utime(job.folder / "tokens/part", ns=(later, later))


def ask_for_more(job):
    job.output["weights"] = str(job.folder / "runs/seed-3/weights.safetensors")


def cut_off_the_links(job):
    (job.folder / "state/seed-3/finished/key").unlink()


def take_several_seeds(job):
    job.output = {name: [path] for name, path in job.output.items()}


@pytest.mark.parametrize(
    "change", [change_settings, change_code, change_input, ask_for_more, cut_off_the_links, take_several_seeds]
)
def test_what_is_no_longer_right_is_made_again(job, change):
    change(job)
    assert not give_back(job)
    assert not (job.folder / "runs/seed-3/epochs.json").exists()


def test_on_one_machine_a_run_is_made_again(job, monkeypatch):
    monkeypatch.delenv("SLURM_JOB_ID")
    assert not give_back(job)
