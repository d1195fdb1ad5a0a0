"""Claims of the registry are driven to each verdict they can have, by runs whose answer is known."""

import math

import pandas as pd
import pytest
from glossbench.evidence.claims.judging import decided, judge

from tests.support.claim_cases import (
    INTEGRATED,
    NO_EPOCHS,
    RUN,
    STANDALONE,
    STOPS,
    costs,
    everywhere,
    large,
    near,
    per_seed,
    seconds,
    sweep,
    timed,
    tornado,
    verdict,
    weighed,
    won,
)
from tests.support.made_up import keyed
from tests.support.registered import CLAIMS, FACTS

VERDICTS = ["confirmed", "contradicted", "undecided", "not tested"]
MEASURED_AS = {"C6": "C5", "N1": "C1", "N2": "C8", "N3": "C8"}  # claims that are measured as others are
WAVERING = [0.70, 0.70, 1.05]  # above every baseline by one seed only
CASES = {
    ("C1", "confirmed"): lambda: {"runs": won("gloss-o-ce", INTEGRATED, 4)},
    ("C1", "contradicted"): lambda: {"runs": won("gloss-o-ce", INTEGRATED, 2)},
    ("C1", "undecided"): lambda: {"runs": per_seed(won("gloss-o-ce", INTEGRATED, 5), "gloss-o-ce", WAVERING, "accuracy")},
    ("C1", "not tested"): lambda: {"runs": near(everywhere({"gloss-o-ce": 0.9, "ce": 0.8}))},
    ("C2", "confirmed"): lambda: {"runs": costs("stop_epoch", STOPS)},
    ("C2", "contradicted"): lambda: {"runs": costs("stop_epoch", STOPS | {"cosine": [10, 11, 14, 20, 48]})},
    ("C2", "undecided"): lambda: {"runs": costs("stop_epoch", STOPS | {"cosine": [20, 25, 28, 41, 89]})},
    ("C2", "not tested"): lambda: {"runs": costs("stop_epoch", {"gloss-o": [10] * 5})},
    ("C3", "confirmed"): lambda: {"runs": won("gloss-o", STANDALONE, 3)},
    ("C3", "contradicted"): lambda: {"runs": won("gloss-o", STANDALONE, 0)},
    ("C3", "undecided"): lambda: {"runs": won("gloss-o", STANDALONE, 5, seeds=2)},
    ("C3", "not tested"): lambda: {"runs": won("gloss-o", STANDALONE, 5).assign(test_macro_silhouette=math.nan)},
    ("C4", "confirmed"): lambda: timed(0.009),
    ("C4", "contradicted"): lambda: timed(0.03),
    ("C4", "undecided"): lambda: timed(0.01),
    ("C4", "not tested"): lambda: timed(0.0, objective="scl"),
    ("C5", "confirmed"): lambda: {"runs": sweep("labeled_fraction", [0.5, 0.7, 0.6])},
    ("C5", "contradicted"): lambda: {"runs": sweep("labeled_fraction", [0.1, 0.9, 0.3, 0.5])},
    ("C5", "undecided"): lambda: {"runs": sweep("labeled_fraction", [0.5, 0.7])},
    ("C5", "not tested"): lambda: {"runs": sweep("labeled_fraction", [0.5, 0.7, 0.6], values=(0.5, 0.6, 0.7))},
    ("C6", "confirmed"): lambda: {"runs": sweep("weight", [0.7, 0.9, 0.9])},
    ("C7", "confirmed"): lambda: {"runs": tornado(0.02, 0.01, 0.01)},
    ("C7", "contradicted"): lambda: {"runs": tornado(0.01, 0.01, 0.02)},
    ("C7", "undecided"): lambda: {"runs": tornado(0.02, 0.02, 0.01)},
    ("C7", "not tested"): lambda: {"runs": tornado(0.02, 0.01, 0.01).query("setting != 'weight'")},
    ("C8", "confirmed"): lambda: {"runs": near(everywhere({**STANDALONE, "gloss-o": 0.83}))},
    ("C8", "contradicted"): lambda: {"runs": near(everywhere({**STANDALONE, "gloss-o": 0.805}))},
    ("C8", "undecided"): lambda: {"runs": won("gloss-o", STANDALONE, 3)},
    ("C8", "not tested"): lambda: {"runs": near(everywhere({**STANDALONE, "gloss-sqrt": 0.83}))},
    ("C9", "confirmed"): lambda: {"runs": seconds([1.16, 1.17, 1.18, 1.17, 1.16])},
    ("C9", "contradicted"): lambda: {"runs": seconds([1.12, 1.13, 1.11, 1.12, 1.13])},
    ("C9", "undecided"): lambda: {"runs": seconds([1.05, 1.25, 1.12, 1.15, 1.2])},
    ("C9", "not tested"): lambda: {"runs": seconds([1.14] * 5).assign(seconds_per_epoch=math.nan)},
    ("C10", "confirmed"): lambda: {"runs": large([0.01, 0.012, 0.011, 0.009, 0.01, 0.01])},
    ("C10", "contradicted"): lambda: {"runs": large([-0.01, -0.012, -0.011, -0.009, -0.01, -0.01])},
    ("C10", "undecided"): lambda: {"runs": large([0.01, -0.012, 0.011, 0.009, -0.01, 0.01])},
    ("C10", "not tested"): lambda: {"runs": won("gloss-o-ce", INTEGRATED, 5)},
    ("N1", "confirmed"): lambda: {"runs": won("gloss-k-ce", INTEGRATED, 4)},
    ("N2", "confirmed"): lambda: {"runs": won("gloss-k-ce", {"gloss-o-ce": 0.8}, 5)},
    ("N3", "confirmed"): lambda: {"runs": won("gloss-k", {"gloss-o": 0.8}, 5)},
    ("N4", "confirmed"): lambda: {"runs": weighed(0.8, 0.8)},
    ("N4", "contradicted"): lambda: {"runs": weighed(0.8, 0.78)},
    ("N4", "undecided"): lambda: {"runs": weighed(0.8, 0.79)},
    ("N4", "not tested"): lambda: {"runs": weighed(0.8, 0.8).query("not objective.str.contains('sigma=10')")},
}  # fmt: skip


@pytest.mark.parametrize(
    ("claim", "expected"),
    [(claim, expected) for claim in CLAIMS for expected in VERDICTS[: 1 if claim in MEASURED_AS else None]],
)
def test_every_claim_can_be_confirmed_and_one_of_each_measure_driven_to_every_verdict(claim, expected):
    found = verdict(claim, **CASES[claim, expected]())
    assert found["verdict"] == expected, found["reason"]
    frames = {"epochs": NO_EPOCHS, **CASES[claim, expected]()}
    assert decided(CLAIMS[claim], frames, FACTS) == expected
    assert found["reason"].endswith(".")
    assert (found["scope"] is None) == (expected == "not tested")
    assert (found["value"] is None) == (expected == "not tested")
    if expected in ("confirmed", "contradicted"):
        low, high = found["interval"]
        assert low <= found["value"] + 1e-12
        assert found["value"] - 1e-12 <= high


def test_the_tuned_sigma_stands_for_gloss_before_the_estimated_one_cell_by_cell():
    both = near(everywhere({**INTEGRATED, "gloss-sqrt-ce": 0.9, "gloss-o-ce": 0.7}))
    assert verdict("C1", both)["verdict"] == "contradicted"
    only_sqrt = both[both["objective"] != "gloss-o-ce"]
    found = verdict("C1", only_sqrt)
    assert found["verdict"] == "confirmed"
    assert found["caveats"] == ["G-Loss-SQRT + CE stands for G-Loss where G-Loss-O + CE was not run"]
    mixed = verdict("C1", both[(both["objective"] != "gloss-o-ce") | (both["corpus"] == "mr")])
    assert mixed["value"] == pytest.approx(4 / 5)


@pytest.mark.parametrize("variant", ["@reference", ",labeled_fraction=0.5"])
def test_presets_and_varied_settings_never_count_as_the_bare_objective(variant):
    runs = won("gloss-o-ce", INTEGRATED, 5)
    extra = keyed(runs.assign(objective=runs["objective"] + variant, test_accuracy=0.999))
    found = verdict("C1", pd.concat([runs, extra], ignore_index=True))
    assert (found["verdict"], found["n_runs"]) == ("confirmed", len(runs))
    assert verdict("C1", extra)["verdict"] == "not tested"
    assert verdict("C4", **timed(0.5, f"gloss-o{variant}"))["verdict"] == "not tested"


def test_only_common_seeds_are_compared():
    runs = won("gloss-o-ce", INTEGRATED, 5)
    lucky = runs[(runs["objective"] == "ce") & (runs["seed"] == 0)].assign(seed=9, test_accuracy=1.0)
    found = verdict("C1", pd.concat([runs, lucky], ignore_index=True))
    assert (found["value"], found["n_runs"]) == (1.0, len(runs))
    assert found["reason"].startswith("100 %, in 5 of 5 cells, ")
    assert found["reason"].endswith("(5 of 5 cells, 3 seeds, 0 censored).")


def test_on_one_run_alone_no_claim_is_tested():
    verdicts = judge(CLAIMS, FACTS, RUN, NO_EPOCHS)
    assert [(row["id"], row["verdict"]) for row in verdicts] == [(key, "not tested") for key in CLAIMS]
