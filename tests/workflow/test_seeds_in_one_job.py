"""Several seeds in one job: the same files, the same numbers, and nothing finished is trained again."""

import shutil

import pytest
from glossbench.expected import Expected
from glossbench.files import write_json
from glossbench.settings.paths import run_folder
from glossbench.settings.study import load_study
from glossbench.settings.yaml_file import read_yaml

from tests.support.archives import make_run
from tests.support.registered import CONFIG
from tests.support.studies import digests, planned, small, snakemake

RUNS = "results/packed/runs.parquet"


@pytest.mark.slow
def test_seeds_in_one_job_give_what_each_gives_in_its_own(prepared, tmp_path):
    study = small(tmp_path / "packed.yaml", objectives=["gloss-o-ce"], seeds=[0, 1, 2])
    one_by_one, packed = prepared("one-by-one", study, "sigma"), tmp_path / "packed"
    for folder, size in ((one_by_one, 1), (packed, 2)):
        process = snakemake(folder, RUNS, "--config", f"seeds_per_job={size}", study=study)
        assert process.returncode == 0, process.stdout + process.stderr
        if not packed.exists():  # what does not depend on seeds is made once
            shutil.copytree(one_by_one, packed, symlinks=True)
            for made in ("runs", ".state", "logs/train", "benchmarks/train"):
                shutil.rmtree(packed / "results/packed" / made, ignore_errors=True)
            for frame in (packed / "results/packed").glob("*.parquet"):
                frame.unlink()
    found, expected = (digests(folder / "results" / "packed") for folder in (packed, one_by_one))
    assert found == expected
    assert len([name for name in found if name.endswith("metrics.json")]) == 3

    for size in (1, 2, 3):  # how seeds are spread over jobs is no reason to train
        assert planned(packed, RUNS, "--config", f"seeds_per_job={size}", study=study) == {}

    shutil.rmtree(packed / "results/packed/runs/bbc-news/minilm-l6/gloss-o-ce/seed-1")
    missing = "results/packed/runs/bbc-news/minilm-l6/gloss-o-ce/seed-1/metrics.json"
    arguments = [missing, "--config", "seeds_per_job=3"]
    assert planned(packed, *arguments, study=study)["train_seeds_0_1_2"] == 1
    process = snakemake(packed, *arguments, study=study)
    assert process.returncode == 0, process.stdout + process.stderr
    (log,) = (packed / "results/packed/logs/train").rglob("seeds-0-1-2.log")
    assert [f"seed {seed} is finished already" in log.read_text() for seed in (0, 1, 2)] == [True] * 3
    assert digests(packed / "results" / "packed") == expected


def test_seeds_that_were_imported_are_trained_in_no_batch(tmp_path):
    file = small(tmp_path / "packed.yaml", objectives=["ce"], seeds=[0, 1, 2, 3], seeds_per_job=4)
    study = load_study(read_yaml(file), "packed.yaml", CONFIG)
    expected, imported = Expected(study), tmp_path / "results/packed/imported"
    for run in study.runs[:2]:
        make_run(run, expected.of(run), imported / run_folder(run), 0.7)
    write_json(imported / "index.json", {run_folder(run): expected.digest(run) for run in study.runs[:2]})
    jobs = planned(tmp_path, RUNS, study=file)
    assert {rule: count for rule, count in jobs.items() if "train" in rule} == {"train_seeds_2_3": 1}
    (imported / "index.json").write_text("{")
    damaged = snakemake(tmp_path, "-n", study=file)
    assert damaged.returncode != 0
    assert "glossbench: results/packed/imported/index.json: damaged or missing (JSONDecodeError" in damaged.stderr
