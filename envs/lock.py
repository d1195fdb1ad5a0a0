"""Writes the lock files of this folder; uv chooses the versions and looks up their digests.

What a study needs stands in requirements.in, what working on the project needs besides in work.in. Versions that are
locked already stay, where these allow them.

Usage: python envs/lock.py envs [further options of uv pip compile, such as --upgrade]
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

LOCK, WORK, TORCH, CONDA = "requirements.txt", "work.txt", "torch.txt", "glossbench.yaml"
# What only torch's builds for CUDA ask for.
OF_CUDA = re.compile(r"(nvidia|cuda|triton)\b")
COMPILE = ["uv", "pip", "compile", "--no-config", "--universal", "--python-version", "3.11", "--generate-hashes"]
COMPILE += ["--no-header", "--no-annotate", "--quiet"]

LOCK_HEADER = """\
# Made by make lock from requirements.in: all packages but torch, with the digests of their files on every platform.
# Installed with --require-hashes --no-deps.
"""
WORK_HEADER = """\
# Made by make lock from work.in: the packages that requirements.txt and torch.txt lack, with the digests of their files
# on every platform. Installed with --require-hashes --no-deps.
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


def lock_files(study: str, work: str) -> dict[str, str]:
    """The texts of the lock files by name.

    Args:
        study: what ``uv pip compile --generate-hashes`` writes for requirements.in.
        work: what it writes for work.in, with the versions of the study.
    """
    entries = entries_of(study)
    torch = [pin(entry) for name, entry in entries.items() if name == "torch"]
    locked = [entry for name, entry in entries.items() if name != "torch" and not OF_CUDA.match(name)]
    further = [entry for name, entry in entries_of(work).items() if name not in entries and not OF_CUDA.match(name)]
    pins = [*map(pin, locked), *torch]
    return {
        LOCK: LOCK_HEADER + "".join(f"{entry}\n" for entry in locked),
        WORK: WORK_HEADER + "".join(f"{entry}\n" for entry in further),
        TORCH: TORCH_HEADER + "".join(f"{text}\n" for text in torch),
        CONDA: CONDA_HEADER + "".join(f"      - {text}\n" for text in pins),
    }


def entries_of(compiled: str) -> dict[str, str]:
    """The entries of a lock, with their digests, by package."""
    entries = re.findall(r"^[a-z0-9].*(?:\n .*)*", compiled, re.MULTILINE)
    return {entry.partition("==")[0]: entry for entry in entries}


def pin(entry: str) -> str:
    """An entry of a lock without its digests: the package, its version, and where it is needed."""
    return entry.partition("\\")[0].strip()


def main(arguments: list[str]) -> None:
    folder, options = Path(arguments[0]), arguments[1:]
    with tempfile.TemporaryDirectory() as temporary:
        study, work = Path(temporary, LOCK), Path(temporary, WORK)
        for path in (study, work):  # uv prefers the versions that it finds in the file that it writes
            path.write_bytes((folder / path.name).read_bytes() if (folder / path.name).exists() else b"")
        subprocess.run([*COMPILE, *options, "-o", str(study), str(folder / "requirements.in")], check=True)
        command = [*COMPILE, *options, "-c", str(study), "-o", str(work), str(folder / "work.in")]
        subprocess.run(command, check=True)
        texts = lock_files(study.read_text(encoding="utf-8"), work.read_text(encoding="utf-8"))
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
