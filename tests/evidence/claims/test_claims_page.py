"""The verdicts as a page and as JSON."""

import json

import pandas as pd
import pytest
from claim_cases import INTEGRATED, STANDALONE, timed, won
from made_up import evidence
from registered import CLAIMS


@pytest.fixture(scope="module")
def runs() -> pd.DataFrame:
    every = pd.concat([won("gloss-o-ce", INTEGRATED, 4), won("gloss-o", STANDALONE, 3)], ignore_index=True)
    return every[every["corpus"].isin(["mr", "r8", "r52"])]


@pytest.fixture(scope="module")
def told(runs) -> dict[str, str]:
    return evidence(runs=runs, epochs=timed([0.008, 0.009, 0.0095])).claims(CLAIMS)


def test_the_page_and_the_json_hold_every_claim(told):
    verdicts = json.loads(told["json"])
    assert [row["id"] for row in verdicts] == list(CLAIMS)
    assert len({frozenset(row) for row in verdicts}) == 1
    assert told["md"].startswith("# The paper's claims: ")
    for row in verdicts:
        assert f"\n## {row['id']}: {row['verdict']}\n" in told["md"]


def test_the_page_counts_the_verdicts_and_has_a_row_for_each_claim(told):
    verdicts = [row["verdict"] for row in json.loads(told["json"])]
    heading, *lines = told["md"].splitlines()
    for verdict in set(verdicts):
        assert f"{verdicts.count(verdict)} {verdict}" in heading
    _, _, *rows = [line.strip("| ").split(" | ") for line in lines if line.startswith("|")]
    assert [tuple(row[:2]) for row in rows] == list(zip(CLAIMS, verdicts, strict=True))


def test_the_order_of_the_runs_changes_no_byte(runs, told):
    shuffled = evidence(runs=runs.iloc[::-1], epochs=timed([0.008, 0.009, 0.0095]))
    assert shuffled.claims(CLAIMS) == told
