"""What every detector is and gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from vidclf.types import UInt8Array


@dataclass(frozen=True)
class Detection:
    """Something seen in a picture.

    Attributes:
        box: left, top, right, bottom in pixels of the frame; it may reach over the frame's border.
        label: name of the class.
        score: how sure the detector is, 0 to 1.
        points: (x, y) in pixels of the frame; the five of a face, none of anything else.
    """

    box: tuple[float, float, float, float]
    label: str
    score: float
    points: tuple[tuple[float, float], ...] = ()


class Detector(Protocol):
    """One plug. Equal plugs give equal answers, and several threads may use one at once."""

    @property
    def name(self) -> str:
        """What a config calls it."""
        ...

    @property
    def weights(self) -> bytes | None:
        """The content of its ONNX file, which travels with a model; None where it has none."""
        ...

    @property
    def looks_back(self) -> int:
        """How many frames before a frame its answer for that frame needs; 0 for one that knows what it sees."""
        ...

    def detect(self, frames: UInt8Array, *, first: int = 0) -> list[list[Detection]]:
        """What is seen in each frame.

        Args:
            frames: uint8 RGB (N, H, W, 3) of one camera, in order of time.
            first: number of the first frame that is asked about; those before it are only compared with.

        Returns:
            a list for each of frames[first:]; the surest first, of motion the largest.
        """
        ...
