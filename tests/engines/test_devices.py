from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch

from vidclf.engines import describe_bf16, describe_device, pick_device
from vidclf.errors import DeviceError

without_cuda = pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device here")
without_mps = pytest.mark.skipif(torch.backends.mps.is_available(), reason="there is an Apple GPU here")


def test_the_processor_is_always_there() -> None:
    assert pick_device("cpu") == torch.device("cpu")
    assert describe_device(pick_device("cpu")) == f"cpu ({torch.get_num_threads()} threads)"


@pytest.mark.skipif(not Path("/proc/cpuinfo").exists(), reason="what the processor has can be read on Linux only")
def test_bf16_is_in_hardware_where_the_processor_says_so() -> None:
    flags = next(line for line in Path("/proc/cpuinfo").read_text().splitlines() if re.match("flags|Features", line))
    expected = "in hardware" if re.search(r"\w*bf16\b", flags) else "emulated"
    assert describe_bf16(torch.device("cpu")) == expected


def test_auto_takes_what_is_there() -> None:
    device = pick_device("auto")
    assert torch.ones(2, device=device).sum().item() == 2
    assert describe_device(device).startswith(device.type)


@without_cuda
@without_mps
def test_auto_falls_back_to_the_processor() -> None:
    assert pick_device("auto") == torch.device("cpu")


@pytest.mark.parametrize("name", [pytest.param("cuda", marks=without_cuda), pytest.param("mps", marks=without_mps)])
def test_a_device_that_is_not_there_is_an_error(name: str) -> None:
    with pytest.raises(DeviceError, match=rf"device={name}, .*{torch.__version__.split('+')[0]}.*device=auto"):
        pick_device(name)


@pytest.mark.parametrize("name", ["gpu", "", "CUDA", "cuda:99", "tpu"])
def test_a_name_that_stands_for_nothing_is_an_error(name: str) -> None:
    with pytest.raises(DeviceError, match="auto, cpu, cuda, mps"):
        pick_device(name)
