"""The shape of the package: imports go down only, and jobs know nothing of studies."""

import ast

import pytest

from tests.support.repository import ROOT

PACKAGE = ROOT / "scripts" / "glossbench"
COMMON = {"errors", "files", "checksums", "provenance"}
# What each module and sub-package at the top imports besides itself.
IMPORTS = {
    "errors": set(),
    "files": {"errors"},
    "checksums": {"errors", "files"},
    "provenance": {"checksums"},
    "arguments": set(),
    "graph": {"arguments", "transfer"},
    "sigma": {"arguments", "graph", "transfer"},
    "transfer": set(),
    "frames": {"errors"},
    "paper": {"errors"},
    "losses": {"arguments", "graph", "sigma", "transfer"},
    "metric_learning": {"losses"},
    "sentence_transformers": {"arguments", "losses"},
    "settings": {*COMMON, "paper"},
    "job": COMMON,
    "data": {"errors", "files", "checksums", "transfer", "settings"},
    "learning": {*COMMON, "job", "data", "losses", "frames", "graph", "sigma", "transfer", "settings"},
    "evidence": {"errors", "frames", "graph", "sigma", "paper", "settings"},
    "expected": {*COMMON, "data", "settings"},
    "archives": {*COMMON, "data", "settings", "expected", "learning", "evidence"},
    "commands": {
        "errors",
        "files",
        "checksums",
        "job",
        "data",
        "settings",
        "expected",
        "evidence",
        "archives",
        "paper",
    },
    "pages": {"errors", "provenance", "frames", "settings", "evidence", "commands", "paper"},
    "__main__": {*COMMON, "settings", "learning", "archives", "commands", "pages"},
}
# What jobs may import of settings: no study files, no registries, no YAML.
TOLD_TO_JOBS = {"model", "messages", "training", "search", "losses", "claims", "jobs"}


def top_level(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path):
    """Modules that a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are written in full"
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def top_levels_of(modules):
    modules = {name for name in modules if name.startswith("glossbench.")} - {"glossbench.__version__"}
    return {name.split(".")[1] for name in modules}


def test_every_module_and_sub_package_is_listed():
    loose = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__"}
    folders = {path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert loose | folders == set(IMPORTS)


@pytest.mark.parametrize("name", IMPORTS)
def test_imports_go_down_only(name):
    files = [path for path in PACKAGE.rglob("*.py") if top_level(path) == name]
    assert set().union(*(top_levels_of(imported(path)) for path in files)) - {name} == IMPORTS[name]


def test_imports_have_no_circle():
    left = dict(IMPORTS)
    while ground := [name for name, below in left.items() if not below & set(left)]:
        for name in ground:
            del left[name]
    assert left == {}


def test_no_job_imports_what_a_study_means_and_no_module_imports_snakemake():
    jobs = [*(ROOT / "scripts").glob("*.py"), *(PACKAGE / "learning").rglob("*.py"), *(PACKAGE / "data").rglob("*.py")]
    jobs += (PACKAGE / "evidence").rglob("*.py")
    for path in [*jobs, *(PACKAGE / "settings" / f"{name}.py" for name in TOLD_TO_JOBS)]:
        parts = [name.split(".") for name in imported(path) if name.startswith("glossbench.settings.")]
        assert {names[2] for names in parts} <= TOLD_TO_JOBS, path
    for path in PACKAGE.rglob("*.py"):
        assert not any(name.split(".")[0] == "snakemake" for name in imported(path)), path
