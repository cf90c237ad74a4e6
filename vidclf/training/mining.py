"""Which triplets of a batch a loss is made of, and what happens when the hardest ones make all vectors alike."""

from __future__ import annotations

import logging
import math
from typing import Any

import torch
from pytorch_metric_learning.distances import LpDistance
from pytorch_metric_learning.miners import BatchHardMiner, TripletMarginMiner
from torch import Tensor, nn

from vidclf.config import Mining
from vidclf.models import euclidean_distances

logger = logging.getLogger(__name__)

# Longer than any distance between vectors of length one.
_ANY_MARGIN = 2.0
# Running means forget what is some twenty steps old.
_KEPT = 0.95
_FIRST_STEPS = 40
# What counts as stuck: a loss this near to that of vectors that are all alike, and a spread this much smaller than
# the widest there was.
_NEAR, _SHRUNK = 0.1, 0.5


class EuclideanDistance(LpDistance):  # type: ignore[misc]
    """Euclidean distances of vectors as they come, exact where they are small."""

    def __init__(self) -> None:
        super().__init__(normalize_embeddings=False, p=2)

    def compute_mat(self, query_emb: Tensor, ref_emb: Tensor) -> Tensor:
        """Distances (N, M) of (N, D) and (M, D)."""
        return euclidean_distances(query_emb, ref_emb)


def make_miner(mining: Mining, margin: float | None) -> Any:
    """What picks triplets (anchors, positives, negatives) by `miner(vectors, labels)`; None picks all of them.

    Args:
        mining: `all` (batch-all) and `hard` (batch-hard: the furthest of its own, the nearest other) as in Hermans et
            al., In Defense of the Triplet Loss, 2017; `semi-hard`, further away than its own but within the margin,
            as in Schroff et al., FaceNet, CVPR 2015.
        margin: None where the margin is soft; then semi-hard are all that are further away.
    """
    distance = EuclideanDistance()
    if mining == "hard":
        return BatchHardMiner(distance=distance)
    if mining == "semi-hard":
        return TripletMarginMiner(margin or _ANY_MARGIN, type_of_triplets="semihard", distance=distance)
    return None


class CollapseGuard(nn.Module):
    """Tells when all vectors become the same: the loss stands at its margin while the vectors draw together.

    Batch-hard mining may end there, since giving all pictures one vector is better than being wrong on the hardest.

    Args:
        stuck_loss: the loss of vectors that are all the same: the margin, or log 2 where it is soft.
    """

    loss: Tensor
    spread: Tensor
    widest: Tensor
    steps: Tensor
    collapsed: Tensor

    def __init__(self, stuck_loss: float) -> None:
        super().__init__()
        self.stuck_loss = stuck_loss
        for name in ("loss", "spread", "widest"):
            self.register_buffer(name, torch.zeros(()))
        self.register_buffer("steps", torch.zeros((), dtype=torch.int64))
        self.register_buffer("collapsed", torch.tensor(False))

    @torch.no_grad()
    def watch(self, loss: Tensor, vectors: Tensor) -> bool:
        """Look at a step: its loss, and its vectors (B, D) of length one. True when that tells a collapse."""
        if self.collapsed:
            return False
        share = 1.0 if self.steps == 0 else 1 - _KEPT
        self.loss.lerp_(loss.detach().float(), share)
        self.spread.lerp_(spread(vectors), share)
        self.widest.copy_(torch.maximum(self.widest, self.spread))
        self.steps += 1
        stuck = (self.loss - self.stuck_loss).abs() <= _NEAR * self.stuck_loss
        shrunk = self.spread <= _SHRUNK * self.widest
        self.collapsed |= stuck & shrunk & (self.steps >= _FIRST_STEPS)
        return bool(self.collapsed)

    def in_words(self) -> str:
        """What was seen."""
        return (
            f"the embeddings are collapsing: the loss stands at {float(self.loss):.3f}, that of vectors that are all "
            f"the same is {self.stuck_loss:.3f}, and their spread has shrunk from {float(self.widest):.3g} to "
            f"{float(self.spread):.3g}"
        )


def spread(vectors: Tensor) -> Tensor:
    """How far vectors (B, D) of length one are apart: their variance, 0 where all are the same, at most 1."""
    return (1 - vectors.float().mean(dim=0).square().sum()).clamp(min=0)


def stuck_loss(margin: float | None) -> float:
    """The triplet loss of vectors that are all the same; `margin` is None where it is soft."""
    return math.log(2) if margin is None else margin
