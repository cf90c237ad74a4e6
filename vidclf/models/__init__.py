"""Networks: a CNN over frames, a head over time."""

from vidclf.models.backbones import BACKBONES, FrameEncoder, describe_layers, make_backbone
from vidclf.models.classifier import ClipClassifier, make_classifier
from vidclf.models.heads import HEADS, make_head
from vidclf.models.initial import described_statistics, initial_classifier

__all__ = [
    "BACKBONES",
    "HEADS",
    "ClipClassifier",
    "FrameEncoder",
    "describe_layers",
    "described_statistics",
    "initial_classifier",
    "make_backbone",
    "make_classifier",
    "make_head",
]
