"""Tries and measures glossbench on a GPU, for ``make gpu``: needs no network, takes less than eight minutes.

    PYTHONPATH=scripts:. python -m benchmarks.gpu [--only rates,waits] [--out results/gpu] [--mirror FOLDER]

Writes gpu.json and gpu.md. Each part runs in a process of its own; one that fails or takes too long is recorded with
one line, and the others go on. ``--device=cpu`` goes the same way at the smallest sizes.
"""

import argparse
import importlib
import json
import os
import signal
import subprocess
import sys
import time
from datetime import date
from functools import partial
from pathlib import Path

from benchmarks.bench import row_text, subjects
from benchmarks.inputs import ROOT
from benchmarks.machine import machine
from benchmarks.results_files import Results, markdown, read_results
from benchmarks.rows import Row

# Module, and seconds after which it is ended: less than eight minutes in all.
PARTS = {
    "rates": ("gpu_steps", 80), "waits": ("gpu_steps", 40), "pair": ("gpu_steps", 50), "memory": ("gpu_steps", 40),
    "tests": ("gpu_checks", 70), "study": ("gpu_checks", 190),
}  # fmt: skip


def make(part: str, given: argparse.Namespace) -> None:
    """Write the measurements of a part line by line, and the error that ends it."""
    with (given.out / f"{part}.jsonl").open("w", encoding="utf-8") as file:
        try:
            for row in getattr(importlib.import_module(f"benchmarks.{PARTS[part][0]}"), part)(given):
                print(json.dumps(vars(row)), file=file, flush=True)
        except (Exception, SystemExit) as error:
            print(json.dumps({"error": reason_of(error)}), file=file)
            raise


def reason_of(error: BaseException) -> str:
    """An error in one line: glossbench's own where there is one, else the last."""
    lines = [line for line in str(error).splitlines() if line.strip()] or [""]
    own = [line for line in lines if line.startswith("glossbench: ")]
    return (own or [f"{type(error).__name__}: {lines[-1]}"])[0][:300]


def measured(part: str, given: argparse.Namespace, limit: float) -> dict:
    """Measurements of a part, and what it was measured on, made by a process that is ended after ``limit`` seconds."""
    started, file = time.perf_counter(), given.out / f"{part}.jsonl"
    file.write_text("")
    command = [sys.executable, "-m", "benchmarks.gpu", "--part", part, "--device", given.device, "--out", given.out]
    for name in ("mirror", "against"):
        command += [f"--{name}", getattr(given, name).resolve()] if getattr(given, name) else []
    with (given.out / f"{part}.log").open("w") as log:
        process = subprocess.Popen(
            [*map(str, command)], cwd=ROOT, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            code = process.wait(limit)
            error = f"ended with {code}, see {part}.log" if code else None
        except subprocess.TimeoutExpired:
            error = f"ended after {limit:g} s"
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)  # Snakemake and its jobs too
                process.wait()
    found = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    error = next((line["error"] for line in found if "error" in line), error)
    entry = {"measured": date.today().isoformat(), "seconds": round(time.perf_counter() - started, 1), "error": error}
    return {**entry, "machine": about(given.device), "rows": [line for line in found if "error" not in line]}


def about(device: str) -> dict:
    """The machine and its device."""
    import torch

    if device == "cpu":
        return {**machine(), "device": "cpu"}
    found = torch.cuda.get_device_properties(0)
    memory = round(found.total_memory / 2**30, 1)
    return {**machine(), "device": found.name, "device_memory_gib": memory, "cuda": torch.version.cuda}


def page(results: Results) -> str:
    """What was measured, and what could not be, as Markdown."""
    failed = [f"- {part}: {entry['error']}" for part, entry in results.items() if entry["error"]]
    devices = dict.fromkeys(entry["machine"]["device"] for entry in results.values())
    parts = ", ".join(f"{part} ({entry['seconds']:.0f} s)" for part, entry in results.items())
    text = f"# glossbench on {', '.join(devices)}\n\nParts: {parts}. Failed: {len(failed) or 'none'}.\n\n"
    return text + ("\n".join(failed) + "\n\n" if failed else "") + markdown(results)


def main() -> None:
    """Measure part after part, and write after each."""
    parser = argparse.ArgumentParser(prog="gpu", description=__doc__.splitlines()[0])
    parser.add_argument("--only", type=partial(subjects, known=PARTS), default=list(PARTS))
    parser.add_argument("--out", type=Path)
    parser.add_argument("--mirror", type=Path)
    parser.add_argument("--against", type=Path, help="runs.parquet of the default study, made on a CPU")
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--part", choices=PARTS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    os.environ["CUDA_VISIBLE_DEVICES"] = os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0]  # of several, one
    import torch

    if given.device == "cuda" and not torch.cuda.is_available():
        sys.exit(f"gpu: torch {torch.__version__} sees no CUDA device; ARGS=--device=cpu tries it without one")
    given.out = (given.out or ROOT / "results" / ("gpu" if given.device == "cuda" else "gpu-tried-on-cpu")).resolve()
    given.out.mkdir(parents=True, exist_ok=True)
    if given.part:
        return make(given.part, given)
    results = read_results(given.out / "gpu.json")
    for part in given.only:
        results[part] = measured(part, given, PARTS[part][1] * (10 if given.device == "cpu" else 1))
        for row in results[part]["rows"]:
            print(row_text(Row(**row)), flush=True)
        if results[part]["error"]:
            print(f"{part}: failed: {results[part]['error']}", flush=True)
        results = {name: results[name] for name in PARTS if name in results}
        (given.out / "gpu.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        (given.out / "gpu.md").write_text(page(results), encoding="utf-8")
    print(f"gpu: {sum(results[part]['seconds'] for part in given.only):.0f} s; see {given.out / 'gpu.md'}")


if __name__ == "__main__":
    main()
