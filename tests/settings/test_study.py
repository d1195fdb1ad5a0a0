"""The configuration: defaults, keys of objectives, and what the user reads when something is wrong."""

import copy
import datetime
import json
import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
import yaml
from glossbench.__main__ import main
from glossbench.commands.check import check_arguments
from glossbench.data.splitting import subset_of_run
from glossbench.errors import SettingsError
from glossbench.pages.settings_docs import tables, updated
from glossbench.settings.checks import check_mirror
from glossbench.settings.jobs import RunSettings
from glossbench.settings.model import canonical
from glossbench.settings.outputs import load_outputs
from glossbench.settings.params import frozen_settings, run_params
from glossbench.settings.paths import StudyPaths
from glossbench.settings.study import load_study
from glossbench.settings.study_file import study_schema
from glossbench.settings.training import Subset
from glossbench.settings.yaml_file import read_yaml

from tests.support.registered import CONFIG, LEAST, OUTPUTS


def load(changes=None, **more):
    return load_study({**copy.deepcopy(LEAST), **(changes or {}), **more}, "my.yaml", CONFIG)


def searched(study, key):
    return study.objective(key).model_dump(mode="json")["search"]


def test_a_short_study_gets_the_papers_protocol():
    study = load(objectives=["gloss-sqrt-ce", "gloss-sqrt"])
    training = study.objective("gloss-sqrt-ce").training
    assert (training.batch_size, training.epochs, training.patience, study.settings.max_length) == (128, 200, 10, 128)
    assert (training.clip_norm, study.objective("gloss-sqrt").training.clip_norm) == (1, 5)
    assert study.objective("gloss-sqrt").training.tolerance == 0.005
    assert study.objective("gloss-sqrt-ce").preset == "paper"
    assert study.frozen_layers("minilm-l6") == 0


def test_a_study_that_takes_over_searches_has_none_of_its_own_and_needs_no_frame_of_trials():
    own = load(objectives=["gloss-o-ce"], tuning={})
    other = load(objectives=["gloss-o-ce"], tuning={"taken_from": "earlier"})
    assert len(own.searches()) == 1
    assert other.searches() == []
    assert set(own.frames) - set(other.frames) == {"trials"}
    assert own.objective("gloss-o-ce").for_runs() == other.objective("gloss-o-ce").for_runs()
    shown = {output.key for output in load_outputs(CONFIG) if output.fillable(other)}
    assert not shown & {"search", "tuning"}


def test_a_grid_is_blocks_of_runs_each_made_once():
    """A value that changes nothing, and one times what was chosen, are the plain objective."""
    vary = {"weight": [0.1, 0.7], "sigma": ["x0.5", "x1"]}
    grid = [{"objectives": ["ce", "gloss-o-ce"]}, {"vary": vary, "seeds": [1]}]
    study = load(objectives=["gloss-o-ce"], seeds=[0, 1], grid=grid)
    plain = [(key, seed) for key in ("ce", "gloss-o-ce") for seed in (0, 1)]
    varied = [("gloss-o-ce+weight=0.1", 1), ("gloss-o-ce+sigma=x0.5", 1)]
    assert [(run.objective, run.seed) for run in study.runs] == plain + varied
    assert study.objective("gloss-o-ce+sigma=x0.5").multipliers == {"sigma": 0.5}
    assert study.objectives == ["ce", "gloss-o-ce", "gloss-o-ce+weight=0.1", "gloss-o-ce+sigma=x0.5"]


def test_a_search_is_shared_by_what_is_varied_and_leaves_out_what_is_given():
    study = load(objectives=["gloss-o-ce+weight=0.1", "gloss-o-ce+sigma=x0.5"], tuning={})
    assert [search.objective for search in study.searches()] == ["gloss-o-ce"]
    assert set(study.objective("gloss-o-ce").search) == {"learning_rate", "weight", "labeled_fraction", "sigma"}
    assert set(study.objective("gloss-o-ce+weight=0.1").search) == {"learning_rate", "labeled_fraction", "sigma"}
    assert "sigma" in study.objective("gloss-o-ce+sigma=x0.5").search
    own = {"learning_rate": {"choices": [1e-4, 1e-3]}, "temperature": {"low": 0.1, "high": 1.0}}
    spaces = load(objectives=["ce", "gloss-o@reference"], tuning={"spaces": own})
    assert searched(spaces, "ce") == {"learning_rate": own["learning_rate"]}
    assert searched(spaces, "gloss-o@reference")["learning_rate"] == own["learning_rate"]
    assert searched(spaces, "gloss-o@reference")["sigma"] == {"low": 0.1, "high": 10}
    fixed = load(objectives=["ce", "gloss-o"], tuning={"fixed": ["learning_rate"]})
    assert set(fixed.objective("gloss-o").search) == {"labeled_fraction", "sigma"}
    assert [search.objective for search in fixed.searches()] == ["gloss-o"], "nothing is left to search for ce"
    chosen = load(objectives=["ce", "gloss-o"], tuning={"objectives": ["gloss-o"]})
    assert [search.objective for search in chosen.searches()] == ["gloss-o"]


def test_search_spaces_are_the_papers_or_its_codes():
    study = load(objectives=["scl-ce", "scl-ce@reference", "scl@reference"], tuning={})
    searches = {key: searched(study, key) for key in study.objectives}
    assert searches["scl-ce"]["temperature"] == {"low": 0.01, "high": 1, "log": True}
    assert "weight" in searches["scl-ce"]
    assert "weight" not in searches["scl-ce@reference"], "the code keeps it at 0.9"
    assert searches["scl-ce@reference"]["temperature"] == {"choices": [0.1, 0.3, 0.5, 0.7], "used": 0.1}
    assert searches["scl@reference"]["temperature"] == {"low": 0.1, "high": 1}
    told = study.objective("scl-ce@reference").for_runs()  # temperature is searched, but runs do not take it
    assert (told.tuned, told.loss_settings.temperature) == (("learning_rate",), 0.1)


def test_a_preset_sets_one_value_or_one_per_protocol():
    study = load(objectives=["gloss-o-ce@reference", "gloss-o@reference", "gloss-o"], tuning={})
    integrated, standalone, paper = map(study.objective, study.objectives)
    assert (integrated.loss_settings.divide_again, standalone.loss_settings.divide_again) == (True, False)
    assert [one.pruning for one in (integrated, standalone, paper)] == ["never", "complete", "pruned"]
    assert (standalone.training.precision, paper.training.precision) == ("float32", "auto")


def test_settings_come_from_study_then_preset_then_registry_then_key():
    keys = ["gloss-sqrt-ce@reference+labeled_fraction=0.3", "gloss-sqrt-ce+weight=0.25+learning_rate=1e-3"]
    study = load(objectives=keys, training={"epochs": 7})
    first, second = (study.objective(key) for key in study.objectives)
    assert first.loss_settings.labeled_fraction == 0.3
    assert first.loss_settings.criterion == "softmax"
    assert first.training.test_weights == "last"
    assert (second.weight, second.training.learning_rate, second.training.epochs) == (0.25, 1e-3, 7)
    assert second.loss_settings.criterion == "nll"


def test_a_subset_is_at_most_what_a_corpus_has():
    study = load(corpora=["mr", "r8"], subset={"train": 6000, "val": 500, "test": 3000, "per_class": 4})
    assert study.subset("mr") == Subset(train=6000, val=500, test=3000, per_class=4)
    assert study.subset("r8") == Subset(train=4936, val=500, test=2189, per_class=4)
    assert RunSettings.from_json(run_params(study, study.runs[1])["settings"]).subset == study.subset("r8")


def test_frozen_layers_read_all_documents_where_each_seed_draws_its_own():
    sizes = {"corpora": ["mr"], "subset": {"train": 100}, "encoder": {"trainable_layers": 1}}
    plain = load(**sizes)
    assert "draw" not in run_params(plain, plain.runs[0])["settings"]  # as before there was a choice
    assert frozen_settings(plain, plain.runs[0]).subset.train == 100
    study = load(**{**sizes, "subset": {"train": 100, "draw": "seed"}})
    assert frozen_settings(study, study.runs[0]).subset == Subset()
    told = RunSettings.from_json(run_params(study, study.runs[0])["settings"])
    seeds = [subset_of_run(subset, 7).seed for subset in (told.subset, plain.subset("mr"))]
    assert (told.subset.train, seeds) == (100, [7, 0])


def test_a_key_may_have_commas_for_plus_signs_in_a_study_file():
    key = "gloss-o-ce@reference+sigma=0.3+weight=0.5"
    study = load(
        objectives=["ce", key.replace("+", ",")],
        projection={"objectives": [key.replace("+", ",")]},
        tuning={"trials_by_objective": {"gloss-o-ce@reference": 2}},
    )
    assert study.objectives == ["ce", key]
    assert study.runs_with("projection") == [study.runs[1]]


def test_values_may_come_in_other_forms():
    """As from --config, which gives text inside lists and mappings, and from 2e-5, which YAML takes for text."""
    training = {"learning_rate": "2e-5", "epochs": 3.0}
    study = load(seeds=["0", 7.0], subset={"train": "50", "val": "null"}, training=training)
    assert str(study.seeds) == "[0, 7]"
    assert (study.settings.subset.train, study.settings.subset.val) == (50, None)
    assert (study.settings.training.learning_rate, str(study.objective("ce").training.epochs)) == (2e-5, "3")
    one = load(corpora="r8", seeds=3, subset=1000.0)
    assert (one.corpora, one.seeds, one.settings.subset) == (["r8"], [3], Subset(train=1000))
    assert load(subset=None).settings.subset == load().settings.subset


def test_canonical_text_is_one_for_one_meaning():
    assert canonical({"b": 1.0, "a": [1, 2.5]}) == canonical({"a": [1.0, 2.5], "b": 1}) == '{"a":[1,2.5],"b":1}'
    assert canonical({"a": 1, "b": 2}) != canonical({"a": 2, "b": 1})


NAME = "found, expected lower-case letters, digits, - and _, a letter or digit first, at most 60"
LIST = "found, expected a list of at least one"
KEEP_ONE = "keep one of them"

# What is wrong, and the whole line the user reads.
WRONG = [
    ({"study": "a" * 300}, f'study: "{"a" * 78}… {NAME}'),
    ({"corpora": []}, f"corpora: [] {LIST}"),
    ({"corpora": [3]}, "corpora[0]: 3 found, expected text of at most 200 characters"),
    ({"objectives": ["gloss"]}, 'objectives[0]: unknown "gloss"; did you mean "gloss-o"?; objectives: ce, cosine, frozen, gloss-k, gloss-k-ce, gloss-o, gloss-o-ce, gloss-sqrt, gloss-sqrt-ce, group-ce, proxy-anchor, proxy-anchor-ce, rdrop-ce, scl, scl-ce, soft-triple, soft-triple-ce, tfidf, triplet'),
    ({"objectives": ["gloss-sqrt@reference"]}, "objectives[0]: gloss-sqrt@reference: sigma sqrt found, but the published code fails where sigma comes from a rule in the standalone protocol (D24)"),
    ({"objectives": ["ce@papers"]}, 'objectives[0]: unknown "papers"; did you mean "paper"?; presets: paper, reference, strong'),
    ({"objectives": ["ce+epochs=1+epochs=2"]}, "objectives[0]: ce+epochs=1+epochs=2: epochs is given twice"),
    ({"objectives": ["gloss-sqrt+sigma=0"]}, "objectives[0]: gloss-sqrt+sigma=0: sigma: 0 found, expected a number above 0, or one of sqrt, inflection, nearest-other-class, or null"),
    ({"objectives": ["gloss-sqrt+sgima=1"]}, 'objectives[0]: gloss-sqrt+sgima=1: sgima: unknown key; did you mean "sigma"?'),
    ({"objectives": ["gloss-sqrt+stratified=yes"]}, 'objectives[0]: gloss-sqrt+stratified=yes: stratified: "yes" found, expected true or false'),
    ({"objectives": [f"ce+learning_rate=0.{'0' * 200}1"]}, f'objectives[0]: "ce+learning_rate=0.{"0" * 59}… found, expected text of at most 200 characters'),
    ({"seeds": ["1", 1.0]}, "seeds: 1 is listed twice"),
    ({"seeds": [0, 2**32]}, "seeds[1]: 4294967296 found, expected a whole number at least 0 and at most 4294967295"),
    ({"seeds": [True]}, "seeds[0]: true found, expected a whole number at least 0 and at most 4294967295"),
    ({"trainnig": {}}, 'trainnig: unknown key; did you mean "training"?'),
    ({"sub\nset": 1}, 'sub\\nset: unknown key; did you mean "subset"?'),
    ({7: 1}, "7: unknown key; keys here: study, corpora, encoders, objectives, seeds, grid, subset, max_length, encoder, training, probe, projection, snapshots, tuning, seeds_per_job, max_runtime, keep_weights, device, torch_threads, mirror, offline"),
    ({"training": [8]}, "training: [8] found, expected a mapping"),
    ({"training": {"learning_rate": math.nan}}, "training.learning_rate: NaN found, expected a number above 0"),
    ({"training": {"clip_norm": {"integrated": 1}}}, "training.clip_norm.standalone: missing"),
    ({"training": {"clip_norm": "much"}}, 'training.clip_norm: "much" found, expected a number above 0, or a mapping with integrated, standalone'),
    ({"subset": [100]}, "subset: [100] found, expected a mapping of sizes, or one size for train"),
    ({"max_length": 513}, "max_length: 513 found, but minilm-l6 takes 512 tokens"),
    ({"encoder": {"layers": 2, "trainable_layers": 3}}, "encoder.trainable_layers: 3 found, but minilm-l6 has 2 layers here"),
    ({"projection": "all"}, 'projection: "all" found, expected a mapping with objectives or null'),
    ({"projection": {"objectives": ["ce"], "seed": 4}}, "projection.seed: 4 is not one of seeds [0]"),
    ({"grid": [{"objectives": ["ce"]}, {"objectives": ["scl"], "seeds": [1]}], "snapshots": {"objectives": ["scl"]}}, "snapshots.objectives[0]: scl found, expected an objective that is run with snapshots.seed, 0"),
    ({"grid": [{"corpora": ["r88"]}]}, 'grid[0].corpora[0]: unknown "r88"; did you mean "r8"?; corpora: 20ng, bbc-news, mr, my-corpus, ohsumed, qnli, r52, r8, sst2'),
    ({"grid": [{"vary": {}}]}, "grid[0].vary: {} found, expected a mapping of at least one"),
    ({"grid": [{"vary": {"weight": [0.1]}}]}, 'grid[0].vary: ce+weight=0.1: weight: unknown key; did you mean "weight_decay"?'),
    ({"objectives": ["gloss-o-ce"], "grid": [{"vary": {"weight": ["x2"]}}]}, "grid[0].vary: gloss-o-ce+weight=x2: weight: 1.4 found, expected a number at least 0 and at most 1"),
    ({"objectives": ["gloss-o"], "grid": [{"vary": {"sigma": ["x0"]}}]}, "grid[0].vary: gloss-o+sigma=x0: sigma=x0 found, expected x and a number above 0"),
    ({"objectives": ["gloss-o+transition=x2"]}, 'objectives[0]: gloss-o+transition=x2: transition is "stochastic", which cannot be multiplied by 2'),
    ({"objectives": ["gloss-k+sigma=x2"]}, "objectives[0]: gloss-k+sigma=x2: sigma is null, which cannot be multiplied by 2"),
    ({"objectives": ["gloss-o+neighbors=20"]}, "objectives[0]: gloss-o+neighbors=20: sigma: 0.5 beside neighbors: 20.0 found, expected one of them null"),
    ({"objectives": ["frozen+learning_rate=1e-4"]}, "objectives[0]: frozen+learning_rate=1e-4: learning_rate=1e-4 found, expected frozen alone: an untuned objective is not fine-tuned"),
    ({"objectives": ["tfidf"], "tuning": {"objectives": ["tfidf"]}}, "tuning.objectives[0]: tfidf found, expected an objective that is fine-tuned; tfidf is an untuned objective"),
    ({"objectives": ["frozen"], "projection": {"objectives": ["frozen"]}}, "projection.objectives[0]: frozen found, expected an objective that is fine-tuned; frozen is an untuned objective"),
    ({"tuning": {"spaces": {"sgima": {"choices": [1]}}}}, 'tuning.spaces: unknown "sgima"; did you mean "sigma"?; settings that are searched: anchors_per_class, centers_per_class, labeled_fraction, learning_rate, margin, neighbors, sigma, temperature, weight'),
    ({"tuning": {"spaces": {"learning_rate": {"choices": [-1]}}}}, "tuning.spaces.learning_rate: -1 found, expected a number above 0"),
    ({"objectives": [None, "ce"]}, "objectives[0]: null found, expected text of at most 200 characters"),
    ({"objectives": ["gloss-o-ce", "gloss-o-ce@paper"]}, f'objectives[1]: "gloss-o-ce@paper" is another spelling of "gloss-o-ce"; {KEEP_ONE}'),
    ({"grid": [{"objectives": ["scl+temperature=0.50"]}, {"objectives": ["scl"], "vary": {"temperature": [0.5]}}]}, f'grid[1].vary: "scl+temperature=0.5" is another spelling of "scl+temperature=0.50"; {KEEP_ONE}'),
    ({"objectives": ["scl"], "grid": [{"vary": {"temperature": [0.5, "0.5"]}}]}, 'grid[0].vary.temperature: "0.5" is listed twice'),
    ({"objectives": ["scl"], "grid": [{"vary": {"temperature": [1, "much"]}}]}, 'grid[0].vary: scl+temperature=much: temperature: "much" found, expected a number above 0'),
    ({"objectives": ["scl"], "grid": [{"vary": {"temperature": [None]}}]}, "grid[0].vary.temperature[0]: null found, expected a value, or a multiple as in x1.5"),
    ({"objectives": ["gloss-o-ce"], "tuning": {"start_from": {"gloss-o-ce": [{"sgima": 1}]}}}, 'tuning.start_from.gloss-o-ce[0]: unknown "sgima"; did you mean "sigma"?; settings that are searched for gloss-o-ce: labeled_fraction, learning_rate, sigma, weight'),
    ({"objectives": ["gloss-o-ce"], "tuning": {"start_from": {"gloss-o-ce": [{"weight": 0.55}]}}}, "tuning.start_from.gloss-o-ce[0].weight: 0.55 found, expected 0.1 to 0.9 in steps of 0.1"),
    ({"tuning": {"start_from": {"scl": [{"weight": 0.5}]}}}, 'tuning.start_from: unknown "scl"; objectives of this study: ce'),
    ({"tuning": {"sampler": "grid"}}, 'tuning.sampler.kind: "grid" found, expected one of tpe, random'),
    ({"tuning": {"taken_from": "least"}}, "tuning.taken_from: least found, expected the name of another study"),
    ({"objectives": ["ce", "scl"], "subset": {"val": 3}}, "subset.val: 3 found, expected at least 4 for the silhouette of scl"),
    ({"max_length": 10**400}, f"max_length: 1{'0' * 78}… found, expected a whole number at least 4 and at most 1000000 of at most 18 digits"),
]  # fmt: skip


def line_of(make, *arguments):
    """The error that a call ends with, which is one line."""
    with pytest.raises(SettingsError) as caught:
        make(*arguments)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_missing_key_is_named():
    for key in LEAST:
        least = {name: value for name, value in LEAST.items() if name != key}
        assert line_of(load_study, least, "my.yaml", CONFIG) == f"my.yaml: {key}: missing"


@pytest.mark.parametrize(("changes", "said"), WRONG, ids=[said[:60] for _, said in WRONG])
def test_wrong_settings_get_one_line(changes, said):
    assert line_of(load, changes) == f"my.yaml: {said}"


def test_an_untuned_objective_is_run_with_the_first_seed_unless_seeds_draw_documents():
    grid = [{"objectives": ["ce", "tfidf"]}, {"objectives": ["tfidf", "frozen"], "corpora": ["mr", "r8"], "seeds": [7]}]
    study = load(seeds=[3, 4], grid=grid, tuning={})
    untuned = [(run.corpus, run.objective, run.seed) for run in study.runs if run not in study.trained]
    assert untuned == [("mr", "tfidf", 3), ("mr", "frozen", 7), ("r8", "tfidf", 7), ("r8", "frozen", 7)]
    assert [(run.objective, run.seed) for run in study.trained] == [("ce", 3), ("ce", 4)]
    drawn = load(seeds=[3, 4], objectives=["tfidf"], subset={"train": 9, "draw": "seed"})
    assert [run.seed for run in drawn.runs] == [3, 4]
    assert [search.objective for search in study.searches()] == ["ce"]


def test_dates_and_circles_of_yaml_are_no_surprise():
    assert load(study=datetime.date(2024, 5, 1)).name == "2024-05-01"
    circle = {}
    circle["training"] = circle
    assert line_of(load, {"training": circle}).startswith("my.yaml: an alias (*) stands inside what it names")


def test_a_corpus_without_stated_sizes_takes_any_subset(config_copy):
    rewrite(config_copy / "corpora.yaml", lambda entries: entries["mr"].pop("documents"))
    assert load_study({**LEAST, "subset": 10**6}, "my.yaml", config_copy).settings.subset.train == 10**6


OWN = {"title": "Own", "protocol": "standalone", "loss": "mine:Mine"}
KEY = "found, expected lower-case letters, digits and single hyphens between them, at most 60"
MISSING = object()
REGISTRIES = [
    ("corpora", "mr.title", "two\nlines", 'mr.title: "two\\nlines" found, expected one line of text'),
    ("corpora", "mr", None, "mr: null found, expected a mapping with title, description, source, licence, kind, split"),
    ("corpora", "mr.files.validation", MISSING, "mr.files.validation: missing"),
    ("corpora", "A b", {}, f'key "A b" {KEY}'),
    ("objectives", "ce.protocol", "both", 'ce.protocol: "both" found, expected one of integrated, standalone'),
    ("objectives", "scl.loss", "supcn", 'scl.loss: unknown "supcn"; did you mean "supcon"?; losses: cosine, gloss, group, proxy_anchor, rdrop, soft_triple, supcon, triplet'),
    *(("objectives", "scl.loss", loss, f'scl.loss: unknown "{loss}"; ') for loss in ("../supcon", "os", "supcon.os", "__init__")),
    ("objectives", "scl.preset", "papr", 'scl.preset: unknown "papr"; did you mean "paper"?; presets: paper, reference, strong'),
    ("objectives", "scl.settings.temprature", 1, 'scl.settings.temprature: unknown key; did you mean "temperature"?'),
    *(("objectives", "scl", OWN | {"settings": {name: 1}}, f"scl.settings.{name}: expected another name, of lower-case letters and underscores and none of a method") for name in ("K", "_x", "arguments", "model_config", "hidden")),
    *(("objectives", "scl.loss", loss, f'scl.loss: "{loss}" found, expected package.module:Class') for loss in ("torch.nn:", ":Foo", "torch:nn:Foo", "torch.nn:3")),
    ("objectives", "scl", OWN | {"settings": {"k": [1]}}, "scl.settings.k: [1] found, expected a number, true, false or text"),
    ("objectives", "scl.settings.weight", 1, "scl.settings.weight: unknown key"),
    ("objectives", "tfidf.classifier", MISSING, "tfidf.classifier: missing"),
    ("objectives", "tfidf.loss", "gloss", 'tfidf.loss: "gloss" found, expected null, since an untuned objective is not fine-tuned'),
    ("objectives", "tfidf.settings", {"epochs": 3}, 'tfidf.settings: {"epochs": 3} found, expected nothing, since an untuned objective is not fine-tuned'),
    ("objectives", "ce.classifier", "tfidf", 'ce.classifier: "tfidf" found, expected null, since only the protocol untuned has one'),
    ("objectives", "snake_case", {}, 'key "snake_case" found, expected lower-case letters, digits and hyphens, at most 60'),
    ("presets", "paper.glos", {}, 'paper.glos: unknown key; did you mean "gloss"?'),
    ("presets", "paper.search.gloss.sigma", {"low": 2, "high": 1}, "paper.search.gloss.sigma: low 2 found, expected less than high 1"),
    ("presets", "paper.search.gloss.sigma", {"low": 1, "high": 2, "log": True, "step": 1}, "paper.search.gloss.sigma: step and log found, expected one of them"),
    ("presets", "paper.search.training.learning_rate", {"choices": [1e-5, -1]}, "paper.search.training.learning_rate: -1 found, expected a number above 0"),
    ("objectives", "scl.search.temperature", {"low": -1, "high": 1}, "scl.search.temperature: -1 found, expected a number above 0"),
]  # fmt: skip


@pytest.mark.parametrize("key", ["os.path", "../x", "x y", "X"])
def test_an_outputs_key_names_a_module_and_nothing_else(config_copy, key):
    path = config_copy / "outputs.yaml"
    rewrite(path, lambda entries: entries["tables"].update({key: {"title": "A table", "reads": []}}))
    said = f'{path}: tables: key "{key}" found, expected lower-case letters and _'
    assert line_of(load_outputs, config_copy) == said


@pytest.mark.parametrize(("registry", "at", "value", "said"), REGISTRIES, ids=[case[-1][:60] for case in REGISTRIES])
def test_wrong_registries_get_one_line(config_copy, registry, at, value, said):
    def change(inner):
        *outer, key = at.split(".")
        for name in outer:
            inner = inner[name]
        inner[key] = value
        if value is MISSING:
            del inner[key]

    path = config_copy / f"{registry}.yaml"
    rewrite(path, change)
    assert line_of(load_study, LEAST, "my.yaml", config_copy).startswith(f"{path}: {said}")


def rewrite(path, change):
    """Change the entries of a YAML file."""
    entries = read_yaml(path)
    change(entries)
    path.write_text(yaml.safe_dump(entries, sort_keys=False), encoding="utf-8")


@pytest.mark.parametrize("name", ["corpora", "encoders", "objectives"])
def test_entries_of_one_title_cannot_be_told_apart(name, config_copy):
    one, other = {"corpora": ["mr", "r8"], "encoders": ["minilm-l6", "bert-base"], "objectives": ["ce", "scl"]}[name]
    rewrite(config_copy / f"{name}.yaml", lambda entries: [entries[key].update(title="Same") for key in (one, other)])
    same = f'{one} and {other} have the same title, "Same": give one of them another in config/{name}.yaml'
    assert line_of(load_study, {**LEAST, name: [one, other]}, "my.yaml", config_copy) == f"my.yaml: {name}: {same}"
    rewrite(config_copy / f"{name}.yaml", lambda entries: entries[other].update(title="\uff33ame  "))  # looks the same
    found = line_of(load_study, {**LEAST, name: [one, other]}, "my.yaml", config_copy)
    assert f"{one} and {other} have the same title" in found
    with pytest.raises(SettingsError, match=f"{one} and {other} have the same title"):
        load_study(LEAST, "my.yaml", config_copy)  # the other is not in the study, but in the paper
    rewrite(config_copy / f"{name}.yaml", lambda entries: entries.update(own={**entries[other], "title": "Same"}))
    rewrite(config_copy / f"{name}.yaml", lambda entries: entries[other].update(title="Other"))
    load_study(LEAST, "my.yaml", config_copy)  # nor in the paper


def test_numbers_of_registries_that_yaml_takes_for_text_are_numbers(config_copy):
    for name, key in (("objectives", "scl"), ("presets", "paper")):
        entries = yaml.safe_load((config_copy / f"{name}.yaml").read_text())
        block = entries[key]["settings" if name == "objectives" else "training"]
        block |= {"learning_rate": "1e-3"} if name == "objectives" else {"tolerance": "1e-4"}
        (config_copy / f"{name}.yaml").write_text(yaml.safe_dump(entries).replace("'", ""))
    training = load_study({**LEAST, "objectives": ["scl"]}, "my.yaml", config_copy).objective("scl").training
    assert (training.learning_rate, training.tolerance) == (1e-3, 1e-4)


# A file's content, and what is said after its name.
UNREADABLE = [
    (b"ce: {title: CE, loss: [}", "line 1: not valid YAML: "),
    (b"a: 1\n\tb: 2\n", "line 2: not valid YAML: "),
    (b"a: 1\nseeds: [0, 010]\n", "line 2: seeds[1]: 010 found, which YAML reads as 8 (base 8); write 8, or 10"),
    (b"a: [1:30]\n", 'line 1: a[0]: 1:30 found, which YAML reads as 90 (base 60); write 90, or "1:30" for text'),
    (b"a: 1:30.5\n", 'line 1: a: 1:30.5 found, which YAML reads as 90.5 (base 60); write 90.5, or "1:30.5" for text'),
    (b"a: 2024-13-45\n", "not valid YAML: month must be in 1..12"),
    (b"a: 1\nb: caf\xe9\nc: 3\n", "line 2: not valid YAML in UTF-8: "),
    ("study: ä".encode("utf-16"), "text in UTF-16, expected UTF-8; save it as UTF-8"),
    ("ä: 1\nb: \x00\n".encode(), "line 2: not valid YAML in UTF-8: "),
    (b"a: 1\nb: !!python/object/apply:os.getcwd []\n", "line 2: not valid YAML: could not determine a constructor"),
    (b"a: 1\nb: 2\na: 3\n", 'line 3: not valid YAML: key "a" is given twice, first in line 1'),
    (b"a:\n  - {x: 1}\n  - {x: 1,\n     'x': 2}\n", 'line 4: not valid YAML: key "x" is given twice, first in line 3'),
    (b"", "a mapping of keys to values was expected"),
    (b"a: &x [*x]\n", "an alias (*) stands inside what it names"),
]


@pytest.mark.parametrize(("content", "said"), UNREADABLE, ids=[repr(content) for content, _ in UNREADABLE])
def test_a_file_that_is_not_yaml_gets_one_line_with_its_line(tmp_path, content, said):
    path = tmp_path / "my.yaml"
    path.write_bytes(content)
    assert line_of(read_yaml, path).startswith(f"{path}: {said}")


def test_a_registry_that_is_not_yaml_or_not_there_is_named(config_copy):
    path = config_copy / "presets.yaml"
    path.write_text("paper: {}\npaper: {}\n")
    twice = f'{path}: line 2: not valid YAML: key "paper" is given twice, first in line 1'
    assert line_of(load_study, LEAST, "my.yaml", config_copy) == twice
    path.unlink()
    assert line_of(load_study, LEAST, "my.yaml", config_copy) == f"{path}: No such file or directory"


def test_numbers_in_base_ten_and_quoted_text_are_read_as_written_and_keys_may_repeat_what_they_merge(tmp_path):
    path = tmp_path / "my.yaml"
    path.write_text('a: [0, 10, 0.5, -3, 1e-3, 0x1F, "010", "1:30", 12:00x, 2024-05-01]\n')
    assert read_yaml(path) == {"a": [0, 10, 0.5, -3, "1e-3", 31, "010", "1:30", "12:00x", "2024-05-01"]}
    path.write_text("base: &b {x: 1, y: 2}\n20: &c {<<: *b, x: 3}\nbelow: {<<: *c, y: 4}\n")
    assert read_yaml(path) == {"base": {"x": 1, "y": 2}, "20": {"x": 3, "y": 2}, "below": {"x": 3, "y": 4}}


def test_values_to_vary_keep_their_digits_and_have_one_spelling():
    values = [0.12345678, 0.12345679, "0.50", "x1.50", "x1.0", 1e-7]
    study = load(objectives=["scl"], grid=[{"vary": {"temperature": values}}])
    texts = ["0.12345678", "0.12345679", "0.5", "x1.5", None, "1e-07"]
    assert study.objectives == [f"scl+temperature={text}" if text else "scl" for text in texts]
    assert study.objective("scl+temperature=0.12345679").loss_settings.temperature == 0.12345679


def test_the_same_settings_under_two_objectives_or_presets_are_two_objectives():
    keys = ["gloss-sqrt-ce", "gloss-o-ce+sigma=sqrt", "cosine", "cosine@reference", "gloss-o-ce+weight=0.5"]
    assert load(objectives=keys).objectives == keys
    both = ["gloss-o-ce", "gloss-o-ce+weight=0.7"]  # the first has its weight searched
    assert load(objectives=both, tuning={}).objectives == both


def test_a_study_has_no_frame_that_none_of_its_runs_fills():
    nothing_to_search = load(tuning={"fixed": ["learning_rate"]})
    assert "trials" not in nothing_to_search.frames
    shown = {"projection": {"objectives": ["gloss-o"]}, "snapshots": {"objectives": ["gloss-o"]}}
    study = load(objectives=["ce", "gloss-o", "gloss-o-ce"], tuning={"objectives": ["gloss-o-ce"]}, **shown)
    assert {"trials", "projections", "snapshots"} <= set(study.frames)
    so_far = replace(study, runs=study.runs[:1])
    assert so_far.frames == ["runs", "epochs", "corpora", "coverage"]
    reads = {name for output in OUTPUTS if output.fillable(so_far) for name in output.reads}
    assert not reads & {"trials", "projections", "snapshots"}


def test_until_a_corpus_is_described_here_the_card_that_came_with_some_of_its_runs_is_shown(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    paths = StudyPaths(load(corpora=["mr", "r8"], study="s"), lambda _: "results/s")
    assert paths.cards_there() == []
    for folder in ("results/s/imported", "results/s"):
        card = Path(folder, "corpora/mr/card.json")
        card.parent.mkdir(parents=True)
        card.touch()
        assert paths.cards_there() == [str(card)]


def test_a_mirror_must_be_a_folder_where_a_study_is_planned(tmp_path):
    (tmp_path / "file").touch()
    too_long = str(tmp_path / ("a" * 300))  # as a folder that may not be looked into, an OSError to pathlib
    for wrong in (str(tmp_path / "none"), str(tmp_path / "file"), "~nosuchuser/mirror"):
        found = line_of(check_mirror, load(mirror=wrong), "my.yaml")
        assert found == f'my.yaml: mirror: "{wrong}" found, expected a folder that exists'
    assert line_of(check_mirror, load(mirror=too_long), "my.yaml").endswith("found, expected a folder that exists")
    check_mirror(load(mirror=str(tmp_path)), "my.yaml")
    check_mirror(load(mirror="~"), "my.yaml")
    check_mirror(load(), "my.yaml")


def test_a_study_file_can_be_checked_before_snakemake_reads_it(tmp_path, monkeypatch, capsys):
    path = tmp_path / "my.yaml"
    path.write_text("study: a\ncorpora: [mr\n")
    command = [sys.executable, "-m", "glossbench", "check", path]
    process = subprocess.run(command, cwd=CONFIG.parent / "scripts", capture_output=True, text=True)
    assert process.returncode == 1
    assert process.stderr.startswith(f"glossbench: {path}: line 3: not valid YAML: ")
    assert process.stderr.count("\n") == 1
    monkeypatch.chdir(tmp_path)
    assert main(["check", str(CONFIG / "tiny.yaml")]) == 0
    assert capsys.readouterr() == ("", "")


def test_the_schema_for_editors_is_what_the_models_say():
    assert (CONFIG / "study.schema.json").read_text() == study_schema(), "make docs brings it up to date"
    for path in CONFIG.rglob("*.yaml"):
        if "study" in (settings := yaml.safe_load(text := path.read_text())):
            jsonschema.validate(settings, json.loads(study_schema()))
            named = text.splitlines()[0].removeprefix("# yaml-language-server: $schema=")
            assert (path.parent / named).resolve() == CONFIG / "study.schema.json", path


def test_the_page_of_settings_is_what_the_models_say():
    page = (CONFIG / "README.md").read_text()
    assert updated(page, CONFIG) == page, "make docs brings config/README.md up to date"
    assert all(f"<!-- begin {name} -->" in page for name in tables(CONFIG))


KEYED = '--config: "{}" found, expected key=value with a key of a study'


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("-n --config training.epochs=2", f"""{KEYED.format("training.epochs=2")}; write training='{{epochs: 2}}'"""),
        ("--config a.b.c=2", f"""{KEYED.format("a.b.c=2")}; write a='{{b: {{c: 2}}}}'"""),
        ("--config epochs -j 2", KEYED.format("epochs")),
        ("-C =3", KEYED.format("=3")),
        ("--config training={epochs", '--config: "training={epochs" found, expected a value in YAML'),
        ("--configfile none.yaml", "none.yaml: No such file or directory"),
        ("-n --config seeds=[1] training={} --cores 2 -q rules", ""),
    ],
)
def test_arguments_can_be_checked_before_snakemake_reads_them(arguments, message):
    found = line_of(check_arguments, arguments.split()) if message else check_arguments(arguments.split())
    assert (found or "") == message
