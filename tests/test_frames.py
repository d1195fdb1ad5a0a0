"""The contract between learning and evidence: what satisfies it, what breaks it, and who is told."""

import numpy as np
import pandas as pd
import pytest
from glossbench.errors import GlossbenchError
from glossbench.frames import CONTRACT, ROW_KEYS, contract_violations, with_objective_columns, write_frame
from glossbench.settings.keys import ObjectiveKey

from tests.support.made_up import (
    ablations,
    cells,
    corpora,
    coverage,
    curves,
    keyed,
    paper_cells,
    projections,
    rising,
    runs,
    scored,
    snapshots,
    study_runs,
    trials,
)

RUNS = runs({("mr", "bert-base", "gloss-o"): [0.9, 0.8], ("my-corpus", "my-encoder", "ce+batch_size=64"): [0.7]})
FRAMES = {
    "runs": RUNS,
    "epochs": rising(RUNS, 3),
    "corpora": corpora("mr", "r8"),
    "trials": trials(RUNS),
    "projections": projections({"a": 2, "b": 3}, ("ce", "scl"), (0, 1)),
    "snapshots": snapshots(size=4, epochs=(0, 1)),
    "coverage": coverage(RUNS, [True, False, True]),
}
CHANCE = np.random.default_rng(0)
OTHERS = {
    "runs of the paper's grid": ("runs", study_runs(paper_cells(), seeds=1)),
    "runs of the ablations": ("runs", study_runs(cells(["mr"], ["bert-base"], ablations()), seeds=1)),
    "runs from scores": ("runs", scored({"scl@reference+temperature=x0.5": {3: 0.5}, "triplet": [0.5]})),
    "epochs from curves": ("epochs", curves({("ce", 0): [0.5, 0.6], ("scl", 2): [0.1]})),
    "drawn trials": ("trials", trials(RUNS, count=3, chance=CHANCE)),
    "runs with other keys": ("runs", keyed(RUNS.assign(objective=["ce", "scl@reference", "scl+margin=x2"]))),
    "trials with other keys": ("trials", keyed(trials(RUNS).assign(objective="ce@reference"))),
}


@pytest.mark.parametrize("case", OTHERS)
def test_whatever_the_made_up_frames_are_made_of_they_satisfy_their_contract(case):
    assert contract_violations(*OTHERS[case]) == []


def test_a_column_that_is_missing_is_named():
    for name, columns in CONTRACT.items():
        for column in columns:
            found = contract_violations(name, FRAMES[name].drop(columns=column))
            assert found == [f"no column {column}"], f"{name} without {column}"


def test_columns_beyond_the_contract_are_welcome():
    assert contract_violations("runs", RUNS.assign(mood="good")) == []


@pytest.mark.parametrize(
    ("name", "column", "value", "kind"),
    [
        ("runs", "corpus", 3, "text"),
        ("runs", "setting", 0.5, "text"),
        ("runs", "n_test", 0.5, "count"),
        ("runs", "sigma", "sqrt", "number"),
        ("runs", "sigma", True, "number"),
        ("runs", "test_accuracy", 90.0, "fraction"),
        ("runs", "test_macro_silhouette", -1.5, "silhouette"),
        ("runs", "tuned", 1, "flag"),
        ("snapshots", "embedding", "0.5 0.5", "vector"),
    ],
)
def test_a_value_of_another_kind_is_named_by_its_column(name, column, value, kind):
    found = contract_violations(name, FRAMES[name].assign(**{column: value}))
    assert found == [f"column {column}: each value must be a {kind}"]


@pytest.mark.parametrize("name", ROW_KEYS)
def test_a_row_that_repeats_the_keys_of_another_is_counted(name):
    twice = pd.concat([FRAMES[name], FRAMES[name].tail(1)], ignore_index=True)
    assert contract_violations(name, twice) == [f"1 rows repeat the {', '.join(ROW_KEYS[name])} of another"]


@pytest.mark.parametrize("name", CONTRACT)
def test_a_frame_that_satisfies_its_contract_is_written_and_read_back(name, tmp_path):
    path = tmp_path / f"{name}.parquet"
    write_frame(name, FRAMES[name].set_axis(range(1, len(FRAMES[name]) + 1)), path)
    read = pd.read_parquet(path)
    assert contract_violations(name, read) == []
    pd.testing.assert_frame_equal(read, FRAMES[name], check_dtype=False)


def test_a_frame_that_breaks_its_contract_is_not_written_and_one_line_says_why(tmp_path):
    path = tmp_path / "runs.parquet"
    with pytest.raises(GlossbenchError) as caught:
        write_frame("runs", RUNS.drop(columns="base").assign(tuned="yes"), path)
    assert str(caught.value) == f"{path}: no column base; column tuned: each value must be a flag"
    assert not path.exists()


def test_columns_of_an_objective_stand_behind_its_key():
    frame = pd.DataFrame({"corpus": ["mr"], "objective": ["ce@reference+weight=x2"], "seed": [0]})
    key = ObjectiveKey("ce", "reference", (("weight", "x2"),))
    found = with_objective_columns(frame, {str(key): key.columns()})
    assert list(found) == ["corpus", "objective", "base", "unvaried", "setting", "value", "seed"]
    assert found.iloc[0].to_list() == ["mr", "ce@reference+weight=x2", "ce", "ce@reference", "weight", "x2", 0]
    found = with_objective_columns(frame, {str(key): key.columns()}, ["base"])
    assert list(found) == ["corpus", "objective", "base", "seed"]
