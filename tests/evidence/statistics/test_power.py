"""How many seeds it takes to see a difference."""

import math

import pytest
from glossbench.evidence.statistics.power import seeds_needed, smallest_difference
from scipy import stats


@pytest.mark.parametrize(("effect", "n"), [(0.2, 199), (0.5, 34), (0.8, 15), (1.0, 10)])
def test_seeds_needed_are_those_of_the_power_tables(effect, n):
    assert seeds_needed(effect * 0.3, 0.3) == n  # G*Power 3.1: two-sided paired t test, alpha 0.05, power 0.8
    power = [stats.nct.sf(stats.t.ppf(0.975, m - 1), m - 1, effect * math.sqrt(m)) for m in (n - 1, n)]
    assert power[0] < 0.8 <= power[1]


@pytest.mark.parametrize(
    ("difference", "std", "n"),
    [(0, 1, None), (1, 0, None), (math.nan, 1, None), (1, math.nan, None), (1, -1, None), (1e6, 1, 2), (-0.5, 1, 34)],
)
def test_extreme_effects_and_none_where_none_can_be_given(difference, std, n):
    assert seeds_needed(difference, std) == n
    assert seeds_needed(1e-3, 1) == pytest.approx((1.959964 + 0.841621) ** 2 * 1e6, rel=1e-4)


@pytest.mark.parametrize("n", [3, 5, 12])
def test_the_smallest_difference_is_where_one_seed_less_would_not_do(n):
    found = smallest_difference(n, 0.3)
    assert seeds_needed(found * 1.001, 0.3) == n
    assert seeds_needed(found * 0.999, 0.3) == n + 1
    assert smallest_difference(1, 0.3) is smallest_difference(n, math.nan) is None
