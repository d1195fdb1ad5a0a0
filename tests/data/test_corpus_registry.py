"""The registries of corpora and encoders, and what their schemas refuse."""

import copy

import jsonschema
import pytest
import yaml
from data_registries import PAPER_CORPORA, ROOT, registry
from glossbench.data.entries import card_settings, fetch_settings, prepare_settings


def schema(name: str) -> dict:
    return yaml.safe_load((ROOT / "config" / "schemas" / f"{name}.schema.yaml").read_text(encoding="utf-8"))


def refusals(name: str, entries: dict) -> list[str]:
    return [error.message for error in jsonschema.Draft202012Validator(schema(name)).iter_errors(entries)]


@pytest.mark.parametrize("name", ["corpora", "encoders"])
def test_registry_obeys_its_schema(name):
    jsonschema.Draft202012Validator.check_schema(schema(name))
    assert refusals(name, registry(name)) == []


@pytest.mark.parametrize("name", ["corpora", "encoders"])
def test_every_key_has_a_description_and_no_other_is_allowed(name):
    def walk(node, path):
        if isinstance(node, dict):
            if "properties" in node and node.get("type") == "object":
                assert node["additionalProperties"] is False, path
                for key, value in node["properties"].items():
                    assert value.get("description"), f"{path}.{key}"
            for key, value in node.items():
                walk(value, f"{path}.{key}")
        elif isinstance(node, list):
            for value in node:
                walk(value, path)

    walk(schema(name), name)


@pytest.mark.parametrize(
    ("corpus", "change"),
    [
        ("mr", {"titel": "MR"}),
        ("mr", {"kind": "pickle"}),
        ("mr", {"split": "papers"}),
        ("mr", {"split": {"fraction": 1.0, "seed": 0}}),
        ("mr", {"split": {"fraction": 0.1}}),
        ("mr", {"split": {"fraction": 0.1, "seed": 0, "test_fraction": 0.2}}),
        ("mr", {"files": {}}),
        ("mr", {"wheel": {"requirement": "a==1", "sha256": "0" * 64, "folder": "a"}}),
        ("mr", {"files": {"labels": {"url": "file:///etc/passwd", "sha256": "0" * 64}}}),
        ("bbc-news", {"split": "paper"}),
        ("bbc-news", {"split": {"fraction": 0.1, "seed": 0}}),
        ("bbc-news", {"wheel": {"requirement": "--index-url=x", "sha256": "0" * 64, "folder": "a"}}),
        ("bbc-news", {"wheel": {"requirement": "a==1", "sha256": "0" * 63, "folder": "a"}}),
        ("bbc-news", {"wheel": {"requirement": "a==1", "sha256": "0" * 64, "folder": "../a"}}),
    ],
)
def test_wrong_entry_is_refused(corpus, change):
    entries = copy.deepcopy(registry("corpora"))
    entries[corpus] |= change
    assert refusals("corpora", entries)


@pytest.mark.parametrize("key", ["../up", "/root", "with space", "Upper", "", "a--b"])
def test_key_that_is_no_plain_name_is_refused(key):
    assert refusals("corpora", {key: registry("corpora")["mr"]})


def test_digests_are_those_of_the_mirror(mirror):
    listed = dict(reversed(line.split()) for line in (mirror / "SHA256SUMS").read_text().splitlines())
    stated = {
        source["url"].removeprefix("https://"): source["sha256"]
        for corpus in PAPER_CORPORA
        for source in registry("corpora")[corpus]["files"].values()
    }
    assert stated == listed


def test_rewording_an_entry_changes_its_card_alone():
    entry = registry("corpora")["mr"]
    reworded = entry | {"title": "Movie reviews", "licence": "other"}
    assert fetch_settings(reworded) == fetch_settings(entry)
    assert prepare_settings(reworded) == prepare_settings(entry)
    assert card_settings("mr", reworded) != card_settings("mr", entry)


def test_stating_sizes_prepares_nothing_again():
    entry = registry("corpora")["mr"]
    bare = {key: value for key, value in entry.items() if key != "documents"}
    assert prepare_settings(bare) == prepare_settings(entry)
    assert "documents" not in card_settings("mr", bare)


def test_another_host_with_the_same_files_prepares_nothing_again():
    entry = registry("corpora")["mr"]
    moved = copy.deepcopy(entry)
    for source in moved["files"].values():
        source["url"] = source["url"].replace("raw.githubusercontent.com", "example.org")
    assert prepare_settings(moved) == prepare_settings(entry)
