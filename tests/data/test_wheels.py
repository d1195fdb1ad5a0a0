"""Data out of wheels, through the real pip: wheels made here and put into a mirror."""

import os
import stat
import zipfile
from pathlib import Path

import pytest
from glossbench.checksums import sha256
from glossbench.data.fetching import fetch
from glossbench.data.sources.mirror import Mirror
from glossbench.data.sources.wheels import unpack
from glossbench.errors import FetchError

MEMBERS = {
    "tiny/__init__.py": b"raise SystemExit('the code of a data package was run')",
    "tiny/data/sad/1.txt": b"rain",
    "tiny/data/glad/1.txt": b"sun",
    "tiny/data/glad/deep/2.txt": b"too deep",
    "tiny/data/readme.md": b"not a document",
    "tiny/data2/glad/3.txt": b"of another folder",
    "tiny-1.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n",
    "tiny-1.0.dist-info/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    "tiny-1.0.dist-info/RECORD": b"",
}


def make_wheel(path: Path, members: dict) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


@pytest.fixture
def mirror(tmp_path) -> Mirror:
    (tmp_path / "mirror/wheels").mkdir(parents=True)
    return Mirror(tmp_path / "mirror", offline=True)


@pytest.fixture
def wheel(mirror) -> Path:
    return make_wheel(mirror.root / "wheels/tiny-1.0-py3-none-any.whl", MEMBERS)


def entry(wheel: Path | None = None, kind: str = "wheel-folders") -> dict:
    digest = sha256(wheel) if wheel else "0" * 64
    return {"kind": kind, "wheel": {"requirement": "tiny==1.0", "sha256": digest, "folder": "tiny/data"}}


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_only_the_wanted_files_are_unpacked_and_only_once(wheel, mirror, tmp_path):
    source = entry(wheel)
    manifest = fetch(source, tmp_path / "tiny", mirror)
    listed = [line.split("  ")[1] for line in manifest.read_text().splitlines()]
    assert listed == ["glad/1.txt", "sad/1.txt"]
    assert files(tmp_path / "tiny") == [".fetched.json", ".lock", "SHA256SUMS", *listed]
    wheel.unlink()
    manifest.unlink()
    assert fetch(source, tmp_path / "tiny", mirror).is_file()  # nothing to download it from, and no need to


def test_archive_in_parts_is_joined_and_a_wrong_part_is_named(tiny, mirror, tmp_path, refusal):
    archive = tmp_path / "whole.zip"
    with zipfile.ZipFile(archive, "w") as whole:
        for path in tiny["bert"].iterdir():
            whole.write(path, f"tiny/{path.name}")
    content, parts = archive.read_bytes(), []
    for n, part in enumerate((content[:1000], content[1000:9000], content[9000:]), start=1):
        wheel = mirror.root / f"wheels/part{n}-1.0-py3-none-any.whl"
        metadata = f"Metadata-Version: 2.1\nName: part{n}\nVersion: 1.0\n".encode()
        file = f"part{n}/input/whole.zip.00{n}"
        members = {**MEMBERS, file: part}
        members = {name.replace("tiny-1.0", f"part{n}-1.0"): body for name, body in members.items()}
        make_wheel(wheel, members | {f"part{n}-1.0.dist-info/METADATA": metadata})
        parts.append({"requirement": f"part{n}==1.0", "sha256": sha256(wheel), "file": file})
    source = {"kind": "wheels", "wheels": {"parts": parts, "folder": "tiny"}}
    fetch(source, tmp_path / "a", mirror)
    assert (tmp_path / "a/model.safetensors").read_bytes() == (tiny["bert"] / "model.safetensors").read_bytes()
    parts[1]["file"] = "elsewhere"
    line = "part2-1.0-py3-none-any.whl: no 'elsewhere' in it; correct `wheels: parts: file:` in the registry"
    assert refusal(source, tmp_path / "b", mirror) == line


@pytest.mark.slow
def test_damaged_file_is_unpacked_again_and_strangers_of_an_older_wheel_go(wheel, mirror, tmp_path):
    fetch(entry(wheel), tmp_path / "tiny", mirror)
    make_wheel(wheel, {name: body for name, body in MEMBERS.items() if "sad" not in name})
    (tmp_path / "tiny/glad/1.txt").write_text("su")
    fetch(entry(wheel), tmp_path / "tiny", mirror)
    assert files(tmp_path / "tiny") == [".fetched.json", ".lock", "SHA256SUMS", "glad/1.txt"]
    assert (tmp_path / "tiny/glad/1.txt").read_text() == "sun"


def test_wheel_with_another_digest_is_not_opened(wheel, mirror, tmp_path, refusal):
    source = entry(wheel)
    make_wheel(wheel, MEMBERS | {"tiny/data/glad/3.txt": b"slipped in"})
    line = refusal(source, tmp_path / "tiny", mirror)
    assert f"expected {source['wheel']['sha256']}; nothing was unpacked" in line


def test_missing_wheel_offline_names_the_mirror(mirror, tmp_path, refusal):
    line = refusal(entry(), tmp_path / "a", mirror)
    assert line.startswith(f"tiny==1.0: no such wheel in {mirror.root}/wheels and `offline` is set")


def test_full_disk_leaves_no_partial_file(wheel, mirror, small_disk, refusal):
    make_wheel(wheel, MEMBERS | {"tiny/data/glad/big.txt": os.urandom(2**17)})
    assert "no space left for tiny==1.0" in refusal(entry(wheel), small_disk / "a", mirror)


@pytest.mark.slow
def test_reason_of_pip_is_given(tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    source = {"requirement": "glossbench-has-no-such-package==1.0", "sha256": "0" * 64, "folder": "a"}
    with pytest.raises(FetchError, match=r"pip could not download it \(.*no-such-package.*\); check"):
        fetch({"kind": "wheel-folders", "wheel": source}, tmp_path / "a", Mirror())


def test_encoder_without_safetensors_is_refused(wheel, mirror, tmp_path, refusal):
    make_wheel(wheel, MEMBERS | {"tiny/data/config.json": b"{}", "tiny/data/pytorch_model.bin": b"pickle"})
    assert "no model.safetensors" in refusal(entry(wheel, "wheel"), tmp_path / "a", mirror)


@pytest.mark.parametrize("name", ["../evil.txt", "/evil.txt", "tiny/data/../../../evil.txt", "a\\..\\evil.txt"])
def test_member_that_leaves_the_folder_is_refused(tmp_path, name):
    wheel = make_wheel(tmp_path / "w/evil-1.0-py3-none-any.whl", MEMBERS | {name: b"evil"})
    with pytest.raises(FetchError, match="refused, its member"):
        unpack(wheel, "tiny/data", ["*/*.txt"], tmp_path / "w/target")
    assert files(tmp_path) == ["w/evil-1.0-py3-none-any.whl"]
    assert not Path("/evil.txt").exists()


def test_link_in_a_wheel_is_unpacked_as_a_plain_file(tmp_path):
    link = zipfile.ZipInfo("tiny/data/glad/1.txt")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    path = make_wheel(tmp_path / "link-1.0-py3-none-any.whl", {link: "/etc/passwd"})
    unpack(path, "tiny/data", ["*/*.txt"], tmp_path / "target")
    assert not (tmp_path / "target/glad/1.txt").is_symlink()
    assert (tmp_path / "target/glad/1.txt").read_text() == "/etc/passwd"


def test_truncated_wheel_and_one_without_the_folder_are_refused(wheel, tmp_path):
    with pytest.raises(FetchError, match=r"nothing like \*/\*.txt in its folder 'tiny/texts'"):
        unpack(wheel, "tiny/texts", ["*/*.txt"], tmp_path / "target")
    wheel.write_bytes(wheel.read_bytes()[:-30])
    with pytest.raises(FetchError, match="not a whole wheel"):
        unpack(wheel, "tiny/data", ["*/*.txt"], tmp_path / "target")
