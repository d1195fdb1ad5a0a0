"""Whatever is changed in the archive of a study is found and said in one line."""

import gzip
import hashlib
import io
import json
import subprocess
import sys
import tarfile
from pathlib import Path

import pandas as pd
import pytest
from archives import repacked
from glossbench.__main__ import main
from glossbench.archives import verifying
from glossbench.archives.verifying import verify as verdict_on
from glossbench.provenance import versions
from registered import ROOT

pytestmark = pytest.mark.slow
TOO_MANY = {"tables/better.csv": b"accuracy\n1.0\n"}


def verify(archive: Path, digest: str | None = None) -> list[str]:
    return verdict_on(archive, ROOT, digest).faults


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
    changed = {**packed, **TOO_MANY}
    faults = set(verify(repacked(changed, tmp_path / "a.tar.gz", sums=True)))
    assert faults >= {
        "tables/better.csv: no table or figure of this study",
    }


def test_changed_number_is_found_though_its_checksum_be_made_to_fit(packed, tmp_path):
    names = ["claims.md", "figures/learning_curves.csv", "significance.csv", "tables/integrated.csv",
             "tables/integrated.tex"]  # fmt: skip
    changed = {**packed, **{name: with_changed_digit(packed[name]) for name in names}}
    faults = sorted(verify(repacked(changed, tmp_path / "a.tar.gz", sums=True)))
    assert len(faults) == len(names)
    for fault, name in zip(faults, names, strict=True):
        assert fault.startswith(f"{name}: does not follow from the runs: line ")


def changed_frame(change):
    """A forgery of runs.parquet: ``change`` takes and gives the frame."""

    def changed(packed):
        stored = io.BytesIO()
        change(pd.read_parquet(io.BytesIO(packed["runs.parquet"]))).to_parquet(stored, index=False)
        return {**packed, "runs.parquet": stored.getvalue()}

    return changed


def test_missing_file_is_found_though_no_list_tells_of_it(packed, tmp_path):
    names = ("runs.parquet", "figures/learning_curves.pdf", "report.html", "claims.md", "significance.json")
    kept = {name: content for name, content in packed.items() if name not in names}
    listed, hidden = (verify(repacked(kept, tmp_path / f"{sums}.tar.gz", sums=sums)) for sums in (False, True))
    assert sorted(listed) == sorted(f"{name}: missing, SHA256SUMS lists it" for name in names)
    assert sorted(hidden) == sorted(f"{name}: missing, the study has it" for name in names)


def test_settings_that_break_their_schema_are_said(packed, study_settings, tmp_path):
    files = {**packed, "config/study.json": json.dumps({**study_settings, "max_length": 0}).encode()}
    (fault,) = verify(repacked(files, tmp_path / "a.tar.gz", sums=True))
    assert fault.startswith("config/study.json: max_length: 0 found")


def text(change):
    """A forgery that changes one file: ``change`` takes and gives its text."""
    return lambda name: lambda packed: {**packed, name: change(packed[name].decode()).encode()}


def swapped(*words):
    return text(lambda content: content.replace(*words, 1))


def as_json(change):
    """A forgery that changes the content of a JSON file in place."""

    def changed(content):
        found = json.loads(content)
        change(found)
        return json.dumps(found)

    return text(changed)


def without(name):
    return lambda packed: {other: content for other, content in packed.items() if other != name}


def other_file(name, content):
    return lambda packed: {**packed, name: packed.get(content, content)}


def other_words(packed):
    """The words of a claim changed wherever the verdicts are."""
    words = {b"at most one percent": b"at most two percent"}
    files = ("config/claims.yaml", "claims.json", "claims.md")
    return {
        **packed,
        **{name: packed[name].replace(*pair) for name in files for pair in words.items()},
    }


def larger_report(packed):
    """A number of the report changed, in the HTML of a table alone."""
    page = packed["report.html"].decode()
    place = page.index("<tbody>")
    digit = next(at for at in range(place, len(page)) if page[at - 1] == "." and page[at].isdigit())
    return {**packed, "report.html": (page[:digit] + str((int(page[digit]) + 1) % 10) + page[digit + 1 :]).encode()}


MANIFEST = "resources/corpora/bbc-news/SHA256SUMS"
CE = "runs/bbc-news/minilm-l6/ce/seed-0"
ANOTHER = "figures/epoch_time"
# What a forger does who makes SHA256SUMS anew, and the beginning of a fault that tells of it.
FORGERIES = {
    "a number of the report": (larger_report, "report.html: does not follow"),
    "no report": (without("report.html"), "report.html: missing, the study has it"),
    "no page of claims": (without("claims.md"), "claims.md: missing, the study has it"),
    "another picture": (other_file("figures/learning_curves.png", f"{ANOTHER}.png"), "figures/learning_curves.png: not the"),
    "another pdf": (other_file("figures/learning_curves.pdf", f"{ANOTHER}.pdf"), "figures/learning_curves.pdf: not the"),
    "garbage for a picture": (other_file("figures/learning_curves.png", b"garbage"), "figures/learning_curves.png: not a whole"),
    "garbage for a pdf": (other_file("figures/learning_curves.pdf", b"garbage"), "figures/learning_curves.pdf: not a whole"),
    "more behind a picture": (
        lambda packed: {**packed, "figures/headline.png": packed["figures/headline.png"] + b"more"},
        "figures/headline.png: not a whole picture",
    ),
    "the data of the diagram": (swapped("node,0,", "node,1,")("figures/method.csv"), "figures/method.csv: does not follow"),
    "a number of the diagram": (swapped("True,0.", "True,0.9")("figures/method.csv"), "figures/method.csv: does not follow"),
    "a claim's words": (other_words, "config/claims.yaml: not that of this checkout"),
    "a setting of an objective": (
        swapped("temperature: 0.3", "temperature: 0.2")("config/objectives.yaml"), "config/objectives.yaml: not that"
    ),
    "the lock": (text(lambda content: "numpy==1.0\n")("envs/requirements.txt"), "envs/requirements.txt: not that"),
    "the epochs of the study": (
        as_json(lambda study: study.update(training={"epochs": 100}))("config/study.json"),
        "runs/bbc-news/minilm-l6/ce/seed-0: training.epochs: 200 found, expected 100",
    ),
    "the documents of the study": (
        as_json(lambda study: study.update(subset=100))("config/study.json"),
        "runs/bbc-news/minilm-l6/ce/seed-0: subset.train: null found, expected 100",
    ),
    "the probe": (
        as_json(lambda study: study.update(probe={"max_iter": 5}))("config/study.json"),
        "runs/bbc-news/minilm-l6/ce/seed-0: probe.max_iter: 1000 found, expected 5",
    ),
    "the seed of a run": (as_json(lambda run: run.update(seed=5))(f"{CE}/settings.json"), f"{CE}: seed: 5 found, expected 0"),
    "a run under another name": (
        as_json(lambda run: run.update(objective="scl-ce"))(f"{CE}/metrics.json"), f"{CE}: metrics.json: objective: scl-ce found"
    ),
    "a score": (
        as_json(lambda run: run.update(test_accuracy=0.99))(f"{CE}/metrics.json"), f"{CE}: metrics.json: test_accuracy 0.99, its"
    ),
    "a score of validation": (
        as_json(lambda run: run.update(val_macro_f1=0.99))(f"{CE}/metrics.json"), "runs.parquet: does not follow from the runs: val"
    ),
    "an epoch": (swapped("0.6", "0.61")(f"{CE}/epochs.csv"), "epochs.parquet: does not follow from the runs: loss_metric"),
    "garbage for a run": (text(lambda content: "{")(f"{CE}/timing.json"), f"{CE}: cannot be read: JSONDecodeError"),
    "no predictions": (without(f"{CE}/predictions.parquet"), f"{CE}/predictions.parquet: missing, the study has it"),
    "other documents": (
        as_json(lambda about: about["inputs"]["corpora"]["bbc-news"].update(kind="csv"))("archive.json"),
        f"{CE}: corpora.bbc-news.kind: ",
    ),
    "a number of a frame": (
        changed_frame(lambda runs: runs.assign(seconds_per_epoch=0.1)), "runs.parquet: does not follow from the runs: seconds"
    ),
    "a run twice in a frame": (
        changed_frame(lambda runs: pd.concat([runs, runs.head(1)])), "runs.parquet: does not follow from the runs"
    ),
    "a frame without a column": (
        changed_frame(lambda runs: runs.drop(columns="sigma")), "runs.parquet: does not follow from the runs: sigma"
    ),
    "garbage for a frame": (lambda packed: {**packed, "runs.parquet": b"garbage"}, "runs.parquet: cannot be read"),
    "the commit": (
        as_json(lambda made: made.update(commit="0" * 40))("provenance.json"), "report.html: does not follow"
    ),
    "the commit of packing": (
        as_json(lambda about: about["packed_by"].update(commit="0" * 40))("archive.json"), "ro-crate-metadata.json: does not"
    ),
    "a version": (
        as_json(lambda made: made["packages"].update(torch="9.9"))("provenance.json"), "report.html: does not follow"
    ),
    "the machine of the runs": (
        as_json(lambda made: made["runs"].update(devices="NVIDIA H100"))("provenance.json"), "provenance.json: does not"
    ),
    "a digest of the inputs": (swapped("0" * 64, "1" * 64)(MANIFEST), "provenance.json: does not follow from the runs: line "),
    "a list of the inputs": (
        lambda packed: {**packed, MANIFEST: packed[MANIFEST] + b"1" * 64 + b"  more\n"}, "provenance.json: does not follow from the runs: line "
    ),
    "no list of the inputs": (without(MANIFEST), f"{MANIFEST}: missing, and no run was imported"),
    "a card": (
        as_json(lambda card: card.update(n_train=7))("corpora/bbc-news/card.json"), "corpora.parquet: does not follow from the runs: n_train"
    ),
    "a file that no study has": (other_file("more.txt", b"more"), "more.txt: no file of this study"),
    "a number of a caption": (swapped("95 %", "99 %")("report/headline.rst"), "report/headline.rst: not that of this checkout"),
    "a number of the paper": (
        text(lambda content: content.replace("86.", "87."))("config/published/published_integrated.csv"),
        "config/published/published_integrated.csv: not that of this checkout",
    ),
    "the word of a verdict": (swapped("not tested", "confirmed")("claims.json"), "claims.json: does not follow"),
}  # fmt: skip


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forgery_is_found_though_its_checksums_be_made_to_fit(packed, tmp_path, forgery):
    change, beginning = FORGERIES[forgery]
    changed = change(packed)
    assert changed != packed
    faults = verify(repacked(changed, tmp_path / "a.tar.gz", sums=True))
    assert any(fault.startswith(beginning) for fault in faults), faults
    assert not any("\n" in fault for fault in faults)


AROUND = {
    "junk behind it": (lambda content: content + b"junk", "something follows its end"),
    "the archive twice": (lambda content: content + content, "something follows its end"),
    "zeros behind it": (lambda content: content + bytes(512), "something follows its end"),
    "more in the tar": (
        lambda content: gzip.compress(gzip.decompress(content) + b"more" * 512, mtime=0), "not packed as make pack"
    ),
    "a comment in its head": (
        lambda content: content[:3] + bytes([16]) + content[4:10] + b"comment\0" + content[10:], "its head is not that"
    ),
    "times of its files": (lambda content: gzip.compress(with_times(content), mtime=0), "not packed as make pack"),
}  # fmt: skip


def with_times(content: bytes) -> bytes:
    """The tar of an archive, its files dated."""
    stored = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(content)) as old, tarfile.open(fileobj=stored, mode="w") as new:
        for member in old:
            member.mtime = 1
            new.addfile(member, old.extractfile(member.name))
    return stored.getvalue()


@pytest.mark.parametrize("case", AROUND)
def test_what_is_around_the_files_is_found(archive, tmp_path, case):
    change, words = AROUND[case]
    path = tmp_path / "a.tar.gz"
    path.write_bytes(change(archive.read_bytes()))
    (fault,) = verify(path)
    assert words in fault


@pytest.mark.parametrize("name", ["SHA256SUMS", "resources/corpora/bbc-news/SHA256SUMS"])
def test_a_line_twice_is_found(packed, tmp_path, name):
    lines = packed[name].decode().splitlines(keepends=True)
    changed = {**packed, name: "".join([*lines, lines[0]]).encode()}
    faults = verify(repacked(changed, tmp_path / "a.tar.gz", sums=name != "SHA256SUMS"))
    assert any(f"{name}: line " in fault and fault.endswith("is listed twice") for fault in faults), faults


def test_the_digest_of_the_whole_tells_a_forgery_that_no_check_from_inside_can(archive):
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    assert verify(archive, digest) == []
    assert verify(archive, digest.upper()) == []
    (fault,) = verify(archive, "0" * 64)
    assert fault == f"{archive}: its sha256 is {digest}, not {'0' * 64}"


def test_a_picture_of_other_versions_is_looked_at_but_not_compared(packed, tmp_path, monkeypatch):
    monkeypatch.setattr(verifying, "versions", lambda: {**versions(), "matplotlib": "1.0"})
    found = verdict_on(repacked(packed, tmp_path / "a.tar.gz", sums=True), ROOT)
    assert found.faults == []
    pictures = sum(name.endswith((".png", ".pdf")) for name in packed)
    assert f"{pictures} pictures were not drawn again: they were made with other versions of libraries" in found.notes
    changed = {**packed, "figures/method.png": b"garbage"}
    assert "figures/method.png: not a whole picture" in verify(repacked(changed, tmp_path / "b.tar.gz", sums=True))


def odd_member(kind: str) -> tarfile.TarInfo:
    names = {"up": "mine/../../outside", "absolute": "/tmp/outside", "link": "mine/link"}
    member = tarfile.TarInfo(names.get(kind, "mine/runs.parquet"))
    if kind == "link":
        member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
    return member


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("up", "leads out of the archive"),
        ("absolute", "leads out of the archive"),
        ("link", "not a plain file"),
        ("twice", "is in the archive twice"),
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


def test_archive_of_a_study_is_sound_and_the_command_says_so(archive, capsys):
    assert main(["verify", str(archive)]) == 0
    told = capsys.readouterr()
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    assert f"{archive}: sound; " in told.out
    assert told.out.endswith(f"sha256 {digest}\n")
    assert told.err == ""


def test_command_names_the_fault_and_fails(packed, tmp_path):
    broken = repacked({**packed, "config/claims.yaml": b"\n"}, tmp_path / "a.tar.gz", sums=False)
    command = [sys.executable, "-m", "glossbench", "verify", str(broken)]
    done = subprocess.run(command, capture_output=True, text=True, env={"PYTHONPATH": str(ROOT / "scripts")})
    assert done.returncode == 1
    assert done.stderr == "glossbench: config/claims.yaml: its content is not what was packed (sha256)\n"
