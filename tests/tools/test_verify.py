"""Whatever is changed in the archive of a study is found and said in one line."""

import gzip
import io
import json
import runpy
import subprocess
import sys
import tarfile
from pathlib import Path

import pandas as pd
import pytest
from glossbench.tools.archive import pack
from glossbench.tools.verify import verify
from registered import ROOT

pytestmark = pytest.mark.slow
TOO_MANY = {"tables/better.csv": b"accuracy\n1.0\n"}


def repacked(files: dict[str, bytes], path: Path, sums: bool) -> Path:
    """An archive of changed files; with ``sums`` its SHA256SUMS is made to fit them, as who hides a change would."""
    if sums:
        files = {name: content for name, content in files.items() if name != "SHA256SUMS"}
        pack(path, "mine-artifact", files)
        return path
    with tarfile.open(path, "w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(f"mine-artifact/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return path


def as_parquet(frame: pd.DataFrame) -> bytes:
    stored = io.BytesIO()
    frame.to_parquet(stored, index=False)
    return stored.getvalue()


def changed_frame(packed: dict[str, bytes], name: str, change) -> dict[str, bytes]:
    frame = pd.read_parquet(io.BytesIO(packed[f"{name}.parquet"]))
    return {**packed, f"{name}.parquet": as_parquet(change(frame))}


def with_changed_digit(content: bytes) -> bytes:
    """The content with its last digit that is not 0 made one less."""
    place = next(place for place in range(len(content) - 1, 0, -1) if content[place] in b"123456789")
    return content[:place] + bytes([content[place] - 1]) + content[place + 1 :]


def test_what_is_not_what_was_packed_is_said(packed, tmp_path):
    changed = {**packed, "tables/integrated.csv": with_changed_digit(packed["tables/integrated.csv"]), **TOO_MANY}
    assert verify(repacked(changed, tmp_path / "a.tar.gz", sums=False)) == [
        "tables/better.csv: not one of the files that SHA256SUMS lists",
        "tables/integrated.csv: its content is not what was packed (sha256)",
    ]


def test_what_does_not_belong_is_said_though_its_checksum_be_made_to_fit(packed, tmp_path):
    changed = {**packed, "envs/requirements.txt": b"numpy==1.0\n", **TOO_MANY}
    assert sorted(verify(repacked(changed, tmp_path / "a.tar.gz", sums=True))) == [
        "provenance.json: its lock is not the digest of envs/requirements.txt",
        "tables/better.csv: no table or figure of this study",
    ]


def test_changed_number_is_found_though_its_checksum_be_made_to_fit(packed, tmp_path):
    names = ["claims.json", "figures/learning_curves.csv", "significance.csv", "tables/integrated.csv",
             "tables/integrated.tex"]  # fmt: skip
    changed = {**packed, **{name: with_changed_digit(packed[name]) for name in names}}
    faults = sorted(verify(repacked(changed, tmp_path / "a.tar.gz", sums=True)))
    assert len(faults) == len(names)
    for fault, name in zip(faults, names, strict=True):
        assert fault.startswith(f"{name}: does not follow from the frames: line ")


def test_changed_frame_is_found(packed, tmp_path):
    changed = changed_frame(packed, "runs", lambda runs: runs.assign(test_accuracy=runs["test_accuracy"] - 0.01))
    assert verify(repacked(changed, tmp_path / "a.tar.gz", sums=False)) == [
        "runs.parquet: its content is not what was packed (sha256)"
    ]
    faults = verify(repacked(changed, tmp_path / "b.tar.gz", sums=True))
    assert any(fault.startswith("tables/integrated.csv: does not follow from the frames: line 2") for fault in faults)
    assert not any(fault.startswith(("tables/corpora", "figures/learning_curves")) for fault in faults)


def test_frames_that_break_their_contract_are_said(packed, tmp_path):
    changed = changed_frame(packed, "runs", lambda runs: runs.drop(columns="sigma").assign(test_macro_silhouette=1.5))
    faults = verify(repacked(changed, tmp_path / "a.tar.gz", sums=True))
    assert "runs.parquet: no column sigma" in faults
    assert "runs.parquet: column test_macro_silhouette: each value must be a silhouette" in faults


def test_runs_that_repeat_each_other_or_were_not_planned_are_said(packed, tmp_path):
    changed = changed_frame(packed, "runs", lambda runs: pd.concat([runs, runs.head(1)]))
    changed = changed_frame(changed, "coverage", lambda rows: rows.iloc[1:])
    faults = verify(repacked(changed, tmp_path / "a.tar.gz", sums=True))
    keys = "corpus, encoder, objective, preset, protocol, seed"
    assert f"runs.parquet: 1 rows repeat the {keys} of another" in faults
    assert (
        "coverage.parquet: not the runs that config/study.json plans: 1 differ, the first bbc-news minilm-l6 ce 0"
        in faults
    )


def test_missing_file_is_found_though_no_list_tells_of_it(packed, tmp_path):
    names = ("runs.parquet", "figures/learning_curves.pdf", "resources/corpora/bbc-news/SHA256SUMS")
    kept = {name: content for name, content in packed.items() if name not in names}
    listed, hidden = (verify(repacked(kept, tmp_path / f"{sums}.tar.gz", sums=sums)) for sums in (False, True))
    assert sorted(listed) == sorted(f"{name}: missing, SHA256SUMS lists it" for name in names)
    assert sorted(hidden) == sorted(f"{name}: missing, the study has it" for name in names)


def test_settings_that_break_their_schema_are_said(packed, study_settings, tmp_path):
    files = {**packed, "config/study.json": json.dumps({**study_settings, "max_length": 0}).encode()}
    (fault,) = verify(repacked(files, tmp_path / "a.tar.gz", sums=True))
    assert fault.startswith("config/study.json: max_length: 0 found")


def odd_member(kind: str) -> tarfile.TarInfo:
    names = {"up": "mine-artifact/../../outside", "absolute": "/tmp/outside", "link": "mine-artifact/link"}
    member = tarfile.TarInfo(names.get(kind, "mine-artifact/runs.parquet"))
    if kind == "link":
        member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
    return member


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("up", "leads out of the archive"),
        ("absolute", "leads out of the archive"),
        ("link", "not a plain file"),
        ("twice", "stands in the archive twice"),
    ],
)
def test_nothing_is_unpacked_of_an_archive_that_leads_elsewhere(packed, tmp_path, monkeypatch, kind, message):
    path = repacked(packed, tmp_path / "a.tar.gz", sums=True)
    with gzip.open(path) as stream:
        plain = io.BytesIO(stream.read())
    with tarfile.open(fileobj=plain, mode="a") as tar:
        tar.addfile(odd_member(kind))
    path.write_bytes(gzip.compress(plain.getvalue()))
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (fault,) = verify(path)
    assert message in fault
    assert sorted(found.name for found in tmp_path.iterdir()) == ["a.tar.gz", "temporary"]


@pytest.mark.parametrize("content", [b"", b"no archive", b"half"])
def test_what_is_no_archive_is_one_line(archive, tmp_path, content):
    path = tmp_path / "a.tar.gz"
    path.write_bytes(archive.read_bytes()[:20_000] if content == b"half" else content)
    (fault,) = verify(path)
    assert "\n" not in fault
    assert fault.startswith(f"{path}: ")
    assert verify(tmp_path / "none.tar.gz") == [f"{tmp_path / 'none.tar.gz'}: No such file or directory"]


def test_archive_of_a_study_is_sound_and_the_command_says_so(archive, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["verify", str(archive)])
    monkeypatch.delitem(sys.modules, "glossbench.tools.verify")  # else runpy warns
    runpy.run_module("glossbench.tools.verify", run_name="__main__")
    told = capsys.readouterr()
    assert told.out.startswith(f"{archive}: sound; ")
    assert told.err == ""


def test_command_names_the_fault_and_fails(packed, tmp_path):
    broken = repacked({**packed, "config/claims.yaml": b"\n"}, tmp_path / "a.tar.gz", sums=False)
    command = [sys.executable, "-m", "glossbench.tools.verify", str(broken)]
    done = subprocess.run(command, capture_output=True, text=True, env={"PYTHONPATH": str(ROOT / "scripts")})
    assert done.returncode == 1
    assert done.stderr == "glossbench: config/claims.yaml: its content is not what was packed (sha256)\n"
