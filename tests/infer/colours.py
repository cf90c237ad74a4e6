"""An embedder that knows pictures by their mean colour, and pictures of people who are each of one colour."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper
from PIL import Image

SIDE = 16


def write_embedder(folder: Path, *, threshold: float | None = 0.9) -> Path:
    """A YAML and its ONNX graph: pictures (N, 3, SIDE, SIDE) of -1 to 1 to their mean colour (N, 3)."""
    nodes = [
        helper.make_node("GlobalAveragePool", ["pictures"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["colour"]),
    ]
    graph = helper.make_graph(
        nodes,
        "mean colour",
        [helper.make_tensor_value_info("pictures", TensorProto.FLOAT, ["N", 3, SIDE, SIDE])],
        [helper.make_tensor_value_info("colour", TensorProto.FLOAT, ["N", 3])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    folder.mkdir(parents=True, exist_ok=True)
    onnx.save(model, folder / "colours.onnx")
    path = folder / "colours.yaml"
    path.write_text(
        f"kind: onnx\nweights: colours.onnx\npreprocessing: {{side: {SIDE}}}\n"
        + (f"threshold: {threshold}\n" if threshold is not None else "")
    )
    return path


def write_people(folder: Path, hues: Sequence[float], *, pictures: int = 4, spread: float = 0.015) -> Path:
    """A folder of pictures for each hue (0 to 1), whose hue differs by `spread` from picture to picture."""
    rng = np.random.default_rng(len(hues))
    for number, hue in enumerate(hues):
        of_one = folder / f"p{number:02d}"
        of_one.mkdir(parents=True)
        for picture in range(pictures):
            angle = 2 * np.pi * (hue + spread * rng.standard_normal())
            # Three axes at equal angles in the plane of colours without a mean.
            colour = 128 + 100 * np.cos(angle + 2 * np.pi / 3 * np.arange(3))
            image = np.broadcast_to(colour.round().astype(np.uint8), (SIDE, SIDE, 3))
            Image.fromarray(np.ascontiguousarray(image)).save(of_one / f"{picture}.png")
    return folder
