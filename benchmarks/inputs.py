"""What the benchmark reads: documents and an encoder, made by the workflow and kept between runs."""

import os
import subprocess
import sys
import time
from pathlib import Path

from glossbench.data.documents import Documents, load_documents
from glossbench.data.splitting import stratified_subset

from benchmarks.rows import Options

ROOT = Path(__file__).parents[1]
STUDY = ROOT / "benchmarks" / "bench.yaml"
SCRATCH = ROOT / "results" / "bench"
CORPORA = ("mr", "r8", "r52", "ohsumed", "20ng")
ENCODER = "minilm-l6"


def tokens_folder(corpus: str) -> Path:
    """Folder of a tokenized corpus."""
    return SCRATCH / "tokens" / corpus / ENCODER


def encoder_folder() -> Path:
    """Folder of the encoder."""
    return ROOT / "resources" / "encoders" / ENCODER


def snakemake(*arguments: object, study: Path = STUDY, folder: Path = ROOT) -> tuple[float, str]:
    """Run the workflow on two cores.

    Args:
        arguments: further arguments.
        study: study file.
        folder: working directory.

    Returns:
        Seconds, and what it printed.

    Raises:
        SystemExit: if it fails.
    """
    command = [sys.executable, "-m", "snakemake", "-s", ROOT / "Snakefile", "-d", folder, "--cores", 2]
    command += ["--configfile", study, *arguments]
    folder.mkdir(parents=True, exist_ok=True)
    started = time.perf_counter()
    process = subprocess.run(
        [str(argument) for argument in command],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    if process.returncode:
        sys.exit(f"{process.stdout}\nbench: {' '.join(map(str, command))} failed")
    return time.perf_counter() - started, process.stdout


def make_inputs(options: Options, corpora: tuple[str, ...] = CORPORA) -> None:
    """Make tokens of these corpora and the encoder, where they are missing."""
    targets = [tokens_folder(corpus).relative_to(ROOT) for corpus in corpora]
    manifest = (encoder_folder() / "SHA256SUMS").relative_to(ROOT)
    if not all((ROOT / target).exists() for target in (*targets, manifest)):
        snakemake(*options.snakemake, "--", *targets, manifest)


def batch_of(corpus: str, size: int) -> Documents:
    """A stratified batch of training documents, the same each time."""
    whole = load_documents(tokens_folder(corpus), "train")
    return whole.select(stratified_subset(whole.labels.numpy(), size, 0))
