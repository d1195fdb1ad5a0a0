"""The state of a run that survives a kill: weights, optimiser and progress in one safetensors file."""

import hashlib
import json
import logging
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from glossbench.job.termination import uninterrupted

log = logging.getLogger(__name__)


class Checkpoint:
    """The checkpoint of one run.

    Args:
        path: the file, which is not a declared output.
        key: digest of all that defines the run (settings, code, inputs); a file with another key is ignored.
    """

    def __init__(self, path: Path, key: str):
        self.path, self.key = path, key

    @uninterrupted()
    def save(self, model: nn.Module, optimizer: torch.optim.Optimizer, progress: Any) -> None:
        """Write model, optimiser and progress. After a kill at any moment there is the previous file or this one."""
        tensors = {f"model/{name}": value for name, value in model.state_dict().items()}
        tensors.update({f"best/{name}": value for name, value in progress.best.items()})
        tensors.update({f"snapshots/{epoch}": value for epoch, value in enumerate(progress.snapshots)})
        for index, state in optimizer.state_dict()["state"].items():
            tensors.update({f"optimizer/{index}/{name}": value for name, value in state.items()})
        stopping = progress.stopping
        header = {
            "key": self.key,
            "epoch": progress.epoch,
            "history": progress.history,
            "stopping": {"best": stopping.best, "bad_epochs": stopping.bad_epochs},
        }
        self.path.parent.mkdir(parents=True, exist_ok=True)
        partial = self.path.with_suffix(".partial")
        save_file(_independent(tensors), partial, metadata={"progress": json.dumps(header)})
        # Not synced to the disk: after a power failure the file may be truncated, which load() detects and ignores.
        partial.replace(self.path)

    def load(self, model: nn.Module, optimizer: torch.optim.Optimizer, progress: Any) -> bool:
        """Restore the state of the arguments from the file.

        Returns:
            True if it did. False if there is no file, or if it is damaged or has another key; of the latter two the
            log has a warning.
        """
        if not self.path.is_file():
            return False
        try:
            with safe_open(self.path, framework="pt") as file:
                header = json.loads((file.metadata() or {}).get("progress", "{}"))
                if header.get("key") != self.key:
                    log.warning("%s: belongs to other settings, code or inputs; ignored", self.path)
                    return False
                tensors = {name: file.get_tensor(name) for name in file.keys()}
        except (SafetensorError, OSError, ValueError) as error:
            log.warning("%s: damaged (%s); ignored", self.path, error)
            return False
        model.load_state_dict(_with_prefix(tensors, "model/"))
        _restore_optimizer(optimizer, _with_prefix(tensors, "optimizer/"))
        device = next(model.parameters()).device
        progress.best = {name: value.to(device) for name, value in _with_prefix(tensors, "best/").items()}
        snapshots = _with_prefix(tensors, "snapshots/")
        progress.snapshots = [snapshots[str(epoch)] for epoch in range(len(snapshots))]
        progress.epoch, progress.history = header["epoch"], header["history"]
        progress.stopping.best, progress.stopping.bad_epochs = (
            header["stopping"]["best"],
            header["stopping"]["bad_epochs"],
        )
        return True

    def remove(self) -> None:
        """Delete the file, once the run's outputs are written."""
        self.path.unlink(missing_ok=True)


def run_key(settings: str, code: str, inputs: list[Path]) -> str:
    """Digest of all that defines a run.

    Args:
        settings: canonical JSON.
        code: digest of the code.
        inputs: files, and folders with all their files. Files above 64 MiB count by name and size only: weights and
            the states of frozen layers are covered by the manifest and by the settings that they were made with.
    """
    digest = hashlib.sha256(f"{settings}\n{code}".encode())
    for path in inputs:
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file():
                size = file.stat().st_size
                digest.update(f"\n{file.name} {size} ".encode())
                digest.update(file.read_bytes() if size <= 2**26 else b"")
    return digest.hexdigest()


def _restore_optimizer(optimizer: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        index, entry = name.split("/")
        state.setdefault(int(index), {})[entry] = value
    optimizer.load_state_dict({**optimizer.state_dict(), "state": state})


def _with_prefix(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The tensors whose names start with a prefix, by their names without it."""
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def _independent(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Contiguous tensors that share no memory, as safetensors requires."""
    return {name: value.detach().contiguous() for name, value in tensors.items()}
