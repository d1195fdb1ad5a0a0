"""Texts: numbers as readers see them, titles and order that are in force, Markdown and JSON that every reader takes."""

import json
import math

import numpy as np
import pandas as pd
import pytest
from glossbench.evidence.text.json_text import to_json, to_jsonable
from glossbench.evidence.text.markdown import escaped, pipe_table
from glossbench.evidence.text.names import (
    arrange,
    corpus_name,
    encoder_name,
    entries,
    in_order,
    is_gloss,
    metric_name,
    naming,
    objective_name,
    protocol_name,
    tunes_sigma,
)
from glossbench.evidence.text.numbers import duration, mean_spread, number, signed, significant, span

from tests.support.made_up import INTEGRATED, STANDALONE
from tests.support.registered import REGISTRIES, names


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (number(1234.5, 1), "1,234.5"),
        (number(math.nan), "–"),
        (number(65.35, 1), "65.4"),  # halves go up on the decimal value: in binary, 65.35 is less than a half
        (number(0.6535 * 100, 1), "65.4"),
        (number(-0.125, 2), "-0.13"),
        (number(2.5), "3"),
        (number(math.inf), "inf"),
        (signed(1.005), "+1.01"),
        (signed(-1.005), "−1.01"),
        (signed(-0.004), "+0.00"),
        (significant(0.00012345, 4), "0.0001235"),
        (significant(2.675), "2.68"),
        (significant(0.0), "0"),
        (significant(110_500.0, 3), "1.11e+05"),
        (significant(2e-05), "2e-05"),
        (mean_spread(65.345, 0.125), "65.35 ± 0.13"),
        (mean_spread(85.6, math.nan), "85.60 ± –"),
        (mean_spread(math.nan, math.nan), "–"),
        (span(0.4, 0.6, significant), "0.4–0.6"),
        (span(0.5, 0.5000001, significant), "0.5"),
        (span(math.nan, math.nan, significant), "–"),
        (duration(16.25), "16.3 s"),
        (duration(122.5), "2 min 03 s"),
        (duration(7380), "2 h 03 min"),
        (duration(math.nan), "–"),
    ],
)
def test_numbers_are_formatted_for_readers(found, text):
    assert found == text


@pytest.mark.parametrize(
    ("key", "title"),
    [
        ("gloss-o-ce", "G-Loss-O + CE"),
        ("gloss-o-ce+labeled_fraction=0.3", "G-Loss-O + CE (γ = 0.3)"),
        ("scl@reference+temperature=0.1+batch_size=64", "SCL (reference, τ = 0.1, batch size = 64)"),
        ("my-loss", "my-loss"),
    ],
)
def test_objectives_have_readable_names(key, title):
    with naming(names(key)):
        assert objective_name(key) == title


def test_titles_and_order_are_the_registries():
    assert in_order(reversed(REGISTRIES.corpora), "corpus") == list(REGISTRIES.corpora)
    assert in_order(["zzz", "triplet", "ce", "aaa"], "objective") == ["ce", "triplet", "aaa", "zzz"]
    assert [corpus_name(key) for key in ("20ng", "nowhere")] == ["20NG", "nowhere"]
    gloss = {key for key in (*INTEGRATED, *STANDALONE) if is_gloss(key)}
    assert gloss == {"gloss-sqrt", "gloss-o", "gloss-sqrt-ce", "gloss-o-ce"}
    assert {key for key in (*INTEGRATED, *STANDALONE) if tunes_sigma(key)} == {"gloss-o", "gloss-o-ce"}
    assert is_gloss("gloss-o-ce@reference")
    assert not is_gloss("gloss-unheard-of")


def test_names_are_in_force_inside_their_block_alone():
    before = corpus_name("mr")
    with naming({"corpus": [{"key": "mr", "title": "Another title"}]}):
        assert corpus_name("mr") == "Another title"
        assert encoder_name("bert-base") == "bert-base"
        assert (protocol_name("integrated"), metric_name("macro_f1")) == ("Integrated", "Macro-F1")
        with naming({}):
            assert corpus_name("mr") == "mr"
        assert list(entries("corpus")) == ["mr"]
    assert corpus_name("mr") == before != "Another title"


def test_rows_are_arranged_by_names_then_by_values_or_given_orders():
    frame = pd.DataFrame({"corpus": ["zzz", "r8", "mr", "r8"], "seed": [0, 1, 0, 0], "protocol": "standalone"})
    rows = [["mr", 0], ["r8", 0], ["r8", 1], ["zzz", 0]]
    assert arrange(frame, ["corpus", "seed"])[["corpus", "seed"]].to_numpy().tolist() == rows
    assert arrange(frame, ["seed", "corpus"], seed=[1, 0])["corpus"].to_list() == ["r8", "mr", "r8", "zzz"]


def test_a_table_is_a_header_a_rule_and_its_rows_and_a_bar_is_escaped_once():
    assert pipe_table(["A", "B"], [["1", "2"], ["3", "4"]]) == "| A | B |\n| --- | --- |\n| 1 | 2 |\n| 3 | 4 |"
    assert pipe_table(["A", "B"], [], right=[False, True]) == "| A | B |\n| :--- | ---: |"
    assert pipe_table(["A"], [["a|b"], [r"a\|b"]]).splitlines()[2:] == [r"| a\|b |", r"| a\|b |"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("*a* _b_ `c`", r"\*a\* \_b\_ \`c\`"),
        ("[x]<y>|z|\\", r"\[x\]\<y\>\|z\|" + "\\\\"),
        (" two \n\nlines\t", "two lines"),
    ],
)
def test_no_character_of_a_text_means_anything_to_markdown(text, expected):
    assert escaped(text) == expected


def test_json_has_null_for_what_is_missing_or_infinite_and_no_types_of_libraries():
    frame = pd.DataFrame({"a": [1, pd.NA], "b": [math.nan, 0.5]}).astype({"a": "Int64"})
    value = {"rows": frame, "inf": -math.inf, "one": np.float64(1), "flag": np.bool_(True), 3: (np.int64(2), None)}
    rows = [{"a": 1, "b": None}, {"a": None, "b": 0.5}]
    expected = {"rows": rows, "inf": None, "one": 1.0, "flag": True, "3": [2, None]}
    assert json.loads(to_json(value), parse_constant=pytest.fail) == expected
    assert type(to_jsonable(np.int64(2))) is int
    assert to_json({"γ": "é"}) == '{\n "γ": "é"\n}\n'
