"""Tables as files: escaped, marked, and the same bytes each time."""

import io
import re

import evidence_frames as frames
import pandas as pd
import pytest
from glossbench.evidence import rendering
from glossbench.evidence.tables import results

HOSTILE = r"50%_of&a|b<i>#{x}"


@pytest.fixture
def table() -> pd.DataFrame:
    """Three objectives on one corpus, one on another whose name every format must escape."""
    scores = {
        ("mr", "minilm-l6", "ce"): [0.8, 0.9],
        ("mr", "minilm-l6", "scl-ce"): [0.9, 0.95],
        ("mr", "minilm-l6", "scl"): [0.7],
        (HOSTILE, "minilm-l6", "ce"): [0.6],
    }
    return results.tidy(frames.runs(scores))


def test_latex_escapes_every_special_character(table):
    tex = rendering.to_latex(results.layout(table), "A caption")
    assert r"50\%\_of\&a$|$b$<$i$>$\#\{x\}" in tex
    assert "±" not in tex
    body = tex[tex.index(r"\begin") :]
    assert not re.search(r"(?<!\\)[%_#]", body)


def test_latex_rows_all_have_the_columns_of_the_tabular(table):
    lines = rendering.to_latex(results.layout(table), "A caption").splitlines()
    columns = len(re.search(r"\\begin\{tabular\}\{(\w+)\}", "\n".join(lines)).group(1))
    rows = [line for line in lines if line.endswith(r"\\")]
    assert len(rows) == 2 + 3
    for row in rows:
        spans = sum(int(n) - 1 for n in re.findall(r"\\multicolumn\{(\d+)\}", row))
        assert len(re.findall(r"(?<!\\)&", row)) + spans == columns - 1
    assert [lines[2], lines[-1]] == [r"\begin{tabular}{lllrrrrr}", r"\end{tabular}"]


def test_best_and_second_best_are_marked_in_each_format(table):
    layout = results.layout(table)
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
    layout = results.layout(table)
    md, html = rendering.to_markdown(layout, "a|b"), rendering.to_html(layout)
    rows = [line for line in md.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {9}
    assert "<i>" not in html
    assert "a|b&lt;i&gt;#{x}" in html


def test_csv_is_tidy_and_reads_back(table):
    read = pd.read_csv(io.StringIO(rendering.to_csv(table)))
    assert list(read) == [
        "corpus",
        "encoder",
        "objective",
        "protocol",
        "metric",
        "mean",
        "std",
        "n_seeds",
        "rank",
    ]
    pd.testing.assert_frame_equal(read, table, check_dtype=False, atol=1e-6)


def test_writing_twice_gives_the_same_bytes_whatever_the_order_of_the_runs(tmp_path, table):
    frame = frames.runs({("mr", "minilm-l6", "ce"): [0.8, 0.9], ("r8", "minilm-l6", "scl"): [0.7]})
    written = []
    for turn, given in enumerate([frame, frame.iloc[::-1]]):
        tidy = results.tidy(given)
        paths = [tmp_path / f"{turn}.{ending}" for ending in ("csv", "md", "tex")]
        rendering.write_table(tidy, results.layout(tidy), "A caption", *paths)
        written.append([path.read_bytes() for path in paths])
    assert written[0] == written[1]
