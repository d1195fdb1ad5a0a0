"""Copies between the host and a device."""

import torch
from torch import Tensor

WITHOUT_FLOAT64 = {"mps"}


def to_device(values: Tensor, device: torch.device) -> Tensor:
    """The values on a device.

    CUDA copies while the host goes on only from pinned memory; torch keeps that memory until the copy is done.

    Args:
        values: On the CPU, or on the device already.
        device: Where they are needed.
    """
    if values.device.type == "cpu" and device.type == "cuda":
        values = values.pin_memory()
    return values.to(device, non_blocking=True)


def lacks_float64(device: torch.device) -> bool:
    """Whether a device cannot compute in float64, such as Apple's MPS. Graphs are then computed on the CPU."""
    return device.type in WITHOUT_FLOAT64
