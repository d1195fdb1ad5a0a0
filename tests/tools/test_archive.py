"""The archive of a study: what is in it, and the same bytes each time."""

import hashlib
import tarfile
from pathlib import Path

import pytest
from glossbench.settings.study import canonical
from glossbench.tools.archive import contents, pack, sources, sources_digest
from registered import ROOT
from run_script import run

pytestmark = pytest.mark.slow


def test_same_files_give_the_same_bytes_whatever_their_times(archive, packed, tmp_path):
    files = {name: content for name, content in packed.items() if name != "SHA256SUMS"}
    for place, content in enumerate(reversed(files.values())):
        (tmp_path / str(place)).write_bytes(content)
    again = {name: tmp_path / str(place) for place, name in enumerate(reversed(files))}
    pack(tmp_path / "other-name.tar.gz", "mine-artifact", again)
    assert (tmp_path / "other-name.tar.gz").read_bytes() == archive.read_bytes()
    with tarfile.open(archive) as tar:
        assert {(member.mtime, member.uid, member.uname) for member in tar} == {(0, 0, "")}
        names = tar.getnames()
        # files of one kind stand together: gzip finds what they have in common
        assert names == sorted(names, key=lambda name: (Path(name).name, name))


def test_archive_has_all_that_the_evidence_stands_on(packed):
    assert {"runs.parquet", "claims.json", "provenance.json", "config/study.json", "config/corpora.yaml",
            "config/schemas/study.schema.yaml", "envs/requirements.txt", "tables/integrated.csv", "report.html",
            "figures/learning_curves.csv", "resources/corpora/bbc-news/SHA256SUMS"} <= set(packed)  # fmt: skip


def test_checksums_are_those_that_sha256sum_would_find(packed):
    listed = dict(line.split("  ")[::-1] for line in packed["SHA256SUMS"].decode().splitlines())
    assert set(listed) == set(packed) - {"SHA256SUMS"}
    assert all(hashlib.sha256(packed[name]).hexdigest() == digest for name, digest in listed.items())


def test_the_script_packs_what_it_is_given(archive, packed, study_settings, tmp_path):
    results = tmp_path / "results/mine"
    kept = {name: content for name, content in packed.items() if name != "SHA256SUMS"}
    records = [name for name in kept if name.startswith(("resources/", "corpora/"))]
    own = [name for name in kept if name not in records and not name.startswith(("config/", "envs/", "report/"))]
    places = {**{name: results / name for name in own}, **{name: tmp_path / name for name in records}}
    for name, path in places.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(kept[name])
    given = {"products": [str(places[name]) for name in own]}
    params = {
        "records": canonical({name: str(places[name]) for name in records}),
        "studies": canonical({"config/study.json": study_settings}),
    }
    made = results / archive.name
    run("artifact", tmp_path / "log", given, {"archive": str(made)}, params)
    assert made.read_bytes() == archive.read_bytes()


def test_digest_of_the_sources_follows_their_content(tmp_path):
    for name, path in sources(ROOT).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(path.read_bytes())
    before = sources_digest(tmp_path)
    assert before == sources_digest(ROOT)
    (tmp_path / "config/claims.yaml").write_text("C1: {}\n")
    assert sources_digest(tmp_path) != before


def test_files_keep_their_names():
    records = {"resources/corpora/mr/SHA256SUMS": "/elsewhere/resources/corpora/mr/SHA256SUMS"}
    found = contents(ROOT, Path("results/x"), ["results/x/tables/a.csv"], records, {"config/study.json": {}})
    assert found["resources/corpora/mr/SHA256SUMS"] == Path("/elsewhere/resources/corpora/mr/SHA256SUMS")
    assert found["tables/a.csv"] == Path("results/x/tables/a.csv")
    assert found["config/study.json"] == b"{}\n"
