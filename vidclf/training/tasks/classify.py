"""Clips to classes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from accelerate import Accelerator
from accelerate.utils import gather_object
from torch import Tensor, nn
from torch.nn import functional as F

from vidclf.config import TrainConfig
from vidclf.data import Batch, ClipEntry, ClipReader
from vidclf.infer import EntryResult, Evaluation, Predictor, predict_entries, summarise


@dataclass(frozen=True, eq=False)
class StepOutcome:
    """What a batch came to.

    Attributes:
        loss_sum: scalar, sum of the clips' losses, to be differentiated.
        weight: what the sum is divided by for a mean.
        hits: how many clips were classified rightly.
        clips: how many there were.
    """

    loss_sum: Tensor
    weight: Tensor
    hits: Tensor
    clips: Tensor


class Classify:
    """Cross-entropy over classes, validated by the very predictor that `predict` uses.

    Args:
        config: label smoothing, class weights and batch.
        predictor: the network in training with its classes and preprocessing.
        reader: reads the clips to validate on.
        train_labels: the label of each training clip, for class weights.
        val: the rows to validate on.
    """

    def __init__(
        self,
        config: TrainConfig,
        predictor: Predictor,
        reader: ClipReader,
        train_labels: Sequence[str],
        val: Sequence[ClipEntry],
    ) -> None:
        self.config = config
        self.predictor = predictor
        self.reader = reader
        self.val = tuple(val)
        weights = balanced_weights(train_labels, predictor.classes) if config.class_weights == "balanced" else None
        self.class_weights = torch.ones(len(predictor.classes)) if weights is None else weights

    def step(self, network: Callable[[Tensor, Tensor], Tensor], batch: Batch) -> StepOutcome:
        """Loss and hits of a batch."""
        logits = network(batch.frames, batch.lengths).float()  # (B, K)
        class_weights = self.class_weights.to(logits.device)
        losses = F.cross_entropy(
            logits, batch.labels, class_weights, label_smoothing=self.config.label_smoothing, reduction="none"
        )  # (B,)
        weight = (batch.weights * class_weights[batch.labels]).sum()
        right = (logits.argmax(dim=1) == batch.labels) * batch.weights
        return StepOutcome((losses * batch.weights).sum(), weight, right.sum(), batch.weights.sum())

    def validate(self, network: nn.Module, accelerator: Accelerator) -> Evaluation | None:
        """Score a network on the validation clips, divided over the processes; None without such clips."""
        if not self.val:
            return None
        predictor = Predictor(network, self.predictor.preprocessing, self.predictor.classes, self.predictor.device)
        mine = self.val[accelerator.process_index :: accelerator.num_processes]
        results: list[EntryResult] = predict_entries(predictor, mine, self.reader, batch=self.config.batch)
        if accelerator.num_processes > 1:
            results = gather_object(results)
        return summarise(results, predictor.classes, seed=self.config.seed)


def balanced_weights(labels: Sequence[str], classes: Sequence[str]) -> Tensor:
    """Weights (K,) inverse to how often a class occurs, 1 on average over clips (King & Zeng 2001)."""
    counts = torch.tensor([max(1, labels.count(label)) for label in classes], dtype=torch.float32)
    return len(labels) / (len(classes) * counts)
