"""Images in, boxes out: what is where in a picture. One plug a file."""

from __future__ import annotations

from pathlib import Path

from vidclf.detect.detection import Detection, Detector
from vidclf.detect.motion import MotionDetector
from vidclf.detect.yolox import YoloxDetector
from vidclf.detect.yunet import YunetDetector
from vidclf.errors import WeightsError

_OF_WEIGHTS = {plug.name: plug for plug in (YoloxDetector, YunetDetector)}
DETECTORS: tuple[str, ...] = (MotionDetector.name, *_OF_WEIGHTS)

__all__ = [
    "DETECTORS", "Detection", "Detector", "MotionDetector", "YoloxDetector", "YunetDetector", "make_detector",
    "open_detector",
]  # fmt: skip


def open_detector(name: str, weights: str | None = None) -> Detector:
    """A detector by its name.

    Args:
        name: one of `DETECTORS`.
        weights: an ONNX file, or `default`, the file that the network's authors publish; none for `motion`.

    Raises:
        MissingExtraError: ONNX Runtime is not installed.
        WeightsError: the file is missing, cannot be downloaded, or holds another network.
    """
    if name not in _OF_WEIGHTS or weights is None:
        return make_detector(name, None)
    path = _OF_WEIGHTS[name].published.fetch() if weights == "default" else Path(weights)
    try:
        return make_detector(name, path.read_bytes())
    except OSError as error:
        raise WeightsError(
            f"{path}: the detector's weights cannot be read ({error.strerror}). Check prep.detector_weights."
        ) from None
    except WeightsError as error:
        raise WeightsError(f"{path}: {error}") from None


def make_detector(name: str, weights: bytes | None) -> Detector:
    """A detector from its file's content.

    Raises:
        ValueError: there is no such detector, or it lacks weights or needs none.
        MissingExtraError: ONNX Runtime is not installed.
        WeightsError: the content is another network.
    """
    if name == MotionDetector.name and weights is None:
        return MotionDetector()
    if name in _OF_WEIGHTS and weights is not None:
        return _OF_WEIGHTS[name](weights)
    raise ValueError(f"the detector {name} {'without' if weights is None else 'with'} weights is none of {DETECTORS}")
