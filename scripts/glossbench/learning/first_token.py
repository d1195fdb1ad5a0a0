"""The last layer of an encoder computed for the first token only, which is all that cls pooling uses.

Keys and values are still computed for every token; queries, output and feed-forward part for one. Embeddings and
gradients are the same, and the last layer takes a sixth of the time.
"""

from torch import Tensor, nn

from glossbench.learning.attention import attend
from glossbench.learning.packing import Packing


def first_tokens(layer: nn.Module, hidden: Tensor, packing: Packing) -> Tensor:
    """Output of a BERT, RoBERTa or DistilBERT layer for the first token of each document.

    Args:
        layer: the layer.
        hidden: (T, d) hidden states of b documents.
        packing: the documents.

    Returns:
        (b, d).
    """
    first = hidden[packing.starts]
    if hasattr(layer.attention, "q_lin"):  # DistilBERT
        attention = layer.attention
        projections = attention.q_lin, attention.k_lin, attention.v_lin, attention.n_heads
        context = _attended(attention, projections, first, hidden, packing)
        attended = layer.sa_layer_norm(attention.out_lin(context) + first)
        return layer.output_layer_norm(layer.ffn(attended) + attended)
    attention = layer.attention.self
    projections = attention.query, attention.key, attention.value, attention.num_attention_heads
    context = _attended(attention, projections, first, hidden, packing)
    return layer.feed_forward_chunk(layer.attention.output(context, first))


def _attended(attention: nn.Module, projections: tuple, first: Tensor, hidden: Tensor, packing: Packing) -> Tensor:
    """Attention of the first tokens (b, d) to all tokens (T, d) of their documents."""
    to_query, to_key, to_value, heads = projections
    query, key, value = (
        project(states).unflatten(-1, (heads, -1))
        for project, states in ((to_query, first), (to_key, hidden), (to_value, hidden))
    )
    dropout = attention.dropout.p if attention.training else 0.0
    return attend(query, key, value, packing, attention.scaling, dropout).flatten(1)
