"""Simulated studies in which the claims are false by construction: hardly any may be confirmed."""

import numpy as np
import pandas as pd
import pytest
from glossbench.evidence.claims.sweeps import swings

from tests.support.claim_cases import INTEGRATED, STANDALONE, decided_on, near, sweep, timed, tornado
from tests.support.made_up import CORPORA
from tests.support.registered import CLAIMS

STUDIES = 100
NOISE = 0.005
TENTHS = tuple(place / 10 for place in range(1, 10))


def grid(objectives) -> pd.DataFrame:
    """Three runs of each objective on each corpus, all with the same mean."""
    return near({(corpus, key): 0.8 for corpus in CORPORA for key in objectives})


def scored(table: pd.DataFrame, chance: np.random.Generator) -> pd.DataFrame:
    """The runs with a score that differs by corpus and seed alone, the same in every metric."""
    corpora = {corpus: chance.normal(0, 0.05) for corpus in table["corpus"].unique()}
    score = 0.8 + table["corpus"].map(corpora) + chance.normal(0, NOISE, len(table))
    return table.assign(test_accuracy=score, test_macro_f1=score, test_macro_silhouette=score)


def stopped(table: pd.DataFrame, chance: np.random.Generator) -> pd.DataFrame:
    """The runs with last epochs of the same distribution for all objectives, cut off at the limit."""
    values = 100 * np.exp(chance.normal(0, 0.6, len(table)))
    return table.assign(stop_epoch=np.minimum(values, table["max_epochs"]))


def noisy(table: pd.DataFrame, chance: np.random.Generator) -> pd.DataFrame:
    """The runs with noise added to macro-F1."""
    return table.assign(test_macro_f1=table["test_macro_f1"] + chance.normal(0, NOISE, len(table)))


WORLDS = {  # a claim of each kind
    "C1": (grid([*INTEGRATED, "gloss-o-ce"]), scored),
    "C2": (grid([*STANDALONE, "gloss-o"]), stopped),
    "C5": (sweep("labeled_fraction", [0.5] * 5, TENTHS).assign(test_macro_f1=0.8), noisy),
    "C7": (tornado(0.01, 0.01, 0.01), noisy),
    "C8": (grid([*STANDALONE, "gloss-o"]), scored),
}


@pytest.mark.slow
@pytest.mark.parametrize("claim", WORLDS)
def test_without_a_difference_at_most_five_of_a_hundred_studies_confirm(claim):
    """A setting without effect is contradicted in as few."""
    table, drawn = WORLDS[claim]
    chance = np.random.default_rng(int(claim[1:]))
    found = [decided_on(claim, drawn(table, chance)) for _ in range(STUDIES)]
    assert "not tested" not in found
    assert found.count("confirmed") <= 0.05 * STUDIES
    assert claim != "C5" or found.count("contradicted") <= 0.05 * STUDIES


@pytest.mark.slow
@pytest.mark.parametrize(("losses", "lead"), [((0, 0, 0), 0), ((0.02, 0.02, 0.02), 0), ((0.03, 0.02, 0.01), 0.01)])
def test_the_interval_of_a_lead_holds_its_own_value_and_nearly_always_the_true_one(losses, lead):
    chance, covered = np.random.default_rng(7), 0
    table = tornado(*losses)
    for _ in range(STUDIES):
        (found,) = swings(CLAIMS["C7"].measure, noisy(table, chance))
        assert found.low <= found.value <= found.high
        covered += found.low <= lead <= found.high
    assert covered >= 0.9 * STUDIES


@pytest.mark.slow
def test_at_the_very_bound_at_most_five_of_a_hundred_studies_confirm_an_overhead():
    frames, chance = timed(0.01), np.random.default_rng(4)
    parts, found = ["seconds_graph", "seconds_propagation"], []
    for _ in range(STUDIES):
        factor = np.repeat(np.exp(chance.normal(0, 0.05, len(frames["runs"]))), 2)
        epochs = frames["epochs"].assign(**{part: frames["epochs"][part] * factor for part in parts})
        found.append(decided_on("C4", frames["runs"], epochs))
    assert found.count("confirmed") <= 0.05 * STUDIES
