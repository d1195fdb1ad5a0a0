"""REPRODUCING.md is what its generator writes, and says of each item what can be worked out by hand."""

import re
import shutil
from pathlib import Path

import pandas as pd
import pytest
import yaml
from glossbench.errors import SettingsError
from glossbench.tools.reproducing import files_of, load_costs, page

ROOT = Path(__file__).parents[2]
NUMBERS = [f"T{n}" for n in range(1, 10)] + [f"F{n}" for n in range(1, 9)] + [f"C{n}" for n in range(1, 11)]
# five corpora, three encoders, four objectives, three seeds; and the two larger corpora with three objectives
INTEGRATED = 5 * 3 * 4 * 3 + 2 * 3 * 3 * 3


@pytest.fixture(scope="module")
def text() -> str:
    """The page as its generator writes it."""
    return page(ROOT)


@pytest.fixture(scope="module")
def rows(text) -> dict[str, list[str]]:
    """The rows of the page's tables by the paper's number."""
    lines = [[cell.strip() for cell in line.strip("|\n").split(" | ")] for line in text.splitlines()]
    return {line[0]: line for line in lines if re.fullmatch(r"[TFC]\d+", line[0])}


@pytest.fixture
def other_root(tmp_path) -> Path:
    """A copy of what the page is made from."""
    shutil.copytree(ROOT / "config", tmp_path / "config")
    return tmp_path


def changed(root: Path, change) -> Path:
    path = root / "config" / "costs.yaml"
    entries = yaml.safe_load(path.read_text())
    change(entries)
    path.write_text(yaml.safe_dump(entries))
    return root


def test_page_is_what_make_docs_writes(text):
    assert (ROOT / "REPRODUCING.md").read_text(encoding="utf-8") == text, "run `make docs`"


def test_every_table_figure_and_claim_of_the_paper_has_a_command_that_fills_it(rows):
    assert sorted(rows) == sorted(NUMBERS)
    for number, row in rows.items():
        command = row[2]
        file = {"T": r"tables/\w+\.csv", "F": r"figures/\w+\.pdf", "C": r"claims\.md"}[number[0]]
        assert re.fullmatch(rf"`snakemake results/paper/{file} --configfile config/paper\.yaml`", command)


def test_runs_of_an_item_are_those_that_it_shows(rows):
    runs = {number: row[3] for number, row in rows.items()}
    assert runs["T1"] == runs["F1"] == "none"
    assert runs["T2"] == str(INTEGRATED)
    assert runs["T3"] == str(5 * 5 * 3)  # BERT-base: corpora, objectives, seeds
    assert runs["T6"] == runs["C10"] == str(2 * 3 * 3 * 3)
    assert runs["T8"] == "all searches"
    assert runs["C8"] == str(5 * 4 * 3)  # G-Loss-O and three baselines
    assert runs["F6"] == str(5 * 2)  # one seed of each of the two that are shown


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory) -> str:
    """The page where nothing was run here and other speeds were measured."""

    def change(entries):
        for entry in entries["studies"].values():
            entry["run_here"] = False
        entries["speed"] |= {"machine": "a machine", "where": "a file", "mb_per_run": 2.0}
        entries["speed"]["docs_per_second"] = {"distilbert": 100.0, "bert-base": 50.0, "roberta-large": 10.0}

    root = tmp_path_factory.mktemp("elsewhere")
    shutil.copytree(ROOT / "config", root / "config")
    return page(changed(root, change))


def test_a_study_that_fills_an_item_counts_only_where_it_was_run(text, elsewhere):
    assert "| quick, all-objectives |" in text
    assert "all-objectives |" not in elsewhere
    assert elsewhere.count("| not run here |") >= len(NUMBERS)


def test_time_follows_from_measured_speed_and_the_grid(elsewhere):
    sizes = {"mr": 6397, "r8": 4936, "r52": 5865, "ohsumed": 3021, "20ng": 10182}
    published = pd.read_csv(ROOT / "config/published/published_standalone.csv")
    stops = published.groupby("dataset")["early_stopping_epoch"].mean()
    documents = sum(size * stops[corpus] for corpus, size in sizes.items())
    # T3: five objectives on BERT-base, three runs each and fifteen trials of those that have something to tune
    study = load_costs(ROOT).main
    searched = {search.objective for search in study.tuning_jobs()} & {
        "scl",
        "triplet",
        "cosine",
        "gloss-sqrt",
        "gloss-o",
    }
    hours = documents * (5 * 3 + 15 * len(searched)) / 50 / 3600
    (row,) = [line for line in elsewhere.splitlines() if line.startswith("| T3 |")]
    assert f"at most {hours:,.1f} h (estimated) on a machine" in row
    assert "| 0.1 GB (estimated) |" in row  # 75 runs of 2 MB
    assert "bert-base 50" in elsewhere


def test_hours_of_the_standalone_table_are_the_sum_of_its_own_times():
    published = pd.read_csv(ROOT / "config/published/published_standalone.csv")
    hours = 3 * published["total_train_seconds"].sum() / 3600
    assert load_costs(ROOT).entries["remarks"]["T3"]["hours"] == round(hours, 1)


def test_files_of_an_item_are_those_of_its_runs():
    files = files_of("T2", ROOT)
    assert len(files) == len(set(files)) == INTEGRATED
    assert "results/paper/runs/r8/roberta-large/gloss-o-ce/seed-2/metrics.json" in files
    assert files_of("T8", ROOT)[0].startswith("results/paper/tuning/")
    with pytest.raises(SettingsError, match="T12"):
        files_of("T12", ROOT)


def test_costs_that_do_not_fit_are_one_line(other_root):
    def wrong_file(entries):
        entries["studies"]["quick"]["file"] = "config/paper.yaml"

    with pytest.raises(SettingsError, match=r"studies\.quick: config/paper\.yaml is the study paper"):
        load_costs(changed(other_root, wrong_file))

    def negative(entries):
        entries["studies"]["quick"] |= {"file": "config/config.yaml", "hours": -1}

    with pytest.raises(SettingsError, match=r"studies\.quick\.hours"):
        load_costs(changed(other_root, negative))
