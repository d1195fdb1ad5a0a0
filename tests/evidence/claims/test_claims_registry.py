"""The registry of the paper's claims."""

import copy

import pytest
from glossbench.errors import SettingsError
from glossbench.settings.outputs import load_claims
from glossbench.settings.schema import check, load_schema
from registered import CLAIMS, CONFIG


def test_the_registry_is_valid_and_has_the_ten_claims():
    assert load_claims(CONFIG) == CLAIMS
    assert list(CLAIMS) == [f"C{number}" for number in range(1, 11)]


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("C1", "holds"), {"over": 1}, 'C1.holds.over: unknown key'),
        (("C4", "measure", "kind"), "guess", 'C4.measure.kind: "guess" found, expected one of cells-won'),
        (("C9", "holds"), {"within": [1.12]}, "C9.holds.within: [1.12] found, expected two numbers"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_registry_is_one_line(path, value, message):
    changed = copy.deepcopy(CLAIMS)
    place = changed
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(SettingsError) as caught:
        check(changed, load_schema(CONFIG, "claims"), "config/claims.yaml")
    assert str(caught.value).startswith(f"config/claims.yaml: {message}")
