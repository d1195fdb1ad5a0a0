"""Evidence: from frames to every product, the same way for the workflow's scripts, for verify and for tests."""

from types import SimpleNamespace
from typing import get_args

import pandas as pd
import pytest
from glossbench.evidence.build import Evidence
from glossbench.evidence.notes import outside_note
from glossbench.evidence.text.names import naming
from glossbench.frames import write_frame
from glossbench.paper import READERS
from glossbench.settings.outputs import Read

from tests.support.made_up import corpora, coverage, evidence, projections, rising, runs, snapshots, trials
from tests.support.registered import FIGURES, OUTPUTS, PUBLISHED, TABLES, names

RUNS = runs({("mr", "bert-base", "ce"): [0.9, 0.8], ("mr", "bert-base", "scl-ce"): [0.7, 0.8]})


@pytest.fixture(scope="module")
def frames() -> dict[str, pd.DataFrame]:
    return {"runs": RUNS, "epochs": rising(RUNS, 3), "corpora": corpora("mr"), "coverage": coverage(RUNS)}


def test_a_table_is_made_in_four_formats_that_hold_the_same_numbers(frames):
    texts = evidence(**frames).table(TABLES["integrated"].specification(), "About *it*.")
    assert texts["csv"].splitlines()[1].startswith("mr,bert-base,integrated,ce,accuracy,85.0,7.07")
    marked = {"md": "**85.00 ± 7.07**", "tex": r"\textbf{85.00 $\pm$ 7.07}", "html": "<strong>85.00 ± 7.07</strong>"}
    assert {*texts} == {"csv", *marked}
    assert all(text in texts[ending] for ending, text in marked.items())
    assert r"About \*it\*." in texts["md"]


def test_a_table_says_what_is_behind_plus_minus_and_over_how_many_seeds(frames):
    runs = pd.concat([RUNS, RUNS.head(1).assign(seed=2)], ignore_index=True)
    for key in ("integrated", "comparison", "checklist"):
        text = evidence(runs=runs).table(TABLES[key].specification(), "")["md"]
        assert "the sample standard deviation over seeds" in text
        assert "each mean has 2–3;" in text
    assert "standard deviation over" not in evidence(**frames).table(TABLES["corpora"].specification(), "")["md"]


def test_runs_of_other_numerics_are_said_beside_each_table_and_figure(frames):
    runs = RUNS.assign(numerics=[2, 1, 2, 2])
    known = Evidence({**frames, "runs": runs}, PUBLISHED, names(), numerics=2)
    said = "1 of 4 runs are of code that gives other numbers (numerics 1, here 2)."
    assert said in known.table(TABLES["integrated"].specification(), "")["md"]
    assert said in known.figure_texts(FIGURES["headline"].specification(), "")["txt"]
    assert said not in evidence(**frames).table(TABLES["integrated"].specification(), "")["md"]


def test_a_table_of_searches_says_how_many_are_made_until_all_runs_are(frames):
    searched = trials(RUNS[RUNS["objective"] == "ce"])
    for finished in (False, True):
        planned = [coverage(RUNS, [True] * 4), coverage(RUNS.assign(corpus="r8"), [finished] * 4)]
        made = evidence(**{**frames, "trials": searched, "coverage": pd.concat(planned)})
        text = made.table(TABLES["search"].specification(), "")["md"]
        assert ("Made from 1 of 2 searches of these objectives." in text) == (not finished)


def test_a_preset_other_than_the_papers_code_is_not_in_the_paper():
    with naming(names("ce@strong")):
        note = outside_note(pd.DataFrame({"objective": ["ce", "ce@reference", "ce@strong"]}), ["ce"])
    assert note == "Not in the paper: CE (strong)."


@pytest.mark.parametrize("output", OUTPUTS, ids=lambda output: output.key)
def test_an_output_is_the_same_from_the_frames_that_its_rule_gives_it_as_from_all_frames(output, frames):
    more = {"trials": trials(RUNS), "snapshots": snapshots(size=8), "projections": projections({"a": 3}, ["scl"])}
    whole = {
        **frames,
        **more,
        "runs": RUNS.assign(numerics=[2, 1, 2, 2]),
        "coverage": coverage(RUNS, [True] * 3 + [False]),
    }
    given = {name: whole[name] for name in output.frames_in(SimpleNamespace(frames=list(whole)))}
    of_all, of_given = (
        made.table(output.specification(), "")
        if output.kind == "table"
        else made.figure_texts(output.specification(), "")
        for made in (Evidence(some, PUBLISHED, names(), numerics=2) for some in (whole, given))
    )
    assert of_given == of_all


def test_a_figure_is_drawn_from_the_rows_that_its_csv_holds(frames):
    study, output = evidence(**frames), FIGURES["learning_curves"].specification()
    texts, figure = study.figure(output, "What is seen.")
    assert texts == study.figure_texts(output, "What is seen.")
    assert texts["txt"] == "What is seen.\n"
    lines = texts["csv"].splitlines()
    assert lines[0] == "protocol,corpus,encoder,objective,epoch,mean,low,high,n_seeds,n_stopped"
    drawn = [line for axes in figure.axes for line in axes.get_lines() if line.get_label() in ("ce", "scl-ce")]
    assert sum(len(line.get_xdata()) for line in drawn) == len(lines) - 1
    partial = evidence(**{**frames, "coverage": coverage(RUNS, [True, False, True, True])})
    text = "What is seen. Made from 3 of 4 planned runs, 1 to 2 of 2 seeds per cell.\n"
    assert partial.figure_texts(output, "What is seen.")["txt"] == text


def test_frames_from_files_give_the_bytes_that_frames_in_memory_give(frames, tmp_path):
    paths = {name: tmp_path / f"{name}.parquet" for name in frames}
    for name, frame in frames.items():
        write_frame(name, frame, paths[name])
    whole = Evidence.read(paths, PUBLISHED, names())
    for key in ("integrated", "comparison"):
        output = TABLES[key].specification()
        assert whole.table(output, "") == evidence(**frames).table(output, "")


def test_numbers_of_the_paper_have_the_names_that_outputs_may_read():
    assert set(READERS) < set(get_args(Read))
