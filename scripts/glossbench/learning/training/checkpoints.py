"""The state of a run that survives a kill: weights, optimiser and progress in one safetensors file."""

import hashlib
import json
import logging
from collections import defaultdict
from collections.abc import Iterable
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
        path: The file, which is not a declared output.
        key: Digest of all that defines the run (settings, code, inputs); a file with another key is ignored.
    """

    def __init__(self, path: Path, key: str):
        self.path, self.key = path, key

    @uninterrupted()
    def save(
        self, model: nn.Module, optimizer: torch.optim.Optimizer, progress: Any, loss: nn.Module | None = None
    ) -> None:
        """Write all of it. After a kill at any moment there is the previous file or this one."""
        parts = {"model": model.state_dict(), "best": progress.best, "snapshots": dict(enumerate(progress.snapshots))}
        if loss is not None:
            parts["loss"] = {name: value for name, value in loss.state_dict().items() if isinstance(value, Tensor)}
        parts |= {f"optimizer/{index}": state for index, state in optimizer.state_dict()["state"].items()}
        tensors = {
            f"{part}/{name}": value.detach().cpu().contiguous()
            for part, values in parts.items()
            for name, value in values.items()
        }
        stopping = {name: getattr(progress.stopping, name) for name in ("best", "bad_epochs")}
        header = json.dumps(
            {"key": self.key, "epoch": progress.epoch, "history": progress.history, "stopping": stopping}
        )
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._clear()
        partial = self.path.with_suffix(".partial")
        save_file(tensors, partial, metadata={"progress": header, "sha256": _digest(header, tensors)})
        # Not synced to the disk: after a power failure the file may be truncated, which load() detects and ignores.
        partial.replace(self.path)

    def load(
        self, model: nn.Module, optimizer: torch.optim.Optimizer, progress: Any, loss: nn.Module | None = None
    ) -> bool:
        """Restore the state of the arguments from the file.

        Returns:
            True if it did. False if there is no file, or if it is damaged or has another key; of the latter two the
            log has a warning.
        """
        if not self.path.is_file():
            return False
        try:
            with safe_open(self.path, framework="pt") as file:
                metadata = file.metadata() or {}
                text = metadata.get("progress", "{}")
                header = json.loads(text)
                if header.get("key") != self.key:
                    log.warning("%s: belongs to other settings, code or inputs; ignored", self.path)
                    return False
                tensors = {name: file.get_tensor(name) for name in file.keys()}
            if _digest(text, tensors) != metadata.get("sha256"):
                raise ValueError("its sha256 is not that of what was written")
        except (SafetensorError, OSError, ValueError) as error:
            log.warning("%s: damaged (%s); ignored, the run starts anew", self.path, error)
            return False
        parts: dict[str, dict[str, Tensor]] = defaultdict(dict)
        for name, value in tensors.items():
            part, _, rest = name.partition("/")
            parts[part][rest] = value
        model.load_state_dict(parts["model"])
        if loss is not None:
            loss.load_state_dict(loss.state_dict() | parts["loss"])
        state: dict[int, dict[str, Tensor]] = defaultdict(dict)
        for name, value in parts["optimizer"].items():
            index, entry = name.split("/")
            state[int(index)][entry] = value
        optimizer.load_state_dict({**optimizer.state_dict(), "state": dict(state)})
        device = next(model.parameters()).device
        progress.best = {name: value.to(device) for name, value in parts["best"].items()}
        progress.snapshots = [parts["snapshots"][str(epoch)] for epoch in range(len(parts["snapshots"]))]
        progress.epoch, progress.history = header["epoch"], header["history"]
        vars(progress.stopping).update(header["stopping"])
        return True

    def remove(self) -> None:
        """Delete the file, once the run's outputs are written."""
        self._clear()
        self.path.unlink(missing_ok=True)

    def _clear(self) -> None:
        """Delete what safetensors was writing when an earlier process was killed: a file of its own name."""
        for left in self.path.parent.glob(".tmp*"):
            left.unlink()


def _digest(header: str, tensors: dict[str, Tensor]) -> str:
    """SHA-256 of a header and of tensors on the CPU."""
    digest = hashlib.sha256(header.encode())
    for name in sorted(tensors):
        digest.update(name.encode())
        digest.update(tensors[name].reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()


def run_key(settings: str, code: str, inputs: Iterable[str]) -> str:
    """Digest of all that defines a run.

    Args:
        settings: Canonical JSON.
        code: Digest of the code.
        inputs: Files, and folders with all their files. Files above 64 MiB count by name and size only: weights and
            the states of frozen layers are covered by the manifest and by the settings that they were made with.
    """
    digest = hashlib.sha256(f"{settings}\n{code}".encode())
    for path in map(Path, inputs):
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file():
                size = file.stat().st_size
                digest.update(f"\n{file.name} {size} ".encode())
                digest.update(file.read_bytes() if size <= 2**26 else b"")
    return digest.hexdigest()
