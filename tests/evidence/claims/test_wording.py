"""Numbers, intervals and needs of claims in words."""

import math

import numpy as np
import pytest
from claim_cases import INTEGRATED, per_seed, tornado, verdict, won
from glossbench.evidence.claims.comparisons import share_won
from glossbench.evidence.claims.wording import bounds, needed, shown
from glossbench.evidence.text.names import naming
from registered import CLAIMS, ROOT, names
from scipy import stats

NEEDED = {
    "C1": "G-Loss-O + CE or G-Loss-SQRT + CE beside CE and SCL + CE, on three corpora with 3 seeds.",
    "C5": "with values of γ both within and outside 0.5 – 0.7, on three corpora with 3 seeds.",
    "C7": "the same multiples (such as x0.9 and x1.1) of σ, λ and γ, on one corpus with 3 seeds.",
    "C10": "beside CE and SCL + CE, on SST-2 and QNLI with 3 seeds.",
}
DRAWN = "the middle 95 % of 10,000 joint draws of the cells' means, each cell's from Student's t over its seeds"


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (0.625, "share", "63 %"),
        (0.00125, "percent", "0.13 %"),
        (1.005, "ratio", "1.01"),
        (0.00285, "points", "+0.29 points"),
        (-0.01125, "points", "-1.13 points"),
        ((0.445, 1.005), "ratio", "[0.45, 1.01]"),
        ((-math.inf, 0.00125), "points", "[-∞, +0.13] points"),
        (-1e-9, "points", "+0.00 points"),
        (-1e-9, "ratio", "0.00"),
        (math.nan, "share", "–"),
    ],
)
def test_halves_are_rounded_up_on_the_decimal_value(value, kind, text):
    assert shown(value, kind) == text


def test_a_bound_has_three_digits_and_halves_are_rounded_up():
    assert bounds({"within": [1.12, 1.165]}, "ratio") == "from 1.12 to 1.17"
    assert bounds({"at_most": 0.01}, "percent") == "at most 1 %"
    assert bounds({"above": 0.5}, "share", at_least=0.6125) == "above 61.3 %"


def test_the_interval_of_a_share_of_cells_is_what_its_description_says():
    runs = per_seed(won("gloss-o-ce", INTEGRATED, 5), "gloss-o-ce", [0.80, 0.83, 0.86], "accuracy")
    found = verdict("C1", runs)
    assert found["interval_kind"] == f"{DRAWN}; it speaks of these cells, not of others"
    drawn = []
    for _, own in runs.groupby("corpus"):
        table = own.pivot_table("test_accuracy", "seed", "objective")[["gloss-o-ce", "ce", "scl-ce"]]
        of_cell = {"loc": table.mean(), "shape": table.cov() / len(table), "df": len(table) - 1}
        drawn.append(stats.multivariate_t(**of_cell, allow_singular=True).rvs(4000, random_state=len(drawn)))
    by_hand = np.quantile(share_won(drawn), [0.025, 0.975], method="inverted_cdf")
    assert found["interval"] == pytest.approx(by_hand)
    assert by_hand[0] < by_hand[1]


def test_the_interval_of_a_lead_is_described_as_symmetric_and_the_docs_describe_both():
    kind = verdict("C7", tornado(0.02, 0.01, 0.01))["interval_kind"]
    assert kind.startswith(f"as far to either side as {DRAWN} reaches to the farther one;")
    page = " ".join((ROOT / "docs/results.md").read_text(encoding="utf-8").split())
    assert "the means of all cells are drawn together 10,000 times" in page


@pytest.mark.parametrize("number", CLAIMS)
def test_every_claim_says_what_it_needs(number):
    with naming(names()):
        text = needed(CLAIMS[number])
    assert text.startswith("G-Loss-O")
    assert text.endswith(NEEDED.get(number, "seeds."))
