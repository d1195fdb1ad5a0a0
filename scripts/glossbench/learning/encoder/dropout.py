"""Dropout whose mask costs little on a CPU.

A byte of random bits decides on an element, so that one draw of 64 bits serves eight elements. torch's own dropout
draws a float for each, which takes longer than the matrix products around it take for a quarter of the layer. The bits
come from torch's generator: the mask is a function of its seed, the same with any number of threads.
"""

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.function import FunctionCtx, once_differentiable

LEVELS = 256  # a probability is a whole number of 256ths


def keep_probability(p: float) -> float:
    """Probability with which an element is kept at dropout p: 1 - p rounded to 256ths, 0.8984 for p = 0.1."""
    return (LEVELS - round(LEVELS * p)) / LEVELS


def draw_mask(shape: tuple[int, ...], p: float) -> Tensor:
    """Draw a mask on the CPU with torch's default generator.

    Args:
        shape: Shape of the mask.
        p: Probability of dropping an element, in [0, 1), rounded to 256ths.

    Returns:
        Bool, True where an element is kept.
    """
    size = math.prod(shape)
    words = torch.empty(-(-size // 8), dtype=torch.int64).random_(-(2**63), None)
    levels = words.view(torch.uint8)[:size].numpy()
    return torch.from_numpy(np.less(levels, LEVELS * keep_probability(p))).view(shape)


class Dropout(nn.Module):
    """Drops elements with probability p while training, and divides the others by the probability of keeping them.

    On a CPU the probability is rounded to 256ths, see ``keep_probability``; elsewhere it is torch's own dropout.
    """

    def __init__(self, p: float):
        super().__init__()
        self.p = p

    def forward(self, values: Tensor) -> Tensor:
        """Values of the same shape."""
        if not self.training or self.p == 0:
            return values
        return _Dropped.apply(values, self.p) if values.device.type == "cpu" else F.dropout(values, self.p)


def replace_dropout(module: nn.Module) -> None:
    """Replace every ``nn.Dropout`` inside a module by ``Dropout`` of the same probability."""
    for parent in list(module.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.Dropout):
                setattr(parent, name, Dropout(child.p).train(child.training))


class _Dropped(torch.autograd.Function):
    @staticmethod
    def forward(ctx: FunctionCtx, values: Tensor, p: float) -> Tensor:
        mask = draw_mask(values.shape, p)
        ctx.save_for_backward(mask)
        ctx.scale = 1 / keep_probability(p)
        return torch.mul(values, mask).mul_(ctx.scale)

    @staticmethod
    @once_differentiable
    def backward(ctx: FunctionCtx, gradient: Tensor) -> tuple[Tensor, None]:
        (mask,) = ctx.saved_tensors
        return torch.mul(gradient, mask).mul_(ctx.scale), None
