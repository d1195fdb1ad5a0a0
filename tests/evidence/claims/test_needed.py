"""What a claim needs, in words."""

import pytest
from glossbench.evidence.claims.wording import needed
from glossbench.evidence.text.names import naming
from registered import CLAIMS, names

WORDS = {
    "C1": "G-Loss-O + CE or G-Loss-SQRT + CE beside CE and SCL + CE, on three corpora with 3 seeds.",
    "C5": "with values of γ both within and outside 0.5 – 0.7, on three corpora with 3 seeds.",
    "C7": "the same multiples (such as x0.9 and x1.1) of σ, λ and γ, on one corpus with 3 seeds.",
    "C10": "beside CE and SCL + CE, on SST-2 and QNLI with 3 seeds.",
}


@pytest.mark.parametrize("number", CLAIMS)
def test_every_claim_says_what_it_needs(number):
    with naming(names()):
        text = needed(CLAIMS[number])
    assert text.startswith("G-Loss-O")
    assert text.endswith(WORDS.get(number, "seeds."))
