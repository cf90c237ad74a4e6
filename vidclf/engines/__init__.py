"""What computes: devices and processes."""

from vidclf.engines.devices import core_left_for_reading, describe_bf16, describe_device, pick_device
from vidclf.engines.onnx import open_onnx
from vidclf.engines.processes import check_process_count

__all__ = [
    "check_process_count",
    "core_left_for_reading",
    "describe_bf16",
    "describe_device",
    "open_onnx",
    "pick_device",
]
