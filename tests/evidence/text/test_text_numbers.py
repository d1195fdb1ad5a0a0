"""Numbers as readers see them."""

import pytest
from glossbench.evidence.text.numbers import duration, mean_spread, number, significant, span


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (number(1234.5, 1), "1,234.5"),
        (number(float("nan")), "–"),
        (significant(2e-05), "2e-05"),
        (mean_spread(85.644, 0.806), "85.64 ± 0.81"),
        (mean_spread(85.6, float("nan")), "85.60 ± –"),
        (mean_spread(float("nan"), float("nan")), "–"),
        (span(0.4, 0.6, significant), "0.4–0.6"),
        (span(0.5, 0.5000001, significant), "0.5"),
        (span(float("nan"), float("nan"), significant), "–"),
        (duration(16.34), "16.3 s"),
        (duration(245), "4 min 05 s"),
        (duration(7380), "2 h 03 min"),
        (duration(float("nan")), "–"),
    ],
)
def test_numbers_are_shown_for_readers(shown, text):
    assert shown == text
