"""The registry of the paper's claims."""

import copy

import pytest
import yaml
from glossbench.errors import SettingsError
from glossbench.settings.claims import load_claims
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
def test_a_mistake_in_the_registry_is_one_line(path, value, message, tmp_path):
    changed = copy.deepcopy(CLAIMS)
    place = changed
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    file = tmp_path / "claims.yaml"
    file.write_text(yaml.safe_dump(changed))
    with pytest.raises(SettingsError) as caught:
        load_claims(tmp_path)
    assert str(caught.value).startswith(f"{file}: {message}")
