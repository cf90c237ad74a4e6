"""Networks: a CNN over frames, a head over time."""

from vidclf.models.backbones import BACKBONES, FrameEncoder, make_backbone
from vidclf.models.classifier import ClipClassifier, make_classifier
from vidclf.models.heads import HEADS, make_head

__all__ = ["BACKBONES", "HEADS", "ClipClassifier", "FrameEncoder", "make_backbone", "make_classifier", "make_head"]
