"""Arguments of losses and functions of the graph: checked, with errors that name the argument, and scaled."""

import math
from numbers import Real
from typing import Any, TypeGuard

import torch
from torch import Tensor

# Beyond them the squares of distances between unit-norm rows, divided by sigma^2, are rounding errors.
SIGMAS = (1e-7, 1e7)


def check_tensor(name: str, value: Any) -> None:
    """Raise TypeError unless an argument is a tensor."""
    if not isinstance(value, Tensor):
        raise TypeError(f"{name}: expected a torch.Tensor, found {type(value).__name__}")


def check_embeddings(embeddings: Any) -> None:
    """Raise TypeError unless embeddings are a tensor, ValueError unless they are float (B, d) with d > 0."""
    check_tensor("embeddings", embeddings)
    if embeddings.ndim != 2 or not embeddings.is_floating_point() or embeddings.shape[1] == 0:
        raise ValueError(f"embeddings: expected float (B, d), found {embeddings.dtype} {tuple(embeddings.shape)}")


def check_batch(embeddings: Any, labels: Any, finite: bool = False) -> Tensor:
    """Check the embeddings (B, d) and labels (B,) that every loss is called with.

    Args:
        embeddings: (B, d).
        labels: (B,), of any type of whole numbers.
        finite: See ``check_finite``.

    Returns:
        The labels as int64.

    Raises:
        TypeError: If an argument is not a tensor.
        ValueError: If shapes or types do not fit together.
    """
    check_embeddings(embeddings)
    check_tensor("labels", labels)
    if labels.dtype == torch.bool or labels.is_floating_point() or labels.is_complex():
        raise ValueError(f"labels: expected whole numbers, found {labels.dtype}")
    if labels.shape != (len(embeddings),):
        raise ValueError(f"labels: expected ({len(embeddings)},), found {tuple(labels.shape)}")
    if finite:
        check_finite(embeddings)
    whole: Tensor = labels.long()
    return whole


def check_finite(embeddings: Tensor) -> None:
    """Raise ValueError unless embeddings are finite. On an accelerator this is not checked: it would wait."""
    if embeddings.device.type == "cpu" and not bool(embeddings.isfinite().all()):
        raise ValueError("embeddings: NaN or infinity found")


def check_mask(name: str, mask: Any, documents: int) -> None:
    """Raise TypeError unless a mask is a tensor, ValueError unless it is bool (``documents``,)."""
    check_tensor(name, mask)
    if mask.shape != (documents,) or mask.dtype != torch.bool:
        raise ValueError(f"{name}: expected bool ({documents},), found {mask.dtype} {tuple(mask.shape)}")


def check_range(labels: Tensor, num_classes: int) -> None:
    """Raise ValueError unless labels (B,) lie in 0 to C - 1. On an accelerator this is not checked: it would wait."""
    if labels.device.type != "cpu" or len(labels) == 0:
        return
    low, high = int(labels.min()), int(labels.max())
    if not 0 <= low <= high < num_classes:
        raise ValueError(f"labels: {low} to {high} do not lie in 0 to {num_classes - 1}")


def is_number(value: Any) -> TypeGuard[float]:
    """Whether an argument is a number, numpy's included; True and tensors are not."""
    return isinstance(value, Real) and not isinstance(value, bool)


def check_positive(name: str, value: Any) -> None:
    """Raise ValueError unless an argument is a positive, finite number."""
    if not is_number(value) or not 0 < value < math.inf:
        raise ValueError(f"{name}: {value!r} is not a positive number")


def check_count(name: str, value: Any, least: int = 0) -> None:
    """Raise ValueError unless an argument is a whole number of at least ``least``."""
    if not is_number(value) or not least <= value < math.inf or value != int(value):
        raise ValueError(f"{name}: {value!r} is not a whole number of at least {least}")


def check_sigma(sigma: Any) -> None:
    """Raise ValueError unless sigma is a number within ``SIGMAS``; a rule such as "sqrt" is estimated before."""
    if not is_number(sigma):
        raise ValueError(f"sigma: {sigma!r} found, expected a number; glossbench.estimate_sigma gives it")
    if not sigma > 0 or not math.isfinite(sigma):
        raise ValueError(f"sigma: {sigma} is not a positive number")
    low, high = SIGMAS
    if not low <= sigma <= high:
        raise ValueError(f"sigma: {sigma} is not between {low:g} and {high:g}")


def check_fraction(name: str, value: Any) -> None:
    """Raise ValueError unless an argument is a number between 0 and 1."""
    if not is_number(value) or not 0 < value < 1:
        raise ValueError(f"{name}: {value} is not between 0 and 1")


def check_class_weights(weights: Any) -> None:
    """Raise TypeError unless weights are a tensor, ValueError unless they are float (C,), finite and not negative.

    On an accelerator the values are not checked: the host would wait.
    """
    check_tensor("class_weights", weights)
    if weights.ndim != 1 or not weights.is_floating_point():
        raise ValueError(f"class_weights: expected float (C,), found {weights.dtype} {tuple(weights.shape)}")
    if weights.device.type == "cpu" and not bool(((weights >= 0) & (weights < math.inf)).all()):
        raise ValueError("class_weights: negative, infinite or NaN weights found")


def check_generator(generator: Any) -> None:
    """Raise ValueError unless a generator is None or one of the CPU."""
    if generator is not None and (not isinstance(generator, torch.Generator) or generator.device.type != "cpu"):
        raise ValueError(f"generator: expected a torch.Generator of the CPU, found {generator!r}")


def check_choice(name: str, value: Any, choices: tuple[str, ...]) -> None:
    """Raise ValueError unless an argument has one of its values."""
    if value not in choices:
        raise ValueError(f"{name}: {value!r} is not one of {', '.join(choices)}")


def scaled_rows(rows: Tensor) -> Tensor:
    """Rows divided by a power of two, so that their largest entry is at least 1 and below 2. (B, d) -> (B, d).

    Their squares then neither overflow nor vanish, and the digits stay, as the division is exact. A row of zeros is
    returned as it is.
    """
    largest = rows.detach().abs().amax(dim=1, keepdim=True)
    mantissa, _ = torch.frexp(largest)
    return rows / torch.where(largest > 0, largest / (2 * mantissa), 1)
