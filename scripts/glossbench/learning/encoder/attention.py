"""Attention of packed documents: each token attends to the tokens of its own document.

On a CPU the documents are taken one after the other, without padding or mask, and their attention probabilities stay
in the cache. On other devices queries, keys and values are padded for torch's scaled dot product attention.
"""

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.function import FunctionCtx, once_differentiable

from glossbench.learning.encoder.dropout import draw_mask, keep_probability
from glossbench.learning.encoder.packing import Packing

NAME = "packed"  # of the attention implementation in transformers


def attend(query: Tensor, key: Tensor, value: Tensor, packing: Packing, scaling: float, dropout: float) -> Tensor:
    """Attention within each document.

    Args:
        query, key, value: (T, H, d) for all T tokens; H heads.
        packing: The documents.
        scaling: Factor of the scores.
        dropout: Probability of dropping an attention probability.

    Returns:
        Of the shape of ``query``.
    """
    if key.device.type == "cpu":
        return _ByDocument.apply(query, key, value, packing.lengths, scaling, dropout)
    return _padded(query, key, value, packing, scaling, dropout)


def use_packed_attention(backbone: nn.Module) -> None:
    """Make the layers of a transformers model attend within documents, which each layer is given as ``packing``."""
    from transformers import AttentionInterface

    AttentionInterface.register(NAME, _for_transformers)
    backbone.set_attn_implementation(NAME)


def _for_transformers(
    module: nn.Module, query: Tensor, key: Tensor, value: Tensor, attention_mask: None, *, packing: Packing,
    scaling: float, dropout: float = 0.0, **_: Any,
) -> tuple[Tensor, None]:  # fmt: skip
    """``attend`` as transformers calls it, with (1, H, T, d); returns (1, T, H, d)."""
    by_token = (states[0].transpose(0, 1) for states in (query, key, value))
    return attend(*by_token, packing, scaling, dropout)[None], None


def _padded(query: Tensor, key: Tensor, value: Tensor, packing: Packing, scaling: float, dropout: float) -> Tensor:
    heads_first = (packing.padded(states).transpose(1, 2) for states in (query, key, value))
    found = F.scaled_dot_product_attention(*heads_first, packing.padding_mask, dropout, scale=scaling)
    return _Unpad.apply(found.transpose(1, 2).flatten(0, 1), packing.padded_places)


class _Unpad(torch.autograd.Function):
    """The rows at these places, as before ``Packing.padded``. Unlike with indexing, gradients are not accumulated."""

    @staticmethod
    def forward(ctx: FunctionCtx, rows: Tensor, places: Tensor) -> Tensor:
        ctx.save_for_backward(places)
        ctx.n = len(rows)
        return rows.index_select(0, places)

    @staticmethod
    @once_differentiable
    def backward(ctx: FunctionCtx, gradient: Tensor) -> tuple[Tensor, None]:
        (places,) = ctx.saved_tensors
        return gradient.new_zeros(ctx.n, *gradient.shape[1:]).index_copy_(0, places, gradient), None


class _ByDocument(torch.autograd.Function):
    """Attention document by document. The attention probabilities of all documents lie in one tensor."""

    @staticmethod
    @torch.amp.custom_fwd(device_type="cpu", cast_inputs=torch.float32)
    def forward(
        ctx: FunctionCtx, query: Tensor, key: Tensor, value: Tensor, lengths: tuple[int, ...], scaling: float, p: float
    ) -> Tensor:
        shapes = [(query.shape[1], length, length) for length in lengths]
        probabilities = query.new_empty(sum(map(math.prod, shapes)))
        mask = draw_mask(probabilities.shape, p) if p else None
        scale = 1 / keep_probability(p)
        found = torch.empty_like(query, memory_format=torch.contiguous_format)
        for q, k, v, out, probability, kept in zip(
            _heads_first(query, lengths), _heads_first(key, lengths), _heads_first(value, lengths),
            _heads_first(found, lengths), _blocks(probabilities, shapes), _blocks(mask, shapes), strict=True,
        ):  # fmt: skip
            scores = torch.baddbmm(probability, q, k.transpose(1, 2), beta=0, alpha=scaling)
            torch.softmax(scores, -1, out=probability)
            dropped = probability if kept is None else torch.mul(probability, kept)
            out.copy_(torch.baddbmm(out, dropped, v, beta=0, alpha=scale))
        ctx.save_for_backward(query, key, value, probabilities, mask)
        ctx.lengths, ctx.shapes, ctx.scaling, ctx.scale = lengths, shapes, scaling, scale
        return found

    @staticmethod
    @once_differentiable
    @torch.amp.custom_bwd(device_type="cpu")
    def backward(ctx: FunctionCtx, gradient: Tensor) -> tuple[Tensor | None, ...]:
        query, key, value, probabilities, mask = ctx.saved_tensors
        lengths = ctx.lengths
        gradients = [torch.empty_like(states) for states in (query, key, value)]
        by_query, by_key, by_value = gradients
        for q, k, v, g, probability, kept, q_out, k_out, v_out in zip(
            _heads_first(query, lengths), _heads_first(key, lengths), _heads_first(value, lengths),
            _heads_first(gradient, lengths), _blocks(probabilities, ctx.shapes), _blocks(mask, ctx.shapes),
            _heads_first(by_query, lengths), _heads_first(by_key, lengths), _heads_first(by_value, lengths),
            strict=True,
        ):  # fmt: skip
            dropped = probability if kept is None else torch.mul(probability, kept)
            v_out.copy_(torch.baddbmm(v_out, dropped.transpose(1, 2), g, beta=0, alpha=ctx.scale))
            by_probability = torch.baddbmm(probability, g, v.transpose(1, 2), beta=0, alpha=ctx.scale)
            if kept is not None:
                by_probability.mul_(kept)
            by_score = torch._softmax_backward_data(by_probability, probability, -1, probability.dtype)
            q_out.copy_(torch.baddbmm(q_out, by_score, k, beta=0, alpha=ctx.scaling))
            k_out.copy_(torch.baddbmm(k_out, by_score.transpose(1, 2), q, beta=0, alpha=ctx.scaling))
        return *gradients, None, None, None


def _heads_first(states: Tensor, sizes: tuple[int, ...]) -> list[Tensor]:
    """(rows, H, d) divided by documents, each (H, rows, d); views."""
    return [part.transpose(0, 1) for part in states.split(sizes)]


def _blocks(flat: Tensor | None, shapes: list[tuple[int, ...]]) -> list[Tensor | None]:
    """A flat tensor divided into blocks of these shapes, views; None for each where there is no tensor."""
    if flat is None:
        return [None] * len(shapes)
    parts = flat.split([math.prod(shape) for shape in shapes])
    return [part.view(shape) for part, shape in zip(parts, shapes, strict=True)]
