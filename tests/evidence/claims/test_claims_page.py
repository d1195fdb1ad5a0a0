"""The registry of the paper's claims, and the verdicts as a page and as JSON."""

import json
import re

import numpy as np
import pandas as pd
import pytest
import yaml
from glossbench.errors import SettingsError
from glossbench.settings.claims import claims_of, claims_text
from glossbench.settings.claims_file import load_claims
from glossbench.settings.yaml_file import read_yaml

from tests.support import markdown_tables
from tests.support.claim_cases import INTEGRATED, NO_EPOCHS, STANDALONE, won
from tests.support.made_up import evidence
from tests.support.registered import CLAIMS, CONFIG, ROOT


def test_the_registry_is_valid_and_has_the_papers_ten_claims_and_four_of_our_own():
    assert claims_of(claims_text(CLAIMS)) == CLAIMS
    assert list(CLAIMS) == [f"C{number}" for number in range(1, 11)] + [f"N{number}" for number in range(1, 5)]


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("C1", "holds"), {"over": 1}, 'C1.holds.over: unknown key'),
        (("C4", "measure", "kind"), "guess", 'C4.measure.kind: "guess" found, expected one of cells-won'),
        (("C9", "holds"), {"within": [1.12]}, "C9.holds.within: [1.12] found, expected two numbers"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_registry_is_one_line(path, value, message, tmp_path):
    changed = read_yaml(CONFIG / "claims.yaml")
    place = changed
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    file = tmp_path / "claims.yaml"
    file.write_text(yaml.safe_dump(changed))
    with pytest.raises(SettingsError) as caught:
        load_claims(tmp_path)
    assert str(caught.value).startswith(f"{file}: {message}")


@pytest.fixture(scope="module")
def runs() -> pd.DataFrame:
    every = pd.concat([won("gloss-o-ce", INTEGRATED, 4), won("gloss-o", STANDALONE, 3)], ignore_index=True)
    return every[every["corpus"].isin(["mr", "r8", "r52"])]


@pytest.fixture(scope="module")
def told(runs) -> dict[str, str]:
    return evidence(runs=runs, epochs=NO_EPOCHS).claims(CLAIMS)


def test_the_page_has_every_verdict_of_the_json_counted_and_beside_its_scope_and_support(told):
    verdicts = json.loads(told["json"])
    assert [row["id"] for row in verdicts] == list(CLAIMS)
    assert len({frozenset(row) for row in verdicts}) == 1
    lines = told["md"].splitlines()
    tables = [table[1:] for table in markdown_tables.tables(told["md"])[:2]]
    assert [row[:4] for table in tables for row in table] == [
        [row[key] or "–" for key in ("id", "verdict", "scope", "support_text")] for row in verdicts
    ]
    headings = {"C": "# The paper's claims: ", "N": "## Claims of our own: "}
    for row in verdicts:
        count = sum(other["verdict"] == row["verdict"] for other in verdicts if other["id"][0] == row["id"][0])
        (heading,) = (line for line in lines if line.startswith(headings[row["id"][0]]))
        assert f"{count} {row['verdict']}" in heading
        assert f"## {row['id']}: {row['verdict']}" in lines
        assert row["support_text"] in row["reason"]


def test_the_page_tells_what_the_judge_makes_of_the_papers_tables(told):
    own = told["md"].split("## The paper's own tables")[1]
    assert "the rule on seeds is waived" in own
    assert all(f"| {claim} | undecided | " in own for claim in ("C1", "C2", "C3", "C8", "C10"))
    assert "| C9 | confirmed | " in own
    assert own.strip().split("\n\n")[-1] in (ROOT / "docs" / "verdicts.md").read_text(encoding="utf-8")


def test_a_departure_that_all_verdicts_share_is_said_once_and_any_other_where_it_belongs(runs):
    alone = runs["objective"].isin(STANDALONE) | (runs["objective"] == "gloss-o")
    other = runs.assign(max_length=64, batch_size=np.where(alone, 16, 128))
    page = evidence(runs=other, epochs=NO_EPOCHS).claims(CLAIMS)["md"]
    head, *sections = re.split(r"\n## (?=[CN][0-9])", page)
    assert "\n- max length 64 instead of 128\n" in head
    assert page.count("max length 64") == 1
    for key, differs in {"C1": False, "C2": True, "C3": True}.items():
        section = next(section for section in sections if section.startswith(key))
        assert "Scope: other data (the differences above" in section
        assert ("batch size 16 instead of 128" in section) == differs


@pytest.mark.slow
def test_the_order_of_the_runs_changes_no_byte(runs, told):
    assert evidence(runs=runs.iloc[::-1], epochs=NO_EPOCHS).claims(CLAIMS) == told
