"""How fast a run trained: documents and tokens per second, and the share of what matrix products alone would reach."""

import time
from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from glossbench.data.documents import Documents
from glossbench.learning.encoder import Encoder, layer_list

MEASURED_SECONDS = 0.1
MOST_ROWS = {"cpu": 1024, "cuda": 16_384}  # of a product; more are no faster and take longer to measure


def throughput(history: list[dict[str, float]], train: Documents) -> dict[str, float]:
    """Seconds of training in total and per epoch (without validation), training documents and tokens per second."""
    train_seconds = sum(row["seconds_epoch"] for row in history)
    return {
        "train_seconds": train_seconds,
        "seconds_per_epoch": train_seconds / len(history),
        "docs_per_second": len(train) * len(history) / train_seconds,
        "tokens_per_second": len(train.values) * len(history) / train_seconds,
    }


def matrix_share(encoder: Encoder, tokens_per_second: float, forward_passes: int, precision: str) -> float:
    """The part of the time of training that the matrix products of the trained layers would take alone.

    6 x parameters x tokens per second, over the rate of matrix products of the layers' own shapes on this device: a
    parameter costs two operations per token in the forward pass and four in the backward pass. Attention, embeddings,
    the loss and what a gradient cache computes again do not count.

    Args:
        encoder: the encoder.
        tokens_per_second: tokens of the training documents.
        forward_passes: forward passes of a step.
        precision: precision of the encoder, "float32" or "bfloat16".
    """
    layer = layer_list(encoder.backbone)[0]
    device = next(layer.parameters()).device
    shapes = tuple(tuple(module.weight.shape) for module in layer.modules() if isinstance(module, nn.Linear))
    rows = min(encoder.micro_batch_tokens, MOST_ROWS[device.type])
    rate = matrix_rate(shapes, rows, getattr(torch, precision), device)
    return 6 * counted_parameters(encoder) * forward_passes * tokens_per_second / rate


def counted_parameters(encoder: Encoder) -> int:
    """Parameters that each token passes through: those of all layers.

    With cls pooling, of the last layer only keys and values, since the rest is computed for one token per document.
    """
    sizes = [sum(parameter.numel() for parameter in layer.parameters()) for layer in layer_list(encoder.backbone)]
    if encoder.pooling == "cls":
        sizes[-1] = 2 * encoder.dimension**2
    return sum(sizes)


@cache  # a job trains several seeds
def matrix_rate(shapes: tuple[tuple[int, int], ...], tokens: int, dtype: torch.dtype, device: torch.device) -> float:
    """Floating-point operations per second of matrix products, the fastest of as many tries as 0.1 s allow.

    Args:
        shapes: (out, in) of each linear map.
        tokens: number of rows that are mapped.
        dtype: type of the numbers.
        device: where to measure.
    """
    chance = torch.Generator(device).manual_seed(0)  # training's own random numbers are left alone

    def drawn(*size: int) -> Tensor:
        return torch.rand(size, generator=chance, device=device).to(dtype)

    weights = {shape: drawn(*shape) for shape in shapes}
    rows = {wide: drawn(tokens, wide) for _, wide in shapes}

    def seconds_of(n: int) -> float:
        _finish(device)
        started = time.perf_counter()
        for shape in shapes:
            F.linear(rows[shape[1]][:n], weights[shape])
        _finish(device)
        return time.perf_counter() - started

    with torch.inference_mode(), torch.autocast(device.type, enabled=False):
        seconds_of(min(tokens, 16))  # starts threads and kernels
        seconds = [seconds_of(tokens)]
        while sum(seconds) < MEASURED_SECONDS:
            seconds.append(seconds_of(tokens))
    return 2 * tokens * sum(out * wide for out, wide in shapes) / min(seconds)


def _finish(device: torch.device) -> None:
    """Wait until the device has done its work."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
