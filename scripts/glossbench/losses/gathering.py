"""The batches of all processes of ``torch.distributed`` as one, for a graph over all of them."""

from typing import Any

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable


def world_size() -> int:
    """Number of processes; 1 where ``torch.distributed`` is not in use."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def gathered(values: Tensor) -> Tensor:
    """Rows of all processes, in the order of their ranks, of the same number or not. (b, ...) -> (B, ...).

    The gradient of a row is the sum of those of all processes. Where all compute the same loss, it is the number of
    processes times that of one, over which DistributedDataParallel takes the mean.
    """
    sizes = [torch.zeros((), dtype=torch.long, device=values.device) for _ in range(world_size())]
    dist.all_gather(sizes, torch.tensor(len(values), device=values.device))
    return _Gather.apply(values, torch.stack(sizes).tolist())  # type: ignore[no-any-return, no-untyped-call]


def broadcast_from_first(values: Tensor) -> Tensor:
    """Overwrite ``values`` by those of the first process, of the same shape, and return them."""
    dist.broadcast(values, 0)
    return values


class _Gather(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, values: Tensor, sizes: list[int]) -> Tensor:
        rank = dist.get_rank()
        ctx.own = slice(sum(sizes[:rank]), sum(sizes[: rank + 1]))
        padding = (0, 0) * (values.ndim - 1) + (0, max(sizes) - len(values))
        padded = F.pad(values.byte() if values.dtype == torch.bool else values, padding).contiguous()
        parts = [torch.empty_like(padded) for _ in sizes]
        dist.all_gather(parts, padded)
        return torch.cat([part[:size] for part, size in zip(parts, sizes, strict=True)]).to(values.dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        total = gradient.clone(memory_format=torch.contiguous_format)
        dist.all_reduce(total)
        return total[ctx.own], None
