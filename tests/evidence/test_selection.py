"""Which rows a table, a figure or a test is about."""

import math

import pandas as pd
import pytest
from glossbench.evidence import selection
from glossbench.evidence.notes import coverage_note

from tests.support.made_up import coverage, runs, scored
from tests.support.registered import table_of

KEYS = ["ce", "ce@reference", "ce+batch_size=64", "scl", "gloss-o-ce", "gloss-o-ce+weight=0.3", "gloss-o-ce+weight=x0.9",
        "gloss-o-ce+sigma=x2", "gloss-o-ce+sigma=x2+weight=0.3", "gloss-o-ce@reference+weight=0.3"]  # fmt: skip
PLANNED = coverage(scored({key: [0.5] for key in KEYS}))


def objectives(rows: pd.DataFrame) -> list[str]:
    return rows["objective"].to_list()


def test_a_preset_competes_and_a_changed_setting_does_not():
    assert objectives(selection.unvaried(PLANNED)) == ["ce", "ce@reference", "scl", "gloss-o-ce"]
    assert objectives(selection.bare(PLANNED)) == ["ce", "scl", "gloss-o-ce"]
    assert objectives(selection.of_protocol(PLANNED, "standalone")) == ["scl"]


def test_variations_of_an_objective_change_one_setting_or_none():
    plain = ["gloss-o-ce", "gloss-o-ce+weight=0.3", "gloss-o-ce+weight=x0.9"]
    reference = ["gloss-o-ce@reference+weight=0.3"]
    assert objectives(selection.variations(PLANNED, "gloss-o-ce", "weight")) == plain
    assert objectives(selection.variations(PLANNED, "gloss-o-ce@reference", "weight")) == reference
    rows = selection.one_at_a_time(PLANNED, ["weight", "sigma"])
    assert objectives(PLANNED.loc[rows.index]) == [*plain, "gloss-o-ce+sigma=x2", *reference]
    assert set(rows["objective"]) == {"gloss-o-ce", "gloss-o-ce@reference"}
    assert selection.one_at_a_time(PLANNED, ["labeled_fraction"]).empty


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        (["corpus", "encoder"], {("mr", "gloss-o"), ("mr", "scl"), ("r8", "gloss-sqrt"), ("r8", "scl")}),
        (["encoder"], {("mr", "gloss-o"), ("mr", "scl"), ("r8", "scl")}),
    ],
)
def test_the_first_objective_that_was_run_stands_for_g_loss_in_each_group(by, expected):
    cells = [("mr", "gloss-o"), ("mr", "gloss-sqrt"), ("mr", "scl"), ("r8", "gloss-sqrt"), ("r8", "scl"), ("r8", "ce")]
    made = runs({(corpus, "bert-base", key): [0.5] for corpus, key in cells})
    rows = selection.with_gloss(made, ["gloss-o", "gloss-sqrt"], ["scl"], by)
    assert set(rows[["corpus", "objective"]].itertuples(index=False, name=None)) == expected


def test_values_of_keys_are_multiples_or_numbers():
    values = pd.Series(["x1.5", "0.3", "sqrt", "", "1e-05"])
    assert selection.is_relative(values).to_list() == [True, False, False, False, False]
    assert selection.numbers(values).to_list() == pytest.approx([1.5, 0.3, math.nan, math.nan, 1e-5], nan_ok=True)


@pytest.mark.parametrize(
    ("finished", "note"),
    [
        ([True] * 6, None),
        ([True] * 5 + [False], "Made from 5 of 6 planned runs, 2 to 3 of 3 seeds per cell."),
        ([True, True, False] * 2, "Made from 4 of 6 planned runs, 2 of 3 seeds per cell."),
        ([False] * 6, "Made from 0 of 6 planned runs, 0 of 3 seeds per cell."),
    ],
)
def test_coverage_note_counts_the_runs_and_seeds_of_the_selection(finished, note):
    """Two integrated cells of three seeds each; a standalone run that was not finished does not count."""
    scores = {("mr", "bert-base", "ce"): [0] * 3, ("r8", "bert-base", "ce"): [0] * 3, ("mr", "bert-base", "scl"): [0]}
    planned = coverage(runs(scores), [*finished, False])
    assert coverage_note(planned, table_of("integrated").select) == note
    assert coverage_note(planned, table_of("search").select) is None
