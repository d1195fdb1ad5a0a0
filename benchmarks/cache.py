"""The gradient cache: a batch of many documents in the memory of a few.

Each measurement is made in a process of its own, since memory that a process has had cannot be told from memory that it
needs.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.rows import Options, Row

CORPUS, MANY, FEW, THREADS = "mr", 1024, 32, 2


def rows(options: Options) -> Iterator[Row]:
    """Time and memory of many documents with the cache, compared with as many, and with few, without it."""
    from benchmarks.inputs import make_inputs

    make_inputs(options, (CORPUS,))
    many = 128 if options.quick else MANY
    cached, plain = measured(many, True), measured(many, False)
    few = measured(FEW, False)
    case = f"{CORPUS}, G-Loss + CE, B = {many}"
    text = "baseline: without the cache; ratio: times slower"
    seconds = cached["seconds"], "s", plain["seconds"], cached["seconds"] / plain["seconds"], text
    yield Row("cache", case, "one step with the cache", *seconds)
    for name, other, what in ((f"B = {many}", plain, "the same batch"), (f"B = {FEW}", few, "a small batch")):
        text = f"baseline: {name} without the cache; ratio: share of its memory"
        memory = cached["peak"], "MiB", other["peak"], cached["peak"] / other["peak"], text
        yield Row("cache", case, f"largest memory of the process, and of {what}", *memory)
    text = f"baseline: B = {FEW} without the cache; ratio: share of its memory"
    above = [found["peak"] - found["before"] for found in (cached, few)]
    yield Row("cache", case, "of it above that before the step", above[0], "MiB", above[1], above[0] / above[1], text)


def measured(documents: int, cache: bool) -> dict[str, float]:
    """Seconds of a step, memory (MiB) before and at most, in a new process."""
    command = [sys.executable, "-m", "benchmarks.cache", str(documents), str(int(cache))]
    process = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, cwd=Path(__file__).parents[1])
    return json.loads(process.stdout)


def main() -> None:
    """One step on so many documents, after one on a few that creates the optimiser's state."""
    import torch

    from benchmarks.inputs import batch_of
    from benchmarks.step import our_step
    from benchmarks.timing import peak_mib, seconds_of

    torch.set_num_threads(THREADS)
    documents, cache = map(int, sys.argv[1:])
    trainer, step = our_step(batch_of(CORPUS, documents), with_graph=True, gradient_cache=bool(cache))
    trainer.step(torch.arange(4))
    before = peak_mib()
    seconds = seconds_of(step)
    print(json.dumps({"seconds": seconds, "before": before, "peak": peak_mib()}))


if __name__ == "__main__":
    main()
