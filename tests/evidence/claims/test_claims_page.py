"""The verdicts as a page and as JSON."""

import json

import numpy as np
import pandas as pd
import pytest
from claim_cases import INTEGRATED, NO_EPOCHS, STANDALONE, won
from made_up import evidence
from registered import CLAIMS, ROOT


@pytest.fixture(scope="module")
def runs() -> pd.DataFrame:
    every = pd.concat([won("gloss-o-ce", INTEGRATED, 4), won("gloss-o", STANDALONE, 3)], ignore_index=True)
    return every[every["corpus"].isin(["mr", "r8", "r52"])]


@pytest.fixture(scope="module")
def told(runs) -> dict[str, str]:
    return evidence(runs=runs, epochs=NO_EPOCHS).claims(CLAIMS)


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
    rows = [
        line.strip("| ").split(" | ") for line in lines[: lines.index("## C1: " + verdicts[0])] if line.startswith("|")
    ]
    assert [tuple(row[:2]) for row in rows[2:]] == list(zip(CLAIMS, verdicts, strict=True))


def test_the_page_gives_scope_and_support_beside_each_verdict_and_what_the_judge_makes_of_the_papers_tables(told):
    for row in json.loads(told["json"]):
        if row["verdict"] != "not tested":
            assert f"| {row['id']} | {row['verdict']} | {row['scope']} | {row['support_text']} |" in told["md"]
            assert row["support_text"] in row["reason"]
    own = told["md"].split("## The paper's own tables")[1]
    assert "the rule on seeds is waived" in own
    assert all(f"| {claim} | undecided | " in own for claim in ("C1", "C2", "C3", "C8", "C9", "C10"))
    assert own.strip().split("\n\n")[-1] in (ROOT / "docs" / "results.md").read_text(encoding="utf-8")


def test_a_departure_that_all_verdicts_share_is_said_once_and_any_other_where_it_belongs(runs):
    alone = runs["objective"].isin(STANDALONE) | (runs["objective"] == "gloss-o")
    other = runs.assign(max_length=64, batch_size=np.where(alone, 16, 128))
    page = evidence(runs=other, epochs=NO_EPOCHS).claims(CLAIMS)["md"]
    head, *sections = page.split("\n## ")
    assert "\n- max length 64 instead of 128\n" in head
    assert page.count("max length 64") == 1
    for key, departs in {"C1": False, "C2": True, "C3": True}.items():
        section = next(section for section in sections if section.startswith(key))
        assert "Scope: other data (the departures above" in section
        assert ("batch size 16 instead of 128" in section) == departs


@pytest.mark.slow
def test_the_order_of_the_runs_changes_no_byte(runs, told):
    shuffled = evidence(runs=runs.iloc[::-1], epochs=NO_EPOCHS)
    assert shuffled.claims(CLAIMS) == told
