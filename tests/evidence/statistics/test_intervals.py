"""Bootstrap intervals against all resamples and against closed forms."""

import itertools
import math

import numpy as np
import pytest
from glossbench.evidence.statistics.intervals import bootstrap_interval, seeds_interval
from scipy import stats


def test_bootstrap_interval_is_near_that_of_all_resamples():
    values = np.array([0.1, 0.4, 0.5, 0.9, 0.2, 0.7])
    exact = np.quantile([np.mean(drawn) for drawn in itertools.product(values, repeat=6)], [0.025, 0.975])
    assert bootstrap_interval(values) == pytest.approx(exact, abs=0.02)


def test_seeds_interval_of_a_mean_has_the_width_of_an_unbiased_bootstrap():
    values = np.random.default_rng(3).normal(size=(40, 1))
    low, high = seeds_interval([values], lambda means: means[0][..., 0])
    assert high - low == pytest.approx(2 * 1.96 * stats.sem(values[:, 0]), rel=0.06)
    assert seeds_interval([values, values[:1]], lambda means: means[0][..., 0]) == pytest.approx(
        (math.nan, math.nan), nan_ok=True
    )


def test_seeds_interval_of_two_seeds_a_cell_is_as_wide_as_their_spread_asks():
    cells_of_two = np.random.default_rng(4).normal(size=(300, 2, 1))
    low, high = seeds_interval(list(cells_of_two), lambda means: np.mean([mean[..., 0] for mean in means], axis=0))
    error = math.sqrt(cells_of_two.var(axis=1, ddof=1).mean() / 2 / 300)
    assert high - low == pytest.approx(2 * 1.96 * error, rel=0.08)
