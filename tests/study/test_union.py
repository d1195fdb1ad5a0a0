"""Several studies as one: whose runs are all of theirs, and which never compares two recipes."""

from pathlib import Path

import pytest
import yaml
from glossbench.errors import SettingsError
from glossbench.study.union import load_union
from registered import CONFIG

BOTH = {"study": "both", "studies": ["mr.yaml", "r8.yaml"]}
TRAINING = {"mr": {"epochs": 3}, "r8": {"epochs": 4}}


@pytest.fixture
def config(tmp_path):
    """A folder with the registries and two small studies."""
    for path in CONFIG.iterdir():
        (tmp_path / path.name).symlink_to(path)
    for corpus, training in TRAINING.items():
        study = {
            "study": f"my-{corpus}", "corpora": [corpus], "encoders": ["minilm-l6"], "objectives": ["ce", "gloss-o-ce"],
            "seeds": [0, 1], "training": training,
        }  # fmt: skip
        (tmp_path / f"{corpus}.yaml").write_text(yaml.safe_dump(study))
    return tmp_path


def test_the_runs_are_those_of_all_and_settings_that_differ_are_shown_by_study(config):
    union, members = load_union(BOTH, "both.yaml", config)
    assert [member.name for member in members] == ["my-mr", "my-r8"]
    assert union.name == "both"
    assert set(union.runs) == {run for member in members for run in member.runs}
    assert union.corpora == ["mr", "r8"]
    assert {name: value["epochs"] for name, value in union.settings["training"].items()} == {"my-mr": 3, "my-r8": 4}
    assert union.settings["max_length"] == 128


WRONG = {
    "no such file": ({"studies": ["mr.yaml", "r9.yaml"]}, "studies[1]: {config}/r9.yaml found, expected a study file"),
    "two recipes": (
        {"studies": ["mr.yaml", "again.yaml"]},
        "studies[1]: again.yaml has runs of mr with minilm-l6, as mr.yaml has; two recipes are not compared",
    ),
    "another key": ({"seeds": [0]}, 'seeds: unknown key; did you mean "studies"?'),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_one_line(config, case):
    changes, line = WRONG[case]
    text = Path(config / "mr.yaml").read_text()
    (config / "again.yaml").write_text(text.replace("my-mr", "again").replace("gloss-o-ce", "scl-ce"))
    with pytest.raises(SettingsError) as error:
        load_union({**BOTH, **changes}, "both.yaml", config)
    assert str(error.value) == f"both.yaml: {line.format(config=config)}"
