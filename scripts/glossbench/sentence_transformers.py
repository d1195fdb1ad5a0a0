"""G-Loss for the trainer of sentence-transformers (6.2 or newer), which must be installed."""

import inspect
from collections.abc import Iterable
from typing import Any

import torch
from sentence_transformers.base.losses.gradcache import CachedLossMixin
from torch import Tensor, nn

from glossbench.arguments import check_count
from glossbench.losses import GLoss

__all__ = ["GraphLoss"]

CITATION = """
@inproceedings{sharma2025gloss,
    title={{G-Loss}: Graph-Guided Fine-Tuning of Language Models},
    author={Aditya Sharma and Vinti Agarwal and Rajesh Kumar},
    booktitle={Learning on Graphs Conference},
    year={2025},
    eprint={2604.25853},
    archivePrefix={arXiv}
}
"""


class GraphLoss(CachedLossMixin, nn.Module):
    """G-Loss of single texts and their class, columns such as ``sentence`` and ``label``.

    While the model is evaluated so is the loss: the same batch has the same value each time.

    Args:
        model: a SentenceTransformer.
        mini_batch_size: Texts whose activations are in memory at once (gradient cache); None embeds a batch at once.
        gather_across_devices: One graph over the batches of all processes.
        settings: Arguments of ``GLoss`` but ``gather`` and ``reduction``.

    Raises:
        TypeError: If an argument is none of these.
        ValueError: If one is out of range.

    Example:
        >>> loss = GraphLoss(model, neighbors=40, mini_batch_size=32)
        >>> trainer = SentenceTransformerTrainer(model=model, args=args, train_dataset=dataset, loss=loss)
    """

    def __init__(
        self, model: Any, mini_batch_size: int | None = None, gather_across_devices: bool = False, **settings: Any
    ):
        super().__init__()
        self.model = model
        if mini_batch_size is not None:
            check_count("mini_batch_size", mini_batch_size, least=1)
        self.loss = GLoss(gather=gather_across_devices, reduction="mean", **settings)
        self.uses_gradient_cache = mini_batch_size is not None
        self.mini_batch_size = mini_batch_size or 0

    def forward(self, sentence_features: Iterable[dict[str, Tensor]], labels: Tensor) -> Tensor:
        """G-Loss of a batch.

        Args:
            sentence_features: Tokens of the one column of texts.
            labels: (B,) whole numbers.

        Raises:
            ValueError: If there are two columns of texts.
        """
        columns = list(sentence_features)
        if len(columns) != 1:
            raise ValueError(f"sentence_features: {len(columns)} columns of texts found, expected one")
        if self.uses_gradient_cache:
            cached: Tensor = self.forward_cached(columns, labels)
            return cached
        return self.calculate_loss([[self.model(columns[0])["sentence_embedding"]]], labels)

    def calculate_loss(
        self, reps: list[list[Tensor]], labels: Tensor | None = None, *, with_backward: bool = False
    ) -> Tensor:
        """G-Loss of the embeddings of mini-batches."""
        loss: Tensor = self.loss.train(self.model.training)(torch.cat(reps[0]), labels)
        if with_backward:
            loss.backward()  # type: ignore[no-untyped-call]
        return loss.detach() if with_backward else loss

    def get_config_dict(self) -> dict[str, Any]:
        """The settings that a model card shows."""
        settings = {name: getattr(self.loss, name) for name in inspect.signature(GLoss).parameters}
        weights = settings.pop("class_weights")
        return {
            name: value for name, value in settings.items() if name not in ("generator", "check", "gather")
        } | {
            "class_weights": weights if weights is None else weights.tolist(),
            "mini_batch_size": self.mini_batch_size or None,
            "gather_across_devices": self.loss.gather,
        }  # fmt: skip

    @property
    def citation(self) -> str:
        """BibTeX of the paper, which a model card shows."""
        return CITATION
