"""The classes of a batch, and which documents keep their label."""

import math

import torch
from torch import Tensor

from glossbench.arguments import check_range
from glossbench.losses.gathering import broadcast_from_first, world_size
from glossbench.transfer import to_device


def number_kept(batch_size: int, labeled_fraction: float) -> int:
    """Number of documents of a batch that keep their label: min(max(1, ceil(gamma B)), B - 1)."""
    exact = math.ceil(round(labeled_fraction * batch_size, 9))  # 0.07 * 100 is 7.000000000000001
    return min(max(1, exact), batch_size - 1)


def draw_split(
    labels: Tensor,
    labeled_fraction: float,
    stratified: bool = False,
    generator: torch.Generator | None = None,
    gather: bool = False,
) -> tuple[Tensor, Tensor]:
    """Draw the documents of a batch that keep their label.

    The draw is made on the CPU, so that it is the same on every device.

    Args:
        labels: (B,) int64.
        labeled_fraction: Share gamma of the batch that keeps its labels, in (0, 1).
        stratified: Keep the label of at least one document of each class, as far as the number of labels allows.
        generator: Of the CPU; None is torch's default one.
        gather: All processes have the labels and take the draw of the first.

    Returns:
        Positions of the hidden and of the kept documents, each in the order of the batch, on the labels' device.
    """
    order = to_device(torch.randperm(len(labels), generator=generator, device="cpu"), labels.device)
    if gather and world_size() > 1:
        order = broadcast_from_first(order)
    if stratified:
        shuffled = labels.gather(0, order)
        by_class = torch.argsort(shuffled, stable=True)
        grouped = shuffled[by_class]
        first_of_class = grouped.diff(prepend=grouped[:1] - 1) != 0
        leads = torch.empty_like(first_of_class).scatter(0, by_class, first_of_class)
        order = order[torch.argsort(~leads, stable=True)]
    kept = number_kept(len(labels), labeled_fraction)
    return order[kept:].sort().values, order[:kept].sort().values


def complementary_splits(labels: Tensor, labeled_fraction: float) -> list[tuple[Tensor, Tensor]]:
    """Splits of a batch in which each document is hidden once, the same for the same labels.

    Each class is dealt out to the splits in turn. Their number is 1 / (1 - gamma), rounded, and at least 2: each hides
    about the share 1 - gamma.

    Args:
        labels: (B,) int64.
        labeled_fraction: Share gamma of the batch that keeps its labels, in (0, 1).

    Returns:
        Pairs of positions, hidden and kept, each in the order of the batch; a single document is hidden once, alone.
    """
    number = min(max(2, round(1 / (1 - labeled_fraction))), max(len(labels), 1))
    order = torch.argsort(labels, stable=True)
    dealt = [order[start::number].sort().values for start in range(number)]
    return [
        (hidden, torch.cat([part for j, part in enumerate(dealt) if j != i] or [hidden[:0]]).sort().values)
        for i, hidden in enumerate(dealt)
    ]


def count_classes(
    labels: Tensor, num_classes: int | None, class_weights: Tensor | None, ignore_index: int | None
) -> tuple[Tensor, int]:
    """The labels and the number of classes that the propagation uses.

    Without weights and a number of classes, the classes that are present are numbered anew, so that a large label
    takes no memory, and the names of classes do not matter.

    Args:
        labels: (B,) int64.
        num_classes: C as given, or None.
        class_weights: (C,), or None.
        ignore_index: Label of documents without a class, or None.

    Returns:
        Labels (B,), -1 for documents without a class, and the number of classes.
    """
    if ignore_index is not None:
        without = labels == ignore_index
        if without.any():
            known, count = count_classes(labels[~without], num_classes, class_weights, None)
            return labels.new_full((len(labels),), -1).masked_scatter(~without, known), count
    if class_weights is not None:
        if num_classes is None:
            num_classes = int(labels.max()) + 1 if len(labels) else 0
        if len(class_weights) < num_classes:
            raise ValueError(f"class_weights: {len(class_weights)} weights for {num_classes} classes")
        check_range(labels, num_classes)
        return labels, len(class_weights)
    if num_classes is not None:
        check_range(labels, num_classes)
        return labels, num_classes
    present, labels = torch.unique(labels, return_inverse=True)
    if len(present) and present[0] < 0:
        raise ValueError(
            f"labels: {int(present[0])} found, expected whole numbers of at least 0; "
            "ignore_index is the label of documents without a class"
        )
    return labels, len(present)
