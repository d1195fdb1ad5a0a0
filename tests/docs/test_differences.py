"""docs/differences.md defines every D-code that the project refers to, and its table has the values of the presets."""

import re

import pytest
import yaml
from glossbench.pages.settings_docs import tables
from glossbench.settings.losses import LOSSES
from glossbench.settings.training import Probe, Training

from tests.support import markdown_tables
from tests.support.registered import ROOT

PAGE = (ROOT / "docs" / "differences.md").read_text(encoding="utf-8")
CODE = re.compile(r"(?<![\w#])D\d+\b")  # not the colour #D55
TEXTS = {".py", ".yaml", ".md", ".csv", ".rst", ".j2", ".js", ".css", ".html"}
PRESETS = ("paper", "reference")
# Parts of a preset that do not set a setting of a block.
NOT_SWITCHES = ("search", "pruning", "refused")


def read(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def referring_files():
    """Files that may refer to a D-code; the page itself is not one of them."""
    folders = [ROOT / "scripts" / "glossbench", ROOT / "config", ROOT / "report"]
    files = [path for folder in folders for path in folder.rglob("*") if path.suffix in TEXTS]
    return [ROOT / "README.md", *sorted(files)]


def summary():
    """Rows of the summary table: code, setting, and the texts of the two presets."""
    rows = [(re.fullmatch(r"\[(D\d+)\]\(#(d\d+)\)", row[0]), row) for row in markdown_tables.rows(PAGE)]
    return [(*match.groups(), setting.strip("`"), shown) for match, (_, _, setting, *shown) in rows if match]


def defined():
    """Codes with a heading right after an anchor of the same name, in the order of the page."""
    return [f"D{number}" for number in re.findall(r'^<a id="d(\d+)"></a>\n\n## D\1: \S', PAGE, re.MULTILINE)]


def settings():
    """Settings that a preset can set, as block.key, with their defaults (None where there is none)."""
    blocks = {**LOSSES, "training": Training, "probe": Probe}
    known = {f"{name}.{key}": field.default for name, one in blocks.items() for key, field in one.model_fields.items()}
    return {**dict.fromkeys(switches()), **known, "pruning": "pruned"}


def switches():
    """Settings that a preset of the paper or of its code sets, as block.key."""
    presets = read(ROOT / "config" / "presets.yaml")
    blocks = [(block, keys) for name in PRESETS for block, keys in presets[name].items()]
    return {f"{block}.{key}" for block, keys in blocks if block not in NOT_SWITCHES for key in keys}


def study_settings():
    """Settings of a study file, nested ones as outer.inner."""
    return {row.split("`")[1] for row in tables(ROOT / "config")["study"].splitlines()[2:]}


def test_every_code_that_is_referred_to_is_defined():
    found = {path: set(CODE.findall(path.read_text(encoding="utf-8"))) for path in referring_files()}
    assert len(set().union(*found.values())) > 10
    missing = {str(path.relative_to(ROOT)): codes - set(defined()) for path, codes in found.items()}
    assert {path: codes for path, codes in missing.items() if codes} == {}


def test_the_summary_has_every_code_in_order():
    codes = [code for code, *_ in summary()]
    assert list(dict.fromkeys(codes)) == defined()


def test_every_setting_of_the_summary_exists():
    known = {*settings(), *study_settings(), "none"}
    assert {setting for _, _, setting, _ in summary()} - known == set()


def test_every_switch_of_the_presets_is_in_the_summary():
    assert switches() - {setting for _, _, setting, _ in summary()} == set()


@pytest.mark.parametrize("preset", PRESETS)
def test_values_of_the_summary_are_those_of_the_presets(preset):
    presets, defaults = read(ROOT / "config" / "presets.yaml"), settings()
    column, checked = PRESETS.index(preset), 0
    for code, _, setting, shown in summary():
        if setting not in defaults:
            continue
        block, _, key = setting.partition(".")
        text = re.match(r"`([^`]+)`", shown[column])
        assert text, f"{code}: {setting}: no value in column {preset}"
        own = presets[preset].get(block, {} if key else defaults[setting])
        expected = own.get(key, defaults[setting]) if key else own
        assert yaml.safe_load(text[1]) == expected, f"{code}: {setting}"
        checked += 1
    assert checked > 10
