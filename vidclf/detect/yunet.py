"""YuNet: faces, each with five points."""

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
_OUTPUTS = [f"{what}_{stride}" for what in ("cls", "obj", "bbox", "kps") for stride in _STRIDES]
_MOST_OVERLAP = 0.3


@dataclass(frozen=True)
class YunetDetector:
    """YuNet as an ONNX graph that takes pictures of any size (the release of May 2026).

    Wu, Peng, Yu, YuNet: A Tiny Millisecond-level Face Detector, Machine Intelligence Research 2023. The graph
    takes BGR of 0 to 255, padded with black to whole cells. Labels are `face`; the points are, from left to right
    as one sees them in the picture, an eye, an eye, the nose, a corner of the mouth, the other corner.

    Attributes:
        weights: the ONNX file's content.
        least_score: detections below are not given.
        longest_side: pictures larger than that are looked at smaller; faces below some 10 pixels are then lost.

    Raises:
        MissingExtraError: ONNX Runtime is not installed.
        WeightsError: the file holds no such graph.
    """

    name: ClassVar[str] = "yunet"
    looks_back: ClassVar[int] = 0
    published: ClassVar[Published] = Published(
        "https://media.githubusercontent.com/media/opencv/opencv_zoo/main/models/face_detection_yunet/"
        "face_detection_yunet_2026may.onnx",
        sha256="ebafce4e3c118d6554634be5c27ab333b4c047a9a8c3faf1d7cf93101c22f0f0",
    )

    weights: bytes = field(repr=False)
    least_score: float = 0.6
    longest_side: int = 640
    _session: InferenceSession = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        session = open_onnx(self.weights, threads=1)
        takes, gives = session.get_inputs()[0].shape, {output.name for output in session.get_outputs()}
        if not gives.issuperset(_OUTPUTS) or len(takes) != 4 or any(isinstance(side, int) for side in takes[2:]):
            raise WeightsError("this is no YuNet graph for pictures of any size.")
        object.__setattr__(self, "_session", session)

    def detect(self, frames: UInt8Array, *, first: int = 0) -> list[list[Detection]]:
        """See `Detector.detect`."""
        return [self.look(frame, self.longest_side) for frame in frames[first:]]

    def look(self, frame: UInt8Array, longest_side: int) -> list[Detection]:
        """What is seen in one frame, uint8 RGB (H, W, 3), made smaller where it is larger than `longest_side`."""
        ratio = min(1.0, longest_side / max(frame.shape[:2]))
        height, width = (max(1, round(side * ratio)) for side in frame.shape[:2])
        padded = (_whole(height), _whole(width))
        picture = np.zeros((1, 3, *padded), dtype=np.float32)
        picture[0, :, :height, :width] = resize_frames(frame[None], (height, width))[0, :, :, ::-1].transpose(2, 0, 1)
        outputs = self._session.run(_OUTPUTS, {self._session.get_inputs()[0].name: picture})
        classes, objectness, boxes, points = (
            np.concatenate(outputs[first : first + len(_STRIDES)], axis=1)[0] for first in range(0, 12, len(_STRIDES))
        )
        scores = np.sqrt(np.clip(classes * objectness, 0, 1))[:, 0]
        return self._decoded(scores, boxes, points, padded, ratio)

    def _decoded(
        self,
        scores: Float32Array,
        boxes: Float32Array,
        points: Float32Array,
        padded: tuple[int, int],
        ratio: float,
    ) -> list[Detection]:
        """Faces out of what the graph gives for each of N cells: (N,), (N, 4), (N, 10)."""
        good = scores >= self.least_score
        corners, strides = (of_all[good] for of_all in cells(*padded, _STRIDES))
        centers = corners + boxes[good, :2]
        halves = np.exp(boxes[good, 2:]) / 2
        scale = (strides / np.float32(ratio))[:, None]
        found = np.concatenate([centers - halves, centers + halves], axis=1) * scale  # (K, 4)
        marks = (points[good].reshape(-1, 5, 2) + corners[:, None]) * scale[:, None]  # (K, 5, 2)
        kept = suppress(found, scores[good], np.zeros(len(found), np.int64), most_overlap=_MOST_OVERLAP)
        return [
            Detection(
                tuple(found[place].tolist()),
                "face",
                float(scores[good][place]),
                tuple((float(x), float(y)) for x, y in marks[place]),
            )
            for place in kept
        ]


def _whole(pixels: int) -> int:
    """The next multiple of the coarsest stride."""
    return -(-pixels // _STRIDES[-1]) * _STRIDES[-1]
