"""A run that cannot go on says why and leaves the others going; what is finished can be shown meanwhile."""

import os
import re
import shlex
import subprocess

import pandas as pd
import pytest

from tests.support.studies import ROOT, SNAKEMAKE, arguments_of, planned, scripts_below, small, snakemake, started
from tests.support.waiting import wait_until

WITH_LOGGER = {"PYTHONPATH": f"{ROOT}/scripts"}
AT_WORK = re.compile(r"seed-0: epoch \d+ of 5000, best val_macro_f1 0\.\d{4} \(epoch \d+\), at most \d+")
FAILING, LONG = "ce+learning_rate=1e30+batch_size=5", "gloss-o-ce+epochs=5000+patience=5000"


@pytest.mark.slow
def test_a_loss_that_is_not_finite_ends_its_run_alone_and_what_is_finished_is_shown_meanwhile(prepared, tmp_path):
    study = small(tmp_path / "busy.yaml", objectives=[FAILING, "ce", LONG])
    folder = prepared("busy", study)
    results = folder / "results" / "busy"
    done = results / "runs/bbc-news/minilm-l6/ce/seed-0/metrics.json"
    with (folder / "busy.txt").open("w") as file:
        told = ["--keep-going", "--retries", 1, "--logger=glossbench"]
        busy = started(folder, *told, study=study, output=file, environment=WITH_LOGGER)

    def lines():
        text = (folder / "busy.txt").read_text()
        return [line for line in text.splitlines() if line.startswith("glossbench: ") and "seed-0" in line]

    try:
        wait_until(
            lambda: busy.poll() is not None or (done.is_file() and len(lines()) == 2), 200, "one failed, one finished"
        )
        assert busy.poll() is None, (folder / "busy.txt").read_text()
        line, *again = lines()
        assert again == [f"{line} (the previous attempt ended this way; it was not tried again)"]
        assert f"bbc-news/minilm-l6/{FAILING}/seed-0: epoch 1: the loss is nan" in line
        assert "learning_rate" in line
        (log,) = (results / "logs" / "train").glob("*/*/ce+*/*.log")
        assert "epoch 1: the loss is nan" in log.read_text().splitlines()[-1]

        target = "results/busy/partial/tables/integrated.csv"
        process = snakemake(folder, target, "--nolock", study=study, cores=1)
        assert process.returncode == 0, process.stdout + process.stderr
        assert pd.read_csv(results / "partial/tables/integrated.csv")["objective"].unique() == ["ce"]
        coverage = pd.read_parquet(results / "partial/coverage.parquet").set_index("objective")["finished"]
        assert coverage.to_dict() == {FAILING: False, "ce": True, LONG: False}
        assert not (results / "runs.parquet").exists()
        jobs = planned(folder, "partial", "--nolock", study=study)
        assert jobs["report"] == 1
        assert not {"train", "collect", "table_integrated"} & set(jobs)
        assert busy.poll() is None, "the other one goes on"
        said = (folder / "busy.txt").read_text()  # no terminal, no bar
        assert re.search(r"^\d+ of \d+ steps \(\d+%\) done$", said, re.MULTILINE)
        assert "\x1b" not in said
        assert "━" not in said
    finally:
        busy.kill()
        busy.wait()


@pytest.mark.slow
def test_a_job_killed_while_it_trains_is_named_with_the_memory_it_asked_for(prepared, tmp_path):
    study = small(tmp_path / "killed.yaml", objectives=["ce+epochs=5000+patience=5000"])
    folder = prepared("no-memory", study)
    target = "results/killed/runs/bbc-news/minilm-l6/ce+epochs=5000+patience=5000/seed-0/timing.json"
    command = [*SNAKEMAKE, *arguments_of(folder, "--logger=glossbench", target, study=study, cores=1)]
    screen, terminal = tmp_path / "screen", {"TERM": "xterm", "COLUMNS": "500", "OMP_NUM_THREADS": "1"}
    environment = {**os.environ, **terminal, **WITH_LOGGER}
    on_terminal = ["script", "--quiet", "--flush", "--return", "--command", shlex.join(map(str, command)), screen]

    def shown():
        return re.sub(
            r"\x1b\[[0-9;?]*[A-Za-z]|(?m:^Script (?:started|done).*$)",
            "",
            screen.read_text() if screen.exists() else "",
        ).replace("\r", "\n")

    with subprocess.Popen(on_terminal, cwd=folder, stdin=subprocess.DEVNULL, env=environment) as process:
        try:
            wait_until(lambda: process.poll() is not None or AT_WORK.search(shown()), 200, "it trains")
            assert process.poll() is None, shown()
            (trainer,) = scripts_below(process.pid, "train")
            trainer.kill()
            assert process.wait(180) == 1
        finally:
            process.kill()
    said = shown()
    *_, line = (line for line in said.splitlines() if line.startswith("glossbench: "))
    (log,) = (folder / "results/killed/logs/train").rglob("*.log")
    assert line.startswith(f"glossbench: {log.relative_to(folder)}: train: killed (SIGKILL)")
    assert "it asked for 3,100 MB (mem_mb); run fewer jobs at once" in line
    assert "training.gradient_cache" in line
    # one bar, and Snakemake's lines only where something is wrong
    assert re.search(r"━ 0/\d jobs, 0:00:\d\d so far, -:--:-- left", said)
    assert "Error in rule train" in said
    assert "jobs done in" in said.rstrip().splitlines()[-1]
    others = said.replace("Error in rule train:", "")
    assert not re.search(r"^Select jobs|^Job \d+: |rule train:$", others, re.MULTILINE)
