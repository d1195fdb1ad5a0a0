"""What each step depends on of a registry's entry, and what it does not depend on."""

import copy

from data_registries import registry
from glossbench.data.params import card_settings, digests, fetch_settings, local_files, prepare_settings


def table(**where) -> dict:
    return {"kind": "csv", "columns": {"text": "words", "label": "mood"}, "splitting": "given", **where}


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


def test_files_are_identified_by_their_content_wherever_they_are():
    web = table(file={"url": "https://a.org/x.csv", "sha256": "0" * 64})
    moved = table(file={"url": "https://b.org/y.csv", "sha256": "0" * 64})
    assert prepare_settings(web) == prepare_settings(moved)
    assert prepare_settings(table(path="a.csv")) == prepare_settings(table(path="b/c.csv"))
    assert prepare_settings(web | {"columns": {"text": "other", "label": "mood"}}) != prepare_settings(web)
    assert digests({"kind": "hub", "hub": {"repo": "a/b", "revision": "c"}}) == {"hub": "a/b@c"}
    assert digests({"kind": "folder", "path": "a"}) == {}


def test_local_files_are_a_file_or_the_visible_files_of_a_folder(tmp_path):
    for name in ("b", "a", ".hidden", "deep/c"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert local_files({"path": str(tmp_path)}) == [str(tmp_path / "a"), str(tmp_path / "b")]
    assert local_files({"path": str(tmp_path / "a")}) == [str(tmp_path / "a")]
    assert local_files({"path": str(tmp_path / "none")}) == local_files({}) == []
