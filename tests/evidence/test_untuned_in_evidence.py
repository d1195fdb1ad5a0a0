"""Untuned objectives in the evidence: shown below a line, and part of no comparison, test, claim or figure."""

import pandas as pd
import pytest
from glossbench.evidence.figures import headline
from glossbench.evidence.report.overview import scores_table
from glossbench.evidence.report.runs_table import runs_table
from glossbench.evidence.tables import comparison
from glossbench.evidence.tables.rendering import to_html, to_latex
from glossbench.frames import contract_violations
from glossbench.paper import published_results
from glossbench.settings.study import load_study

from tests.support.made_up import cells, coverage, evidence, rising, runs, study_runs, untuned_runs
from tests.support.registered import CLAIMS, CONFIG, FACTS, FIGURES, LEAST, OUTPUTS, PUBLISHED, TABLES, table_of

integrated, standalone = table_of("integrated"), table_of("standalone")
CORPORA, BERT = ("mr", "r8", "r52"), "bert-base"
TRAINED = study_runs(cells(CORPORA, [BERT]), seeds=3)
UNTUNED_RUNS = untuned_runs({(corpus, BERT): 0.999 for corpus in CORPORA})
BOTH = pd.concat([TRAINED, UNTUNED_RUNS], ignore_index=True)


def made(frame):
    """Evidence of these runs; epochs are those of the trained ones."""
    epochs = rising(TRAINED, 5)
    return evidence(runs=frame, epochs=epochs, coverage=coverage(frame))


def test_the_made_up_untuned_keep_the_contract():
    assert contract_violations("runs", BOTH) == []


@pytest.mark.slow
def test_tests_of_differences_and_ranks_are_those_without_untuned():
    assert made(BOTH).significance() == made(TRAINED).significance()


@pytest.mark.slow
def test_verdicts_are_those_without_untuned():
    assert made(BOTH).claims(CLAIMS) == made(TRAINED).claims(CLAIMS)


@pytest.mark.parametrize(
    "key", [key for key, one in FIGURES.items() if {*one.reads} & {"runs", "epochs"} and key != "headline"]
)
def test_figures_of_training_are_those_without_untuned(key):
    """Their note on unfinished runs counts no untuned objectives either."""
    plan = FIGURES[key].specification()
    with_untuned, without = (
        evidence(runs=frame, epochs=rising(TRAINED, 5), coverage=coverage(frame, False)) for frame in (BOTH, TRAINED)
    )
    assert with_untuned.figure_texts(plan, "A caption.") == without.figure_texts(plan, "A caption.")


@pytest.mark.parametrize("key", ["silhouette", "models", "hyperparameters", "ttests"])
def test_tables_of_comparisons_are_those_without_untuned(key):
    plan = TABLES[key].specification()
    assert made(BOTH).table(plan, "A caption.") == made(TRAINED).table(plan, "A caption.")


@pytest.mark.parametrize("table", [integrated, standalone])
def test_untuned_are_rows_below_a_line_and_are_not_marked(table):
    two = untuned_runs({("mr", BERT): 0.999})
    trained = runs({("mr", BERT, key): [0.7 + n / 100] for n, key in enumerate(["ce", "scl-ce", "scl", "cosine"])})
    laid_out = table.layout(table.tidy(pd.concat([trained, two], ignore_index=True)))
    objectives = list(laid_out.cells.index.get_level_values("Objective"))
    assert objectives[-2:] == ["tf-idf", "Frozen encoder"]
    assert laid_out.lined == {2}
    assert laid_out.ranks.iloc[:2].to_numpy().any()
    assert not laid_out.ranks.iloc[2:].to_numpy().any()
    assert "99.90" in laid_out.cells.iloc[-1].to_list(), "one run by nature: no spread, not a missing one"
    assert any(note.startswith("Below the line") for note in laid_out.notes)


def test_the_line_is_a_rule_in_latex_and_a_class_in_html():
    encoders = {("mr", "distilbert"): 0.7, ("mr", BERT): 0.7}
    trained = runs({(*cell, "ce"): [0.8] for cell in encoders})
    laid_out = integrated.layout(integrated.tidy(pd.concat([trained, untuned_runs(encoders)], ignore_index=True)))
    lines = to_latex(laid_out, "").splitlines()
    below = [lines[place + 1].split(" & ")[1] for place, line in enumerate(lines) if line == r"\midrule"]
    assert below == ["CE", "tf-idf", "tf-idf"]
    assert lines.count(r"\addlinespace") == 1
    rows = to_html(laid_out).split("<tr")
    lined = [row for row in rows if row.startswith(' class="lined"')]
    assert [("tf-idf" in row, "Frozen" in row) for row in lined] == [(True, False)] * 2


def test_a_study_without_untuned_has_neither_line_nor_note():
    laid_out = integrated.layout(integrated.tidy(TRAINED))
    assert laid_out.lined == frozenset()
    assert not any("line" in note for note in laid_out.notes)


def test_untuned_stand_in_a_table_of_a_protocol_only_where_it_was_run():
    frame = pd.concat(
        [
            runs({("mr", BERT, "scl"): [0.8], ("r8", BERT, "ce"): [0.8]}),
            untuned_runs({("mr", BERT): 0.7, ("r8", BERT): 0.6}),
        ],
        ignore_index=True,
    )
    assert set(standalone.tidy(frame)["corpus"]) == {"mr"}
    assert set(integrated.tidy(frame)["corpus"]) == {"r8"}


def test_the_comparison_has_untuned_beside_what_the_paper_has_and_says_that_it_has_none():
    others = untuned_runs({("bbc-news", BERT): 0.9})
    table = comparison.tidy(pd.concat([BOTH, others], ignore_index=True), published_results(PUBLISHED), FACTS)
    rows = table[table["protocol"] == "untuned"]
    assert set(rows["corpus"]) == set(CORPORA)
    assert rows[["published_mean", "difference", "within_two_std"]].isna().all(axis=None)
    assert not rows["comparable"].any()
    cells = comparison.layout(rows[rows["metric"] == "accuracy"]).cells
    assert cells.iloc[0].to_list() == ["–", "99.90", "1", "–", "not in the paper"]


def test_the_runs_of_the_report_and_the_checklist_have_untuned():
    table = runs_table(BOTH)
    place = [key for key, *_ in table["columns"]].index("objective")
    texts = [[text for text, _ in row] for row in table["rows"]]
    assert [row[place] for row in texts].count("tf-idf") == len(CORPORA)
    assert not any({"nan", "None"} & set(row) for row in texts)
    csv = made(BOTH).table(TABLES["checklist"].specification(), "")["csv"]
    assert csv.count(",tfidf,") == len(CORPORA)


def test_untuned_are_among_the_scores_that_a_report_begins_with():
    shown = scores_table(BOTH).cells
    untuned = shown[shown.index.get_level_values("Protocol") == "Untuned"]
    assert set(untuned.index.get_level_values("Objective")) == {"tf-idf", "Frozen encoder"}
    assert untuned.iloc[0, 0] == "99.90"
    assert {"tfidf", "frozen"} <= set(headline.tidy(BOTH)["objective"])


def test_a_study_of_untuned_alone_fills_no_table_or_figure_of_training():
    study = load_study({**LEAST, "objectives": ["tfidf", "frozen"]}, "untuned.yaml", CONFIG)
    filled = {output.key for output in OUTPUTS if output.fillable(study)}
    assert filled == {"corpora", "deduplicated", "checklist", "headline", "method"}
