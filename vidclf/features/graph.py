"""A backbone as an ONNX graph."""

from __future__ import annotations

import logging
import warnings

import torch
from torch import nn

FRAMES, FEATURES = "frames", "features"


def export_backbone(backbone: nn.Module, shape: tuple[int, int, int]) -> bytes:
    """The graph of a backbone in evaluation mode: `frames` (N, C, h, w) to `features` (N, D), for any N.

    Args:
        backbone: on the CPU.
        shape: (C, h, w) of a frame.

    Raises:
        ImportError: the libraries that export are not installed.
        Exception: this network cannot be exported; PyTorch has no one class for that.
    """
    example = torch.zeros(2, *shape)  # of one frame alone, export would conclude that there is always one
    quiet = logging.getLogger("torch.onnx")
    level = quiet.level
    quiet.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # deprecations between PyTorch's own parts
            program = torch.onnx.export(
                backbone,
                (example,),
                dynamo=True,
                dynamic_shapes=({0: torch.export.Dim.AUTO},),
                input_names=[FRAMES],
                output_names=[FEATURES],
                verbose=False,
            )
    finally:
        quiet.setLevel(level)
    assert program is not None
    return bytes(program.model_proto.SerializeToString())
