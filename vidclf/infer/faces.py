"""Faces out of pictures and clips, turned upright and judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Self

import numpy as np

from vidclf.detect import YunetDetector
from vidclf.detect.alignment import align_face
from vidclf.detect.face_quality import face_quality
from vidclf.detect.faces import find_faces
from vidclf.infer.finders import looks_at
from vidclf.infer.predictor import Source
from vidclf.types import Crop, UInt8Array

# What faces are cut out by; a change that moves their pixels is another number, and so another embedder.
_RECIPE = 1


@dataclass(frozen=True)
class FaceFinder:
    """Every face of a picture, or of some frames of a clip, aligned by its five points.

    Nothing here tells a living person from a photo of one.

    Attributes:
        detector: finds the faces and their points.
        side: of the crops, in pixels.
    """

    detector: YunetDetector
    side: int = 112

    @classmethod
    def from_json(cls, values: Mapping[str, Any], detector_weights: bytes) -> Self:
        """Build from what `to_json` gave, and the content of the detector's file."""
        return cls(YunetDetector(detector_weights), int(values["side"]))

    def crops(self, source: Source) -> list[Crop]:
        """See `Embedder.crops`; those of one frame have one time, and none may be there."""
        clip = looks_at(source)
        found = [
            crop
            for frame, pts_seconds in zip(clip.frames, clip.pts_seconds.tolist(), strict=True)
            for crop in self._in_frame(frame, pts_seconds, clip.source)
        ]
        return sorted(found, key=_area, reverse=True)

    def to_json(self) -> Mapping[str, Any]:
        """See `Finder.to_json`."""
        return {
            "finder": "faces",
            "recipe": _RECIPE,
            "weights_sha256": sha256(self.detector.weights).hexdigest(),
            "side": self.side,
        }

    def _in_frame(self, frame: UInt8Array, pts_seconds: float, source: str) -> list[Crop]:
        crops = []
        for face in find_faces(self.detector, frame):
            aligned = align_face(frame, face.points, side=self.side)
            quality = face_quality(face, aligned)
            crops.append(
                Crop(aligned[None], np.array([pts_seconds]), face.box, quality.score, quality.problems, source)
            )
        return crops


def _area(crop: Crop) -> float:
    assert crop.box is not None
    left, top, right, bottom = crop.box
    return (right - left) * (bottom - top)
