"""Where a result comes from: digests of its code, package versions, and the machine."""

import ast
import hashlib
import os
import platform
import subprocess
import zlib
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGE = "glossbench"
SCRIPTS = Path(__file__).parents[1]
# Changes in these modules change no number. The settings of a study reach a job as params, which Snakemake compares
# separately; logs, watchdogs, error messages and digests are not part of a result.
LEFT_OUT = tuple(f"{PACKAGE}.{name}" for name in ("settings", "job", "errors", "files", "provenance"))
VERSIONED = (
    "snakemake",
    "torch",
    "transformers",
    "huggingface_hub",
    "optuna",
    "scikit-learn",
    "numpy",
    "pandas",
    "matplotlib",
    "seaborn",
    "pillow",
    "fonttools",
)


@cache
def code_digest(script: Path, *modules: str) -> str:
    """Digest of a script, of the named modules, and of all package modules that they import, directly or not.

    Comments, docstrings, layout and the texts of raised errors do not change the digest. ``import package.module``
    and ``from package.module import name`` include that module alone, not the packages that contain it.
    """
    reached: set[str] = set()
    waiting = [*modules, *_imports(script)]
    while waiting:
        module = waiting.pop()
        if module not in reached and not _left_out(module):
            reached.add(module)
            waiting.extend(_imports(_path(module)))
    parts = [_syntax(script), *(f"{module}\n{_syntax(_path(module))}" for module in sorted(reached))]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def describe(root: Path) -> dict[str, Any]:
    """Versions, commit, digest of the lock file, and machine.

    Args:
        root: Root folder of the repository.

    Returns:
        Strings, or mappings of strings, by name.
    """
    lock = root / "envs" / "requirements.txt"
    return {
        "commit": _commit(root),
        "lock": _digest(lock),
        "python": platform.python_version(),
        "packages": versions(),
        "platform": platform.platform(),
        "processor": _processor(),
        "cores": str(os.cpu_count()),
    }


def git(root: Path, *arguments: str) -> bytes | None:
    """What git prints in a folder; None if it fails."""
    try:
        return subprocess.run(["git", *arguments], cwd=root, capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None


def versions() -> dict[str, str]:
    """Installed versions of the packages that results depend on, and of the library that compresses pictures."""
    return {**{name: _version(name) for name in VERSIONED}, "zlib": zlib.ZLIB_RUNTIME_VERSION}


def _left_out(module: str) -> bool:
    return module.startswith(tuple(f"{name}." for name in LEFT_OUT)) or module in LEFT_OUT


def _syntax(path: Path) -> str:
    return _parsed(path)[0]


def _imports(path: Path) -> tuple[str, ...]:
    return _parsed(path)[1]


@cache
def _parsed(path: Path) -> tuple[str, tuple[str, ...]]:
    """The syntax tree of a file as text, and the modules of the package that it imports."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            imported.update(f"{node.module}.{alias.name}" for alias in node.names)
            imported.add(node.module)
    ours = {name for name in imported if name.split(".")[0] == PACKAGE}
    files = {name for name in ours if _path(name).is_file()}
    # "from package import module" means the module, not the package's __init__.
    modules = sorted(
        name for name in files if not _is_package(name) or not any(f.startswith(name + ".") for f in files)
    )
    return ast.dump(_WithoutComments().visit(tree)), tuple(modules)


def _path(module: str) -> Path:
    base = SCRIPTS.joinpath(*module.split("."))
    return base / "__init__.py" if base.is_dir() else base.with_suffix(".py")


def _is_package(module: str) -> bool:
    return SCRIPTS.joinpath(*module.split(".")).is_dir()


class _WithoutComments(ast.NodeTransformer):
    """Removes docstrings and the texts of raised errors, which do not change results."""

    def generic_visit(self, node: ast.AST) -> ast.AST:
        body = getattr(node, "body", None)
        if isinstance(body, list):
            kept = [
                child for child in body if not (isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant))
            ]
            node.body = kept or [ast.Pass()]
        return super().generic_visit(node)

    def visit_Raise(self, node: ast.Raise) -> ast.AST:
        for child in ast.walk(node):
            if isinstance(child, ast.Constant) and isinstance(child.value, str):
                child.value = ""
        return node


def _commit(root: Path) -> str:
    """The commit of the repository; a folder of files from GitHub or GitLab says it in a file (rules/root.smk).

    It ends with "-dirty" where files have changed since. Results do not count: they are what is being made.
    """
    if (root / "COMMIT").is_file():
        return (root / "COMMIT").read_text(encoding="utf-8")
    changed = git(root, "status", "--porcelain", "--untracked-files=no", "--", ".", ":(exclude)results")
    commit = git(root, "describe", "--always", "--abbrev=40")
    if changed is None or commit is None:
        return "unknown"
    return commit.decode().strip() + ("-dirty" if changed else "")


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "missing"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "missing"


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
