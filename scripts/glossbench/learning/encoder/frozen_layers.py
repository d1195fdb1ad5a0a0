"""Hidden states of frozen layers, computed once for all objectives and seeds of a corpus and encoder."""

from dataclasses import replace
from pathlib import Path

import torch
from safetensors import safe_open
from torch import nn

from glossbench.data.documents import Documents
from glossbench.errors import TrainingError
from glossbench.files import reading
from glossbench.learning.encoder.encoder import embed, is_packed, last_states, prepared, through_layers
from glossbench.learning.encoder.loading import layer_list
from glossbench.learning.encoder.packing import Packing, micro_batches


@torch.no_grad()
def hidden_states(backbone: nn.Module, documents: Documents, micro_batch_tokens: int = 2048) -> Documents:
    """Replace the tokens of documents by their last hidden states, computed without dropout.

    Args:
        backbone: a transformer; its attention and dropout are replaced.
        documents: N documents of T tokens in total.
        micro_batch_tokens: Most tokens encoded at once.

    Returns:
        The documents with values (T, d) float16, which take half the space of float32.

    Raises:
        TrainingError: If a hidden state is out of the range of float16.
    """
    prepared(backbone).eval()
    for name in {"final_norm", "norm"} & dict(backbone.named_children()).keys():  # behind the last layer, not these
        setattr(backbone, name, nn.Identity())
    states = torch.empty((len(documents.values), backbone.config.hidden_size), dtype=torch.float16)
    for group in micro_batches(documents.lengths, micro_batch_tokens):
        read = documents.select(group)
        packing = Packing.of(read.lengths, read.values.device)
        if is_packed(backbone):
            hidden = through_layers(layer_list(backbone), embed(backbone, read), packing)
        else:
            hidden = last_states(backbone, read.values, packing, read.token_types)
        states[documents.rows(group)] = hidden.cpu().half()
    if not states.isfinite().all():
        raise TrainingError("a frozen layer's output does not fit half precision; leave trainable_layers out")
    return replace(documents, values=states)


def with_frozen_states(documents: dict[str, Documents], frozen: Path | None) -> dict[str, Documents]:
    """The same documents with the stored output of the frozen layers, if there are any, instead of token ids."""
    if frozen is None:
        return documents
    # by split: tuning must not read the test documents
    with reading(frozen), safe_open(frozen, framework="pt") as states:
        return {name: replace(split, values=states.get_tensor(name)) for name, split in documents.items()}
