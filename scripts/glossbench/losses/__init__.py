"""The losses. Each is a ``torch.nn.Module`` called as ``loss(embeddings, labels)``; see ``protocol.py``.

One module per loss: gloss, supcon, triplet, cosine, group, rdrop. The workflow loads ``LOSS`` of the module that an
objective names. labeling, criteria, gathering and memory are parts of G-Loss; gradients measures the share of
each term.
"""

from glossbench.losses.cosine import CosineSimilarityLoss
from glossbench.losses.gloss import GLoss
from glossbench.losses.gradients import gradient_shares
from glossbench.losses.group import GroupLoss
from glossbench.losses.supcon import SupConLoss
from glossbench.losses.triplet import TripletLoss

__all__ = ["CosineSimilarityLoss", "GLoss", "GroupLoss", "SupConLoss", "TripletLoss", "gradient_shares"]
