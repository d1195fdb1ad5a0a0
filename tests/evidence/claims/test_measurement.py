"""Whether an interval lies where a claim holds."""

import math

import pytest
from glossbench.evidence.claims.measurement import Measurement, decide, least_favourable


def measured(low: float, high: float, value: float = 1.0, **more) -> Measurement:
    return Measurement(value, low, high, n=3, unit="cells", interval="", runs=frozenset(), **more)


@pytest.mark.parametrize(
    ("holds", "interval", "expected"),
    [
        ({"above": 0}, (0.0, 1.0), "undecided"),  # the bound itself is not above it
        ({"above": 0}, (-1.0, 0.0), "contradicted"),
        ({"below": 1}, (0.5, 0.9), "confirmed"),
        ({"at_most": 1}, (0.5, 1.0), "confirmed"),
        ({"at_most": 1}, (1.0, 1.5), "undecided"),
        ({"within": [1, 2]}, (1.0, 2.0), "confirmed"),
        ({"within": [1, 2]}, (0.5, 1.5), "undecided"),
        ({"within": [1, 2]}, (0.5, 2.5), "undecided"),
        ({"within": [1, 2]}, (2.1, 2.5), "contradicted"),
        ({"within": [1, 2]}, (math.nan, math.nan), "undecided"),
    ],
)
def test_the_rule_needs_the_whole_interval_on_one_side(holds, interval, expected):
    assert decide(measured(*interval), holds) == expected


def test_contradicting_by_one_of_several_baselines_takes_the_wider_interval():
    assert decide(measured(-1.9, -0.1), {"above": 0}) == "contradicted"
    assert decide(measured(-1.9, -0.1, wide=(-2.1, 0.1)), {"above": 0}) == "undecided"


def test_nothing_is_decided_from_a_measurement_that_lacks_something():
    assert decide(measured(1.0, 2.0), {"above": 0}) == "confirmed"
    assert decide(measured(1.0, 2.0, missing="1 of the 3 cells that a verdict needs"), {"above": 0}) == "undecided"


def test_a_threshold_of_the_measurement_replaces_a_lower_one_of_the_registry():
    assert decide(measured(0.6, 0.7), {"above": 0.5}) == "confirmed"
    assert decide(measured(0.6, 0.7, at_least=0.75), {"above": 0.5}) == "contradicted"


@pytest.mark.parametrize(("holds", "place"), [({"above": 0}, 1), ({"below": 5}, 2)])
def test_the_least_favourable_measurement_is_nearest_to_where_the_claim_fails(holds, place):
    three = [measured(2.0, 3.0), measured(1.0, 3.0), measured(2.0, 4.0)]
    assert least_favourable(three, holds) is three[place]
