"""The losses. Each is a ``torch.nn.Module`` called as ``loss(embeddings, labels)``; see ``protocol.py``.

A loss is imported when it is first used: pytorch-metric-learning, which one of them needs, takes a second.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from glossbench.losses.cosine import CosineSimilarityLoss
    from glossbench.losses.gloss import GLoss
    from glossbench.losses.group import GroupLoss
    from glossbench.losses.supcon import SupConLoss
    from glossbench.losses.triplet import TripletLoss

__all__ = ["CosineSimilarityLoss", "GLoss", "GroupLoss", "SupConLoss", "TripletLoss"]

MODULES = {
    "CosineSimilarityLoss": "cosine",
    "GLoss": "gloss",
    "GroupLoss": "group",
    "SupConLoss": "supcon",
    "TripletLoss": "triplet",
}


def __getattr__(name: str) -> Any:
    if name not in MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{MODULES[name]}"), name)
