"""The archive of a study: what is in it, and the same bytes each time."""

import hashlib
import tarfile
from pathlib import Path

import pytest
from glossbench.archives.format import write_archive

pytestmark = pytest.mark.slow


def test_same_files_give_the_same_bytes_whatever_their_times(archive, packed, tmp_path):
    again = {name: packed[name] for name in reversed(packed) if name != "SHA256SUMS"}
    write_archive(tmp_path / "other-name.tar.gz", "mine", again)
    assert (tmp_path / "other-name.tar.gz").read_bytes() == archive.read_bytes()
    with tarfile.open(archive) as tar:
        assert {(member.mtime, member.uid, member.uname) for member in tar} == {(0, 0, "")}
        names = tar.getnames()
        # files of one kind stand together: gzip finds what they have in common
        assert names == sorted(names, key=lambda name: (Path(name).name, name))


def test_archive_has_all_that_the_evidence_is_made_from(packed):
    assert {"runs.parquet", "claims.json", "provenance.json", "config/study.json", "config/corpora.yaml", "archive.json",
            "envs/requirements.txt", "tables/integrated.csv", "report.html", "figures/learning_curves.csv",
            "runs/bbc-news/minilm-l6/ce/seed-0/predictions.parquet", "corpora/bbc-news/card.json",
            "resources/corpora/bbc-news/SHA256SUMS"} <= set(packed)  # fmt: skip


def test_checksums_are_those_that_sha256sum_would_find(packed):
    listed = dict(line.split("  ")[::-1] for line in packed["SHA256SUMS"].decode().splitlines())
    assert set(listed) == set(packed) - {"SHA256SUMS"}
    assert all(hashlib.sha256(packed[name]).hexdigest() == digest for name, digest in listed.items())
