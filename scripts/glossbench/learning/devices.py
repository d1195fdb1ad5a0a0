"""The device that a run uses, and what results depend on besides settings and seed."""

import os

import torch

from glossbench.errors import TrainingError
from glossbench.job.locks import own_device


def choose_device(device: str, threads: int) -> torch.device:
    """Choose the device, and fix what results depend on besides settings and seed.

    Args:
        device: "auto" (CUDA if there is any), "cpu" or "cuda", of which each job of this machine has one of its own.
        threads: Number of threads of torch.

    Raises:
        TrainingError: If CUDA is asked for and there is none.
    """
    torch.set_num_threads(threads)
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cuda":
        if not torch.cuda.is_available():
            raise TrainingError("device: cuda found in the study, but torch sees no CUDA device here; use auto or cpu")
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.use_deterministic_algorithms(True, warn_only=True)
        return cuda_device()
    return torch.device(device)


def cuda_device() -> torch.device:
    """The only CUDA device, or one that no other job of this machine has; waits while there is none."""
    count = torch.cuda.device_count()
    if count < 2:
        return torch.device("cuda", 0)
    index = own_device([str(torch.cuda.get_device_properties(index).uuid) for index in range(count)])
    torch.cuda.set_device(index)  # memory statistics, events and streams are of the current device
    return torch.device("cuda", index)


def precision_on(device: torch.device, precision: str) -> str:
    """The precision of the encoder, "float32" or "bfloat16"; "auto" is bfloat16 on CUDA, else float32 (D23)."""
    if precision != "auto":
        return precision
    return "bfloat16" if device.type == "cuda" else "float32"
