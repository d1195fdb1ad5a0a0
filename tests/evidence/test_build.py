"""Evidence: from frames to every product, the same way for the workflow's scripts, for verify and for tests."""

import json
from typing import get_args

import pandas as pd
import pytest
from glossbench.evidence.build import JUDGED, REPORTED, TESTED, Evidence
from glossbench.evidence.text.names import corpus_name
from glossbench.frames import write_frame
from glossbench.paper import READERS
from glossbench.settings.outputs import Read
from made_up import corpora, coverage, evidence, rising, runs
from registered import CLAIMS, FIGURES, PUBLISHED, REGISTRY, TABLES, names

RUNS = runs({("mr", "bert-base", "ce"): [0.9, 0.8], ("mr", "bert-base", "scl-ce"): [0.7, 0.8]})


@pytest.fixture(scope="module")
def frames() -> dict[str, pd.DataFrame]:
    return {"runs": RUNS, "epochs": rising(RUNS, 3), "corpora": corpora("mr"), "coverage": coverage(RUNS)}


def test_a_table_is_made_in_four_formats_that_hold_the_same_numbers(frames):
    texts = evidence(**frames).table(TABLES["integrated"].specification(), "About *it*.")
    assert set(texts) == {"csv", "md", "tex", "html"}
    assert texts["csv"].splitlines()[1].startswith("mr,bert-base,integrated,ce,accuracy,85.0,7.07")
    assert "**85.00 ± 7.07**" in texts["md"]
    assert r"\textbf{85.00 $\pm$ 7.07}" in texts["tex"]
    assert "<strong>85.00 ± 7.07</strong>" in texts["html"]
    assert r"About \*it\*." in texts["md"]


def test_a_table_says_what_stands_behind_plus_minus_and_over_how_many_seeds(frames):
    runs = pd.concat([RUNS, RUNS.head(1).assign(seed=2)], ignore_index=True)
    for key in ("integrated", "comparison", "checklist"):
        texts = evidence(runs=runs).table(TABLES[key].specification(), "")
        for ending in ("md", "html"):
            assert "the sample standard deviation over seeds" in texts[ending]
            assert "each mean has 2–3;" in texts[ending]
    assert "standard deviation over" not in evidence(**frames).table(TABLES["corpora"].specification(), "")["md"]


def test_a_figure_is_drawn_from_the_rows_that_its_csv_holds(frames):
    study, output = evidence(**frames), FIGURES["learning_curves"].specification()
    texts, figure = study.figure(output, "What is seen.")
    assert texts == study.figure_texts(output, "What is seen.")
    assert texts["txt"] == "What is seen.\n"
    lines = texts["csv"].splitlines()
    assert lines[0] == "protocol,corpus,encoder,objective,epoch,mean,low,high,n_seeds,n_stopped"
    drawn = [line for axes in figure.axes for line in axes.get_lines() if line.get_label() in ("ce", "scl-ce")]
    assert sum(len(line.get_xdata()) for line in drawn) == len(lines) - 1


def test_a_caption_says_where_runs_are_missing(frames):
    partial = evidence(**{**frames, "coverage": coverage(RUNS, [True, False, True, True])})
    texts = partial.figure_texts(FIGURES["learning_curves"].specification(), "What is seen.")
    assert texts["txt"] == "What is seen. Stands on 3 of 4 planned runs, 1 to 2 of 2 seeds a cell.\n"


def test_names_are_in_force_while_a_product_is_made_and_not_beyond(frames):
    titles = {**names(), "corpus": [{"key": "mr", "title": "Another title"}]}
    texts = Evidence(frames, PUBLISHED, titles).table(TABLES["integrated"].specification(), "")
    assert "Another title" in texts["md"]
    assert corpus_name("mr") == REGISTRY["corpora"]["mr"].title


def test_frames_are_read_from_their_files_as_far_as_they_are_wanted(frames, tmp_path):
    paths = {name: tmp_path / f"{name}.parquet" for name in frames}
    for name, frame in frames.items():
        write_frame(name, frame, paths[name])
    assert set(Evidence.read(paths, PUBLISHED, names()).frames) == set(frames)
    read = Evidence.read({**paths, "trials": tmp_path / "none.parquet"}, PUBLISHED, names(), REPORTED)
    assert set(read.frames) == set(REPORTED)
    pd.testing.assert_frame_equal(read.frames["runs"], RUNS, check_dtype=False)


@pytest.mark.parametrize("name", ["integrated", "comparison"])
def test_frames_from_files_give_the_bytes_that_frames_in_memory_give(name, frames, tmp_path):
    paths = {name: tmp_path / f"{name}.parquet" for name in ("runs", "coverage")}
    for key, path in paths.items():
        write_frame(key, frames[key], path)
    output = TABLES[name].specification()
    assert Evidence.read(paths, PUBLISHED, names()).table(output, "") == evidence(**frames).table(output, "")


@pytest.mark.slow
def test_what_is_judged_and_tested_needs_these_frames_alone(frames):
    asked = {key: CLAIMS[key] for key in ("C4", "C1", "C5")}
    judged = evidence(**{name: frame for name, frame in frames.items() if name in JUDGED}).claims(asked)
    assert [row["id"] for row in json.loads(judged["json"])] == ["C1", "C4", "C5"]
    tested = evidence(**{name: frame for name, frame in frames.items() if name in TESTED}).significance()
    assert set(json.loads(tested["json"])) == {"pairs", "friedman", "seeds_needed"}
    assert len(tested["csv"].splitlines()) - 1 == len(json.loads(tested["json"])["pairs"])


def test_numbers_of_the_paper_have_the_names_that_outputs_may_read():
    assert set(READERS) < set(get_args(Read))
