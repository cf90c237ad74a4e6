"""What is trained, on what, and what becomes of it: one class a task, made from settings."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol, TypeVar

from torch import nn

from vidclf.data import ClipReader
from vidclf.infer import Evaluation
from vidclf.models import ClipClassifier, described_statistics
from vidclf.package import RunFolder, read_description
from vidclf.prep import Preprocessing
from vidclf.progress import Track
from vidclf.training.loop import Progress
from vidclf.training.state import load_state
from vidclf.training.tasks import Task, TrainingClips

Network = TypeVar("Network", bound=ClipClassifier)


class Work(Protocol):
    """A training of one task.

    Attributes:
        network: trained in place.
        task: what a batch is, the loss, and the score on the validation clips.
        dataset: what to train on.
        reader: reads its clips, and those that are held out.
    """

    @property
    def network(self) -> ClipClassifier: ...  # noqa: D102

    @property
    def task(self) -> Task: ...  # noqa: D102

    @property
    def dataset(self) -> TrainingClips: ...  # noqa: D102

    @property
    def reader(self) -> ClipReader: ...  # noqa: D102

    def keep(self, network: nn.Module) -> None:
        """Write a network that scores better than all before it into the run folder."""

    def finish(self, progress: Progress, split: str, track: Track) -> Evaluation | None:
        """Score the best network on a split, and write figures and report; no split is an empty one."""


def resumed(network: Network, preprocessing: Preprocessing, run: RunFolder) -> tuple[Network, Preprocessing]:
    """A network and its preprocessing as a training left them; the weights that it once began with may be gone."""
    network.load_state_dict(load_state(run.state)["network"])
    return network, replace(preprocessing, statistics=described_statistics(read_description(run.path)))
