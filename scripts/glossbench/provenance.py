"""Where a result comes from: digests of its code, package versions, and the machine."""

import ast
import hashlib
import os
import platform
import subprocess
import zlib
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from glossbench.checksums import sha256

PACKAGE = "glossbench"
# Raised, with a line in CHANGELOG.md, by a change after which runs give other results; see test_golden_run.py.
NUMERICS = 2
SCRIPTS = Path(__file__).parents[1]
# The workflow's folder as its Snakefile says it (rules/root.smk): in a container scripts/ may be mounted elsewhere.
ROOT = Path(os.environ.get("GLOSSBENCH_ROOT", SCRIPTS.parent))
PUBLISHED = ROOT / "config/published"  # the numbers of the paper
# Changes in these modules change no result. The settings of a study reach a job as params, which Snakemake compares
# separately, and what a job calls of them (``Objective.with_values``, ``LossSettings.arguments``) hands values on as
# they are; logs, locks, clocks, error messages, digests and the writing of files are not part of a result.
LEFT_OUT = (
    "settings", "job", "errors", "files", "checksums", "provenance", "learning.training.explaining",
    "learning.training.machine", "learning.training.writing",
)  # fmt: skip
VERSIONED = (
    "snakemake", "torch", "transformers", "tokenizers", "datasets", "huggingface_hub", "pytorch-metric-learning",
    "optuna", "scikit-learn", "numpy", "pandas", "matplotlib", "seaborn", "pillow", "fonttools",
)  # fmt: skip


@cache
def code_digest(script: Path, *modules: str) -> str:
    """Digest of a script, of the named modules, and of all package modules that they import, directly or not.

    It is a digest of the set of their statements and of what they import from elsewhere. So it does not change with
    the module or the order in which a function stands, nor with comments, docstrings, layout, log messages and the
    texts of raised errors. ``import package.module`` and ``from package.module import name`` include that module
    alone, not the packages that contain it. Where learning is reached, NUMERICS counts too.
    """
    reached: set[str] = set()
    waiting = [*modules, *_parsed(script)[1]]
    while waiting:
        module = waiting.pop()
        if module not in reached and not f"{module}.".startswith(tuple(f"{PACKAGE}.{name}." for name in LEFT_OUT)):
            reached.add(module)
            waiting.extend(_parsed(_path(module))[1])
    statements = _parsed(script)[0].union(*(_parsed(_path(module))[0] for module in reached))
    numerics = [f"NUMERICS {NUMERICS}"] if any(name.startswith(f"{PACKAGE}.learning.") for name in reached) else []
    return hashlib.sha256("\n".join([*sorted(statements), *numerics]).encode()).hexdigest()[:16]


def origin(settings: str, code: str) -> dict[str, Any]:
    """What a result is made from, kept beside it, so that it can be told from the result of other settings or code.

    ``settings`` is canonical JSON, without the seed, ``code`` a digest.
    """
    return {"settings": hashlib.sha256(settings.encode()).hexdigest()[:16], "code": code, "numerics": NUMERICS}


def input_digests(settings: str, claims: str, source_lists: dict[str, Path]) -> dict[str, Any]:
    """Digests of settings and claims, as canonical JSON, and of those source_lists that are there, by their names."""
    digests = {"settings": settings, "claims": claims}
    digests = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in digests.items()}
    return {**digests, "inputs": {name: sha256(path) for name, path in sorted(source_lists.items()) if path.is_file()}}


def describe(root: Path) -> dict[str, Any]:
    """Versions, commit, digest of the lock file, and machine; ``root`` is the root folder of the repository."""
    return {
        "commit": commit(root),
        "lock": sha256(root / "envs" / "requirements.txt"),
        "python": platform.python_version(),
        "packages": versions(),
        "platform": platform.platform(),
        "processor": processor(),
        "cores": str(os.cpu_count()),
        "numerics": NUMERICS,
    }


def versions() -> dict[str, str]:
    """Installed versions of the packages that results depend on, and of the library that compresses pictures."""
    return {**{name: version(name) for name in VERSIONED}, "zlib": zlib.ZLIB_RUNTIME_VERSION}


def commit(root: Path = ROOT) -> str:
    """The commit of the repository; a folder of files from GitHub or GitLab says it in a file (rules/root.smk).

    A folder without either has none, whatever repository it lies in. It ends with "-dirty" where files have changed
    since. Results do not count: they are what is being made. Whoever owns the folder is trusted, since its code is
    being run.
    """
    if (root / "COMMIT").is_file():
        return (root / "COMMIT").read_text(encoding="utf-8")
    status = ("status", "--porcelain", "--untracked-files=no", "--", ".", ":(exclude)results")
    try:
        top, changed, head = (
            subprocess.run(["git", "-c", "safe.directory=*", *words], cwd=root, capture_output=True, check=True).stdout
            for words in (("rev-parse", "--show-toplevel"), status, ("describe", "--always", "--abbrev=40"))
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    if Path(os.fsdecode(top).removesuffix("\n")).resolve() != root.resolve():
        return "unknown"
    return head.decode().strip() + ("-dirty" if changed else "")


def processor() -> str:
    """Model of the processor of this machine."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.is_file() else []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine())


@cache
def _parsed(path: Path) -> tuple[frozenset[str], frozenset[str]]:
    """The statements of a file and its imports from elsewhere, as text; and the modules of the package it imports."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    tree.body = [one for one in tree.body if not (isinstance(one, ast.If) and ast.unparse(one.test) == "TYPE_CHECKING")]
    ours, statements = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            found = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            found = [alias.name for alias in node.names]
        else:
            continue
        if found[0].split(".")[0] == PACKAGE:
            ours.update(name for name in found if _path(name).is_file())
        else:
            source = getattr(node, "module", "")
            statements.update(f"{source} {alias.name} {alias.asname}" for alias in node.names)
    # "from package import module" means the module, not the package's __init__.
    modules = {name for name in ours if not any(other.startswith(f"{name}.") for other in ours)}
    statements.update(ast.dump(statement) for statement in _Results().visit(tree).body)
    return frozenset(statements), frozenset(modules)


def _path(module: str) -> Path:
    base = SCRIPTS.joinpath(*module.split("."))
    return base / "__init__.py" if base.is_dir() else base.with_suffix(".py")


class _Results(ast.NodeTransformer):
    """Removes what does not change results: docstrings, imports, log messages and the texts of raised errors."""

    def visit(self, node: ast.AST) -> ast.AST | None:
        return None if isinstance(node, ast.Import | ast.ImportFrom) else super().visit(node)

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        call = node.value
        is_log = isinstance(call, ast.Call) and ast.unparse(call.func).startswith("log.")
        return None if is_log or isinstance(call, ast.Constant) else self.generic_visit(node)

    def visit_Raise(self, node: ast.Raise) -> ast.AST:
        for child in ast.walk(node):
            if isinstance(child, ast.Constant) and isinstance(child.value, str):
                child.value = ""
        return node
