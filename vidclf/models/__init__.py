"""Networks: a CNN over frames, a head over time."""

from vidclf.models.backbones import BACKBONES, FrameEncoder, describe_layers, make_backbone
from vidclf.models.classifier import ClipClassifier, make_classifier
from vidclf.models.embedder import (
    ClipEmbedder,
    SiameseNetwork,
    euclidean_distances,
    initial_embedder,
    make_embedder,
)
from vidclf.models.heads import HEADS, make_head
from vidclf.models.initial import described_statistics, initial_classifier

__all__ = [
    "BACKBONES",
    "HEADS",
    "ClipClassifier",
    "ClipEmbedder",
    "FrameEncoder",
    "SiameseNetwork",
    "describe_layers",
    "described_statistics",
    "euclidean_distances",
    "initial_classifier",
    "initial_embedder",
    "make_backbone",
    "make_classifier",
    "make_embedder",
    "make_head",
]
