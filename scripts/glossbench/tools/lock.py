"""Writes the lock files in envs/ from envs/requirements.in; uv chooses the versions and looks up their digests.

Versions that are locked already stay, where requirements.in allows them.

Usage: python -m glossbench.tools.lock envs [further options of uv pip compile, such as --upgrade]
"""

import re
import subprocess
import sys
from pathlib import Path

REQUIREMENTS, LOCK, TORCH, CONDA = "requirements.in", "requirements.txt", "torch.txt", "glossbench.yaml"
# What only torch's builds for CUDA ask for.
OF_CUDA = re.compile(r"(nvidia|cuda|triton)\b")

LOCK_HEADER = """\
# Made by make lock from requirements.in: all packages but torch, with the digests of their files on every platform.
# Installed with --require-hashes --no-deps.
"""
TORCH_HEADER = """\
# Made by make lock. Installed after requirements.txt, without digests: the same release has other files for the CPU and
# for each version of CUDA, some of them on indexes of their own, and those for CUDA bring further packages. Which one
# fits is the choice of who installs it.
"""
CONDA_HEADER = """\
# Made by make lock for snakemake --sdm conda, with the versions in requirements.txt and torch.txt. They are spelled out
# here because Snakemake copies this file elsewhere, alone, and makes the environment anew when it changes. They have no
# digests: pip wants them for every package or for none, and torch has none.
channels:
  - conda-forge
dependencies:
  - python =3.11
  - pip
  - pip:
"""


def lock_files(compiled: str) -> dict[str, str]:
    """The texts of the lock files by name.

    Args:
        compiled: What ``uv pip compile --generate-hashes`` writes.
    """
    entries = re.findall(r"^[a-z0-9].*(?:\n .*)*", compiled, re.MULTILINE)
    torch = [pin(entry) for entry in entries if entry.startswith("torch==")]
    locked = [entry for entry in entries if not entry.startswith("torch==") and not OF_CUDA.match(entry)]
    pins = [*map(pin, locked), *torch]
    return {
        LOCK: LOCK_HEADER + "".join(f"{entry}\n" for entry in locked),
        TORCH: TORCH_HEADER + "".join(f"{text}\n" for text in torch),
        CONDA: CONDA_HEADER + "".join(f"      - {text}\n" for text in pins),
    }


def pin(entry: str) -> str:
    """An entry of a lock without its digests: the package, its version, and where it is needed."""
    return entry.partition("\\")[0].strip()


def main(arguments: list[str]) -> None:
    folder, options = Path(arguments[0]), arguments[1:]
    (folder / LOCK).touch()
    command = ["uv", "pip", "compile", "--no-config", "--universal", "--python-version", "3.11", "--generate-hashes"]
    command += ["--no-header", "--no-annotate", "--quiet", "--output-file", str(folder / LOCK), *options]
    before = (folder / LOCK).read_text(encoding="utf-8")
    try:
        subprocess.run([*command, str(folder / REQUIREMENTS)], check=True)
        texts = lock_files((folder / LOCK).read_text(encoding="utf-8"))
    except (OSError, subprocess.CalledProcessError):
        (folder / LOCK).write_text(before, encoding="utf-8")
        raise
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
