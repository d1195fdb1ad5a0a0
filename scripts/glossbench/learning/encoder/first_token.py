"""A layer's output for the first token of each document, all that first-token pooling uses of the last layer.

With one query per document no keys and values are made. Let q be the query of a head, x a token and a its attention
probability: q . (W_k x) = (W_k' q) . x, and the sum of a (W_v x + c) over tokens is W_v (sum of a x) + (sum of a) c.
The key's bias adds the same to all scores of a document and cancels; it gets no gradient. Embeddings and gradients are
those of the whole layer, in an eighth of the operations or less.
"""

from collections.abc import Iterator
from itertools import groupby

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from glossbench.learning.encoder.dropout import draw_mask, keep_probability
from glossbench.learning.encoder.loading import layer_list
from glossbench.learning.encoder.packing import Packing

# Queries (n, H, D), tokens (n, L, D), and, or None: the mask of dropout (n, H, L), True where tokens exist (n, 1, L).
Block = tuple[Tensor, Tensor, Tensor | None, Tensor | None]


def first_tokens(backbone: nn.Module, hidden: Tensor, packing: Packing) -> Tensor:
    """Output of the last layer of a BERT, RoBERTa, DistilBERT or MPNet for the first token of each document.

    Args:
        backbone: The transformer.
        hidden: (T, D) hidden states of b documents that enter its last layer.
        packing: The documents.

    Returns:
        (b, D).
    """
    layer = layer_list(backbone)[-1]
    first = hidden[packing.starts]
    if hasattr(layer.attention, "q_lin"):  # DistilBERT
        attention = layer.attention
        projections = attention.q_lin, attention.k_lin, attention.v_lin
        context = _attended(attention, projections, attention.n_heads, first, hidden, packing)
        attended = layer.sa_layer_norm(attention.out_lin(context) + first)
        return layer.output_layer_norm(layer.ffn(attended) + attended)
    if hasattr(layer.attention, "attn"):  # MPNet
        attention = layer.attention.attn
        tokens = torch.arange(packing.longest, device=hidden.device)
        bias = backbone.encoder.relative_attention_bias(backbone.encoder.relative_position_bucket(tokens)).T
        projections = attention.q, attention.k, attention.v
        context = _attended(attention, projections, attention.num_attention_heads, first, hidden, packing, bias)
        attended = layer.attention.LayerNorm(layer.attention.dropout(attention.o(context)) + first)
        return layer.output(layer.intermediate(attended), attended)
    attention = layer.attention.self
    projections = attention.query, attention.key, attention.value
    context = _attended(attention, projections, attention.num_attention_heads, first, hidden, packing)
    return layer.feed_forward_chunk(layer.attention.output(context, first))


def _attended(
    attention: nn.Module, projections: tuple[nn.Linear, ...], heads: int,
    first: Tensor, hidden: Tensor, packing: Packing, bias: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """Attention of the first tokens (b, D) to all tokens (T, D) of their documents; scores get the bias (H, L)."""
    to_query, to_key, to_value = projections
    by_head = (heads, -1)
    scaling = (to_query.out_features // heads) ** -0.5
    query = to_query(first).unflatten(-1, by_head) * scaling
    absorbed = torch.einsum("bhd,hde->bhe", query, to_key.weight.unflatten(0, by_head))
    dropout = attention.dropout.p if attention.training else 0.0
    summed, weights = _weighted_sums(absorbed, hidden, packing, bias, dropout)
    context = torch.einsum("bhe,hde->bhd", summed, to_value.weight.unflatten(0, by_head))
    return (context + weights[..., None] * to_value.bias.unflatten(0, by_head)).flatten(1)


def _weighted_sums(
    queries: Tensor, hidden: Tensor, packing: Packing, bias: Tensor | None, dropout: float
) -> tuple[Tensor, Tensor]:
    """Tokens summed by their attention probabilities after dropout, (b, H, D), and the sums of these, (b, H).

    Args:
        queries: (b, H, D), compared with the tokens themselves.
        hidden: (T, D).
        packing: The documents.
        bias: (H, L) added to the scores, or None.
        dropout: Probability of dropping an attention probability.
    """
    sums, weights = [], []
    blocks = _rectangles if hidden.device.type == "cpu" else _padded
    for query, tokens, kept, present in blocks(queries, hidden, packing, dropout):
        scores = torch.bmm(query, tokens.transpose(1, 2))
        if bias is not None:
            scores = scores + bias[:, : tokens.shape[1]]
        if present is not None:
            scores = scores.masked_fill(~present, -torch.inf)
        probability = torch.softmax(scores, -1)
        if kept is not None:
            probability = probability * kept / keep_probability(dropout)
        elif dropout:
            probability = F.dropout(probability, dropout)
        sums.append(torch.bmm(probability, tokens))
        weights.append(probability.sum(-1))
    return torch.cat(sums), torch.cat(weights)


def _rectangles(queries: Tensor, hidden: Tensor, packing: Packing, dropout: float) -> Iterator[Block]:
    """Neighbours of equal length, which are many since documents are sorted, without padding or a copy."""
    heads, shapes = queries.shape[1], [(len(list(same)), length) for length, same in groupby(packing.lengths)]
    sizes = [n * length for n, length in shapes]
    masks = [None] * len(shapes)
    if dropout:
        drawn = draw_mask((heads * packing.tokens,), dropout).split([heads * size for size in sizes])
        masks = [mask.view(n, heads, length) for mask, (n, length) in zip(drawn, shapes, strict=True)]
    parts = zip(queries.split([n for n, _ in shapes]), hidden.split(sizes), masks, shapes, strict=True)
    for query, tokens, mask, (n, length) in parts:
        yield query, tokens.view(n, length, -1), mask, None


def _padded(queries: Tensor, hidden: Tensor, packing: Packing, _: float) -> Iterator[Block]:
    """All documents at once, padded: on other devices each block costs the launches of its kernels."""
    present = packing.padding_mask
    yield queries, packing.padded(hidden), None, None if present is None else present[:, 0]
