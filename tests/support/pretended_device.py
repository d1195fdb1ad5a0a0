"""A CUDA device that is not there: tensors say that they are on it, and their values are computed on the CPU.

As on a real one, an operation on a tensor of the device and one of the CPU raises, unless the latter is a single number.
Everything for which the host would wait for the device is recorded.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_iter, tree_map_only

aten = torch.ops.aten
CUDA = torch.device("cuda", 0)
# Their result, or its shape, is read by the host. isin sorts by unique where there is much to compare with.
WAITS = {
    "_local_scalar_dense", "is_nonzero", "item", "equal", "nonzero", "masked_select", "_unique", "_unique2",
    "unique_dim", "unique_consecutive", "bincount", "repeat_interleave", "isin", "histc",
}  # fmt: skip
COPIES = {"_to_copy", "copy_", "copy"}
INDEXED = {"index", "index_put", "index_put_", "_index_put_impl_", "_unsafe_index"}


class OnDevice(torch.Tensor):
    """A tensor of the pretended device; ``values_`` has its numbers, on the CPU.

    To torch's C++ code it is a meta tensor, since a build for CPUs cannot differentiate tensors on CUDA.
    """

    @staticmethod
    def __new__(cls, values: torch.Tensor):
        tensor = torch.Tensor._make_wrapper_subclass(
            cls, values.shape, strides=values.stride(), storage_offset=values.storage_offset(), dtype=values.dtype,
            layout=values.layout, device="meta", requires_grad=False,
        )  # fmt: skip
        tensor.values_ = values
        return tensor

    @property
    def device(self):
        """The pretended device."""
        return CUDA

    def __repr__(self, **_):
        return f"OnDevice({self.values_!r})"

    @classmethod
    def __torch_dispatch__(cls, function, types, args=(), kwargs=None):
        return computed(function, args, kwargs or {}, [])


class Pretended(TorchDispatchMode):
    """Within this context, "cuda" is the pretended device. ``waits`` has the operations for which the host waited."""

    def __init__(self):
        super().__init__()
        self.waits: list[str] = []
        self.pinned: list[torch.Tensor] = []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        if function is aten.is_pinned.default:
            return any(args[0] is one for one in self.pinned)
        if function is aten._pin_memory.default:
            self.pinned.append(args[0].clone())
            return self.pinned[-1]
        with self:  # in inference mode, operations that are made of others come here first
            result = function.decompose(*args, **(kwargs or {}))
        if result is not NotImplemented:
            return result
        return computed(function, args, kwargs or {}, self.waits, self.pinned)


def computed(function, args, kwargs, waits, pinned=()):
    """The result of an operation, on the device if an argument or the keyword ``device`` is."""
    name = function.__name__.split(".")[0]
    if name == "_fused_sdp_choice":
        return 0  # the one that is made of other operations
    tensors = [value for value in tree_iter((args, kwargs)) if isinstance(value, torch.Tensor)]
    inside = [value for value in tensors if isinstance(value, OnDevice)]
    outside = [value for value in tensors if not isinstance(value, OnDevice) and value.ndim > 0]
    target = kwargs.get("device")
    on_device = bool(inside) if target is None else torch.device(target).type in ("cuda", "meta")
    if name in COPIES:
        from_host = not isinstance(args[1] if name == "copy_" else args[0], OnDevice)
        to_host = not (isinstance(args[0], OnDevice) if name == "copy_" else on_device)
        if from_host != to_host:
            source = args[1] if name == "copy_" else args[0]
            unwaited = kwargs.get("non_blocking") or (name == "copy_" and len(args) > 2 and args[2])
            if to_host or not (unwaited and any(source is one for one in pinned)):
                waits.append(f"{name} {'to' if to_host else 'from'} the host")
    elif inside and name in INDEXED:
        places = [place for place in args[1] if place is not None]
        waits += [f"{name} by a mask" for place in places if place.dtype == torch.bool]
        waits += [f"{name} by places on the host" for place in places if not isinstance(place, OnDevice)]
        outside = [value for value in outside if not any(value is place for place in places)]
    if inside and name in WAITS:
        waits.append(name)
    if inside and outside and name not in COPIES:
        raise RuntimeError(f"{name}: expected all tensors to be on the same device, found cuda:0 and cpu")
    wrapped = {id(value.values_): value for value in inside}
    args, kwargs = tree_map_only(OnDevice, lambda value: value.values_, (args, dict(kwargs)))
    if target is not None:
        kwargs["device"] = torch.device("cpu")
    if kwargs.get("pin_memory"):
        kwargs["pin_memory"] = False
    if not on_device:
        return function(*args, **kwargs)
    with torch.inference_mode(False):  # a view of a parameter must be no inference tensor
        result = function(*args, **kwargs)
        return tree_map_only(
            torch.Tensor, lambda value: wrapped[id(value)] if id(value) in wrapped else OnDevice(value), result
        )


class _Event:
    """A mark in the work of a device that is not there."""

    def __init__(self, **_):
        pass

    def record(self):
        """Do nothing."""

    def elapsed_time(self, _):
        """Milliseconds."""
        return 1.0


@contextmanager
def pretended_cuda(monkeypatch) -> Iterator[Pretended]:
    """A machine with the pretended device."""
    monkeypatch.setattr(torch.cuda, "_lazy_init", lambda: None)
    monkeypatch.setattr(torch.cuda, "Event", _Event)
    mode = Pretended()
    monkeypatch.setattr(torch.cuda, "synchronize", lambda *_: mode.waits.append("synchronize"))
    with mode:
        yield mode
