"""The status of a study, from files as jobs leave them."""

import os
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
import yaml
from glossbench.__main__ import main
from glossbench.commands.status import at_work, follow, states, status_text
from glossbench.expected import Expected
from glossbench.learning.training.checkpoints import Checkpoint
from glossbench.settings.paths import run_folder
from glossbench.settings.study import load_study
from snakemake_logger_plugin_glossbench import LOG, is_of

from tests.support.archives import SMALL, make_run
from tests.support.registered import CONFIG

STUDY = load_study(SMALL, "study", CONFIG)
DONE, AT_WORK, FAILED, WAITING = STUDY.runs
SAID = "2026-11-28T10:00:00"

# a run after two epochs of ten seconds
EPOCHS = [{"epoch": place, "val_macro_f1": score, "seconds_epoch": 10.0} for place, score in ((1, 0.8), (2, 0.7))]
STOPPING = SimpleNamespace(best=0.8, bad_epochs=1)
PROGRESS = SimpleNamespace(epoch=2, best={}, snapshots=[], stopping=STOPPING, history=EPOCHS)


def log(results, run, *lines):
    path = results / "logs" / "train" / f"{run_folder(run).removeprefix('runs/')}.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{SAID} {line}\n" for line in lines))
    return path


def left_by_jobs(results):
    make_run(DONE, Expected(STUDY).of(DONE), results / run_folder(DONE), 0.7)
    model = torch.nn.Linear(2, 2)
    path = results / ".state" / run_folder(AT_WORK) / "checkpoint.safetensors"
    Checkpoint(path, "key").save(model, torch.optim.Adam(model.parameters()), PROGRESS)
    log(
        results,
        AT_WORK,
        "INFO epoch 2/200",
        "WARNING ended by SIGTERM: a time limit; the next attempt goes on from here",
    )
    log(results, FAILED, "INFO rule train", "ERROR it is too large")
    return path


def test_each_run_has_one_state_and_says_how_far_it_is(tmp_path):
    left_by_jobs(tmp_path)
    found = {one.name: (one.state, one.text) for one in states(STUDY, tmp_path, set())}
    assert [found[run_folder(run)][0] for run in STUDY.runs] == ["done", "at work", "failed", "waiting"]
    # 198 epochs of ten seconds are left
    text = "epoch 2 of 200, best val_macro_f1 0.8000 (epoch 1), at most 33 min left, seen "
    assert found[run_folder(AT_WORK)][1].startswith(text)
    assert found[run_folder(FAILED)][1] == "it is too large"
    lines = status_text(STUDY, tmp_path).splitlines()
    assert lines[0] == "mine: 4 runs and 0 searches"
    assert sum(line.endswith(" 1 runs, 0 searches") for line in lines) == 4


def test_a_run_that_was_tried_again_has_not_failed(tmp_path):
    left_by_jobs(tmp_path)
    old = log(tmp_path, FAILED, "ERROR it is too large")
    os.utime(old, (0, 0))
    again = old.with_name("seeds-0-1.log")  # several seeds in one job
    again.write_text(f"{SAID} INFO epoch 1/200\n")
    states_of = {one.name: one.state for one in states(STUDY, tmp_path, set())}
    assert states_of[run_folder(FAILED)] == "at work"


def test_a_run_that_waits_for_its_evaluation_is_at_work(tmp_path):
    left_by_jobs(tmp_path)
    (tmp_path / run_folder(DONE) / "metrics.json").unlink()
    log(tmp_path, DONE, "INFO done")
    found = {one.name: (one.state, one.text) for one in states(STUDY, tmp_path, set())}
    assert found[run_folder(DONE)] == ("at work", "trained, not evaluated yet")


def test_runs_of_other_settings_are_not_done(tmp_path):
    left_by_jobs(tmp_path)
    longer = load_study({**SMALL, "training": {"epochs": 201}}, "study", CONFIG)
    found = {one.name: (one.state, one.text) for one in states(longer, tmp_path, set())}
    assert found[run_folder(DONE)] == ("waiting", "finished with other settings than the study has now")


@pytest.mark.parametrize("last", ["INFO done: {}", "WARNING ended by SIGTERM: a time limit"])
def test_a_run_whose_files_were_removed_after_its_job_ended_waits(tmp_path, last):
    log(tmp_path, WAITING, "INFO epoch 2/200", last)
    found = {one.name: one.state for one in states(STUDY, tmp_path, set())}
    assert found[run_folder(WAITING)] == "waiting"


def test_the_bar_follows_all_studies_of_a_process_and_asks_once_what_was_imported(tmp_path, monkeypatch):
    monkeypatch.setattr("glossbench.commands.status._followed", [])
    monkeypatch.setattr("glossbench.commands.status.imported", None)
    for name in ("first", "second"):
        left_by_jobs(tmp_path / name)
        follow(STUDY, tmp_path / name, set())
    assert [one.name for one in at_work()] == [run_folder(AT_WORK)] * 2


def test_a_damaged_checkpoint_is_said(tmp_path):
    left_by_jobs(tmp_path).write_bytes(b"garbage")
    (text,) = [one.text for one in states(STUDY, tmp_path, set()) if one.state == "at work"]
    assert text.startswith("checkpoint not readable")


@pytest.mark.parametrize("name", ["timing.json", "metrics.json"])
def test_a_damaged_file_of_a_finished_run_is_one_line(tmp_path, monkeypatch, capsys, name):
    left_by_jobs(tmp_path / "results/mine")
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(SMALL))
    monkeypatch.chdir(tmp_path)
    damaged = Path("results/mine", run_folder(DONE), name)
    damaged.write_text("{")
    assert main(["status", "mine.yaml"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"glossbench: {damaged}: damaged or missing (JSONDecodeError: ")


def test_status_changes_nothing(tmp_path, monkeypatch, capsys):
    left_by_jobs(tmp_path / "results/mine")
    study = tmp_path / "mine.yaml"
    study.write_text(yaml.safe_dump(SMALL))
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    monkeypatch.chdir(tmp_path)
    assert main(["status", str(study)]) == 0
    assert capsys.readouterr().out.startswith("mine: 4 runs and 0 searches\n")
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_a_setting_on_the_command_line_leaves_those_beside_it_as_the_file_has_them(tmp_path, monkeypatch, capsys):
    left_by_jobs(tmp_path / "results/mine")
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump({**SMALL, "training": {"epochs": 50}}))
    monkeypatch.chdir(tmp_path)
    assert main(["status", "mine.yaml", "--config", "training={patience: 3}"]) == 0
    assert "epoch 2 of 50, " in capsys.readouterr().out


def test_a_search_counts_every_trial_that_ended_and_goes_on_where_it_was(tmp_path):
    study = load_study({**SMALL, "objectives": ["gloss-o-ce"], "tuning": {"trials": 9}}, "study", CONFIG)
    path = tmp_path / "logs/tune/bbc-news/minilm-l6/gloss-o-ce.log"
    path.parent.mkdir(parents=True)
    ends = ["trial 4: 0.7125", "trial 5 stopped early: it is below the median", "trial 6: {'sigma': 0.1}"]
    path.write_text("".join(f"{SAID} INFO {end}\n" for end in ["resuming after 4 finished trials", *ends]))
    (text,) = [one.text for one in states(study, tmp_path, set()) if one.state == "at work"]
    assert text.startswith("6 of 9 trials, best 0.7125, seen ")


def test_a_job_shows_its_own_runs_alone():
    runs = [f"runs/mr/minilm-l6/ce/seed-{seed}" for seed in (0, 1, 10)]
    found = {}
    for log in ("train/mr/minilm-l6/ce/seed-1", "train/mr/minilm-l6/ce/seeds-0-10", "tune/mr/minilm-l6/ce"):
        match = LOG.fullmatch(f"results/mine/logs/{log}.log")
        found[log] = [name for name in [*runs, "tuning/mr/minilm-l6/ce"] if is_of(name, match)]
    assert list(found.values()) == [[runs[1]], [runs[0], runs[2]], ["tuning/mr/minilm-l6/ce"]]
