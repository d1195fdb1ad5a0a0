"""Which of several settings moves a metric most."""

import pandas as pd
import pytest
from claim_cases import near, tornado, verdict


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
