"""A study is finished when it is whole: what a failed job or a user removed is made again, whatever is there already."""

import os
import shutil
from contextlib import contextmanager

import pytest
from glossbench.settings.paths import StudyPaths

from tests.support.studies import ROOT, STUDY, copied_workflow, planned, snakemake

CELL = "bbc-news/minilm-l6"
LOST = {
    "fetch_corpus": "resources/corpora/bbc-news/SHA256SUMS",
    "fetch_encoder": "resources/encoders/minilm-l6/SHA256SUMS",
    "prepare_corpus": "results/tiny/corpora/bbc-news/val.parquet",
    "describe_corpus": "results/tiny/corpora/bbc-news/card.json",
    "tokenize_corpus": f"results/tiny/tokens/{CELL}",
    "encode_frozen": f"results/tiny/frozen/{CELL}.safetensors",
    "estimate_sigma": f"results/tiny/sigma/{CELL}.json",
    "tune": f"results/tiny/tuning/{CELL}/gloss-o-ce/trials.csv",
    "train": f"results/tiny/runs/{CELL}/ce/seed-0/timing.csv",
    "train_with_snapshots": f"results/tiny/runs/{CELL}/gloss-sqrt/seed-0/snapshots.npz",
    "evaluate": f"results/tiny/runs/{CELL}/ce/seed-0/predictions.parquet",
    "classify_untuned": f"results/tiny/runs/{CELL}/tfidf/seed-0/predictions.parquet",
    "collect": "results/tiny/coverage.parquet",
    "project_embeddings": "results/tiny/projections.parquet",
}
TOGETHER = [
    ["fetch_corpus", "fetch_encoder"], ["prepare_corpus"], ["describe_corpus", "tokenize_corpus"], ["encode_frozen"],
    ["estimate_sigma", "classify_untuned"], ["tune", "train_with_snapshots"], ["train", "project_embeddings"],
    ["evaluate"], ["collect"],
]  # fmt: skip


@pytest.fixture(scope="module")
def whole(finished, tmp_path_factory):
    """A copy of the finished study with downloads of its own."""
    folder = shutil.copytree(finished, tmp_path_factory.mktemp("lost") / "copy", symlinks=True)
    (folder / "resources").unlink()
    for name in ("corpora/bbc-news", "encoders/minilm-l6"):
        shutil.copytree(ROOT / "resources" / name, folder / "resources" / name)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("rules", TOGETHER, ids="-".join)
def test_a_lost_file_is_made_again_whatever_was_made_from_it(whole, monkeypatch, rules):
    """Each is missed by itself; a plan for several would have those too that other jobs of it need."""
    monkeypatch.chdir(whole)
    for rule in rules:
        with aside(whole, LOST[rule]):
            assert missed() == [LOST[rule]]
    with aside(whole, *(LOST[rule] for rule in rules)):
        jobs = planned(whole)
    assert {rule: jobs.get(rule) for rule in rules} == dict.fromkeys(rules, 1)
    assert jobs["all"] == 1


@contextmanager
def aside(folder, *names):
    """Files of a folder, or folders, which are elsewhere for a while."""
    kept = {folder / name: folder / f"kept-{number}" for number, name in enumerate(names)}
    for path, place in kept.items():
        path.rename(place)
    try:
        yield
    finally:
        for path, place in kept.items():
            place.rename(path)


def missed():
    """What the workflow misses of the tiny study in this folder, as rules/views.smk asks."""
    paths = StudyPaths(STUDY, lambda item: "results/tiny")
    return paths.missing(list(STUDY.runs), [f"results/tiny/{name}.parquet" for name in STUDY.frames], [])


@pytest.mark.slow
def test_downloads_that_were_removed_to_save_room_are_not_missed(whole):
    kept = (whole / "resources").rename(whole / "kept")
    try:
        assert planned(whole) == {}
    finally:
        kept.rename(whole / "resources")


@pytest.mark.slow
def test_a_study_whose_job_failed_fails_again_until_it_is_whole(finished, copied):
    folder = copied(finished)
    run = folder / "results/tiny/runs" / CELL / "ce/seed-0"
    content = bytearray((run / "logits.npz").read_bytes())
    content[len(content) // 2] ^= 1
    (run / "logits.npz").write_bytes(content)
    for _ in range(2):
        assert snakemake(folder).returncode != 0
        assert not (run / "metrics.json").exists()
    (run / "logits.npz").unlink()
    jobs = planned(folder)
    assert (jobs["train"], jobs["evaluate"], jobs["report"]) == (1, 1, 1)


@pytest.mark.slow
def test_after_changed_code_that_failed_the_old_scores_do_not_stand(finished, copied, tmp_path):
    root = copied_workflow(tmp_path / "root")
    (root / "scripts" / "train.py").write_text("raise MemoryError\n")
    folder = copied(finished)
    target = f"results/tiny/runs/{CELL}/ce/seed-0/metrics.json"
    assert snakemake(folder, target, "--forcerun", "train", "--keep-going", root=root).returncode != 0
    assert (folder / target).exists(), "of the old code"
    jobs = planned(folder)
    assert (jobs["train"], jobs["evaluate"], jobs["report"]) == (1, 1, 1)


MORE = ["--config", "training={batch_size: 20, epochs: 3, learning_rate: 1.0e-3}"]


@pytest.mark.slow
def test_runs_of_other_settings_are_refused_where_snakemake_has_no_record_of_them(finished, copied):
    folder = copied(finished)
    (folder / "resources").unlink()  # those that all tests share would be touched, and be newer than what others made
    for name in ("corpora/bbc-news", "encoders/minilm-l6"):
        shutil.copytree(ROOT / "resources" / name, folder / "resources" / name)
    for path in (folder / "resources").rglob("*"):  # another worker may have fetched them after this study was made
        os.utime(path, (0, 0))
    run = f"results/tiny/runs/{CELL}/ce/seed-0"
    line = f"{run}: made with other settings than the study has, and Snakemake has no record"
    assert snakemake(folder, "--touch", *MORE).returncode == 0
    process = snakemake(folder, "results/tiny/runs.parquet", "--forcerun", "collect", *MORE)
    assert process.returncode != 0
    assert f"glossbench: {line}" in process.stderr
    shutil.rmtree(folder / ".snakemake")
    process = snakemake(folder, "-n", *MORE)
    assert process.returncode != 0
    assert f"glossbench: {line}" in process.stderr
    jobs = planned(folder)
    assert jobs["collect"] == 1  # the failed one, whose frames are gone
    assert not {"train", "evaluate", "tune"} & set(jobs)


@pytest.mark.slow
def test_a_run_that_ended_after_its_snakemake_was_killed_is_told_and_refused_where_settings_differ(finished, copied):
    folder = copied(finished)
    run = f"results/tiny/runs/{CELL}/ce/seed-0"
    names = ("settings.json", "epochs.csv", "embeddings.npz", "logits.npz", "timing.json", "timing.csv", "metrics.json")
    assert snakemake(folder, "--cleanup-metadata", *(f"{run}/{name}" for name in names)).returncode == 0
    process = snakemake(folder, "-n")
    assert f"glossbench: {run}/metrics.json and 1 other files: made without a record of Snakemake" in process.stderr
    assert "Nothing to be done" in process.stdout + process.stderr
    process = snakemake(folder, "-n", *MORE)
    assert process.returncode != 0
    assert f"glossbench: {run}: made with other settings than the study has, and Snakemake has no" in process.stderr
    shutil.rmtree(folder / run)
    assert planned(folder, *MORE)["train"] > 1
