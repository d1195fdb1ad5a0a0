"""REPRODUCING.md is what its generator writes, and says of each item what can be worked out by hand."""

import json
import math
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest
import yaml
from glossbench.__main__ import main
from glossbench.errors import SettingsError
from glossbench.pages.items import files_of, load_costs, measures
from glossbench.pages.reproducing import page
from glossbench.settings.search import Choices
from scipy import stats

from tests.support import markdown_tables
from tests.support.registered import CLAIMS, ROOT

NUMBERS = [f"T{n}" for n in range(1, 10)] + [f"F{n}" for n in range(1, 9)] + [f"C{n}" for n in range(1, 11)]
INTEGRATED = 5 * 3 * 4 * 3  # corpora, encoders, objectives, seeds
LARGER = 2 * 3 * 3 * 3  # corpora, encoders, objectives, seeds


@pytest.fixture(scope="module")
def text() -> str:
    """The page as its generator writes it."""
    return page(ROOT)


@pytest.fixture(scope="module")
def rows(text) -> dict[str, list[str]]:
    """The rows of the page's tables by the paper's number."""
    return rows_of(text.partition("## The paper's whole grid")[2])


def rows_of(text: str) -> dict[str, list[str]]:
    return {row[0]: row for row in markdown_tables.rows(text) if re.fullmatch(r"[TFC]\d+", row[0])}


@pytest.fixture
def other_root(tmp_path):
    """Copies what the page is made from, with entries of studies in config/costs.yaml changed."""

    def copied(names=("quick",), **changed) -> Path:
        shutil.copytree(ROOT / "config", tmp_path / "config", dirs_exist_ok=True)
        entries = yaml.safe_load((ROOT / "config/costs.yaml").read_text())
        for name in names or entries["studies"]:
            entries["studies"][name] |= changed
        (tmp_path / "config/costs.yaml").write_text(yaml.safe_dump(entries))
        return tmp_path

    return copied


def test_page_is_what_make_docs_writes(text):
    assert (ROOT / "REPRODUCING.md").read_text(encoding="utf-8") == text, "run `make docs`"


def test_every_table_figure_and_claim_of_the_paper_has_a_command_that_fills_it(rows):
    assert sorted(rows) == sorted(NUMBERS)
    for number, row in rows.items():
        command = row[2]
        file = {"T": r"tables/\w+\.csv", "F": r"figures/\w+\.pdf", "C": r"claims\.md"}[number[0]]
        # claims are judged by the study to begin with, but for C10, on SST-2 and QNLI, which that has not
        study = "paper-core" if number[0] == "C" and number != "C10" else "paper"
        assert re.fullmatch(rf"`snakemake results/{study}/{file} --configfile config/{study}\.yaml`", command)
    assert all(rows[number][1].startswith(CLAIMS[number].claim) for number in NUMBERS if number[0] == "C")


def test_runs_of_an_item_are_those_that_it_shows(rows):
    runs = {number: row[3] for number, row in rows.items()}
    assert runs["T1"] == runs["F1"] == "none"
    assert runs["T2"] == str(INTEGRATED)
    assert runs["T3"] == str(5 * 4 * 3)  # BERT-base: corpora, the four objectives of T3, seeds
    assert runs["T5"] == str(5 * 2 * 2 * 3)  # corpora, the two encoders of T5, both ways of choosing sigma, seeds
    assert runs["T6"] == runs["C10"] == str(LARGER)
    assert runs["T8"] == "all searches"
    assert runs["C8"] == str(5 * 4 * 3)  # G-Loss-O and three baselines
    assert runs["F6"] == str(5 * 2)  # one seed of each of the two that are shown


def test_files_of_what_needs_no_runs_are_refused(capsys):
    """Given none, Snakemake would make the whole study."""
    assert main(["files", "T1"]) == 1
    assert capsys.readouterr() == ("", "glossbench: T1: needs no runs\n")


@pytest.mark.slow
def test_a_study_that_fills_an_item_counts_only_where_it_was_run(text, other_root):
    elsewhere = page(other_root(names=(), run_here=False))
    assert "| quick, all-objectives |" in text
    assert "all-objectives |" not in elsewhere
    assert elsewhere.count("| not run here |") >= len(NUMBERS)


def test_time_is_a_range_of_the_row_s_own_runs_and_searches_with_glue_apart(rows):
    sizes = {"mr": 6397, "r8": 4936, "r52": 5865, "ohsumed": 3021, "20ng": 10182}
    printed = pd.read_csv(ROOT / "config/published/published_standalone.csv")
    stops = printed.groupby("dataset")["early_stopping_epoch"].mean()
    seconds = printed["total_train_seconds"].sum()
    speed = sum(4 * size * stops[corpus] for corpus, size in sizes.items()) / seconds  # four runs a corpus
    # T9: SCL, triplet, cosine and G-Loss-O, three seeds each, and the trials that their searches train
    study = load_costs(ROOT).main
    trials = 0
    for objective in ("scl", "triplet", "cosine", "gloss-o"):
        spaces = study.objective(objective).search.values()
        finite = all(isinstance(space, Choices) for space in spaces)
        trials += min(15, math.prod(space.size for space in spaces)) if finite else 15
    first, last = (
        sum(size * epochs(corpus) for corpus, size in sizes.items()) * (4 * 3 + trials) / speed / 3600
        for epochs in (stops.__getitem__, lambda _: 200)
    )
    assert rows["T9"][4] == f"{first:,.0f} – {last:,.0f} h"
    assert rows["T6"][4].startswith("GLUE ")
    assert re.fullmatch(r"[\d,]+ – [\d,]+ h, GLUE [\d,]+ – [\d,]+ h", rows["T7"][4])
    assert "GLUE" not in rows["T2"][4] + rows["C1"][4]
    assert not any("at most" in row[4] for row in rows.values())


def test_the_page_says_at_what_difference_the_core_study_decides(text):
    found = rows_of(text[: text.index("## Studies")])
    assert sorted(found) == sorted(number for number in NUMBERS if number.startswith("C"))
    # C7: macro-F1 of G-Loss-O + CE on MR, 0.12 twice, three seeds; a t test with 2 degrees of freedom
    low, high = 0.0, 10.0
    for _ in range(60):
        middle = (low + high) / 2
        chance = stats.nct.sf(stats.t.ppf(0.975, 2), 2, middle * math.sqrt(3))
        low, high = (middle, high) if chance < 0.8 else (low, middle)
    assert found["C7"][3:5] == ["3 seeds", f"{low * 0.12 * math.sqrt(2):.2f} points"]
    assert found["C8"][3] == "5 corpora"
    assert found["C10"][4] == "not in this study"


def test_files_of_an_item_are_those_of_its_runs():
    files = files_of("T2", ROOT)
    assert len(files) == len(set(files)) == INTEGRATED
    assert "results/paper/runs/r8/roberta-large/gloss-o-ce/seed-2/metrics.json" in files
    assert files_of("T8", ROOT)[0].startswith("results/paper/tuning/")
    with pytest.raises(SettingsError, match="T12"):
        files_of("T12", ROOT)


def test_costs_that_do_not_fit_are_one_line(other_root):
    with pytest.raises(SettingsError, match=r"studies\.quick: config/paper\.yaml is the study paper"):
        load_costs(other_root(file="config/paper.yaml"))
    with pytest.raises(SettingsError, match=r"studies\.quick\.hours"):
        load_costs(other_root(hours=-1))


@pytest.mark.parametrize("file", sorted((ROOT / "results").glob("cpu*/claims.json")), ids=lambda file: file.parent.name)
def test_a_study_is_said_to_judge_the_claims_that_it_judges(file):
    study = load_costs(ROOT).studies[file.parent.name]
    tested = {one["id"]: one["verdict"] != "not tested" for one in json.loads(file.read_text(encoding="utf-8"))}
    assert {number: measures(study, CLAIMS[number]) for number in tested} == tested
