"""The archive of a study: the same bytes each time, and whatever is changed in it is found and said in one line."""

import gzip
import hashlib
import io
import json
import subprocess
import sys
import tarfile
from pathlib import Path

import doorways
import evidence_frames as frames
import pandas as pd
import pytest
from glossbench.frames import CONTRACT, departures
from glossbench.study.outputs import load_claims, load_exhibits
from glossbench.study.study import canonical, load_study
from glossbench.tools.archive import contents, pack, sources, sources_digest
from glossbench.tools.verify import verify

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
OBJECTIVES = ["ce", "scl-ce", "gloss-sqrt-ce"]
STUDY = {"study": "mine", "corpora": ["bbc-news"], "encoders": ["minilm-l6"], "objectives": OBJECTIVES, "seeds": [0, 1]}


def study_frames() -> dict[str, pd.DataFrame]:
    scores = {("bbc-news", "minilm-l6", key): [0.9 + 0.01 * n, 0.91] for n, key in enumerate(OBJECTIVES)}
    runs = frames.runs(scores, study="mine")
    epochs = frames.epochs({(key, seed): [0.5, 0.7, 0.8] for key in OBJECTIVES for seed in (0, 1)}, corpus="bbc-news")
    number = dict.fromkeys(["loss", "loss_ce", "loss_metric", "learning_rate", "left_out_share"], 0.5)
    parts = ("forward", "backward", "optimizer", "graph", "propagation", "other", "validation", "epoch")
    epochs = epochs.assign(
        preset="paper", best=epochs["epoch"] == 3, **number | {f"seconds_{part}": 1.0 for part in parts}
    )
    return {"runs": runs, "epochs": epochs, "corpora": frames.corpora("bbc-news"), "coverage": frames.coverage(runs)}


@pytest.fixture(scope="module")
def archive(tmp_path_factory) -> Path:
    """The archive of a small study, its tables, figures, verdicts and report made by the scripts of the workflow."""
    work = tmp_path_factory.mktemp("artifact")
    results, log = work / "results/mine", work / "log"
    for folder in ("tables", "figures"):
        (results / folder).mkdir(parents=True)
    stored = {name: str(results / f"{name}.parquet") for name in ("runs", "epochs", "corpora", "coverage")}
    for name, frame in study_frames().items():
        frame.to_parquet(stored[name], index=False)
    study = load_study(STUDY, "study", ROOT / "config")
    shown = [exhibit for exhibit in load_exhibits(ROOT / "config") if exhibit.fillable(study)]
    entries = []
    for exhibit in shown:
        caption = " ".join((ROOT / "report" / f"{exhibit.key}.rst").read_text().split())
        given = {name: stored[name] for name in (*exhibit.reads, "coverage")}
        endings = {"table": ("csv", "md", "tex", "html"), "figure": ("png", "pdf", "csv", "caption")}[exhibit.kind]
        files = {
            key: str(results / f"{exhibit.kind}s/{exhibit.key}.{'txt' if key == 'caption' else key}") for key in endings
        }
        settings = {"key": exhibit.key, "published": exhibit.published, "caption": caption}
        doorways.run(exhibit.kind, log, given, files, {"exhibit": canonical(settings)})
        entries.append(
            {**{key: getattr(exhibit, key) for key in ("key", "kind", "title", "paper")}, "caption": caption}
        )
    verdicts = {"json": str(results / "claims.json"), "md": str(results / "claims.md")}
    given = {name: stored[name] for name in ("runs", "epochs")}
    doorways.run("claims", log, given, verdicts, {"claims": canonical(load_claims(ROOT / "config"))})
    tests = {ending: str(results / f"significance.{ending}") for ending in ("csv", "json")}
    doorways.run("significance", log, {"runs": stored["runs"]}, tests, {})
    pages = {"page": str(results / "report.html"), "provenance": str(results / "provenance.json")}
    given = {name: stored[name] for name in ("runs", "corpora", "coverage")} | {"claims": verdicts["json"]}
    given |= {
        "tables": sorted(map(str, results.glob("tables/*.html"))),
        "figures": sorted(map(str, results.glob("figures/*.png"))),
    }
    doorways.run("report", log, given, pages, {"settings": canonical(study.settings), "exhibits": canonical(entries)})
    manifests = []
    for name in ("corpora/bbc-news", "encoders/minilm-l6"):
        manifest = work / "resources" / name / "SHA256SUMS"
        manifest.parent.mkdir(parents=True)
        manifest.write_text(f"{'0' * 64}  a file of {name}\n")
        manifests.append(str(manifest))
    products = [str(path) for path in results.rglob("*") if path.is_file()]
    made = results / "mine-artifact.tar.gz"
    params = {"study": canonical(STUDY)}
    doorways.run("artifact", log, {"products": products, "manifests": manifests}, {"archive": str(made)}, params)
    return made


@pytest.fixture(scope="module")
def packed(archive) -> dict[str, bytes]:
    """The archive's files by their names below its top folder."""
    with tarfile.open(archive) as tar:
        return {member.name.partition("/")[2]: tar.extractfile(member).read() for member in tar}


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


def test_archive_of_a_study_is_sound(archive, packed):
    assert verify(archive) == []
    assert {"runs.parquet", "claims.json", "provenance.json", "config/study.json", "config/corpora.yaml",
            "config/schemas/study.schema.yaml", "envs/requirements.txt", "tables/integrated.csv", "report.html",
            "figures/learning_curves.csv", "resources/corpora/bbc-news/SHA256SUMS"} <= set(packed)  # fmt: skip


def test_same_files_give_the_same_bytes_whatever_their_times(archive, packed, tmp_path):
    files = {name: content for name, content in packed.items() if name != "SHA256SUMS"}
    for place, content in enumerate(reversed(files.values())):
        (tmp_path / str(place)).write_bytes(content)
    again = {name: tmp_path / str(place) for place, name in enumerate(reversed(files))}
    pack(tmp_path / "other-name.tar.gz", "mine-artifact", again)
    assert (tmp_path / "other-name.tar.gz").read_bytes() == archive.read_bytes()
    with tarfile.open(archive) as tar:
        assert {(member.mtime, member.uid, member.uname) for member in tar} == {(0, 0, "")}
        assert tar.getnames() == sorted(tar.getnames())


def test_checksums_are_those_that_sha256sum_would_find(packed):
    listed = dict(line.split("  ")[::-1] for line in packed["SHA256SUMS"].decode().splitlines())
    assert set(listed) == set(packed) - {"SHA256SUMS"}
    assert all(hashlib.sha256(packed[name]).hexdigest() == digest for name, digest in listed.items())


@pytest.mark.parametrize(
    ("name", "sums"),
    [
        ("tables/integrated.csv", False),
        ("tables/integrated.csv", True),
        ("tables/integrated.tex", True),
        ("figures/learning_curves.csv", True),
        ("significance.csv", True),
        ("claims.json", True),
    ],
)
def test_changed_number_is_found_though_its_checksum_be_made_to_fit(packed, tmp_path, name, sums):
    content = packed[name]
    place = next(place for place in range(len(content) - 1, 0, -1) if content[place] in b"123456789")
    changed = content[:place] + bytes([content[place] - 1]) + content[place + 1 :]
    (fault,) = verify(repacked({**packed, name: changed}, tmp_path / "a.tar.gz", sums))
    assert fault.startswith(
        f"{name}: does not follow from the frames: line " if sums else f"{name}: its content is not"
    )


def test_changed_frame_is_found(packed, tmp_path):
    changed = changed_frame(packed, "runs", lambda runs: runs.assign(test_accuracy=runs["test_accuracy"] - 0.01))
    assert verify(repacked(changed, tmp_path / "a.tar.gz", sums=False)) == [
        "runs.parquet: its content is not what was packed (sha256)"
    ]
    faults = verify(repacked(changed, tmp_path / "b.tar.gz", sums=True))
    assert any(fault.startswith("tables/integrated.csv: does not follow from the frames: line 2") for fault in faults)
    assert not any(fault.startswith(("tables/corpora", "figures/learning_curves")) for fault in faults)


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("runs", lambda runs: runs.drop(columns="sigma"), "runs.parquet: no column sigma"),
        ("runs", lambda runs: runs.assign(test_macro_silhouette=1.5), "runs.parquet: column test_macro_silhouette: each value must be a silhouette"),
        ("coverage", lambda rows: rows.iloc[1:], "coverage.parquet: not the runs that config/study.json plans: 1 differ, the first bbc-news minilm-l6 ce 0"),
        ("runs", lambda runs: pd.concat([runs, runs.head(1)]), "runs.parquet: 1 rows repeat the corpus, encoder, objective, preset, protocol, seed of another"),
    ],
)  # fmt: skip
def test_frame_of_another_shape_is_said(packed, tmp_path, name, change, said):
    assert said in verify(repacked(changed_frame(packed, name, change), tmp_path / "a.tar.gz", sums=True))


def test_missing_file_is_found_though_no_list_tells_of_it(packed, tmp_path):
    names = ("runs.parquet", "figures/learning_curves.pdf", "resources/corpora/bbc-news/SHA256SUMS")
    kept = {name: content for name, content in packed.items() if name not in names}
    listed, hidden = (verify(repacked(kept, tmp_path / f"{sums}.tar.gz", sums=sums)) for sums in (False, True))
    assert sorted(listed) == sorted(f"{name}: missing, SHA256SUMS lists it" for name in names)
    assert sorted(hidden) == sorted(f"{name}: missing, the study has it" for name in names)


def test_file_too_many_is_found(packed, tmp_path):
    files = {**packed, "tables/better.csv": b"accuracy\n1.0\n"}
    assert verify(repacked(files, tmp_path / "a.tar.gz", sums=False)) == [
        "tables/better.csv: not one of the files that SHA256SUMS lists"
    ]
    assert verify(repacked(files, tmp_path / "b.tar.gz", sums=True)) == [
        "tables/better.csv: no table or figure of this study"
    ]


def test_settings_that_break_their_schema_are_said(packed, tmp_path):
    files = {**packed, "config/study.json": json.dumps({**STUDY, "max_length": 0}).encode()}
    (fault,) = verify(repacked(files, tmp_path / "a.tar.gz", sums=True))
    assert fault.startswith("config/study.json: max_length: 0 found")


def test_lock_that_is_not_the_one_of_the_provenance_is_said(packed, tmp_path):
    files = {**packed, "envs/requirements.txt": b"numpy==1.0\n"}
    assert verify(repacked(files, tmp_path / "a.tar.gz", sums=True)) == [
        "provenance.json: its lock is not the digest of envs/requirements.txt"
    ]


def odd_member(kind: str) -> tarfile.TarInfo:
    names = {"up": "mine-artifact/../../outside", "absolute": "/tmp/outside", "link": "mine-artifact/link"}
    member = tarfile.TarInfo(names.get(kind, "mine-artifact/runs.parquet"))
    if kind == "link":
        member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
    return member


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("up", "leads out of the archive"),
        ("absolute", "leads out of the archive"),
        ("link", "not a plain file"),
        ("twice", "stands in the archive twice"),
    ],
)
def test_nothing_is_unpacked_of_an_archive_that_leads_elsewhere(packed, tmp_path, monkeypatch, kind, said):
    path = repacked(packed, tmp_path / "a.tar.gz", sums=True)
    with gzip.open(path) as stream:
        plain = io.BytesIO(stream.read())
    with tarfile.open(fileobj=plain, mode="a") as tar:
        tar.addfile(odd_member(kind))
    path.write_bytes(gzip.compress(plain.getvalue()))
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (fault,) = verify(path)
    assert said in fault
    assert sorted(found.name for found in tmp_path.iterdir()) == ["a.tar.gz", "temporary"]


@pytest.mark.parametrize("content", [b"", b"no archive", b"half"])
def test_what_is_no_archive_is_one_line(archive, tmp_path, content):
    path = tmp_path / "a.tar.gz"
    path.write_bytes(archive.read_bytes()[:20_000] if content == b"half" else content)
    (fault,) = verify(path)
    assert "\n" not in fault
    assert fault.startswith(f"{path}: ")
    assert verify(tmp_path / "none.tar.gz") == [f"{tmp_path / 'none.tar.gz'}: No such file or directory"]


@pytest.mark.slow
def test_command_exits_by_what_it_found(archive, packed, tmp_path):
    files = {**packed, "tables/integrated.csv": b"\n"}
    broken = repacked(files, tmp_path / "a.tar.gz", sums=False)
    for path, code, said in ((archive, 0, ""), (broken, 1, "glossbench: tables/integrated.csv: its content is not")):
        command = [sys.executable, "-m", "glossbench.tools.verify", str(path)]
        done = subprocess.run(command, capture_output=True, text=True, env={"PYTHONPATH": str(ROOT / "scripts")})
        assert done.returncode == code
        assert done.stderr.startswith(said)
        assert done.stderr.count("\n") == code


def test_digest_of_the_sources_follows_their_content(tmp_path):
    for name, path in sources(ROOT).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(path.read_bytes())
    before = sources_digest(tmp_path)
    assert before == sources_digest(ROOT)
    (tmp_path / "config/claims.yaml").write_text("C1: {}\n")
    assert sources_digest(tmp_path) != before


def test_inputs_are_kept_by_their_place_below_resources():
    found = contents(
        ROOT, Path("results/x"), ["results/x/tables/a.csv"], ["/elsewhere/resources/corpora/mr/SHA256SUMS"], {}
    )
    assert found["resources/corpora/mr/SHA256SUMS"] == Path("/elsewhere/resources/corpora/mr/SHA256SUMS")
    assert found["tables/a.csv"] == Path("results/x/tables/a.csv")
    assert found["config/study.json"] == b"{}\n"


@pytest.mark.parametrize("name", ["runs", "epochs", "corpora", "coverage"])
def test_contract_takes_what_is_collected_and_refuses_what_lacks_a_column(name):
    frame = study_frames()[name]
    assert departures(name, frame) == []
    for column in CONTRACT[name]:
        assert departures(name, frame.drop(columns=column)) == [f"no column {column}"]
