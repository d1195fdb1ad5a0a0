"""Markdown: tables and texts in which nothing is taken for a mark."""

import pytest
from glossbench.evidence.text.markdown import escaped, one_line, pipe_table


def test_a_table_is_a_header_a_rule_and_its_rows():
    assert pipe_table(["A", "B"], [["1", "2"], ["3", "4"]]) == "| A | B |\n| --- | --- |\n| 1 | 2 |\n| 3 | 4 |"
    assert pipe_table(["A", "B"], [], right=[False, True]) == "| A | B |\n| :--- | ---: |"


def test_a_bar_in_a_cell_is_escaped_once():
    assert pipe_table(["A"], [["a|b"], [r"a\|b"]]).splitlines()[2:] == [r"| a\|b |", r"| a\|b |"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("*a* _b_ `c`", r"\*a\* \_b\_ \`c\`"),
        ("[x]<y>|z|\\", r"\[x\]\<y\>\|z\|" + "\\\\"),
        (" two\nlines\t", "two lines"),
    ],
)
def test_no_character_of_a_text_means_anything_to_markdown(text, expected):
    assert escaped(text) == expected


def test_white_space_of_any_kind_is_one_space():
    assert one_line("  a \n\n b\t") == "a b"
