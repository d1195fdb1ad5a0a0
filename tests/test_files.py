"""Manifests: what they list, and files that are missing or have changed."""

import hashlib

import pytest
from glossbench.errors import FetchError
from glossbench.files import listed_files, write_checksums


def test_manifest_is_sorted_and_lists_files_with_their_digests(tmp_path):
    (tmp_path / "sub").mkdir()
    for name in ("sub/b.txt", "a  c.txt"):
        (tmp_path / name).write_text(name)
    manifest = write_checksums(tmp_path, ["sub/b.txt", "a  c.txt"])
    lines = [f"{hashlib.sha256(name.encode()).hexdigest()}  {name}" for name in ("a  c.txt", "sub/b.txt")]
    assert manifest.read_text().splitlines() == lines
    assert listed_files(manifest, verify=True) == {name: tmp_path / name for name in ("a  c.txt", "sub/b.txt")}


def test_missing_or_changed_file_of_a_manifest_is_named(tmp_path):
    (tmp_path / "labels.txt").write_bytes(b"labels")
    manifest = write_checksums(tmp_path, ["labels.txt"])
    (tmp_path / "labels.txt").write_bytes(b"edited")
    listed_files(manifest)
    with pytest.raises(FetchError, match=f"changed since.*delete {manifest}"):
        listed_files(manifest, verify=True)
    (tmp_path / "labels.txt").unlink()
    with pytest.raises(FetchError, match=f"missing; delete {manifest}"):
        listed_files(manifest)
