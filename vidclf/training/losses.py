"""What an embedder loses on a batch: vectors (B, D) of length one and their identities (B,) in, a mean out."""

from __future__ import annotations

import logging

import torch
from pytorch_metric_learning.losses import CosFaceLoss, TripletMarginLoss
from torch import Tensor, nn
from torch.nn import functional as F

from vidclf.config import Config, Mining
from vidclf.models import euclidean_distances
from vidclf.training.mining import CollapseGuard, EuclideanDistance, make_miner, stuck_loss

logger = logging.getLogger(__name__)


class Contrastive(nn.Module):
    """Pairs across two legs: those of one identity are drawn together, others pushed apart up to a margin.

    Each vector on the left is paired with each on the right. Of the pairs that still lose, the same and the different
    ones count half each: there are many more of the latter (Hadsell et al., CVPR 2006).

    Args:
        margin: the Euclidean distance from which different ones are far enough apart.
    """

    def __init__(self, margin: float) -> None:
        super().__init__()
        self.margin = margin

    def forward(self, vectors: Tensor, labels: Tensor, left: Tensor) -> Tensor:
        """The mean loss; `left` bool (B,) says which vectors the left leg gave."""
        distances = euclidean_distances(vectors[left], vectors[~left])  # (N, M)
        same = labels[left][:, None] == labels[~left]
        together = distances[same].square()
        apart = (self.margin - distances[~same]).relu().square()
        return _mean_of_losing(together) + _mean_of_losing(apart)


class Triplet(nn.Module):
    """Each must be nearer to its own than to others, by a margin; the triplets that still lose are averaged.

    Args:
        margin: by how much nearer, in Euclidean distance; None: softly, by log(1 + exp(difference)).
        mining: which triplets count; see `make_miner`. Falls back to `semi-hard` where the vectors collapse.
    """

    def __init__(self, margin: float | None, mining: Mining) -> None:
        super().__init__()
        self.margin = margin
        self.mining = mining
        self.guard = CollapseGuard(stuck_loss(margin))
        self.loss = TripletMarginLoss(margin=margin or 0.0, smooth_loss=margin is None, distance=EuclideanDistance())

    def forward(self, vectors: Tensor, labels: Tensor, left: Tensor) -> Tensor:  # noqa: ARG002
        """The mean loss."""
        miner = make_miner("semi-hard" if self.guard.collapsed else self.mining, self.margin)
        loss: Tensor = self.loss(vectors, labels, None if miner is None else miner(vectors, labels))
        if self.training and self.mining != "semi-hard" and self.guard.watch(loss, vectors):
            logger.warning("%s. Mining goes on with semi-hard triplets.", self.guard.in_words())
        return loss


class Prototypical(nn.Module):
    """Which identity is it: a softmax over the distances to the mean vector of each (Snell et al., NeurIPS 2017).

    Half of an identity's clips make its prototype and the others ask; then the other way round.

    Args:
        scale: what half the squared distances are multiplied with.
    """

    def __init__(self, scale: float) -> None:
        super().__init__()
        self.scale = scale

    def forward(self, vectors: Tensor, labels: Tensor, left: Tensor) -> Tensor:
        """The mean loss; `left` bool (B,) is one of the halves."""
        return (self._asked(vectors, labels, left) + self._asked(vectors, labels, ~left)) / 2

    def _asked(self, vectors: Tensor, labels: Tensor, support: Tensor) -> Tensor:
        identities, number = torch.unique(labels[support], return_inverse=True)
        known = torch.isin(labels, identities) & ~support
        if not known.any():
            return vectors.sum() * 0
        members = F.one_hot(number, len(identities)).T.to(vectors.dtype)  # (I, S)
        prototypes = members @ vectors[support] / members.sum(dim=1, keepdim=True)  # (I, D)
        logits = -self.scale / 2 * euclidean_distances(vectors[known], prototypes).square()  # (Q, I)
        return F.cross_entropy(logits, torch.searchsorted(identities, labels[known]))


class EmbeddingLoss(nn.Module):
    """The loss that a config names, and beside it a cosine classifier over all training identities.

    The classifier is that of Wang et al., CosFace, CVPR 2018. It serves training alone and is no part of the model.

    Args:
        config: `model.loss`, and the settings of `embed`.
        num_identities: how many there are to train on.
    """

    def __init__(self, config: Config, num_identities: int) -> None:
        super().__init__()
        settings = config.embed
        margin = None if settings.margin == "soft" else settings.margin
        self.compare: nn.Module
        if config.model.loss == "contrastive":
            assert margin is not None
            self.compare = Contrastive(margin)
        elif config.model.loss == "triplet":
            self.compare = Triplet(margin, settings.mining)
        else:
            self.compare = Prototypical(settings.scale)
        self.share = settings.classifier
        self.classify = (
            CosFaceLoss(
                num_identities, config.model.embedding_dim, margin=settings.classifier_margin, scale=settings.scale
            )
            if self.share
            else None
        )

    def forward(self, vectors: Tensor, labels: Tensor, left: Tensor) -> Tensor:
        """The mean loss; `left` bool (B,) halves the clips of each identity."""
        loss: Tensor = self.compare(vectors, labels, left)
        if self.classify is None:
            return loss
        return (1 - self.share) * loss + self.share * self.classify(vectors, labels)  # type: ignore[no-any-return]


def every_other(labels: Tensor) -> Tensor:
    """Bool (B,), true for the first, third, ... clip of each identity: one half of its clips."""
    same = labels[:, None] == labels
    return same.tril(diagonal=-1).sum(dim=1) % 2 == 0


def _mean_of_losing(losses: Tensor) -> Tensor:
    return losses.sum() / (losses > 0).sum().clamp(min=1)
