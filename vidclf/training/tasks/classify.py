"""Clips to classes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from accelerate import Accelerator
from accelerate.utils import gather_object
from torch import Tensor, nn
from torch.nn import functional as F

from vidclf.config import Config
from vidclf.data import Batch, ClipEntry, ClipReader
from vidclf.infer import EntryResult, Predictor, predict_entries, summarise
from vidclf.training.mixing import mix
from vidclf.training.order import Order, Shuffled
from vidclf.training.tasks.task import StepOutcome, TrainingClips, Validated


class Classify:
    """Cross-entropy over classes, validated by the very predictor that `predict` uses.

    Args:
        config: label smoothing, class weights, batch, and how clips are mixed.
        predictor: the network in training with its classes and preprocessing.
        reader: reads the clips to validate on.
        train_labels: the label of each training clip, for class weights.
        val: the rows to validate on.
    """

    def __init__(
        self,
        config: Config,
        predictor: Predictor,
        reader: ClipReader,
        train_labels: Sequence[str],
        val: Sequence[ClipEntry],
    ) -> None:
        self.config = config.train
        self.augment = config.augment
        self.predictor = predictor
        self.reader = reader
        self.val = tuple(val)
        balanced = config.train.class_weights == "balanced"
        weights = balanced_weights(train_labels, predictor.classes) if balanced else None
        self.class_weights = torch.ones(len(predictor.classes)) if weights is None else weights
        self.criterion = nn.Module()  # nothing of the loss is learned

    def order(self, clips: TrainingClips, processes: int) -> Order:
        """Each clip once an epoch."""
        return Shuffled(len(clips), self.config.batch, processes=processes, seed=self.config.seed)

    def step(self, network: Callable[[Tensor, Tensor], Tensor], batch: Batch) -> StepOutcome:
        """Loss and hits of a batch."""
        mixed = mix(batch, self.augment, self.predictor.preprocessing.colours)
        logits = network(mixed.frames, mixed.lengths).float()  # (B, K)
        class_weights = self.class_weights.to(logits.device)

        def losses(labels: Tensor) -> Tensor:
            return F.cross_entropy(
                logits, labels, class_weights, label_smoothing=self.config.label_smoothing, reduction="none"
            )  # (B,)

        own = losses(batch.labels)
        both = own if mixed.share == 1 else mixed.share * own + (1 - mixed.share) * losses(mixed.others)
        weight = (batch.weights * class_weights[batch.labels]).sum()
        right = (logits.argmax(dim=1) == batch.labels) * batch.weights
        return StepOutcome((both * batch.weights).sum(), weight, right.sum(), batch.weights.sum())

    def validate(self, network: nn.Module, accelerator: Accelerator) -> Validated | None:
        """Score a network on the validation clips, divided over the processes; None without such clips."""
        if not self.val:
            return None
        predictor = self.predictor.around(network)
        mine = self.val[accelerator.process_index :: accelerator.num_processes]
        results: list[EntryResult] = predict_entries(predictor, mine, self.reader, batch=self.config.batch)
        if accelerator.num_processes > 1:
            results = gather_object(results)
        evaluation = summarise(results, predictor.classes, seed=self.config.seed)
        return Validated(evaluation.scores.accuracy, evaluation.loss, evaluation.failures)


def balanced_weights(labels: Sequence[str], classes: Sequence[str]) -> Tensor:
    """Weights (K,) inverse to how often a class occurs, 1 on average over clips (King & Zeng 2001)."""
    counts = torch.tensor([max(1, labels.count(label)) for label in classes], dtype=torch.float32)
    return len(labels) / (len(classes) * counts)
