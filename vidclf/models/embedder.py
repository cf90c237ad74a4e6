"""The embedder: the classifier's network, whose head projects to a vector in place of classes."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vidclf.config import ModelConfig, PrepConfig
from vidclf.models.classifier import ClipClassifier, make_classifier
from vidclf.models.initial import initial_network
from vidclf.prep import Preprocessing


class ClipEmbedder(ClipClassifier):
    """CNN features of each frame, a head over time that ends in a projection, and length one.

    A picture is a clip of one frame.
    """

    def forward(self, frames: Tensor, lengths: Tensor) -> Tensor:
        """Embed a batch of clips: vectors (B, D) of L2 norm 1; see `ClipClassifier.forward` for the arguments."""
        return F.normalize(super().forward(frames, lengths), dim=1)


class SiameseNetwork(nn.Module):
    """Two legs that share their weights, and the Euclidean distance of what they give.

    Source: Hadsell, Chopra and LeCun, Dimensionality Reduction by Learning an Invariant Mapping, CVPR 2006.

    Args:
        leg: (frames (B, T, C, h, w), lengths (B,)) -> vectors (B, D).
    """

    def __init__(self, leg: Callable[[Tensor, Tensor], Tensor]) -> None:
        super().__init__()
        self.leg = leg

    def forward(self, left: Tensor, left_lengths: Tensor, right: Tensor, right_lengths: Tensor) -> Tensor:
        """Distances (N, M) of each of N clips on the left to each of M on the right."""
        return euclidean_distances(*self.legs(left, left_lengths, right, right_lengths))

    def legs(self, left: Tensor, left_lengths: Tensor, right: Tensor, right_lengths: Tensor) -> tuple[Tensor, Tensor]:
        """The vectors (N, D) and (M, D) that the two legs give.

        Both sides go through at once: with the weights they share the statistics of batch normalisation.
        """
        frames, lengths = torch.cat([left, right]), torch.cat([left_lengths, right_lengths])
        vectors = self.leg(frames, lengths)
        return vectors[: len(left)], vectors[len(left) :]


def euclidean_distances(left: Tensor, right: Tensor) -> Tensor:
    """Distances (N, M) of vectors (N, D) and (M, D); where two are equal the gradient is 0, not infinite."""
    # Not by a matrix product, which loses the digits that tell near ones apart.
    return torch.cdist(left, right, compute_mode="donot_use_mm_for_euclid_dist")


def make_embedder(model: ModelConfig, prep: PrepConfig) -> tuple[ClipEmbedder, Preprocessing]:
    """Build the network that a config describes, and the preprocessing that its weights want.

    Raises:
        WeightsError, ConfigError, MissingExtraError: see `make_classifier`.
    """
    network, preprocessing = make_classifier(model, prep, model.embedding_dim)
    return _projecting(network, model), preprocessing


def initial_embedder(model: ModelConfig, prep: PrepConfig) -> tuple[ClipEmbedder, Preprocessing]:
    """The embedder that a config describes, with the weights that a training begins with.

    `model.init_from` may be a classifier, of which all but the last layer is taken, or an embedder.

    Raises:
        ConfigError, RunError, WeightsError: see `initial_classifier`.
    """
    network, preprocessing = initial_network(model, prep, (), model.embedding_dim)
    return _projecting(network, model), preprocessing


def _projecting(network: ClipClassifier, model: ModelConfig) -> ClipEmbedder:
    return ClipEmbedder(network.backbone, network.head, feature_dropout=model.feature_dropout)
