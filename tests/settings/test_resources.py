"""What jobs ask a scheduler for, by hand; and keys that Snakemake cuts on their way to a node."""

import pytest
from glossbench.settings.resources import JobResources, gpu_resources, submission_name
from glossbench.settings.study import load_study
from glossbench.settings.study_file import Run

from tests.support.registered import CONFIG, FACTS

MR = Run("mr", "bert-base", "ce", 0)


def study(**changes):
    settings = {"study": "s", "corpora": ["mr"], "encoders": ["bert-base"], "objectives": ["ce"], "seeds": [0, 1]}
    return load_study({**settings, **changes}, "s.yaml", CONFIG)


def asked(**changes):
    return JobResources(study(**changes), CONFIG)


def minutes(cell=MR, seeds=1, attempt=1, **changes):
    return asked(**changes).run_minutes(cell, attempt, seeds)


def test_minutes_are_twice_those_of_all_epochs():
    whole = 200 * 6397 / FACTS.speed / 60
    assert minutes() == pytest.approx(2 * whole, abs=1)
    assert minutes(training={"epochs": 100}) == pytest.approx(whole, abs=1)
    assert minutes(seeds=3) == pytest.approx(6 * whole, abs=1)
    assert minutes(max_length=256) == pytest.approx(4 * whole, abs=1)
    larger = Run("mr", "roberta-large", "ce", 0)
    assert minutes(larger, encoders=["roberta-large"]) == pytest.approx(2 * whole * 355_359_744 / 109_482_240, abs=1)


def test_a_short_run_still_has_time_to_start_and_each_attempt_has_more():
    assert [minutes(subset=100, training={"epochs": 1}, attempt=attempt) for attempt in (1, 2, 3)] == [20, 40, 60]


def test_no_job_asks_for_more_than_the_study_allows():
    assert minutes(attempt=9) + asked().evaluation_minutes == 12 * 60
    assert minutes(attempt=9, max_runtime=24) + 10 == 24 * 60
    assert minutes(max_runtime=0.1) + asked(max_runtime=0.1).evaluation_minutes == 6
    own = Run("my-corpus", "my-encoder", "ce", 0)
    assert minutes(own, corpora=["my-corpus"], encoders=["my-encoder"]) == 12 * 60 - 10, "a size is not known"


@pytest.mark.parametrize("run_epochs", [8, 200])
@pytest.mark.parametrize("finals", [None, {"trials": 2, "seeds": 3}])
def test_a_search_asks_for_all_of_its_trials(run_epochs, finals):
    settings = {
        "training": {"epochs": run_epochs},
        "tuning": {"trials": 3, "epochs": 10, "finals": finals},
        "objectives": ["gloss-o-ce"],
        "max_runtime": 1000,
    }
    cell = Run("mr", "bert-base", "gloss-o-ce", 0)
    whole = (9 if finals else 3) * min(10, run_epochs) * 6397 / FACTS.speed / 60
    assert asked(**settings).search_minutes(cell, 1) == pytest.approx(max(20, 2 * whole), abs=1)


def test_memory_is_that_of_the_encoder_and_what_is_stored():
    plain = asked().memory_mb(MR, 1)
    assert plain == pytest.approx(2500 + 24 * 109.5 + 2 * 2 * 10_662 * 768 / 1e6, abs=100)
    frozen = asked(encoder={"trainable_layers": 1}).memory_mb(MR, 1)
    assert frozen - plain == pytest.approx(126 * 2 * 10_662 * 768 / 1e6, abs=100)
    few = {"subset": {"train": 100, "val": 50, "test": 100}, "encoder": {"trainable_layers": 1}}
    assert asked(**few).memory_mb(MR, 1) < frozen - 1500
    of_all = {**few, "subset": {**few["subset"], "draw": "seed"}}  # each seed has others, so that all are stored
    assert asked(**of_all).memory_mb(MR, 1) == frozen
    assert asked().memory_mb(MR, 9) == pytest.approx(3 * plain, abs=300)


def test_a_gpu_is_asked_for_in_the_words_of_the_site():
    assert gpu_resources(study(), {}) == {"gpu": 1}
    assert gpu_resources(study(), {"GLOSSBENCH_GPU_MODEL": "a100"}) == {"gpu": 1, "gpu_model": "a100"}
    assert gpu_resources(study(), {"GLOSSBENCH_GRES": "gpu:a100:1"}) == {"gpu": 0, "gres": "gpu:a100:1"}
    assert gpu_resources(study(device="cpu"), {"GLOSSBENCH_GRES": "gpu:1"}) == {"gpu": 0}


def test_a_submission_is_named_by_its_runs():
    assert submission_name("mr/bert-base/ce", (0,)) == "mr_bert-base_ce_seed-0"
    assert submission_name("mr/bert-base/ce+weight=0.1", (0, 1)) == "mr_bert-base_ce+weight=0.1_seeds-0-1"
