"""What a task is to the loop: what a batch is, what it loses, and how good a network is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from accelerate import Accelerator
from torch import Tensor, nn

from vidclf.data import BadClip, Batch, ClipDataset
from vidclf.data.stills import StillDataset
from vidclf.training.order import Order

TrainingClips = ClipDataset | StillDataset


@dataclass(frozen=True, eq=False)
class StepOutcome:
    """What a batch came to, of this process's share.

    Attributes:
        loss_sum: scalar, sum of the clips' losses, to be differentiated.
        weight: what the sum is divided by for a mean.
        hits: how many clips were recognised rightly.
        clips: how many there were.
    """

    loss_sum: Tensor
    weight: Tensor
    hits: Tensor
    clips: Tensor


@dataclass(frozen=True)
class Validated:
    """How good a network is on clips that it does not learn from.

    Attributes:
        accuracy: share that is recognised rightly, 0 to 1; the higher, the better.
        loss: decides between networks of equal accuracy; the lower, the better.
        failures: clips that could not be read.
    """

    accuracy: float
    loss: float
    failures: tuple[BadClip, ...]


class Task(Protocol):
    """What the loop asks of a task.

    Attributes:
        criterion: what of the loss itself is learned or counted; kept in the state, and no part of the model.
    """

    criterion: nn.Module

    def order(self, clips: TrainingClips, processes: int) -> Order:
        """Which clips make a batch, shared by so many processes."""

    def step(self, network: Callable[[Tensor, Tensor], Tensor], batch: Batch) -> StepOutcome:
        """Loss and hits of a batch."""

    def validate(self, network: nn.Module, accelerator: Accelerator) -> Validated | None:
        """Score a network, all processes together; None where there is nothing to validate on."""
