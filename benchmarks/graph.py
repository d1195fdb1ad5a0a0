"""Seconds and memory of G-Loss alone, forward and backward, by the number of documents in the graph.

Measured in a process of its own, whose largest memory so far then belongs to the largest graph so far.
"""

import json
import math
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.rows import Options, Row

SIZES = (128, 256, 512, 1024, 2048, 4096, 8192)
LARGEST_DENSE = 2048  # of the baseline, which needs four times the memory
SMALL_SIGMA, SMALL_SIZES = 0.01, (256, 512)  # in which the solve is not accurate, so that nodes are eliminated
NEIGHBORS, WIDTH_SIZES = 40, (128, 1024)
SIGMA, DIMENSION, CLASSES, THREADS = 0.5, 384, 8, 2
EXPONENT_FROM = 1024
BYTES_PER_PAIR = 160  # needed for each entry of the matrix, estimated from above


def rows(options: Options) -> Iterator[Row]:
    """Rows of the process that measures."""
    command = [sys.executable, "-m", "benchmarks.graph", str(options.repeats), str(int(options.quick))]
    process = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, cwd=Path(__file__).parents[1])
    for line in process.stdout.splitlines():
        yield Row(**json.loads(line))


def measured(repeats: int, quick: bool) -> Iterator[Row]:
    """Graphs of each size, the exponents of time and memory, and graphs that a small sigma leaves nearly apart."""
    import torch

    from benchmarks.published import dense_graph_loss
    from benchmarks.timing import interleaved, peak_mib, seconds_of

    torch.set_num_threads(THREADS)
    call_of(16, SIGMA)()
    seconds, memory, without = {}, {}, peak_mib()
    for size in fitting(SIZES[:3] if quick else SIZES):
        case, ours = f"B = {size}, sigma = {SIGMA}", call_of(size, SIGMA)
        turns = repeats if size < SIZES[-1] else 1
        seconds[size] = min(seconds_of(ours) for _ in range(turns))
        memory[size] = peak_mib() - without
        yield Row("graph", case, "memory above that of the process", memory[size], "MiB")
    for size in seconds:
        case = f"B = {size}, sigma = {SIGMA}"
        if size > LARGEST_DENSE:
            yield Row("graph", case, "forward and backward", seconds[size], "s")
            continue
        ours, dense = call_of(size, SIGMA), call_of(size, SIGMA, dense_graph_loss)
        dense()
        found, baseline = interleaved(ours, dense, repeats)
        text = "baseline: dense float64 matrices and an inverse; ratio: times faster"
        yield Row("graph", case, "forward and backward", found, "s", baseline, baseline / found, text)
    for what, values, unit in (("time", seconds, "exponent of B"), ("memory", memory, "exponent of B")):
        large = {size: value for size, value in values.items() if (quick or size >= EXPONENT_FROM) and value > 0}
        if len(large) > 1:
            case = f"B = {min(large)} to {max(large)}"
            yield Row("graph", case, f"growth of {what}", exponent(large), unit)
    for size in SMALL_SIZES[:1] if quick else SMALL_SIZES:
        small, ordinary = call_of(size, SMALL_SIGMA), call_of(size, SIGMA)
        small()
        found, baseline = interleaved(small, ordinary, repeats)
        text = f"baseline: sigma = {SIGMA}; ratio: times slower"
        case = f"B = {size}, sigma = {SMALL_SIGMA}"
        yield Row("graph", case, "forward and backward, by elimination", found, "s", baseline, found / baseline, text)
    yield from by_neighbors(repeats)


def by_neighbors(repeats: int) -> Iterator[Row]:
    """The width found anew in each batch, beside a fixed one."""
    from benchmarks.timing import interleaved

    for size in WIDTH_SIZES:
        found, baseline = interleaved(call_of(size, neighbors=NEIGHBORS), call_of(size, SIGMA), repeats)
        text = f"baseline: sigma = {SIGMA}; ratio: times slower"
        case = f"B = {size}, neighbors = {NEIGHBORS}"
        yield Row("graph", case, "forward and backward", found, "s", baseline, found / baseline, text)


def call_of(size: int, sigma: float | None = None, loss: Callable | None = None, **width: float) -> Callable[[], None]:
    """Forward and backward of the loss on random embeddings around a centre for each class."""
    import torch
    from glossbench.losses import GLoss

    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(size) % CLASSES
    centres = torch.randn(CLASSES, DIMENSION, generator=generator)
    embeddings = (centres[labels] + torch.randn(size, DIMENSION, generator=generator)).requires_grad_()

    def call() -> None:
        torch.manual_seed(0)
        value = GLoss(sigma=sigma, **width)(embeddings, labels) if loss is None else loss(embeddings, labels, sigma)
        value.backward()
        embeddings.grad = None

    return call


def fitting(sizes: tuple[int, ...]) -> list[int]:
    """The sizes whose matrices fit the memory that is free."""
    import torch
    from glossbench.learning.training.machine import free_bytes

    free = free_bytes(torch.device("cpu"))
    return [size for size in sizes if BYTES_PER_PAIR * size**2 < free]


def exponent(values: dict[int, float]) -> float:
    """Slope of log(value) over log(size), by least squares."""
    x, y = [math.log(size) for size in values], [math.log(value) for value in values.values()]
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    return sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True)) / sum((a - mean_x) ** 2 for a in x)


def main() -> None:
    """Print each row as a line of JSON."""
    repeats, quick = map(int, sys.argv[1:])
    for row in measured(repeats, bool(quick)):
        print(json.dumps(vars(row)), flush=True)


if __name__ == "__main__":
    main()
