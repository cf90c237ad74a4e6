"""Which device computes."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import get_args

import torch

from vidclf.config import Device
from vidclf.errors import DeviceError


def pick_device(name: str) -> torch.device:
    """The device that a name stands for; `auto` takes the best there is, no other name falls back.

    Raises:
        DeviceError: the device is not there.
    """
    cuda, mps = torch.cuda.is_available(), torch.backends.mps.is_available()
    if name == "auto":
        return torch.device("cuda" if cuda else "mps" if mps else "cpu")
    if name == "cuda" and not cuda:
        built = "" if torch.version.cuda else " (this PyTorch is built without CUDA)"
        raise DeviceError(
            f"device=cuda, but PyTorch {torch.__version__} sees no CUDA device here{built}. Use device=auto."
        )
    if name == "mps" and not mps:
        raise DeviceError(f"device=mps, but PyTorch {torch.__version__} sees no Apple GPU here. Use device=auto.")
    if name not in get_args(Device):
        raise DeviceError(f"device={name}: there is no such device; it is one of {', '.join(get_args(Device))}.")
    return torch.device(name)


def describe_device(device: torch.device) -> str:
    """A device in words: its kind, and what does the work."""
    if device.type == "cuda":
        return f"cuda ({torch.cuda.get_device_name(device)})"
    if device.type == "cpu":
        return f"cpu ({torch.get_num_threads()} threads)"
    return device.type


def describe_bf16(device: torch.device) -> str:
    """How a device computes in bf16 (`train.amp`), in words."""
    if device.type == "mps":
        return "as PyTorch's MPS does it"
    if device.type == "cuda":
        in_hardware = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        # Named amx_bf16 and avx512_bf16 on x86, bf16 and sve_bf16 on ARM; older releases of PyTorch do not tell.
        capabilities: Mapping[str, int] = getattr(torch.cpu, "get_capabilities", dict)()
        in_hardware = any(there for name, there in capabilities.items() if name.endswith("bf16"))
    return "in hardware" if in_hardware else "emulated"


@contextmanager
def core_left_for_reading(device: torch.device) -> Iterator[None]:
    """On a CPU, let a network leave one core to the threads that read clips; OMP_NUM_THREADS goes before.

    With all cores in both, each waits for the other.
    """
    before = torch.get_num_threads()
    if device.type == "cpu" and "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(max(1, before - 1))
    try:
        yield
    finally:
        torch.set_num_threads(before)
