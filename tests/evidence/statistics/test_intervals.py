"""Intervals over seeds against closed forms and by how often they cover the truth."""

import math

import numpy as np
import pytest
from glossbench.evidence.statistics.intervals import means_interval, t_interval
from scipy import stats


def first(means: list[np.ndarray]) -> np.ndarray:
    return means[0][..., 0]


def average(means: list[np.ndarray]) -> np.ndarray:
    return np.mean([mean[..., 0] for mean in means], axis=0)


@pytest.mark.parametrize("n", [2, 3, 5, 40])
def test_the_interval_of_one_mean_is_students(n):
    values = np.random.default_rng(n).normal(size=n)
    exact = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert t_interval(values) == pytest.approx((exact.low, exact.high))
    assert means_interval([values[:, None]], first) == pytest.approx((exact.low, exact.high), abs=0.05 * np.ptp(exact))


def test_an_average_over_cells_is_covered_too():
    studies = np.random.default_rng(0).normal(size=(200, 5, 3, 1))
    ends = np.array([means_interval(list(study), average) for study in studies])
    assert np.mean((ends[:, 0] < 0) & (ends[:, 1] > 0)) >= 0.93


def test_columns_of_a_cell_are_drawn_together():
    pairs = np.random.default_rng(1).normal(size=(3, 1)) + np.array([0.0, 0.1])  # each seed shifts both alike
    low, high = means_interval([pairs], lambda means: means[0][..., 1] - means[0][..., 0])
    assert (low, high) == pytest.approx((0.1, 0.1))


def test_one_seed_has_no_interval():
    values = np.ones((3, 1))
    assert all(math.isnan(end) for end in (*means_interval([values, values[:1]], average), *t_interval([1.0])))
