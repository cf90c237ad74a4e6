"""The classifier: a frame encoder, a head over time, and the preprocessing that belongs to them."""

from __future__ import annotations

import dataclasses

import torch
from torch import Tensor, nn

from vidclf.config import ModelConfig, PrepConfig
from vidclf.models.backbones import FrameEncoder, make_backbone
from vidclf.models.heads import make_head
from vidclf.models.pooling import valid_steps
from vidclf.prep import HALF, IMAGENET, INK, Own, Preprocessing, Statistics, make_person_crop


class ClipClassifier(nn.Module):
    """CNN features of each frame, a head over time, one logit a class.

    Args:
        backbone: encodes one frame.
        head: see `vidclf.models.heads`.
        feature_dropout: chance of a feature to be left out in training.
    """

    def __init__(self, backbone: FrameEncoder, head: nn.Module, *, feature_dropout: float = 0.0) -> None:
        super().__init__()
        self.backbone = backbone
        self.dropout = nn.Dropout(feature_dropout)
        self.head = head

    def forward(self, frames: Tensor, lengths: Tensor) -> Tensor:
        """Classify a batch of clips.

        Args:
            frames: float (B, T, C, h, w), padded at the end; or the features (B, T, D) that the backbone made of
                them before.
            lengths: int64 (B,), valid steps of each clip, at least 1.

        Returns:
            logits (B, K), which the padding does not change.
        """
        if frames.ndim == 3:
            return self.head(self.dropout(frames), lengths)  # type: ignore[no-any-return]
        valid = valid_steps(lengths, frames.shape[1])  # (B, T)
        pictures = frames[valid].contiguous(memory_format=torch.channels_last)  # (N, C, h, w), no padding
        encoded = self.backbone(pictures)  # (N, D)
        features = encoded.new_zeros(*valid.shape, encoded.shape[-1])  # (B, T, D)
        features[valid] = encoded
        return self.head(self.dropout(features), lengths)  # type: ignore[no-any-return]


def make_classifier(model: ModelConfig, prep: PrepConfig, num_classes: int) -> tuple[ClipClassifier, Preprocessing]:
    """Build the network that a config describes, and the preprocessing that its weights want.

    Raises:
        WeightsError: the weights are missing, or are not those of this network; the detector's too.
        ConfigError: the settings do not go together.
        MissingExtraError: the detector needs ONNX Runtime, which is not installed.
    """
    preprocessing = Preprocessing(
        sampling=prep.sampling,
        size=prep.height_width,
        frames=prep.frames,
        fps=prep.fps,
        crop=prep.crop,
        motion=prep.motion,
        motion_seconds=prep.motion_seconds,
        person=make_person_crop(prep),
    )
    backbone = make_backbone(
        model.backbone,
        weights=model.weights,
        channels=preprocessing.channels // preprocessing.streams,
        size=preprocessing.size,
        streams=preprocessing.streams,
        features_at=model.features_at,
    )
    statistics: Statistics | Own
    if prep.normalise in ("clip", "frame"):
        statistics = prep.normalise
    else:
        statistics = {"auto": backbone.statistics, "imagenet": IMAGENET, "half": HALF, "ink": INK}[prep.normalise]
    network = ClipClassifier(
        backbone, make_head(model, backbone.feature_dim, num_classes), feature_dropout=model.feature_dropout
    )
    # Convolutions on a CPU are several times faster with the channels stored last.
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network, dataclasses.replace(preprocessing, statistics=statistics)
