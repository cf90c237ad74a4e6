"""What a model saw of a clip, what it said step by step, and what spoke for it."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from vidclf.infer.gradcam import gradcam
from vidclf.infer.over_time import OverTime
from vidclf.infer.predictor import Predictor, evaluating
from vidclf.models import ClipClassifier
from vidclf.prep import Prepared
from vidclf.types import Float32Array, UInt8Array


@dataclass(frozen=True, eq=False)
class Explanation:
    """One clip as a model took it.

    Attributes:
        frames: uint8 RGB (T, h, w, 3), the frame of each step, cropped and resized as the network sees it.
        heat: float32 (T, h, w) from 0 to 1, what in them, not mirrored, spoke for the predicted class; None where the
            network has no map to tell it by, and for ensembles.
        over_time: what the model says at each step.
    """

    frames: UInt8Array
    heat: Float32Array | None
    over_time: OverTime


def explain(predictor: Predictor, clip: Prepared) -> Explanation:
    """Look at why a model says what it says of a clip, as `Predictor.prepare` or a reader gives it."""
    over_time = predictor.prepared_over_time(clip)
    heat = None
    if isinstance(predictor.network, ClipClassifier):
        frames = torch.from_numpy(predictor.preprocessing.tensor(clip)).to(predictor.device)
        with evaluating(predictor.network):
            heat = gradcam(predictor.network, frames, predictor.classes.index(over_time.prediction.label))
    return Explanation(clip.frames[clip.steps], heat, over_time)
