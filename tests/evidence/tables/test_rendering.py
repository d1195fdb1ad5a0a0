"""Tables as files: escaped, marked, with their notes, and the same bytes each time."""

import io
import re

import pandas as pd
import pytest
from glossbench.evidence.tables import rendering
from glossbench.evidence.tables.layout import Layout
from made_up import runs
from registered import table_of

integrated = table_of("integrated")
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
    return integrated.tidy(runs(scores))


def flat(rows: int = 1, text: str = "x", **options) -> Layout:
    """A plain layout of one column of words and one of numbers."""
    table = pd.DataFrame({"Row": ["row"] * rows})
    return Layout.unranked(table, ["Row"], {"Words": [text] * rows, "Number": ["1"] * rows}, **options)


def test_latex_escapes_every_special_character(table):
    tex = rendering.to_latex(integrated.layout(table), "A caption")
    assert r"50\%\_of\&a$|$b$<$i$>$\#\{x\}" in tex
    assert "±" not in tex
    body = tex[tex.index(r"\begin") :]
    assert not re.search(r"(?<!\\)[%_#]", body)


def test_latex_rows_all_have_the_columns_of_the_tabular(table):
    lines = rendering.to_latex(integrated.layout(table), "A caption").splitlines()
    columns = len(re.search(r"\\begin\{tabular\}\{(\w+)\}", "\n".join(lines)).group(1))
    rows = [line for line in lines if line.endswith(r"\\")]
    assert len(rows) == 2 + 3
    for row in rows:
        spans = sum(int(n) - 1 for n in re.findall(r"\\multicolumn\{(\d+)\}", row))
        assert len(re.findall(r"(?<!\\)&", row)) + spans == columns - 1
    assert [lines[2], lines[-1]] == [r"\begin{tabular}{llrrrrr}", r"\end{tabular}"]


def test_latex_names_a_group_of_rows_once_and_spaces_the_groups(table):
    rows = rendering.to_latex(integrated.layout(table), "").splitlines()
    body = rows[rows.index(r"\midrule") + 1 : rows.index(r"\bottomrule")]
    assert [line.split(" & ")[0] for line in body] == ["MiniLM-L6", "", r"\addlinespace", "BERT-base"]
    assert r"\cmidrule(lr){3-4} \cmidrule(lr){5-6}" in rows


def test_a_long_table_goes_over_pages_and_a_short_one_floats():
    page, longer = (rendering.to_latex(flat(rows), "") for rows in (45, 46))
    assert r"\begin{tabular}{llr}" not in longer
    assert "longtable" not in page
    assert longer.index(r"\midrule") < longer.index(r"\endhead") < longer.index(r"\bottomrule")
    assert r"\usepackage{longtable}" in longer.splitlines()[1]


def test_best_and_second_best_are_marked_in_each_format(table):
    layout = integrated.layout(table)
    tex, md, html = (
        rendering.to_latex(layout, ""),
        rendering.to_markdown(layout, ""),
        rendering.to_html(layout),
    )
    assert r"\textbf{92.50 $\pm$ 3.54}" in tex
    assert r"\underline{85.00 $\pm$ 7.07}" in tex
    assert "**92.50 ± 3.54**" in md
    assert "<ins>85.00 ± 7.07</ins>" in md
    assert "<strong>92.50 ± 3.54</strong>" in html
    assert "<u>85.00 ± 7.07</u>" in html
    assert tex.count("textbf") == md.count("**") / 2 == html.count("<strong>") == 2  # accuracy and macro-F1


def test_markdown_and_html_escape_names(table):
    layout = integrated.layout(table)
    md, html = rendering.to_markdown(layout, "a|b"), rendering.to_html(layout)
    rows = [line for line in md.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {8}
    assert "<i>" not in html
    assert "a|b&lt;i&gt;#{x}" in html


def test_notes_stand_under_the_table_in_each_format_and_are_escaped():
    layout = flat().with_notes("5 % of *a*", None, "p < 0.05").with_notes("last")
    assert layout.notes == ("5 % of *a*", "p < 0.05", "last")
    tex, md, html = rendering.to_latex(layout, ""), rendering.to_markdown(layout, "Caption."), rendering.to_html(layout)
    assert md.endswith("\n\nCaption.\n\n5 % of \\*a\\*\n\np \\< 0.05\n\nlast\n")
    after = tex[tex.index(r"\end{tabular}") :].splitlines()[1:]
    assert after[1] == r"\par\medskip{\footnotesize p $<$ 0.05\par}"
    assert html.index("</table>") < html.index("<p>5 % of *a*</p>") < html.index("<p>p &lt; 0.05</p>")
    assert rendering.to_html(flat()).endswith("</table>")


def test_a_caption_of_several_lines_stays_a_comment_in_latex():
    tex = rendering.to_latex(flat(), "First line\nsecond line.")
    assert tex.splitlines()[0] == "% First line second line."


def test_words_are_set_flush_left_and_many_of_them_in_a_paragraph():
    short, many = flat(worded=["Words"]), flat(text="word " * 20, worded=["Words"])
    assert r"\begin{tabular}{llr}" in rendering.to_latex(short, "")
    assert r"\begin{tabular}{lp{0.3\linewidth}r}" in rendering.to_latex(many, "")
    assert rendering.to_markdown(short, "").splitlines()[1] == "| :--- | :--- | ---: |"


def test_rows_that_bear_the_same_name_are_kept_apart():
    tex, md, html = (
        rendering.to_latex(flat(3), ""),
        rendering.to_markdown(flat(3), ""),
        rendering.to_html(flat(3)),
    )
    assert tex.count("row & x & 1") == md.count("| row | x | 1 |") == html.count("<th>row</th>") == 3


def test_csv_is_tidy_and_reads_back_with_every_digit(table):
    read = pd.read_csv(io.StringIO(rendering.to_csv(table)))
    assert list(read) == [
        "corpus", "encoder", "protocol", "objective", "metric", "mean", "std", "n_seeds", "rank",
    ]  # fmt: skip
    pd.testing.assert_frame_equal(read, table, check_dtype=False, check_exact=True)
