"""The configuration: defaults, keys of objectives, and what the user reads when something is wrong."""

import copy
from pathlib import Path

import pytest
import yaml
from glossbench.errors import SettingsError
from glossbench.reference import tables, updated
from glossbench.settings import canonical, load_study

CONFIG = Path(__file__).parents[2] / "config"
LEAST = {"study": "s", "corpora": ["mr"], "encoders": ["minilm-l6"], "objectives": ["ce"], "seeds": [0]}


def load(**changes):
    return load_study({**copy.deepcopy(LEAST), **changes}, "my.yaml", CONFIG)


def test_a_short_study_gets_the_papers_protocol():
    study = load(objectives=["gloss-sqrt-ce", "gloss-sqrt"])
    training = study.objective("gloss-sqrt-ce")["training"]
    assert (training["batch_size"], training["epochs"], training["patience"], study.max_length) == (
        128,
        200,
        10,
        128,
    )
    assert (training["clip_norm"], study.objective("gloss-sqrt")["training"]["clip_norm"]) == (1, 5)
    assert study.objective("gloss-sqrt")["training"]["tolerance"] == 0.005
    assert study.objective("gloss-sqrt-ce")["preset"] == "paper"
    assert study.frozen_layers("minilm-l6") == 0


def test_every_study_in_the_repository_loads():
    studies = [path for path in CONFIG.glob("*.yaml") if "study" in yaml.safe_load(path.read_text())]
    assert CONFIG / "config.yaml" in studies
    for path in studies:
        assert load_study(yaml.safe_load(path.read_text()), str(path), CONFIG).runs()


def test_settings_come_from_study_then_preset_then_registry_then_key():
    study = load(
        objectives=[
            "gloss-sqrt-ce@reference,labeled_fraction=0.3",
            "gloss-sqrt-ce,weight=0.25,learning_rate=1e-3",
        ],
        training={"epochs": 7},
    )
    first, second = (study.objective(key) for key in study.objectives)
    assert first["loss_settings"]["labeled_fraction"] == 0.3
    assert first["loss_settings"]["objective"] == "softmax"
    assert first["training"]["test_weights"] == "last"
    assert (second["weight"], second["training"]["learning_rate"], second["training"]["epochs"]) == (
        0.25,
        1e-3,
        7,
    )
    assert second["loss_settings"]["objective"] == "nll"


def test_a_single_value_is_a_list_of_one_and_a_bare_subset_is_the_training_part():
    study = load(corpora="r8", seeds=3, subset=1000)
    assert (study.corpora, study.seeds) == (["r8"], [3])
    assert study.settings["subset"] == {"train": 1000, "val": None, "test": None, "seed": 0}


def test_numbers_that_come_as_text_are_numbers():
    """As from --config, which gives text inside lists and mappings, and from 2e-5, which YAML takes for text."""
    study = load(seeds=["0", "7"], subset={"train": "50", "val": "null"}, training={"learning_rate": "2e-5"})
    assert study.seeds == [0, 7]
    assert (study.settings["subset"]["train"], study.settings["subset"]["val"]) == (50, None)
    assert study.settings["training"]["learning_rate"] == 2e-5


def test_canonical_text_is_one_for_one_meaning():
    assert canonical({"b": 1.0, "a": [1, 2.5]}) == canonical({"a": [1.0, 2.5], "b": 1}) == '{"a":[1,2.5],"b":1}'
    assert canonical({"a": 1, "b": 2}) != canonical({"a": 2, "b": 1})


WRONG = [
    ({"corpora": ["R-8"]}, 'my.yaml: corpora[0]: unknown "R-8"; did you mean "r8"?'),
    ({"corpora": []}, "my.yaml: corpora: [] should be non-empty"),
    ({"encoders": ["bert"]}, 'my.yaml: encoders[0]: unknown "bert"'),
    ({"objectives": ["gloss"]}, 'my.yaml: objectives[0]: unknown "gloss"'),
    ({"objectives": ["ce", "ce"]}, "my.yaml: objectives: ['ce', 'ce'] has non-unique elements"),
    ({"objectives": ["ce@papers"]}, 'my.yaml: objectives[0]: unknown "papers"; did you mean "paper"?'),
    ({"objectives": ["../../ce"]}, 'my.yaml: objectives[0]: "../../ce" is not of the form objective[@preset][,setting=value]'),
    ({"objectives": ["gloss-sqrt,labeled_fraction=1"]}, "labeled_fraction: 1 is greater than or equal to the maximum of 1"),
    ({"objectives": ["gloss-sqrt,sigma=0"]}, "sigma: 0 is "),
    ({"objectives": ["gloss-sqrt,sigma=nan"]}, "sigma: 'nan' is not"),
    ({"objectives": ["gloss-sqrt,sgima=1"]}, 'sgima: unknown key; did you mean "sigma"?'),
    ({"objectives": ["gloss-sqrt,weight=0.5"]}, "weight: unknown key"),
    ({"objectives": ["scl,temperature=-1"]}, "temperature: -1 is less than or equal to the minimum of 0"),
    ({"seeds": [-1]}, "my.yaml: seeds[0]: -1 is less than the minimum of 0"),
    ({"seeds": ["a"]}, "my.yaml: seeds[0]: 'a' is not of type 'integer'"),
    ({"study": "../up"}, "my.yaml: study: '../up' does not match"),
    ({"study": "a b"}, "my.yaml: study: 'a b' does not match"),
    ({"trainnig": {}}, 'my.yaml: trainnig: unknown key; did you mean "training"?'),
    ({"training": {"batchsize": 3}}, 'my.yaml: training.batchsize: unknown key; did you mean "batch_size"?'),
    ({"training": {"batch_size": 1}}, "my.yaml: training.batch_size: 1 is less than the minimum of 2"),
    ({"training": {"learning_rate": 0}}, "my.yaml: training.learning_rate: 0 is less than or equal to the minimum of 0"),
    ({"training": {"clip_norm": {"integrated": 1}}}, "my.yaml: training.clip_norm"),
    ({"subset": {"training": 5}}, 'my.yaml: subset.training: unknown key; did you mean "train"?'),
    ({"subset": 0}, "my.yaml: subset.train: 0 is less than the minimum of 1"),
    ({"max_length": 2}, "my.yaml: max_length: 2 is less than the minimum of 4"),
    ({"encoder": {"pooling": "max"}}, "my.yaml: encoder.pooling: 'max' is not one of ['cls', 'mean']"),
    ({"encoder": {"trainable_layers": 7}}, "my.yaml: encoder.trainable_layers: 7 found, but minilm-l6 has 6 layers"),
    ({"encoder": {"layers": 2, "trainable_layers": 3}}, "my.yaml: encoder.trainable_layers: 3 found, but minilm-l6 has 2 layers here"),
    ({"projection": {"objectives": ["scl"]}}, 'my.yaml: projection.objectives[0]: unknown "scl"'),
    ({"projection": {"objectives": ["ce"], "seed": 4}}, "my.yaml: projection.seed: 4 is not one of seeds [0]"),
    ({"device": "gpu"}, "my.yaml: device: 'gpu' is not one of ['auto', 'cpu', 'cuda']"),
    ({"mirror": 3}, "my.yaml: mirror: 3 is not of type"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "said"), WRONG, ids=[said[:60] for _, said in WRONG])
def test_wrong_settings_get_one_line(changes, said):
    with pytest.raises(SettingsError) as caught:
        load(**changes)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_key_is_named():
    config = copy.deepcopy(LEAST)
    del config["seeds"]
    with pytest.raises(SettingsError, match=r"^my.yaml: seeds: missing$"):
        load_study(config, "my.yaml", CONFIG)


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("objectives.yaml", "ce: {title: CE, protocol: integrated, loss: [}", "objectives.yaml: line 1: not valid YAML"),
        ("objectives.yaml", "ce: {title: CE, protocol: both, loss: null}", "objectives.yaml: ce.protocol: 'both' is not one of"),
        ("objectives.yaml", "ce: {title: CE, protocol: integrated, loss: glos}", 'objectives.yaml: ce.loss: unknown "glos"; did you mean "gloss"?'),
        ("presets.yaml", "paper: {gloss: {sigm: 1}}", 'presets.yaml: paper: gloss.sigm: unknown key; did you mean "sigma"?'),
        ("encoders.yaml", "- a", "encoders.yaml: a mapping of keys to values was expected"),
    ],
)  # fmt: skip
def test_registries_are_checked_too(tmp_path, file, text, said):
    import shutil

    shutil.copytree(CONFIG, tmp_path / "config")
    (tmp_path / "config" / file).write_text(text)
    with pytest.raises(SettingsError) as caught:
        load_study(copy.deepcopy(LEAST), "my.yaml", tmp_path / "config")
    assert said in str(caught.value)


def test_the_page_of_settings_is_what_the_schemas_say():
    page = (CONFIG / "README.md").read_text()
    assert updated(page, CONFIG) == page, "make docs brings config/README.md up to date"
    assert all(f"<!-- begin {name} -->" in page for name in tables(CONFIG))
