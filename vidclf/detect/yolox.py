"""YOLOX: 80 kinds of things, people first among them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from vidclf.detect.detection import Detection
from vidclf.detect.grids import cells, suppress
from vidclf.detect.published import Published
from vidclf.engines import open_onnx
from vidclf.errors import WeightsError
from vidclf.types import Float32Array, UInt8Array
from vidclf.video.resize import resize_frames

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

_STRIDES = (8, 16, 32)
_FILL = 114
_MOST_OVERLAP = 0.45
_LABELS = (
    "person", "bicycle", "car", "motorcycle", "airplane", "bus", "train", "truck", "boat", "traffic light",
    "fire hydrant", "stop sign", "parking meter", "bench", "bird", "cat", "dog", "horse", "sheep", "cow",
    "elephant", "bear", "zebra", "giraffe", "backpack", "umbrella", "handbag", "tie", "suitcase", "frisbee",
    "skis", "snowboard", "sports ball", "kite", "baseball bat", "baseball glove", "skateboard", "surfboard",
    "tennis racket", "bottle", "wine glass", "cup", "fork", "knife", "spoon", "bowl", "banana", "apple",
    "sandwich", "orange", "broccoli", "carrot", "hot dog", "pizza", "donut", "cake", "chair", "couch",
    "potted plant", "bed", "dining table", "toilet", "tv", "laptop", "mouse", "remote", "keyboard",
    "cell phone", "microwave", "oven", "toaster", "sink", "refrigerator", "book", "clock", "vase", "scissors",
    "teddy bear", "hair drier", "toothbrush",
)  # fmt: skip


@dataclass(frozen=True)
class YoloxDetector:
    """YOLOX as an ONNX graph of its own export, without decoding and without suppression.

    Ge et al., YOLOX: Exceeding YOLO Series in 2021, arXiv:2107.08430. The graph takes BGR of 0 to 255, the
    picture in the upper left and grey around it; its outputs count from the cells of three grids.

    Attributes:
        weights: the ONNX file's content.
        least_score: detections below are not given.

    Raises:
        MissingExtraError: ONNX Runtime is not installed.
        WeightsError: the file holds no such graph.
    """

    name: ClassVar[str] = "yolox"
    looks_back: ClassVar[int] = 0
    published: ClassVar[Published] = Published(
        "https://github.com/Megvii-BaseDetection/YOLOX/releases/download/0.1.1rc0/yolox_nano.onnx",
        sha256="c789161ed43c8269fcd4e67c67eeeb4e80c622da2eb296a20bc6007bd18a0b7d",
    )

    weights: bytes = field(repr=False)
    least_score: float = 0.3
    _session: InferenceSession = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        session = open_onnx(self.weights, threads=1)
        takes, gives = session.get_inputs()[0].shape, session.get_outputs()[0].shape
        if len(takes) != 4 or not all(isinstance(side, int) for side in takes[2:]):
            raise WeightsError("this is no YOLOX graph: it does not take pictures of one size.")
        if list(gives[1:]) != [len(cells(*takes[2:], _STRIDES)[0]), 5 + len(_LABELS)]:
            raise WeightsError(
                f"this is no YOLOX graph of {len(_LABELS)} classes without decoding: it gives {gives}."
            )
        object.__setattr__(self, "_session", session)

    def detect(self, frames: UInt8Array, *, first: int = 0) -> list[list[Detection]]:
        """See `Detector.detect`."""
        return [self._in_frame(frame) for frame in frames[first:]]

    def _in_frame(self, frame: UInt8Array) -> list[Detection]:
        _, _, height, width = self._session.get_inputs()[0].shape
        ratio = min(height / frame.shape[0], width / frame.shape[1])
        scaled = (max(1, round(frame.shape[0] * ratio)), max(1, round(frame.shape[1] * ratio)))
        picture = np.full((1, 3, height, width), _FILL, dtype=np.float32)
        bgr = resize_frames(frame[None], scaled)[0, :, :, ::-1]
        picture[0, :, : scaled[0], : scaled[1]] = bgr.transpose(2, 0, 1)
        (output,) = self._session.run(None, {self._session.get_inputs()[0].name: picture})
        return self._decoded(output[0], (height, width), ratio)

    def _decoded(self, output: Float32Array, size: tuple[int, int], ratio: float) -> list[Detection]:
        """Boxes out of what the graph gives for each of N cells, (N, 85): place and size, objectness, classes."""
        classes = output[:, 5:].argmax(axis=1)  # (N,)
        scores = output[:, 4] * output[np.arange(len(output)), 5 + classes]
        good = scores >= self.least_score
        corners, strides = (of_all[good] for of_all in cells(*size, _STRIDES))
        centers = output[good, :2] + corners
        halves = np.exp(output[good, 2:4]) / 2
        boxes = np.concatenate([centers - halves, centers + halves], axis=1) * (strides / np.float32(ratio))[:, None]
        kept = suppress(boxes, scores[good], classes[good], most_overlap=_MOST_OVERLAP)
        return [
            Detection(tuple(boxes[place].tolist()), _LABELS[classes[good][place]], float(scores[good][place]))
            for place in kept
        ]
