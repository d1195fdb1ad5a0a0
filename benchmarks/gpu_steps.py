"""Training steps of random encoders on a device: their speed, host waits and memory."""

import gc
import tempfile
import time
import warnings
from argparse import Namespace
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from itertools import product
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from types import SimpleNamespace

import torch
from glossbench.data.documents import Documents
from glossbench.learning.devices import choose_device
from glossbench.learning.training.checkpoints import Checkpoint
from glossbench.learning.training.machine import activation_bytes
from glossbench.learning.training.trainer import Trainer
from glossbench.settings.resources import JobResources
from glossbench.settings.study import load_study
from torch.profiler import ProfilerActivity, profile
from transformers import BertConfig, BertModel, RobertaConfig, RobertaModel

from benchmarks import floor
from benchmarks.inputs import ROOT
from benchmarks.rows import Row
from benchmarks.step import OBJECTIVES, step_of
from benchmarks.timing import fastest, peak_mib, seconds_of

MIB = 2**20
STATE_BYTES = 16  # per parameter: weights, gradient and two moments in float32
LARGE = {"hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16, "intermediate_size": 4096}
OF_ROBERTA = {"vocab_size": 50_265, "max_position_embeddings": 514, "type_vocab_size": 1, "pad_token_id": 1}
SMALLEST = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
ENCODERS = {
    "BERT-base": lambda **sizes: BertModel(BertConfig(**sizes), add_pooling_layer=False),
    "RoBERTa-large": lambda **sizes: RobertaModel(
        RobertaConfig(**{**OF_ROBERTA, **LARGE, **sizes}), add_pooling_layer=False
    ),
}


# Changed sizes of encoders, documents and tokens of each, rows of a square product, steps, seconds of a job.
SIZES = {
    "cuda": SimpleNamespace(encoder={}, batch=128, length=128, square=8192, repeats=3, seconds=5),
    "cpu": SimpleNamespace(encoder=SMALLEST, batch=8, length=8, square=256, repeats=1, seconds=0.2),
}


def random_step(
    device: str, encoder: str = "BERT-base", with_graph: bool = True, gradient_cache: bool = False, **options: str
) -> tuple[Trainer, Callable[[], object], str]:
    """A trainer of an encoder with random weights, a step on random documents after a first one, and what it is on."""
    choose_device(device, threads=1)  # as runs do
    sizes = SIZES[device]
    with torch.device(device):
        backbone = ENCODERS[encoder](**sizes.encoder)
    values = torch.randint(5, 20_000, (sizes.batch * sizes.length,), generator=torch.Generator().manual_seed(0))
    offsets, names = torch.arange(sizes.batch + 1) * sizes.length, [str(i) for i in range(sizes.batch)]
    documents = Documents(values, offsets, torch.arange(sizes.batch) % 4, names).to(device)
    trainer, step = step_of(backbone, documents, with_graph, gradient_cache, **options)
    waiting(step, device)()
    objective = next(name for name, graph in OBJECTIVES.items() if graph == with_graph)
    case = f"{encoder}, {objective}, B = {sizes.batch}, {sizes.length} tokens"
    return trainer, step, case + (", gradient cache" if gradient_cache else "")


def waiting(call: Callable[[], object], device: str) -> Callable[[], None]:
    """A call that ends when the device has done it."""

    def whole() -> None:
        call()
        torch.get_device_module(device).synchronize()

    return whole


def rates(given: Namespace) -> Iterator[Row]:
    """Tokens per second of a step, and its share of the rate of one large product in the same precision."""
    device, sizes = given.device, SIZES[given.device]
    choose_device(device, threads=1)
    text = "baseline: with its matrix products alone, at the rate of the large one; ratio: share of that"
    for precision in ("bfloat16", "float32"):
        shape, kind = (sizes.square, sizes.square), getattr(torch, precision)
        a, b = (torch.randn(shape, device=device, dtype=kind) for _ in range(2))
        rate = 2 * sizes.square**3 / fastest(waiting(lambda a=a, b=b: a @ b, device), 20)
        yield Row("rates", f"{sizes.square} rows, {precision}", "one large square product", rate / 1e12, "TFLOP/s")
        for encoder, cached in product(ENCODERS, (False, True)):
            trainer, step, case = random_step(device, encoder, gradient_cache=cached, precision=precision)
            seconds = median(seconds_of(waiting(step, device)) for _ in range(sizes.repeats))
            model, tokens = trainer.model.encoder, sizes.batch * sizes.length
            found = floor.products(model.backbone, trainer.splits.train.lengths, model.micro_batch_tokens)
            least, speed = floor.flops(found) / rate, tokens / seconds
            yield Row("rates", f"{case}, {precision}", "step", speed, "tokens/s", tokens / least, least / seconds, text)


def waits(given: Namespace) -> Iterator[Row]:
    """How often the host waits for the device in a step."""
    what, counted = ("calls of item", items) if given.device == "cpu" else ("waits that torch tells", warned)
    for with_graph, cached in product(OBJECTIVES.values(), (False, True)):
        _, step, case = random_step(given.device, with_graph=with_graph, gradient_cache=cached)
        yield Row("waits", case, what, counted(step), "per step")


def items(step: Callable[[], object]) -> int:
    """How often a step reads a value of a tensor, by its profile."""
    with profile(activities=[ProfilerActivity.CPU]) as profiler:
        step()
    return sum(each.count for each in profiler.key_averages() if each.key == "aten::_local_scalar_dense")


def warned(step: Callable[[], object]) -> int:
    """Number of operations of a step of which torch says that the host waits for the device."""
    torch.cuda.set_sync_debug_mode("warn")
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            step()
    finally:
        torch.cuda.set_sync_debug_mode("default")
    return sum("synchronizing CUDA operation" in str(each.message) for each in caught)


def pair(given: Namespace) -> Iterator[Row]:
    """Tokens per second of each of two jobs, alone and at the same time."""
    case, context = "BERT-base, G-Loss + CE", get_context("spawn")
    with ProcessPoolExecutor(1, context) as first, ProcessPoolExecutor(1, context) as second:
        for _ in range(2):  # the first time they are started
            jobs = [pool.submit(work, given.device) for pool in (first, second)]
            both = [job.result() for job in jobs]
        alone = [pool.submit(work, given.device).result() for pool in (first, second)]
    text = "baseline: alone, the other idle; ratio: share of that"
    for number, (one, shared) in enumerate(zip(alone, both, strict=True), 1):
        yield Row("pair", case, f"job {number} of two at once", shared, "tokens/s", one, shared / one, text)
    total, text = sum(both), "baseline: the first one alone; ratio: times as much"
    yield Row("pair", case, "both jobs", total, "tokens/s", alone[0], total / alone[0], text)


def work(device: str) -> float:
    """Tokens per second of the steps of some seconds, in a process that keeps its encoder."""
    sizes, step, started, steps = SIZES[device], kept_step(device), time.perf_counter(), 0
    while time.perf_counter() - started < sizes.seconds:
        step()
        steps += 1
    return steps * sizes.batch * sizes.length / (time.perf_counter() - started)


@cache
def kept_step(device: str) -> Callable[[], None]:
    """A step, made once per process."""
    return waiting(random_step(device)[1], device)


def memory(given: Namespace) -> Iterator[Row]:
    """Most memory of the device in a step, of the process in an epoch, and what is estimated and asked for."""
    for gradient_cache in (True, False):
        trainer, step, case = random_step(given.device, gradient_cache=gradient_cache)
        if given.device == "cuda":
            gc.collect()  # the encoder before this one
            torch.cuda.reset_peak_memory_stats()
            step()
            peak, config = torch.cuda.max_memory_allocated() / MIB, trainer.model.encoder.backbone.config
            kept = STATE_BYTES * sum(part.numel() for part in trainer.parameters)
            estimate = (kept + activation_bytes(config, trainer.splits.train.lengths)) / MIB
            text = "baseline: estimate without a cache, by which training turns it on; ratio: share of that"
            yield Row("memory", case, "device, one step", peak, "MiB", estimate, peak / estimate, text)
    with tempfile.TemporaryDirectory() as folder:
        trainer.checkpoint = Checkpoint(Path(folder, "checkpoint"), "gpu")
        trainer.fit()
    told = {"study": "gpu", "corpora": ["mr"], "encoders": ["bert-base"], "objectives": ["gloss-o-ce"], "seeds": [0]}
    cell = SimpleNamespace(corpus="mr", encoder="bert-base", objective="gloss-o-ce")
    request = JobResources(load_study(told, "gpu", ROOT / "config"), ROOT / "config").memory_mb(cell, 1) * 1e6 / MIB
    peak, text = peak_mib(), "baseline: what a job of BERT-base on MR asks a cluster for; ratio: share of that"
    yield Row("memory", case, "process, one epoch and its checkpoint", peak, "MiB", request, peak / request, text)
