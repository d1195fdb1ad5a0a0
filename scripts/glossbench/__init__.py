"""glossbench: G-Loss, the losses it is compared with, and the workflow that compares them."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from glossbench.graph import propagate_labels
    from glossbench.losses import CosineSimilarityLoss, GLoss, GroupLoss, SupConLoss, TripletLoss
    from glossbench.sigma import estimate_sigma

__version__ = "0.1.0"
__all__ = [
    "CosineSimilarityLoss",
    "GLoss",
    "GroupLoss",
    "SupConLoss",
    "TripletLoss",
    "estimate_sigma",
    "propagate_labels",
]
MODULES = {"estimate_sigma": "glossbench.sigma", "propagate_labels": "glossbench.graph"}


def __getattr__(name: str) -> Any:
    """The public names, imported when they are asked for: torch takes seconds, and the workflow's parser needs none."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(MODULES.get(name, "glossbench.losses")), name)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
