"""glossbench: G-Loss, the losses it is compared with, and the workflow that compares them."""

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


def __getattr__(name: str) -> Any:
    """The public names, imported when they are asked for: torch takes seconds, and the workflow's parser needs none."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from glossbench import graph, losses, sigma

    return next(getattr(module, name) for module in (losses, graph, sigma) if hasattr(module, name))


def __dir__() -> list[str]:
    return [*globals(), *__all__]
