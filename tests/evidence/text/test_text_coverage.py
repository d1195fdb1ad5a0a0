"""One sentence on how much of what was planned a table or figure stands on."""

import pandas as pd
import pytest
from glossbench.evidence.tables import integrated, search
from glossbench.evidence.text.coverage import coverage_note
from made_up import coverage, runs


def planned(finished: list[bool]) -> pd.DataFrame:
    """Two integrated cells of three seeds each, and a standalone run that was not finished."""
    scores = {("mr", "bert-base", "ce"): [0] * 3, ("r8", "bert-base", "ce"): [0] * 3, ("mr", "bert-base", "scl"): [0]}
    return coverage(runs(scores), [*finished, False])


@pytest.mark.parametrize(
    ("finished", "note"),
    [
        ([True] * 6, None),
        ([True] * 5 + [False], "Stands on 5 of 6 planned runs, 2 to 3 of 3 seeds a cell."),
        ([True, True, False] * 2, "Stands on 4 of 6 planned runs, 2 of 3 seeds a cell."),
        ([False] * 6, "Stands on 0 of 6 planned runs, 0 of 3 seeds a cell."),
    ],
)
def test_coverage_note_counts_the_runs_and_seeds_of_the_selection(finished, note):
    assert coverage_note(planned(finished), integrated.select) == note


def test_coverage_note_of_a_table_that_stands_on_no_run_is_none():
    assert coverage_note(planned([False] * 6), search.select) is None
