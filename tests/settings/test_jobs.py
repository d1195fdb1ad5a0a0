"""What jobs are told: objects whose JSON text is one for one meaning, with the parts of an objective in one place."""

import json

import pytest
from glossbench.errors import SettingsError
from glossbench.settings.jobs import RunSettings, TuneSettings, UntunedSettings
from glossbench.settings.params import run_params, search_params
from glossbench.settings.study import load_study
from glossbench.settings.yaml_file import read_yaml

from tests.support.registered import CONFIG


@pytest.fixture(scope="module")
def study():
    return load_study(read_yaml(CONFIG / "tiny.yaml"), "tiny.yaml", CONFIG)


def settings_of(study, key):
    run = next(run for run in study.runs if run.objective == key)
    return RunSettings.from_json(run_params(study, run)["settings"])


def test_jobs_read_what_rules_write(study):
    for run in study.runs:
        text = run_params(study, run)["settings"]
        made = (UntunedSettings if study.is_untuned(run.objective) else RunSettings).from_json(text)
        assert json.loads(text).items() <= json.loads(made.to_json()).items()
        assert type(made).from_json(made.to_json()) == made
    for search in study.searches():
        told = TuneSettings.from_json(search_params(study, search)["settings"])
        assert told.objective.search["learning_rate"].choices == (1e-5, 2e-5, 3e-5, 4e-5, 5e-5)
        assert told.tuning.trials == 3


def test_jobs_read_numbers_of_any_size(study):
    settings = settings_of(study, "ce")
    huge = settings.model_copy(update={"objective": settings.objective.with_values({"learning_rate": 1e30})})
    assert RunSettings.from_json(huge.to_json()) == huge


def test_an_objective_knows_where_each_setting_is(study):
    objective = settings_of(study, "gloss-o-ce").objective
    found = objective.with_values({"weight": 0.2, "sigma": 2, "learning_rate": "1e-4"})
    assert [found.value(name) for name in ("weight", "sigma", "learning_rate")] == [0.2, 2.0, 1e-4]
    assert (found.weight, found.loss_settings.sigma, found.training.learning_rate) == (0.2, 2.0, 1e-4)
    assert found.value("temperature") is None
    assert objective.value("weight") != 0.2, "an objective does not change"
    assert "sigma_median" not in found.loss_settings.arguments()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"weight": 1.4}, "weight: 1.4 found, expected a number at least 0 and at most 1"),
        ({"labeled_fraction": 1}, "labeled_fraction: 1 found, expected a number above 0 and below 1"),
        ({"epochs": 2.5}, "epochs: 2.5 found, expected a whole number at least 1"),
    ],
)
def test_a_value_that_a_setting_does_not_accept_is_named(study, values, message):
    with pytest.raises(SettingsError, match=f"^gloss-o-ce: {message}$"):
        settings_of(study, "gloss-o-ce").objective.with_values(values)
