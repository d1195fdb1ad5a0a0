"""What a cluster is told, without one: the profile's options, and the jobs that a node is given."""

import os

import pytest
from glossbench.commands import unlock
from snakemake.profiles import ProfileConfigFileParser

from tests.support.studies import ROOT, snakemake

NAME = f"glossbench_{unlock.this_host()}_5ee93a12-99ee-44dc-a3e9-a6779bdbe9a6"


def options():
    with (ROOT / "profiles" / "slurm" / "profile.v9+.yaml").open() as file:
        return ProfileConfigFileParser().parse(file)


def test_the_profile_takes_the_sites_names_from_the_environment(monkeypatch):
    for name in ("SBATCH_PARTITION", "SBATCH_ACCOUNT", "SBATCH_QOS", "GLOSSBENCH_SLURM_EXTRA"):
        monkeypatch.delenv(name, raising=False)
    assert options()["default-resources"] == ["slurm_extra='--signal=TERM@60'"]
    monkeypatch.setenv("SBATCH_PARTITION", "gpu")
    monkeypatch.setenv("SBATCH_ACCOUNT", "007")
    monkeypatch.setenv("GLOSSBENCH_SLURM_EXTRA", "--exclude=n7 --nice=5")
    told = ["slurm_extra='--signal=TERM@60 --exclude=n7 --nice=5'", "slurm_partition='gpu'", "slurm_account='007'"]
    assert options()["default-resources"] == told
    assert options()["slurm-jobname-prefix"] == NAME.rpartition("_")[0]


@pytest.mark.slow
@pytest.mark.parametrize("key", ["gloss-o-ce+weight=0.1", "gloss-o@reference"])
def test_a_node_trains_what_was_submitted(finished, key):
    """Snakemake tells a node its jobs in this form."""
    job = f"train:corpus=bbc-news,encoder=minilm-l6,objective={key},seed=0"
    process = snakemake(finished, "-n", "--force", "--target-jobs", job, "--allowed-rules", "train")
    assert f"Fine-tuning minilm-l6 on bbc-news with {key}, seed 0" in process.stdout + process.stderr


@pytest.fixture
def slurm(tmp_path, monkeypatch):
    """A pretended squeue with the lines of a file, and a scancel that empties it."""
    lines = tmp_path / "queue"
    for name, command in {
        "squeue": f'cat "{lines}"',
        "scancel": f'echo "$@" >"{tmp_path}/cancelled"; : >"{lines}"',
    }.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{command}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return lambda *jobs: lines.write_text("".join(f"{job}\n" for job in jobs))


def test_jobs_of_this_folder_are_cancelled_and_no_others(tmp_path, slurm):
    slurm(f"1|{NAME}|{tmp_path}", f"2|{NAME}|{tmp_path.parent}", f"3|mine|{tmp_path}", f"4|{NAME}|{tmp_path}")
    assert unlock.cancel_submitted(tmp_path).startswith("cancelled 2 SLURM jobs")
    assert (tmp_path / "cancelled").read_text() == "1 4\n"
    assert unlock.cancel_submitted(tmp_path) is None


def test_jobs_that_were_submitted_elsewhere_are_only_named(tmp_path, slurm):
    slurm(f"1|{NAME.replace(unlock.this_host(), 'login-9')}|{tmp_path}")
    with pytest.raises(RuntimeError, match=r"submitted on login-9.*scancel 1"):
        unlock.cancel_submitted(tmp_path)
    assert not (tmp_path / "cancelled").exists()


def test_where_there_is_no_slurm_nothing_is_asked(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert unlock.cancel_submitted(tmp_path) is None
    assert unlock.working_in(tmp_path, ROOT / "config/config.yaml") == {}
