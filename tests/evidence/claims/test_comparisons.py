"""What is compared with each baseline, how the numbers are worded, and whether an interval lies where a claim holds."""

import math

import numpy as np
import pandas as pd
import pytest
from glossbench.evidence.claims.comparisons import share_won
from glossbench.evidence.claims.measurement import Measurement, decide, least_favourable
from glossbench.evidence.claims.wording import bounds, formatted, needed
from glossbench.evidence.text.names import naming
from glossbench.settings.claims import Condition, compared_in
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import TTestPower

from tests.support.claim_cases import INTEGRATED, STANDALONE, everywhere, near, per_seed, tornado, verdict, won
from tests.support.made_up import CORPORA
from tests.support.registered import CLAIMS, names

NEEDED = {
    "C1": "G-Loss-O + CE or G-Loss-SQRT + CE beside CE and SCL + CE, on three corpora with 3 seeds.",
    "C5": "with values of γ both within and outside 0.5 – 0.7, on three corpora with 3 seeds.",
    "C7": "the same multiples (such as x0.9 and x1.1) of σ, λ and γ, on one corpus with 3 seeds.",
    "C10": "beside CE and SCL + CE, on SST-2 and QNLI with 3 seeds.",
    "N4": "beside G-Loss-O + CE (σ = 3, λ = 0.9642857), on three corpora with 3 seeds.",
}
DRAWN = "the middle 95 % of 10,000 joint draws of the cells' means, each cell's from Student's t over its seeds"


def measured(low: float, high: float, value: float = 1.0, **more) -> Measurement:
    return Measurement(value, low, high, n=3, unit="cells", interval="", runs=frozenset(), **more)


@pytest.mark.parametrize(
    ("holds", "interval", "more", "expected"),
    [
        ({"above": 0}, (0.0, 1.0), {}, "undecided"),  # the bound itself is not above it
        ({"above": 0}, (-1.0, 0.0), {}, "contradicted"),
        ({"below": 1}, (0.5, 0.9), {}, "confirmed"),
        ({"at_most": 1}, (0.5, 1.0), {}, "confirmed"),
        ({"at_most": 1}, (1.0, 1.5), {}, "undecided"),
        ({"within": [1, 2]}, (1.0, 2.0), {}, "confirmed"),
        ({"within": [1, 2]}, (0.5, 1.5), {}, "undecided"),
        ({"within": [1, 2]}, (0.5, 2.5), {}, "undecided"),
        ({"within": [1, 2]}, (2.1, 2.5), {}, "contradicted"),
        ({"within": [1, 2]}, (math.nan, math.nan), {}, "undecided"),
        # contradicting by one of several baselines takes the wider interval
        ({"above": 0}, (-1.9, -0.1), {"wide": (-2.1, 0.1)}, "undecided"),
        ({"above": 0}, (1.0, 2.0), {"missing": "1 of the 3 cells that a verdict needs"}, "undecided"),
        ({"above": 0.5}, (0.6, 0.7), {"at_least": 0.75}, "contradicted"),
    ],
)
def test_the_rule_needs_the_whole_interval_on_one_side(holds, interval, more, expected):
    assert decide(measured(*interval, **more), Condition(**holds)) == expected


def test_one_contradicting_measurement_contradicts_and_all_must_confirm():
    good, bad, open_ = measured(0.1, 0.9), measured(-2.0, -0.1), measured(-0.1, 0.9)
    assert least_favourable([good, open_, bad], Condition(above=0)) is bad
    assert least_favourable([open_, good], Condition(above=0)) is open_
    three = [measured(2.0, 3.0), measured(1.0, 3.0), measured(2.0, 4.0)]
    assert [least_favourable(three, holds) for holds in (Condition(above=0), Condition(below=5))] == three[1:]


def test_a_baseline_that_was_not_run_leaves_the_claim_open_but_can_not_save_it():
    ours = {"scl": 0.80, "gloss-o": 0.83}
    found = verdict("C8", near(everywhere(ours)))
    assert found["verdict"] == "undecided"
    assert "triplet and cosine were not run beside it" in found["reason"]
    assert found["value"] == pytest.approx(0.03, abs=2e-3)
    worse = verdict("C8", near(everywhere(ours | {"gloss-o": 0.78})))
    assert worse["verdict"] == "contradicted"


def test_a_verdict_stands_beside_what_its_runs_can_show():
    runs = per_seed(won("gloss-o-ce", INTEGRATED, 5), "gloss-o-ce", [0.80, 0.83, 0.86], "accuracy")
    found = verdict("C1", runs)
    p_values, cells = {}, [row for row in found["numbers"] if "best_baseline" in row]
    for corpus, own in runs.groupby("corpus"):
        table = own.pivot_table("test_accuracy", "seed", "objective")
        p_values |= {(corpus, key): stats.ttest_rel(table["gloss-o-ce"], table[key]).pvalue for key in INTEGRATED}
        (row,) = (row for row in cells if row["corpus"] == corpus)
        difference = table["gloss-o-ce"] - table[row["best_baseline"]]
        power = TTestPower().power(row["smallest"] / difference.std(), len(table), 0.05)
        assert power == pytest.approx(0.8, abs=1e-6)
    adjusted = dict(zip(p_values, multipletests([*p_values.values()], method="holm")[1], strict=True))
    expected = [pytest.approx(adjusted[row["corpus"], row["best_baseline"]]) for row in cells]
    assert [row["p_holm"] for row in cells] == expected
    seen, means, by_f1, without = found["noise"]
    assert seen.endswith(" from the best baseline of a cell, and Holm's p is 1")
    assert means == "Mean over cells: G-Loss-O + CE 83.00 %, CE 81.98 %, SCL + CE 83.03 %"
    assert (found["macro_f1_verdict"], by_f1) == ("confirmed", "By macro-F1: confirmed")  # only accuracy wavers
    assert without == "Without any one corpus: the same"


def test_the_verdict_without_each_corpus_is_told():
    found = verdict("C1", won("gloss-o-ce", INTEGRATED, 3))  # on the first three of five; half of four is not most
    won_on, lost_on = CORPORA[:3], CORPORA[3:]
    assert found["without_verdicts"] == dict.fromkeys(won_on, "contradicted") | dict.fromkeys(lost_on, "confirmed")
    assert found["noise"][-3:] == ["Without MR: contradicted", "Without R8: contradicted", "Without R52: contradicted"]
    three = verdict("C1", won("gloss-o-ce", INTEGRATED, 3).query("corpus in @won_on"))
    assert (three["verdict"], three["without_verdicts"]) == ("confirmed", {})


def test_encoders_of_one_corpus_are_one_observation():
    runs = near(everywhere({**STANDALONE, "gloss-o": 0.83}, CORPORA[:3]))
    both = pd.concat([runs, runs.assign(encoder="roberta-large")], ignore_index=True)
    assert verdict("C8", both.assign(n_train=1))["n"] == 3


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
    assert formatted(value, kind) == text


def test_a_bound_has_three_digits_and_halves_are_rounded_up():
    assert bounds(Condition(within=(1.12, 1.165)), "ratio") == "from 1.12 to 1.17"
    assert bounds(Condition(at_most=0.01), "percent") == "at most 1 %"
    assert bounds(Condition(above=0.5), "share", at_least=0.6125) == "above 61.3 %"


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
    kind = verdict("C7", tornado(0.02, 0.01, 0.01))["interval_kind"]
    assert kind.startswith(f"as far to either side as {DRAWN} reaches to the farther one;")


@pytest.mark.parametrize("number", CLAIMS)
def test_every_claim_says_what_it_needs(number):
    with naming(names(*compared_in(CLAIMS))):
        text = needed(CLAIMS[number])
    assert text.startswith("G-Loss-K" if number in ("N1", "N2", "N3") else "G-Loss-O")
    assert text.endswith(NEEDED.get(number, "seeds."))
