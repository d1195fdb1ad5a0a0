"""Tables as files: escaped, marked, with their notes, and the same bytes each time."""

import io
import re

import pandas as pd
import pytest
from glossbench.evidence.tables.layout import Layout
from glossbench.evidence.tables.rendering import to_csv, to_html, to_latex, to_markdown

from tests.support.made_up import runs
from tests.support.registered import table_of

HOSTILE = r"50%_of&a|b<i>#{x}"


@pytest.fixture
def table() -> pd.DataFrame:
    """Two objectives on one corpus, one on another whose name every format must escape."""
    scores = {
        ("mr", "minilm-l6", "ce"): [0.8, 0.9],
        ("mr", "minilm-l6", "scl-ce"): [0.9, 0.95],
        ("mr", "bert-base", "ce"): [0.7],
        (HOSTILE, "minilm-l6", "ce"): [0.6],
    }
    return table_of("integrated").tidy(runs(scores))


@pytest.fixture
def layout(table) -> Layout:
    return table_of("integrated").layout(table)


def flat(rows: int = 1, text: str = "x", **options) -> Layout:
    """A plain layout of one column of words and one of numbers."""
    table = pd.DataFrame({"Row": ["row"] * rows})
    return Layout.unranked(table, ["Row"], {"Words": [text] * rows, "Number": ["1"] * rows}, **options)


def test_latex_escapes_every_special_character_and_rows_have_the_columns_of_the_tabular(layout):
    tex = to_latex(layout, "A caption")
    assert r"50\%\_of\&a$|$b$<$i$>$\#\{x\}" in tex
    assert "±" not in tex
    assert not re.search(r"(?<!\\)[%_#]", tex[tex.index(r"\begin") :])
    lines = tex.splitlines()
    assert [lines[2], lines[-1]] == [r"\begin{tabular}{llrrrrr}", r"\end{tabular}"]
    rows = [line for line in lines if line.endswith(r"\\")]
    assert len(rows) == 2 + 3
    for row in rows:
        spans = sum(int(n) - 1 for n in re.findall(r"\\multicolumn\{(\d+)\}", row))
        assert len(re.findall(r"(?<!\\)&", row)) + spans == 7 - 1


def test_latex_names_a_group_of_rows_once_and_spaces_the_groups(layout):
    rows = to_latex(layout, "First line\nsecond line.").splitlines()
    assert rows[0] == "% First line second line."
    body = rows[rows.index(r"\midrule") + 1 : rows.index(r"\bottomrule")]
    assert [line.split(" & ")[0] for line in body] == ["MiniLM-L6", "", r"\addlinespace", "BERT-base"]
    assert r"\cmidrule(lr){3-4} \cmidrule(lr){5-6}" in rows


def test_a_long_table_goes_over_pages_and_a_short_one_floats():
    page, longer = (to_latex(flat(rows), "") for rows in (45, 46))
    assert r"\begin{tabular}{llr}" not in longer
    assert "longtable" not in page
    assert longer.index(r"\midrule") < longer.index(r"\endhead") < longer.index(r"\bottomrule")
    assert r"\usepackage{longtable}" in longer.splitlines()[1]


def test_best_and_second_best_are_marked_in_each_format(layout):
    tex, md, html = to_latex(layout, ""), to_markdown(layout, ""), to_html(layout)
    assert all(text in tex for text in (r"\textbf{92.50 $\pm$ 3.54}", r"\underline{85.00 $\pm$ 7.07}"))
    assert all(text in md for text in ("**92.50 ± 3.54**", "<ins>85.00 ± 7.07</ins>"))
    assert all(text in html for text in ("<strong>92.50 ± 3.54</strong>", "<u>85.00 ± 7.07</u>"))
    assert tex.count("textbf") == md.count("**") / 2 == html.count("<strong>") == 2  # accuracy and macro-F1


def test_notes_are_below_the_table_in_each_format_and_are_escaped():
    layout = flat().with_notes("5 % of *a*", None, "p < 0.05").with_notes("last")
    assert layout.notes == ("5 % of *a*", "p < 0.05", "last")
    tex, html = to_latex(layout, ""), to_html(layout)
    assert to_markdown(layout, "Caption.").endswith("\n\nCaption.\n\n5 % of \\*a\\*\n\np \\< 0.05\n\nlast\n")
    after = tex[tex.index(r"\end{tabular}") :].splitlines()[1:]
    assert after[1] == r"\par\medskip{\footnotesize p $<$ 0.05\par}"
    assert html.index("</table>") < html.index("<p>5 % of *a*</p>") < html.index("<p>p &lt; 0.05</p>")
    assert to_html(flat()).endswith("</table>")


def test_words_are_set_flush_left_and_many_of_them_in_a_paragraph():
    short, many = flat(worded=["Words"]), flat(text="word " * 20, worded=["Words"])
    assert r"\begin{tabular}{llr}" in to_latex(short, "")
    assert r"\begin{tabular}{lp{0.3\linewidth}r}" in to_latex(many, "")
    assert to_markdown(short, "").splitlines()[1] == "| :--- | :--- | ---: |"


def test_rows_that_bear_the_same_name_are_kept_apart():
    tex, md, html = to_latex(flat(3), ""), to_markdown(flat(3), ""), to_html(flat(3))
    assert tex.count("row & x & 1") == md.count("| row | x | 1 |") == html.count("<th>row</th>") == 3


def test_csv_is_tidy_and_reads_back_with_every_digit(table):
    read = pd.read_csv(io.StringIO(to_csv(table)))
    assert list(read) == ["corpus", "encoder", "protocol", "objective", "metric", "mean", "std", "n_seeds", "rank"]
    pd.testing.assert_frame_equal(read, table, check_dtype=False, check_exact=True)
