"""The losses, each a torch module called as ``loss(embeddings, labels)``."""

from glossbench.losses.gloss import GLoss
from glossbench.losses.supcon import SupConLoss

__all__ = ["GLoss", "SupConLoss"]
