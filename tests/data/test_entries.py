"""What each step depends on of a registry's entry, and what it does not depend on."""

import pytest
from glossbench.data.entries import card_settings, check_path, digests, fetch_settings, local_files, prepare_settings
from glossbench.errors import SettingsError

from tests.support.registered import entries


def table(**where) -> dict:
    return {"kind": "csv", "columns": {"text": "words", "label": "mood"}, "splitting": "given", **where}


def test_rewording_an_entry_changes_its_card_alone():
    entry = entries("corpora")["mr"]
    reworded = entry | {"title": "Movie reviews", "licence": "other"}
    assert fetch_settings(reworded) == fetch_settings(entry)
    assert prepare_settings(reworded) == prepare_settings(entry)
    assert card_settings("mr", reworded) != card_settings("mr", entry)
    bare = {key: value for key, value in entry.items() if key != "documents"}
    assert prepare_settings(bare) == prepare_settings(entry)
    assert "documents" not in card_settings("mr", bare)


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
    assert local_files({"kind": "folder", "path": str(tmp_path)}) == [str(tmp_path / "a"), str(tmp_path / "b")]
    assert local_files({"kind": "csv", "path": str(tmp_path / "a")}) == [str(tmp_path / "a")]
    assert local_files({"kind": "csv", "path": str(tmp_path / "none")}) == local_files({}) == []


@pytest.mark.parametrize(
    ("entry", "line"),
    [
        ({"kind": "csv", "path": "none.csv"}, '"none.csv" found, expected a file that exists (looked in '),
        ({"kind": "csv", "path": "."}, '"." found, expected a file that exists'),
        ({"kind": "folder", "path": "a {v1}.csv"}, '"a {v1}.csv" found, expected a folder that exists'),
        ({"kind": "csv", "path": "a" * 300}, '" found, expected a file that exists (looked in '),
        ({"kind": "csv", "path": "~nosuchuser/a.csv"}, '"~nosuchuser/a.csv" found, expected a file that exists'),
        ({"kind": "csv", "path": "a {v1}.csv"}, "but Snakemake reads braces as a wildcard in a {v1}.csv; rename it"),
        ({"kind": "folder", "path": "."}, "but Snakemake reads braces as a wildcard in a {v1}.csv; rename it"),
    ],
)
def test_paths_that_are_not_there_or_look_like_wildcards_are_refused_before_any_job(tmp_path, monkeypatch, entry, line):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a {v1}.csv").touch()
    (tmp_path / "b{}.csv").touch()
    with pytest.raises(SettingsError) as caught:
        check_path(entry, "corpora.yaml: mine")
    assert str(caught.value).startswith("corpora.yaml: mine.path: ")
    assert line in str(caught.value)
    check_path({"kind": "csv", "path": "b{}.csv"}, "corpora.yaml: mine")
    check_path({"kind": "hub"}, "encoders.yaml: far")
