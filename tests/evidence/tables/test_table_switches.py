"""What one changed setting is worth, with numbers checked on paper and against scipy."""

import pandas as pd
import pytest
from glossbench.evidence.tables import switches
from made_up import runs
from registered import TABLES
from scipy import stats

SWITCHES = TABLES["switches"].settings["switches"]
PLAIN, CHANGED = [0.80, 0.82, 0.84, 0.81], [0.81, 0.85, 0.86, 0.80]
KEYS = {"gloss-o-ce": PLAIN, "gloss-o-ce+criterion=softmax": CHANGED, "gloss-o-ce+weight=0.5": CHANGED}
RUNS = runs({("mr", "bert-base", key): values for key, values in KEYS.items()})


def test_a_switch_is_the_paired_difference_with_its_interval():
    table = switches.tidy(RUNS, SWITCHES)
    assert set(table["setting"]) == {"criterion"}, "a weight is no disagreement"
    row = table[table["metric"] == "accuracy"].iloc[0]
    expected = stats.ttest_rel([100 * value for value in CHANGED], [100 * value for value in PLAIN])
    assert row["n"] == 4
    assert row["difference"] == pytest.approx(1.25)
    assert (row["low"], row["high"]) == pytest.approx(tuple(expected.confidence_interval()))
    laid_out = switches.layout(table, SWITCHES)
    assert laid_out.cells.index[0][-1] == "D1: criterion = softmax"
    assert laid_out.cells.iloc[0, 0].startswith("+1.25 [−1.")


def test_few_seeds_have_no_interval_and_a_note_says_so():
    table = switches.tidy(RUNS[RUNS["seed"] < 2], SWITCHES)
    assert table["low"].isna().all()
    laid_out = switches.layout(table, SWITCHES)
    assert laid_out.cells.iloc[0, 0] == "+2.00"
    assert laid_out.notes == ("Without an interval: 2 common seeds: a paired test needs 3.",)


def test_only_common_seeds_count_and_each_corpus_has_its_column():
    other = runs({("r8", "bert-base", key): {1: 0.9} for key in KEYS})
    table = switches.tidy(pd.concat([RUNS[RUNS.index != 0], other], ignore_index=True), SWITCHES)
    counts = table.drop_duplicates(["corpus"]).set_index("corpus")["n"].to_dict()
    assert counts == {"mr": 3, "r8": 1}
    assert list(switches.layout(table, SWITCHES).cells.columns.get_level_values(1)) == ["MR", "R8", "MR", "R8"]
