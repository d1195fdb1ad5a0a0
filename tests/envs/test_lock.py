"""The lock files in envs/: of one accord, complete, and made by make lock."""

import re
import shutil
import subprocess
import sys
import tomllib

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support.repository import ROOT

ENVS = ROOT / "envs"
sys.path.insert(0, str(ENVS))

from lock import lock_files, main  # noqa: E402

STUDY, WORK = ((ENVS / name).read_text(encoding="utf-8") for name in ("requirements.txt", "work.txt"))

PINNED = r"^[^#\s][^\\\n]*"
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
FURTHER = """\
pytest==9.2.0 \\
    --hash=sha256:11
torch==2.13.0 \\
    --hash=sha256:dd
truststore==0.10.5 ; sys_platform != 'emscripten' \\
    --hash=sha256:ff
"""


def pins(lines):
    """Versions by package, with what each depends on."""
    found = [Requirement(line) for line in lines]
    assert all(re.fullmatch(r"==[^*,]+", str(one.specifier)) for one in found)
    return {canonicalize_name(one.name): (str(one.specifier), str(one.marker)) for one in found}


def locked(*locks):
    """Pins of locks, with torch's from its own file."""
    torch = (ENVS / "torch.txt").read_text(encoding="utf-8").splitlines()
    return pins([line for lock in locks for line in re.findall(PINNED, lock, re.MULTILINE)] + torch[-1:])


def asked(name):
    """What a file asks for by name."""
    lines = (ENVS / name).read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def test_the_environment_of_conda_spells_out_the_lock_of_a_study():
    environment = yaml.safe_load((ENVS / "glossbench.yaml").read_text(encoding="utf-8"))
    (listed,) = [item["pip"] for item in environment["dependencies"] if isinstance(item, dict)]
    assert pins(listed) == locked(STUDY)


def test_the_extra_of_the_package_asks_for_what_a_study_needs():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extra = {str(Requirement(line)) for line in project["optional-dependencies"]["workflow"]}
    assert extra == {str(one) for one in asked("requirements.in") if one.name != "torch"}


@pytest.mark.parametrize("lock", [STUDY, WORK], ids=["study", "work"])
def test_every_file_of_a_lock_has_a_digest_and_no_index_is_named(lock):
    entries = re.findall(r"^[^#\s].*(?:\n .*)*", lock, re.MULTILINE)
    assert len(entries) > 40
    assert all(re.search(r"^ +--hash=sha256:[0-9a-f]{64}$", entry, re.MULTILINE) for entry in entries)
    for path in ENVS.glob("*.[tiy]*"):
        assert not re.search(r"://|--(extra-)?index|--find-links", path.read_text(encoding="utf-8")), path


def test_torch_and_what_its_builds_for_cuda_bring_are_left_to_whoever_installs_torch():
    texts = {
        name: [line for line in text.splitlines() if not line.startswith("#")]
        for name, text in lock_files(COMPILED, FURTHER).items()
    }
    assert texts["torch.txt"] == ["torch==2.13.0"]
    lines = COMPILED.splitlines()
    assert texts["requirements.txt"] == lines[:3] + lines[-2:]
    assert texts["work.txt"] == FURTHER.splitlines()[:2]
    (listed,) = yaml.safe_load("\n".join(texts["glossbench.yaml"]))["dependencies"][-1].values()
    assert listed == ["networkx==3.6.1", "truststore==0.10.5 ; sys_platform != 'emscripten'", "torch==2.13.0"]


@pytest.mark.slow
def test_make_lock_keeps_every_version(tmp_path):
    """Digests may be added: a release can get files for further platforms. Without an index the locks stay."""
    shutil.copytree(ENVS, tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    try:
        main([str(tmp_path)])
    except FileNotFoundError as error:
        pytest.skip(f"uv is not installed: {error}")
    except subprocess.CalledProcessError:
        assert (tmp_path / "requirements.txt").read_text(encoding="utf-8") == STUDY
        pytest.skip("no index of packages can be reached")
    for name in ("glossbench.yaml", "torch.txt"):
        assert (tmp_path / name).read_text(encoding="utf-8") == (ENVS / name).read_text(encoding="utf-8")
    for name, lock in {"requirements.txt": STUDY, "work.txt": WORK}.items():
        now = (tmp_path / name).read_text(encoding="utf-8")
        assert locked(now) == locked(lock)
        assert set(re.findall(r"sha256:\w+", lock)) <= set(re.findall(r"sha256:\w+", now))
