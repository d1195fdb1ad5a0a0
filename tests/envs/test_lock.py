"""The lock files in envs/: of one accord, complete, and made by make lock."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from glossbench.tools.lock import lock_files, main
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ENVS = Path(__file__).parents[2] / "envs"
LOCK = (ENVS / "requirements.txt").read_text(encoding="utf-8")

COMPILED = """\
networkx==3.6.1 \\
    --hash=sha256:aa \\
    --hash=sha256:bb
nvidia-cublas==13.1.1.3 ; sys_platform == 'linux' \\
    --hash=sha256:cc
torch==2.13.0 \\
    --hash=sha256:dd
triton==3.7.1 ; python_full_version < '3.15' and sys_platform == 'linux' \\
    --hash=sha256:ee
truststore==0.10.5 ; sys_platform != 'emscripten' \\
    --hash=sha256:ff
"""


def pins(lines):
    """Versions by package, with what each depends on."""
    found = [Requirement(line) for line in lines]
    assert all(re.fullmatch(r"==[^*,]+", str(one.specifier)) for one in found)
    return {canonicalize_name(one.name): (str(one.specifier), str(one.marker)) for one in found}


def locked():
    """Pins of the lock, with torch's from its own file."""
    torch = (ENVS / "torch.txt").read_text(encoding="utf-8").splitlines()
    return pins(re.findall(r"^[^#\s][^\\\n]*", LOCK, re.MULTILINE)) | pins(torch[-1:])


def test_the_environment_of_conda_spells_out_the_lock():
    environment = yaml.safe_load((ENVS / "glossbench.yaml").read_text(encoding="utf-8"))
    (listed,) = [item["pip"] for item in environment["dependencies"] if isinstance(item, dict)]
    assert pins(listed) == locked()


def test_the_lock_has_what_is_asked_for_by_name():
    found = locked()
    lines = (ENVS / "requirements.in").read_text(encoding="utf-8").splitlines()
    asked = [Requirement(line) for line in lines if line and not line.startswith("#")]
    assert len(asked) > 20
    for one in asked:
        version, _ = found[canonicalize_name(one.name)]
        assert one.specifier.contains(version.removeprefix("==")), one


def test_every_file_of_the_lock_has_a_digest_and_no_index_is_named():
    entries = re.findall(r"^[^#\s].*(?:\n .*)*", LOCK, re.MULTILINE)
    assert len(entries) > 100
    assert all(re.search(r"^ +--hash=sha256:[0-9a-f]{64}$", entry, re.MULTILINE) for entry in entries)
    for path in ENVS.iterdir():
        assert not re.search(r"://|--(extra-)?index|--find-links", path.read_text(encoding="utf-8")), path


def test_torch_and_what_its_builds_for_cuda_bring_are_left_to_whoever_installs_torch():
    texts = {
        name: [line for line in text.splitlines() if not line.startswith("#")]
        for name, text in lock_files(COMPILED).items()
    }
    assert texts["torch.txt"] == ["torch==2.13.0"]
    assert texts["requirements.txt"] == [
        "networkx==3.6.1 \\",
        "    --hash=sha256:aa \\",
        "    --hash=sha256:bb",
        "truststore==0.10.5 ; sys_platform != 'emscripten' \\",
        "    --hash=sha256:ff",
    ]
    (listed,) = [item["pip"] for item in yaml.safe_load("\n".join(texts["glossbench.yaml"]))["dependencies"][-1:]]
    assert listed == ["networkx==3.6.1", "truststore==0.10.5 ; sys_platform != 'emscripten'", "torch==2.13.0"]


@pytest.mark.slow
def test_make_lock_keeps_every_version(tmp_path):
    """Digests may be added: a release can get files for further platforms. Without an index the lock stays."""
    for path in ENVS.iterdir():
        shutil.copy(path, tmp_path)
    try:
        main([str(tmp_path)])
    except FileNotFoundError as error:
        pytest.skip(f"uv is not installed: {error}")
    except subprocess.CalledProcessError:
        assert (tmp_path / "requirements.txt").read_text(encoding="utf-8") == LOCK
        pytest.skip("no index of packages can be reached")
    for name in ("glossbench.yaml", "torch.txt"):
        assert (tmp_path / name).read_text(encoding="utf-8") == (ENVS / name).read_text(encoding="utf-8")
    now = (tmp_path / "requirements.txt").read_text(encoding="utf-8")
    assert set(re.findall(r"sha256:\w+", LOCK)) <= set(re.findall(r"sha256:\w+", now))
