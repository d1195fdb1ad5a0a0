"""The image of Containerfile: built from nothing here, it makes a study offline, as a user without a name."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from glossbench.archives.format import sources

from tests.support.studies import ROOT, small

BASE, IMAGE, USER = "localhost/debian:bookworm-slim", "localhost/glossbench-test", 12345
SOURCES = Path("/etc/apt/sources.list.d/debian.sources")  # of a Debian; another system's are of other packages
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def test_what_an_archive_has_of_the_repository_is_in_the_image():
    kept = {line[1:] for line in (ROOT / ".containerignore").read_text().splitlines() if line.startswith("!")}
    assert {name.split("/")[0] for name in sources(ROOT)} <= kept


@pytest.fixture
def podman(tmp_path, monkeypatch):
    """Runs podman, as root where this process is; without the right to raise limits, below those that are set."""
    if not shutil.which("podman"):
        pytest.skip("no podman here (apt-get install podman runc mmdebstrap)")
    limits = '[containers]\ndefault_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]\n'
    (tmp_path / "containers.conf").write_text(limits)
    monkeypatch.setenv("CONTAINERS_CONF", str(tmp_path / "containers.conf"))

    def run(*arguments, **options):
        command = ["podman", *map(str, arguments)]
        return subprocess.run(command, **{"capture_output": True, "text": True, **options})

    if found := run("info").returncode:
        pytest.skip(f"podman info ends with {found}")
    return run


@pytest.fixture
def base(podman):
    """An image of Debian, made of its packages, since no registry of images is asked."""
    if podman("image", "exists", BASE).returncode:
        if not shutil.which("mmdebstrap") or not SOURCES.is_file():
            pytest.skip(f"no image {BASE}, and not mmdebstrap and {SOURCES} to make it")
        command = ["mmdebstrap", "--quiet", "--variant=minbase", "--dpkgopt=force-unsafe-io", "bookworm", "-", SOURCES]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as made:
            assert podman("import", "-q", "-", BASE, stdin=made.stdout).returncode == 0
        assert made.returncode == 0
    return BASE


def pip_settings(folder):
    """Arguments that give a build the settings of this machine's pip, and the files that these name."""
    command = [sys.executable, "-m", "pip", "config", "list"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    settings = {key.rpartition(".")[2]: value.strip("'") for key, _, value in (line.partition("=") for line in listed)}
    mounts = []
    for key, value in settings.items():
        path = Path(value.removeprefix("file://"))
        if path.is_absolute() and path.exists():
            inside = Path("/pip", *path.parts[1:])  # nothing of the image's own is hidden
            mounts += ["--volume", f"{path}:{inside}:ro"]
            settings[key] = str(inside)
    pip = folder / "pip.conf"
    pip.write_text("\n".join(["[global]", *(f"{key} = {value}" for key, value in settings.items()), ""]))
    return [*mounts, "--volume", f"{pip}:/etc/pip.conf:ro"]


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_an_image_of_the_workflow_makes_a_study_offline_as_any_user(podman, base, tmp_path, minilm, bbc_news):
    told = ["--build-arg", f"BASE={base}", "--build-arg", f"COMMIT={COMMIT}", *pip_settings(tmp_path)]
    built = podman("build", "--quiet", "--network", "host", *told, "--tag", IMAGE, ROOT)
    assert built.returncode == 0, built.stdout + built.stderr
    work = tmp_path / "work"
    for folder in (minilm, bbc_news.parent):
        shutil.copytree(folder, work / "resources" / folder.parent.name / folder.name)
    study = small(work / "one.yaml", objectives=["ce"], encoder={"layers": 2})
    for path in (work, *work.rglob("*")):
        os.chown(path, USER, USER)
    snakemake = ["snakemake", "-s", "/glossbench/Snakefile", "--configfile", study.name, "--cores", "2"]
    made = podman("run", "--rm", "--network", "none", "--user", USER, "--volume", f"{work}:/work", IMAGE, *snakemake)
    assert made.returncode == 0, made.stdout + made.stderr
    results = work / "results/one"
    assert (results / "report.html").stat().st_uid == USER
    assert json.loads((results / "provenance.json").read_text())["commit"] == COMMIT
