"""Numbers as readers see them."""

import pytest
from glossbench.evidence.text.numbers import duration, mean_spread, number, signed, significant, span


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (number(1234.5, 1), "1,234.5"),
        (number(float("nan")), "–"),
        (number(65.35, 1), "65.4"),  # halves go up on the decimal value: in binary, 65.35 is less than a half
        (number(67.75, 1), "67.8"),
        (number(0.6535 * 100, 1), "65.4"),
        (number(-0.125, 2), "-0.13"),
        (number(2.5), "3"),
        (number(float("inf")), "inf"),
        (signed(1.005), "+1.01"),
        (signed(-1.005), "−1.01"),
        (significant(0.00012345, 4), "0.0001235"),
        (significant(2.675), "2.68"),
        (significant(0.0), "0"),
        (significant(110_500.0, 3), "1.11e+05"),
        (mean_spread(65.345, 0.125), "65.35 ± 0.13"),
        (duration(16.25), "16.3 s"),
        (duration(122.5), "2 min 03 s"),
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
