"""Files written whole and readable, lists of checksums, and what is said of damaged files."""

import hashlib
import os

import numpy as np
import pytest
from glossbench.checksums import add_checksums, listed_files, refuse_changed, write_checksums
from glossbench.errors import FetchError, GlossbenchError
from glossbench.files import reading, replacing
from safetensors.numpy import load_file, save_file


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


def test_a_file_written_by_safetensors_has_the_permissions_of_the_umask(tmp_path):
    before = os.umask(0o027)
    try:
        with replacing(tmp_path / "states") as partial:
            save_file({"train": np.zeros(3)}, partial)
    finally:
        os.umask(before)
    assert (tmp_path / "states").stat().st_mode & 0o777 == 0o640


def test_a_damaged_file_is_named_whatever_library_reads_it(tmp_path):
    np.savez(tmp_path / "embeddings.npz", test=np.zeros(99))
    save_file({"train": np.zeros(99)}, tmp_path / "states")
    for path, read in ((tmp_path / "embeddings.npz", np.load), (tmp_path / "states", load_file)):
        content = path.read_bytes()
        for damaged in (content[:-20], content[:5], b""):
            path.write_bytes(damaged)
            line = rf"^{path}: damaged or missing .*; delete it and run again$"
            with pytest.raises(GlossbenchError, match=line), reading(path):
                dict(read(path))


def test_a_damaged_list_of_checksums_is_named_with_a_remedy(tmp_path):
    (tmp_path / "metrics.json").write_text("{}")
    add_checksums([tmp_path / "metrics.json"])
    (tmp_path / "SHA256SUMS").write_bytes(b"\0" * 80)
    with pytest.raises(GlossbenchError, match=f"^{tmp_path}/SHA256SUMS: line 1: .*; delete this list"):
        refuse_changed([tmp_path / "metrics.json"])
