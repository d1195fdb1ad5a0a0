"""Titles, order and colours of the repository's registries are in force, as they are wherever evidence is made."""

import pytest
from glossbench.evidence.text.names import naming

from tests.support.made_up import ablations
from tests.support.registered import names


@pytest.fixture(scope="module", autouse=True)
def names_in_force():
    """The names of all registered entries, of the reference presets and of the paper's ablations."""
    with naming(names(*ablations())):
        yield
