"""In how many cells the best value of a setting lies in a band, and which of several settings moves a metric most."""

import math

import numpy as np
import pandas as pd
import pytest

from tests.support.claim_cases import near, sweep, tornado, verdict


def test_an_equal_best_counts_by_its_share_and_a_band_must_beat_a_pick_at_random():
    flat = sweep("labeled_fraction", [0.5] * 5).assign(test_macro_f1=0.9)
    found = verdict("C5", flat)
    assert found["value"] == pytest.approx(2 / 5)
    # three of the four values tried lie in the band, so three of four cells prove nothing
    crowded = sweep("labeled_fraction", [0.5, 0.6, 0.7, 0.9], values=(0.5, 0.6, 0.7, 0.9))
    assert verdict("C5", crowded)["verdict"] == "contradicted"
    assert "none of it above 75 %" in verdict("C5", crowded)["reason"]


def test_a_cell_counts_only_where_the_setting_changes_more_than_seeds_do():
    apart = sweep("labeled_fraction", [0.1, 0.1, 0.1, 0.1, 0.1])
    flat = apart["corpus"].isin(["r52", "ohsumed"])
    by_seed_alone = 0.8 + np.random.default_rng(0).normal(0, 0.01, len(apart))
    score = apart["test_macro_f1"].where(~flat, by_seed_alone)
    found = verdict("C5", apart.assign(test_macro_f1=score))
    assert (found["verdict"], found["n"]) == ("contradicted", 3)
    effects = {row["corpus"]: row["effect"] for row in found["numbers"]}
    assert effects == {"mr": True, "r8": True, "r52": False, "ohsumed": False, "20ng": True}
    # three seeds that agree on the order of five values: chi-square 12 at 4 degrees of freedom
    assert next(row["p"] for row in found["numbers"] if row["corpus"] == "mr") == pytest.approx(7 * math.exp(-6))
    (caveat,) = found["caveats"]
    assert caveat.startswith("R52 with BERT-base and Ohsumed with BERT-base do not count")
    nowhere = verdict("C5", apart.assign(test_macro_f1=0.8))
    assert nowhere["verdict"] == "undecided"
    assert "in no cell does labeled_fraction change the metric" in nowhere["reason"]


def test_swings_compare_only_multiples_tried_for_all_three():
    runs = tornado(0.02, 0.01, 0.005)
    wide = near({("mr", "gloss-o-ce+weight=x0.1"): 0.2, ("mr", "gloss-o-ce+labeled_fraction=0.1"): 0.1})
    found = verdict("C7", pd.concat([runs, wide], ignore_index=True))
    assert found["verdict"] == "confirmed"
    assert found["value"] == pytest.approx(0.01, abs=2e-3)
    (row,) = found["numbers"]
    means = runs.groupby("objective")["test_macro_f1"].mean()
    by_hand = means[[key for key in means.index if "sigma" in key or key == "gloss-o-ce"]]
    assert row["sigma"] == pytest.approx(by_hand.max() - by_hand.min())
    assert row["multiples"] == ["x0.9", "x1.1"]
    other = verdict("C7", tornado(0.02, 0.01, 0.005, corpus="r8"))
    assert (other["verdict"], other["scope_text"]) == ("undecided", "other data (corpus R8)")
    assert "a verdict needs MR" in other["reason"]
