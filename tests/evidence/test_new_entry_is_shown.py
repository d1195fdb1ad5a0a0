"""One entry in a registry is enough: a new corpus, encoder or objective shows under its title everywhere."""

import re
import shutil
from pathlib import Path

import pytest
import yaml
from glossbench.evidence.build import Evidence
from glossbench.evidence.report.page import ReportItem
from glossbench.settings.names import names_of
from glossbench.settings.outputs import Output, load_outputs
from glossbench.settings.study import Study, load_study
from matplotlib.text import Text

from tests.support.html_page import Page
from tests.support.made_up import cells, corpora, coverage, projections, rising, runs
from tests.support.registered import CONFIG

TITLES = {"corpora": "Letters from Lisbon", "encoders": "Tortoise-tiny", "objectives": "Marigold"}
ENTRIES = {
    "corpora": {"letters": {
        "title": TITLES["corpora"], "description": "letters by their mood", "source": "a drawer", "licence": "none",
        "kind": "csv", "path": "letters.csv", "columns": {"text": "letter", "label": "mood"},
        "splitting": {"fraction": 0.1, "seed": 0, "test_fraction": 0.2},
    }},
    "encoders": {"tortoise": {
        "title": TITLES["encoders"], "description": "slow", "source": "a drawer", "licence": "none", "kind": "folder",
        "path": "tortoise", "layers": 2,
    }},
    "objectives": {"marigold": {
        "title": TITLES["objectives"], "protocol": "standalone", "loss": "supcon", "settings": {"temperature": 0.2},
    }},
}  # fmt: skip
OLD = [("mr", "minilm-l6", "scl"), ("mr", "minilm-l6", "gloss-sqrt")]
NEW = cells(["letters"], ["tortoise"], ["scl", "marigold", "marigold+temperature=0.5"])


@pytest.fixture(scope="module")
def config(tmp_path_factory) -> Path:
    """A copy of config/ in which each registry has one entry more."""
    folder = tmp_path_factory.mktemp("repository") / "config"
    shutil.copytree(CONFIG, folder)
    for registry, entry in ENTRIES.items():
        with (folder / f"{registry}.yaml").open("a", encoding="utf-8") as file:
            file.write(f"\n{yaml.safe_dump(entry)}")
    return folder


@pytest.fixture(scope="module")
def study(config) -> Study:
    own = {"corpora": ["letters"], "encoders": ["tortoise"]}
    old = {"corpora": ["mr"], "encoders": ["minilm-l6"], "objectives": ["scl", "gloss-sqrt"]}
    grid = [
        {**own, "objectives": ["scl", "marigold"]},
        {**own, "objectives": ["marigold"], "vary": {"temperature": [0.5]}},
    ]
    settings = {"study": "mine", "seeds": [0, 1], "grid": [old, *grid], "projection": {"objectives": ["marigold"]}}
    return load_study(settings, "mine.yaml", config)


@pytest.fixture(scope="module")
def made(config, study) -> Evidence:
    places = list(enumerate([*OLD, *NEW]))
    own = runs({cell: [0.8 + place / 100, 0.81 + place / 100] for place, cell in places}, protocol="standalone")
    assert set(own["objective"]) == set(study.objectives)
    maps = projections({"glad": 2, "sad": 3}, ["marigold"]).assign(corpus="letters", encoder="tortoise")
    frames = {"runs": own, "epochs": rising(own, 4), "coverage": coverage(own), "projections": maps}
    names = names_of(study, config)
    return Evidence({**frames, "corpora": corpora("mr", "letters")}, config / "published", names)


@pytest.fixture(scope="module")
def outputs(config, study) -> dict[str, Output]:
    return {output.key: output for output in load_outputs(config) if output.fillable(study)}


# Which of the new entries each table and figure shows.
IN_TABLES = {
    "corpora": ["corpora"],
    "standalone": [*TITLES],
    "silhouette": ["corpora", "encoders"],
    "hyperparameters": ["encoders", "objectives"],
    "widths": [],
    "deduplicated": [*TITLES],
    "checklist": [*TITLES],
    "ttests": [],
}
IN_FIGURES = ["headline", "projections", "epoch_time", "learning_curves", "convergence"]


def test_every_output_that_the_study_fills_is_looked_at(outputs):
    assert set(outputs) - {*IN_TABLES, *IN_FIGURES} == {"method", "graph"}


@pytest.mark.parametrize("key", IN_TABLES)
def test_a_table_shows_the_new_titles_in_each_format(key, made, outputs):
    texts = made.table(outputs[key].specification(), "")
    words = Page(texts["html"]).words
    for kind in IN_TABLES[key]:
        assert TITLES[kind] in words
        assert TITLES[kind] in texts["md"]
        assert TITLES[kind] in texts["tex"]
    keys = [ENTRIES[kind] for kind in IN_TABLES[key]]
    assert all(re.search(rf"(^|,){next(iter(entry))}(,|$)", texts["csv"], re.MULTILINE) for entry in keys)


@pytest.mark.parametrize("key", IN_FIGURES)
def test_a_figure_shows_the_new_titles(key, made, outputs):
    _, figure = made.figure(outputs[key].specification(), "")
    words = " ".join(text.get_text() for text in figure.findobj(Text))
    for title in TITLES.values():
        assert title in words


def test_the_report_shows_the_new_titles(made, outputs):
    html = made.table(outputs["standalone"].specification(), "")["html"]
    shown = [ReportItem("standalone", "table", "Standalone protocol", "T3", "About it.", html)]
    words = Page(made.report({"study": "mine"}, {"commit": "abc123"}, shown, "[]")["html"]).words
    for title in TITLES.values():
        assert words.count(title) > 2  # what the study covers, its runs, its costs
    assert f"{TITLES['objectives']} (τ = 0.5)" in words


def test_an_entry_that_a_study_does_not_have_changes_none_of_its_names(config):
    settings = {"study": "s", "corpora": ["mr"], "encoders": ["minilm-l6"], "objectives": ["ce"], "seeds": [0]}
    found = [names_of(load_study(settings, "s.yaml", folder), folder) for folder in (config, CONFIG)]
    assert found[0] == found[1]
