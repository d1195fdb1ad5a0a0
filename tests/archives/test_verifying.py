"""Whatever is changed in the archive of a study is found and said in one line."""

import hashlib
import io
import json
import lzma
import re
import shutil
import tarfile
import tracemalloc
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
import pytest
import yaml
from glossbench.__main__ import main
from glossbench.archives import verifying
from glossbench.archives.format import compare_checksums, container_faults, unpacked, write_archive
from glossbench.archives.importing import import_archive
from glossbench.archives.index import imported, source_lists
from glossbench.archives.packing import pack
from glossbench.archives.rebuilding import draw_the_same
from glossbench.archives.verifying import verify as verdict_on
from glossbench.checksums import add_checksums
from glossbench.errors import GlossbenchError
from glossbench.provenance import versions
from glossbench.settings.paths import run_folder
from glossbench.settings.study import load_study

from tests.support.archives import files_of, make_runs, repacked
from tests.support.registered import CONFIG, LEAST, ROOT

pytestmark = pytest.mark.slow


def verify(archive: Path, digest: str | None = None) -> list[str]:
    return verdict_on(archive, ROOT, digest).faults


def with_changed_digit(content: bytes) -> bytes:
    """The content with its last digit that is not 0 made one less."""
    place = next(place for place in range(len(content) - 1, 0, -1) if content[place] in b"123456789")
    return content[:place] + bytes([content[place] - 1]) + content[place + 1 :]


def test_what_is_not_what_was_packed_is_said(packed, tmp_path, capsys):
    table = "tables/integrated.csv"
    changed = {**packed, table: with_changed_digit(packed[table]), "tables/better.csv": b"accuracy\n1.0\n"}
    assert main(["verify", str(repacked(changed, tmp_path / "a.tar.xz", sums=False))]) == 1
    assert capsys.readouterr().err.splitlines() == [
        "glossbench: tables/better.csv: not one of the files that SHA256SUMS lists",
        f"glossbench: {table}: its content is not what was packed (sha256)",
    ]


def test_changed_number_is_found_though_its_checksum_be_made_to_fit(packed, tmp_path):
    names = ["claims.md", "figures/learning_curves.csv", "significance.csv", "tables/integrated.csv",
             "tables/integrated.tex"]  # fmt: skip
    changed = {**packed, **{name: with_changed_digit(packed[name]) for name in names}}
    faults = sorted(verify(repacked(changed, tmp_path / "a.tar.xz", sums=True)))
    assert len(faults) == len(names)
    for fault, name in zip(faults, names, strict=True):
        assert fault.startswith(f"{name}: does not follow from the runs: line ")


def test_missing_file_is_found_though_no_list_tells_of_it(packed, tmp_path):
    names = ("runs.parquet", "figures/learning_curves.pdf", "report.html", "claims.md", "significance.json")
    kept = {name: content for name, content in packed.items() if name not in names}
    for sums, fault in ((False, "missing, SHA256SUMS lists it"), (True, "missing, the study has it")):
        faults = verify(repacked(kept, tmp_path / f"{sums}.tar.xz", sums=sums))
        assert sorted(faults) == sorted(f"{name}: {fault}" for name in names)


def to(content):
    return lambda _: content


def swapped(old, new):
    return lambda content: content.replace(old.encode(), new.encode(), 1)


def more(text):
    return lambda content: content + text


def updated(*keys, **values):
    """Values of the mapping that is under these keys of a JSON file, changed."""

    def change(content):
        found = inner = json.loads(content)
        for key in keys:
            inner = inner[key]
        inner.update(values)
        return json.dumps(found).encode()

    return change


def frame(change):
    return lambda content: change(pd.read_parquet(io.BytesIO(content))).to_parquet(index=False)


CE, CURVES, ABOUT = "runs/bbc-news/minilm-l6/ce/seed-0", "figures/learning_curves", "provenance.json"
MANIFEST, STUDY, FOLLOW = "resources/corpora/bbc-news/SHA256SUMS", "config/study.json", "does not follow"
A_NUMBER = re.compile(rb"(<tbody>.*?\.)(\d)", re.DOTALL)
# What a forger does who makes SHA256SUMS anew: the file, its new content (or whose it is), the beginning of a fault.
FORGERIES = {
    "a number of the report": ("report.html", lambda page: A_NUMBER.sub(lambda found: found[1] + b"%d" % (9 - int(found[2])), page, 1), f"report.html: {FOLLOW}"),
    "no page of claims": ("claims.md", to(None), "claims.md: missing, the study has it"),
    "another picture": (f"{CURVES}.png", "figures/epoch_time.png", f"{CURVES}.png: not the picture that its data gives"),
    "another pdf": (f"{CURVES}.pdf", "figures/epoch_time.pdf", f"{CURVES}.pdf: not the picture that its data gives"),
    "garbage for a picture": (f"{CURVES}.png", to(b"garbage"), f"{CURVES}.png: not a whole picture"),
    "garbage for a pdf": (f"{CURVES}.pdf", to(b"garbage"), f"{CURVES}.pdf: not a whole picture"),
    "more behind a picture": ("figures/headline.png", more(b"more"), "figures/headline.png: not a whole picture"),
    "the data of the diagram": ("figures/method.csv", swapped("node,0,", "node,1,"), f"figures/method.csv: {FOLLOW}"),
    "a number of the diagram": ("figures/method.csv", swapped("True,0.", "True,0.9"), f"figures/method.csv: {FOLLOW}"),
    "a claim's words": ("config/claims.yaml", swapped("at most one percent", "at most two percent"), "config/claims.yaml: not that of this checkout"),
    "a setting of an objective": ("config/objectives.yaml", swapped("temperature: 0.3", "temperature: 0.2"), "config/objectives.yaml: not that"),
    "the lock": ("envs/requirements.txt", to(b"numpy==1.0\n"), "envs/requirements.txt: not that"),
    "no study": (STUDY, updated(max_length=0), f"{STUDY}: max_length: 0 found"),
    "the epochs of the study": (STUDY, updated(training={"epochs": 100}), f"{CE}: training.epochs: 200 found, expected 100"),
    "the documents of the study": (STUDY, updated(subset=100), f"{CE}: subset.train: null found, expected 100"),
    "the probe": (STUDY, updated(probe={"max_iter": 5}), f"{CE}: probe.max_iter: 1000 found, expected 5"),
    "the seed of a run": (f"{CE}/settings.json", updated(seed=5), f"{CE}: seed: 5 found, expected 0"),
    "a run under another name": (f"{CE}/metrics.json", updated(objective="scl-ce"), f"{CE}: metrics.json: objective: scl-ce found, its settings have ce"),
    "a score": (f"{CE}/metrics.json", updated(test_accuracy=0.99), f"{CE}: metrics.json: test_accuracy 0.99, its"),
    "a score of validation": (f"{CE}/metrics.json", updated(val_macro_f1=0.99), f"runs.parquet: {FOLLOW} from the runs: val"),
    "an epoch": (f"{CE}/epochs.csv", swapped("0.6", "0.61"), f"epochs.parquet: {FOLLOW} from the runs: loss_metric"),
    "garbage for a run": (f"{CE}/timing.json", to(b"{"), f"{CE}: cannot be read: JSONDecodeError"),
    "no predictions": (f"{CE}/predictions.parquet", to(None), f"{CE}/predictions.parquet: missing, the study has it"),
    "other documents": ("archive.json", updated("inputs", "corpora", "bbc-news", kind="csv"), f"{CE}: corpora.bbc-news.kind: "),
    "a number of a frame": ("runs.parquet", frame(lambda runs: runs.assign(seconds_per_epoch=0.1)), f"runs.parquet: {FOLLOW} from the runs: seconds"),
    "a run twice in a frame": ("runs.parquet", frame(lambda runs: pd.concat([runs, runs.head(1)])), f"runs.parquet: {FOLLOW}"),
    "a frame without a column": ("runs.parquet", frame(lambda runs: runs.drop(columns="sigma")), f"runs.parquet: {FOLLOW} from the runs: sigma"),
    "garbage for a frame": ("runs.parquet", to(b"garbage"), "runs.parquet: cannot be read"),
    "the commit": (ABOUT, updated(commit="0" * 40), f"report.html: {FOLLOW}"),
    "the commit of packing": ("archive.json", updated("packed_by", commit="0" * 40), "ro-crate-metadata.json: does not describe the packed files"),
    "a version": (ABOUT, updated("packages", torch="9.9"), f"report.html: {FOLLOW}"),
    "the machine of the runs": (ABOUT, updated("runs", devices="NVIDIA H100"), f"{ABOUT}: {FOLLOW}"),
    "a digest of the inputs": (MANIFEST, swapped("0" * 64, "1" * 64), f"{ABOUT}: {FOLLOW} from the runs: line "),
    "a list of the inputs": (MANIFEST, more(b"1" * 64 + b"  more\n"), f"{ABOUT}: {FOLLOW} from the runs: line "),
    "no list of the inputs": (MANIFEST, to(None), f"{MANIFEST}: missing, and no run was imported"),
    "a card": ("corpora/bbc-news/card.json", updated(n_train=7), f"corpora.parquet: {FOLLOW} from the runs: n_train"),
    "a file that no study has": ("more.txt", to(b"more"), "more.txt: no file of this study"),
    "a table that no study has": ("tables/better.csv", to(b"accuracy\n1.0\n"), "tables/better.csv: no table or figure of this study"),
    "a number of a caption": ("report/headline.rst", swapped("95 %", "99 %"), "report/headline.rst: not that of this checkout"),
    "a number of the paper": ("config/published/published_integrated.csv", swapped("86.", "87."), "config/published/published_integrated.csv: not that of"),
    "the word of a verdict": ("claims.json", swapped("not tested", "confirmed"), f"claims.json: {FOLLOW}"),
    "a run in the description": ("ro-crate-metadata.json", swapped("#runs/", "#ran/"), "ro-crate-metadata.json: does not describe the packed files"),
}  # fmt: skip


# What is not even a file of its kind, though its checksum fits.
GARBAGE = {
    **{f"{ABOUT}, {content}": (ABOUT, content) for content in (b"{", b"{}", b"[]")},
    **{f"archive.json, {content}": ("archive.json", content) for content in (b"{", b"[]", b'{"format": 2}')},
    "no archive.json": ("archive.json", None),
    "card": ("corpora/bbc-news/card.json", b"{}"),
    "epochs": (f"{CE}/epochs.csv", b"garbage"),
    "seconds": (f"{CE}/timing.csv", b""),
    "an epoch twice": (f"{CE}/epochs.csv", b"epoch,loss\n1,0.5\n1,0.5\n"),
    "predictions": (f"{CE}/predictions.parquet", b"garbage"),
    "study": (STUDY, b"{"),
}


@pytest.mark.parametrize("case", GARBAGE)
def test_garbage_is_one_line_for_who_verifies_and_who_imports(packed, study_settings, tmp_path, monkeypatch, case):
    name, content = GARBAGE[case]
    files = {**packed, name: content}
    if content is None:
        del files[name]
    forged = repacked(files, tmp_path / "a.tar.xz", sums=True)
    (fault,) = verify(forged)
    assert "\n" not in fault
    monkeypatch.chdir(tmp_path)
    study = load_study(study_settings, "study", CONFIG)
    if name == "archive.json":
        line = "missing or damaged, so this was not made by" if content is None else "not as make pack writes it"
        with pytest.raises(GlossbenchError, match=f"^{forged}: archive.json: {line}"):
            import_archive(forged, study)
    else:
        assert list(import_archive(forged, study).refused) == [CE] * name.startswith(CE)


# Forgeries of different files of which none hides another or is found because of it: in one archive.
TOGETHER = [
    ["no page of claims", "no predictions", "a file that no study has", "a table that no study has"],
    ["a claim's words", "a setting of an objective", "the lock", "a number of a caption", "a number of the paper"],
    ["an epoch", "a card", "garbage for a frame"],
    ["another picture", "another pdf", "more behind a picture", "the data of the diagram", "the word of a verdict", "a list of the inputs"],
    ["garbage for a picture", "garbage for a pdf", "a number of the diagram", "a digest of the inputs"],
    ["a number of the report", "the machine of the runs"],
]  # fmt: skip
ALONE = [[forgery] for forgery in FORGERIES if not any(forgery in forgeries for forgeries in TOGETHER)]


@pytest.mark.parametrize("forgeries", [*TOGETHER, *ALONE], ids=", ".join)
def test_forgeries_are_found_though_their_checksums_be_made_to_fit(packed, tmp_path, forgeries):
    changed = dict(packed)
    for name, change, _ in map(FORGERIES.get, forgeries):
        assert changed.get(name) == packed.get(name)
        changed[name] = packed[change] if isinstance(change, str) else change(packed.get(name))
        assert changed[name] != packed.get(name)
    changed = {name: content for name, content in changed.items() if content is not None}
    faults = verify(repacked(changed, tmp_path / "a.tar.xz", sums=True))
    for forgery in forgeries:
        assert any(fault.startswith(FORGERIES[forgery][-1]) for fault in faults), (forgery, faults)
    assert not any("\n" in fault for fault in faults)


def test_a_fault_tells_the_commit_that_the_archive_was_packed_at_where_it_is_another(packed, tmp_path):
    changed = {name: FORGERIES["the commit of packing"][1](packed[name]) for name in ["archive.json"]}
    changed[STUDY] = updated(of_later=1)(packed[STUDY])
    unknown, told = verify(repacked({**packed, **changed}, tmp_path / "a.tar.xz", sums=True))
    assert unknown.startswith(f"{STUDY}: of_later: ")
    assert told == f"packed at the commit {'0' * 40}, this checkout is {verifying.commit(ROOT)}"


def test_what_cannot_be_packed_leaves_the_archive_that_is_there(tmp_path, monkeypatch):
    archive = tmp_path / "a.tar.xz"
    write_archive(archive, "mine", {"a": b"a"})
    before = archive.read_bytes()
    monkeypatch.setattr(tarfile.TarFile, "addfile", None)
    with pytest.raises(TypeError):
        write_archive(archive, "mine", {"a": b"b"})
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [before]


def test_same_files_give_the_same_bytes_whatever_their_times(archive, packed, tmp_path):
    again = {name: packed[name] for name in reversed(packed) if name != "SHA256SUMS"}
    write_archive(tmp_path / "other-name.tar.xz", "mine", again)
    assert (tmp_path / "other-name.tar.xz").read_bytes() == archive.read_bytes()
    with tarfile.open(archive) as tar:
        assert {(member.mtime, member.uid, member.uname) for member in tar} == {(0, 0, "")}
        names = tar.getnames()
    # files of one kind stand together: xz finds what they have in common
    assert names == sorted(names, key=lambda name: (Path(name).name, name))


def test_a_large_file_is_written_read_and_compared_without_being_held(tmp_path):
    large, size = tmp_path / "embeddings.npz", 2**27
    with large.open("wb") as stream:
        stream.truncate(size)
    tracemalloc.start()
    try:
        write_archive(tmp_path / "a.tar.xz", "mine", {large.name: large})
        top = unpacked(tmp_path / "a.tar.xz", tmp_path / "out")
        assert not [*container_faults(tmp_path / "a.tar.xz", top)]
        assert not compare_checksums(top)
        assert tracemalloc.get_traced_memory()[1] < size / 1.25  # xz itself takes 98 MB
    finally:
        tracemalloc.stop()
    assert (top / large.name).stat().st_size == size


def with_times(content: bytes) -> bytes:
    """The tar of an archive, its files dated."""
    stored = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(content)) as old, tarfile.open(fileobj=stored, mode="w") as new:
        for member in old:
            member.mtime = 1
            new.addfile(member, old.extractfile(member.name))
    return stored.getvalue()


AROUND = {
    "junk behind it": (lambda content: content + b"junk", "extra data after its end"),
    "the archive twice": (lambda content: content + content, "extra data after its end"),
    "zeros behind it": (lambda content: content + bytes(512), "extra data after its end"),
    "more in the tar": (lambda tar: lzma.compress(lzma.decompress(tar) + b"more" * 512), "not packed as make pack"),
    "cut off after its last file": (lambda content: content[:-8], "its end is missing"),
    "times of its files": (lambda content: lzma.compress(with_times(content)), "not packed as make pack"),
}  # fmt: skip


@pytest.mark.parametrize("case", AROUND)
def test_faults_of_the_container_are_found(archive, tmp_path, case):
    change, words = AROUND[case]
    path = tmp_path / "a.tar.xz"
    path.write_bytes(change(archive.read_bytes()))
    (fault,) = verify(path)
    assert words in fault


@pytest.mark.parametrize("name", ["SHA256SUMS", MANIFEST])
def test_a_line_twice_is_found(packed, tmp_path, name):
    lines = packed[name].splitlines(keepends=True)
    changed = {**packed, name: b"".join([*lines, lines[0]])}
    faults = verify(repacked(changed, tmp_path / "a.tar.xz", sums=name != "SHA256SUMS"))
    assert any(f"{name}: line " in fault and fault.endswith("is listed twice") for fault in faults), faults


def test_the_digest_of_the_whole_tells_a_forgery_that_no_check_from_inside_can(archive, capsys):
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    assert main(["verify", str(archive), "--digest", digest.upper()]) == 0
    told = capsys.readouterr()
    assert f"{archive}: sound; " in told.out
    assert told.out.endswith(f"sha256 {digest}, as expected\n")
    assert told.err == ""
    assert verify(archive, "0" * 64) == [f"{archive}: its sha256 is {digest}, not {'0' * 64}"]


def test_a_picture_of_other_versions_is_looked_at_but_not_compared(packed, tmp_path, monkeypatch):
    monkeypatch.setattr(verifying, "versions", lambda: {**versions(), "matplotlib": "1.0"})
    found = verdict_on(repacked(packed, tmp_path / "a.tar.xz", sums=True), ROOT)
    pictures = sum(name.endswith((".png", ".pdf")) for name in packed)
    assert found.faults == []
    assert f"{pictures} pictures were not drawn again: they were made with other versions of libraries" in found.notes
    changed = {**packed, "figures/method.png": b"garbage"}
    assert "figures/method.png: not a whole picture" in verify(repacked(changed, tmp_path / "b.tar.xz", sums=True))


def pdf(height=1.0, title="scores", color="C0"):
    figure, axes = plt.subplots()
    axes.plot([0, 1, 2], [0, height, 2], color=color)
    axes.set(title=title, ylim=(0, 3))
    content = io.BytesIO()
    figure.savefig(content, format="pdf", metadata={"CreationDate": None})
    plt.close(figure)
    return content.getvalue()


@pytest.mark.parametrize("change", [{"height": 1.01}, {"title": "Scores"}, {"color": "C1"}])
def test_pdfs_draw_the_same_but_for_a_point_a_letter_or_a_color(change):
    assert pdf(1.0) != pdf(1.00001)
    assert draw_the_same(pdf(1.0), pdf(1.00001))
    assert not draw_the_same(pdf(), pdf(**change))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("mine/../../outside", "leads out of the archive"),
        ("/tmp/outside", "leads out of the archive"),
        ("mine/link", "not a plain file"),
        ("mine/runs.parquet", "is in the archive twice"),
    ],
)
def test_nothing_is_unpacked_of_an_archive_that_leads_elsewhere(archive, tmp_path, monkeypatch, name, message):
    plain, odd = io.BytesIO(lzma.decompress(archive.read_bytes())), tarfile.TarInfo(name)
    if name.endswith("link"):
        odd.type, odd.linkname = tarfile.SYMTYPE, "/etc/passwd"
    with tarfile.open(fileobj=plain, mode="a") as tar:
        tar.addfile(odd)
    path = tmp_path / "a.tar.xz"
    path.write_bytes(lzma.compress(plain.getvalue()))
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (fault,) = verify(path)
    assert message in fault
    assert sorted(found.name for found in tmp_path.iterdir()) == ["a.tar.xz", "temporary"]


@pytest.mark.parametrize("content", [b"", b"no archive", b"half", None])
def test_what_is_no_archive_is_one_line(archive, study_settings, tmp_path, monkeypatch, content):
    path = tmp_path / "a.tar.xz"
    if content is not None:
        path.write_bytes(archive.read_bytes()[:20_000] if content == b"half" else content)
    (fault,) = verify(path)
    assert "\n" not in fault
    assert fault.startswith(f"{path}: No such file or directory" if content is None else f"{path}: ")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(GlossbenchError, match=re.escape(str(path))) as caught:
        import_archive(path, load_study(study_settings, "study", CONFIG))
    assert "\n" not in str(caught.value)
    assert not Path("results").exists()


def test_of_a_run_that_is_here_twice_the_one_that_evidence_is_made_from_is_packed(
    archive, packed, study_settings, tmp_path, monkeypatch
):
    shutil.copytree(archive.parent, tmp_path / "work")
    monkeypatch.chdir(tmp_path / "work")
    study = load_study(study_settings, "study", CONFIG)
    import_archive(archive, study)  # finds all of them here
    shutil.rmtree("results/mine/runs")
    import_archive(archive, study)
    made_here, name = Path("results/mine"), f"{run_folder(study.runs[0])}/metrics.json"
    (made_here / name).parent.mkdir(parents=True)
    for file in (made_here / "imported" / name).parent.iterdir():
        shutil.copy(file, (made_here / name).parent)
    (made_here / name).write_bytes(b"of other settings")
    pack(study, study_settings, Path("again.tar.xz"), ROOT)
    assert files_of(Path("again.tar.xz"))[name] == packed[name]


def test_a_pack_of_runs_alone_is_not_said_to_have_evidence(archive, study_settings, tmp_path, monkeypatch, capsys):
    shutil.copytree(archive.parent, tmp_path / "work")
    monkeypatch.chdir(tmp_path / "work")
    shutil.rmtree("results/mine/tables")
    assert pack(load_study(study_settings, "study", CONFIG), study_settings, Path("runs.tar.xz"), ROOT)[1] is False
    for name, follows in ((archive, True), (Path("runs.tar.xz"), False)):
        assert main(["verify", str(name)]) == 0
        assert ("follow from its runs" in capsys.readouterr().out) is follows


def test_what_was_made_with_other_settings_is_not_packed(archive, study_settings, tmp_path, monkeypatch):
    shutil.copytree(archive.parent, tmp_path / "work")
    monkeypatch.chdir(tmp_path / "work")
    made, packed_again = Path("mine.tar.xz"), Path("again.tar.xz")
    for changes, expected in ({}, True), ({"seeds_per_job": 3}, False):  # which the report shows
        settings = {**study_settings, **changes}
        study = load_study(settings, "study", CONFIG)
        assert pack(study, settings, packed_again, ROOT) == (len(study.runs), expected)
        assert main(["verify", str(packed_again)]) == 0
    settings = {**study_settings, "training": {**study_settings.get("training", {}), "epochs": 7}}
    before = made.read_bytes()
    with pytest.raises(GlossbenchError, match="no run has finished yet"):
        pack(load_study(settings, "study", CONFIG), settings, made, ROOT)
    assert made.read_bytes() == before


def test_of_a_folder_each_archive_is_imported_or_named(archive, packed, study_settings, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("study.yaml").write_text(yaml.safe_dump(study_settings))
    assert main(["import", ".", "study.yaml"]) == 1
    assert capsys.readouterr().err == "glossbench: .: no archive (*.tar.xz) in it\n"
    repacked({**packed, "archive.json": b"[]"}, Path("a.tar.xz"), sums=True)
    shutil.copy(archive, "b.tar.xz")
    assert main(["import", ".", "study.yaml"]) == 1
    told = capsys.readouterr()
    assert told.err == "glossbench: a.tar.xz: archive.json: not as make pack writes it in format 2\n"
    assert told.out == "b.tar.xz into results/mine: 6 taken, 0 here already, 0 not taken\n"


def test_a_file_that_has_changed_since_it_was_written_is_not_packed(archive, study_settings, tmp_path, monkeypatch):
    shutil.copytree(archive.parent, tmp_path / "work")
    monkeypatch.chdir(tmp_path / "work")
    file = next(Path("results/mine/runs").rglob("predictions.parquet"))
    add_checksums([file])
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(GlossbenchError, match=f"^{file}: changed since it was written"):
        pack(load_study(study_settings, "study", CONFIG), study_settings, Path("mine.tar.xz"), ROOT)


def test_runs_of_local_files_are_taken_only_where_the_same_files_are(tmp_path, monkeypatch):
    settings = {**LEAST, "study": "own", "corpora": ["my-corpus"], "encoders": ["my-encoder"]}
    study = load_study(settings, "study", CONFIG)
    for folder in ("there", "here"):
        (tmp_path / folder).mkdir()
    monkeypatch.chdir(tmp_path / "there")
    make_runs(study, Path("results/own"))
    pack(study, settings, tmp_path / "own.tar.xz", ROOT)
    listed = {name: Path(name).read_bytes() for name in source_lists(study, set())}
    monkeypatch.chdir(tmp_path / "here")

    def refused():
        return [*import_archive(tmp_path / "own.tar.xz", study).refused.values()]

    (fault,) = refused()
    line = "corpora.my-corpus: its local files are not listed yet; run .venv/bin/snakemake resources/corpora"
    assert fault.startswith(line)
    for name, content in listed.items():
        Path(name).parent.mkdir(parents=True)
        Path(name).write_bytes(content)
    Path("resources/encoders/my-encoder/SHA256SUMS").write_text("1" * 64 + "  vocab.txt\n")
    (fault,) = refused()
    assert fault.startswith("encoders.my-encoder.SHA256SUMS: ")
    Path("resources/encoders/my-encoder/SHA256SUMS").write_bytes(listed["resources/encoders/my-encoder/SHA256SUMS"])
    assert refused() == []
    assert study.runs[0] in imported(study, Path("results/own"))
    Path("resources/corpora/my-corpus/SHA256SUMS").write_text("1" * 64 + "  data.csv\n")
    assert study.runs[0] not in imported(study, Path("results/own"))
