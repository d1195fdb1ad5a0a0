"""Copies from the host to a device for which the host does not wait."""

import torch
from torch import Tensor


def to_device(values: Tensor, device: torch.device) -> Tensor:
    """The values on a device.

    CUDA copies while the host goes on only from pinned memory; torch keeps that memory until the copy is done.

    Args:
        values: on the CPU, or on the device already.
        device: where they are needed.
    """
    if values.device.type == "cpu" and device.type == "cuda":
        values = values.pin_memory()
    return values.to(device, non_blocking=True)
