"""What each term of a loss contributes to the gradient."""

from collections.abc import Mapping

import torch
from torch import Tensor


def gradient_shares(terms: Mapping[str, Tensor], *embeddings: Tensor) -> dict[str, Tensor]:
    """Share of each term of a loss in the gradient at the embeddings: its norm over the sum of the terms' norms.

    To be called before ``backward``, with the terms weighted as they are added up. The host waits for nothing.

    Args:
        terms: Scalars by name.
        embeddings: (B, d), from which the terms were computed; several where they come from passes of their own.
            A slice of them is another tensor: of transformers it is ``outputs.hidden_states[-1]``, of any shape.

    Returns:
        Scalars by the same names, which sum to one; NaN if no term has a gradient.

    Raises:
        ValueError: If a term with a gradient was not computed from the embeddings.

    Example:
        >>> terms = {"ce": (1 - weight) * cross_entropy, "gloss": weight * gloss}
        >>> shares = gradient_shares(terms, embeddings)
    """
    norms = {}
    for name, term in terms.items():
        gradients = tuple(map(torch.zeros_like, embeddings))
        if term.requires_grad:
            found = torch.autograd.grad(term, embeddings, retain_graph=True, allow_unused=True)
            if all(gradient is None for gradient in found):
                raise ValueError(f"embeddings: {name} was not computed from them; a slice of them is another tensor")
            gradients = tuple(zero if one is None else one for one, zero in zip(found, gradients, strict=True))
        norms[name] = torch.linalg.vector_norm(torch.stack(gradients), dtype=torch.float64)
    total = torch.stack(list(norms.values())).sum()
    return {name: norm / total for name, norm in norms.items()}
