"""The wheel and the source distribution: what they hold imports, and runs."""

import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile

import pytest

from tests.support.repository import ROOT

# What others import, with torch and numpy alone.
PUBLIC = ["glossbench", "glossbench.graph", "glossbench.sigma", "glossbench.losses"]
IMPORT = """
import importlib, importlib.abc, json, pkgutil, sys

class Refused(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {refused!r}:
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Refused())
import glossbench
assert {folder!r} in glossbench.__file__
assert "torch" not in sys.modules, "the parser of the workflow imports the package"
every = [module.name for module in pkgutil.walk_packages(glossbench.__path__, "glossbench.")]
adapters = {{"glossbench.metric_learning", "glossbench.sentence_transformers"}}  # for packages of the same name
assert adapters <= set(every)
for name in {names} or sorted(set(every) - adapters):
    importlib.import_module(name)
assert len(every) > 100
for name in glossbench.__all__:
    getattr(glossbench, name)
"""
# Packages of a study that the losses must do without.
OF_WORKFLOW = [
    "pandas", "scipy", "sklearn", "yaml", "transformers", "datasets", "pydantic", "matplotlib", "pyarrow", "optuna",
    "snakemake", "pytorch_metric_learning", "safetensors", "psutil",
]  # fmt: skip
OF_WORK = ["pytorch_metric_learning", "sentence_transformers", "hypothesis", "pytest", "selenium", "rocrate"]


def build(folder, call):
    """Call a hook of the project's build backend in a copy of the files that git has. Returns what it made."""
    source = folder / "source"
    source.mkdir()
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False).stdout.split(b"\0")
    names = [name.decode() for name in listed if name] or [str(path.relative_to(ROOT)) for path in ROOT.rglob("*")]
    for name in names:
        if (ROOT / name).is_file() and not name.startswith(("results/", ".venv/")):
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    code = f"from setuptools import build_meta; build_meta.{call}({str(folder)!r})"
    subprocess.run([sys.executable, "-c", code], cwd=source, check=True, capture_output=True)
    (made,) = [*folder.glob("*.whl"), *folder.glob("*.tar.gz")]
    return made


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder with the content of the wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    with zipfile.ZipFile(build(folder, "build_wheel")) as wheel:
        wheel.extractall(folder / "site")
    return folder / "site"


@pytest.mark.slow
@pytest.mark.parametrize(("names", "refused"), [(PUBLIC, OF_WORKFLOW), ([], OF_WORK)], ids=["losses", "every module"])
def test_the_losses_need_torch_and_numpy_alone_and_the_rest_what_a_study_needs(installed, tmp_path, names, refused):
    code = IMPORT.format(folder=str(installed), names=names, refused=refused)
    environment = {"PYTHONPATH": f"{installed}:{sysconfig.get_paths()['purelib']}", "PATH": "/usr/bin:/bin"}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_the_wheel_is_typed_and_has_the_command(installed, tmp_path):
    assert (installed / "glossbench" / "py.typed").exists()
    (points,) = installed.glob("*.dist-info/entry_points.txt")
    assert "glossbench = glossbench.__main__:main" in points.read_text()
    shutil.copytree(ROOT / "config", tmp_path / "config")  # of the workflow that the command works on
    command = [sys.executable, "-m", "glossbench", "status", "config/tiny.yaml"]
    environment = {"PYTHONPATH": f"{installed}:{sysconfig.get_paths()['purelib']}", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.startswith("tiny: 11 runs and 1 searches"), done.stderr


@pytest.mark.slow
def test_the_tests_of_the_losses_run_in_the_source_distribution(tmp_path):
    with tarfile.open(build(tmp_path, "build_sdist")) as archive:
        archive.extractall(tmp_path / "unpacked", filter="data")
    (root,) = (tmp_path / "unpacked").iterdir()
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-m", "not slow", "tests/losses/test_gloss.py"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "passed" in done.stdout
