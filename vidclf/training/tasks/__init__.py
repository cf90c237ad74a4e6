"""Tasks: what a batch's loss is, and how a network is scored. One file a task."""

from vidclf.training.tasks.classify import Classify
from vidclf.training.tasks.embed import Embed
from vidclf.training.tasks.task import StepOutcome, Task, TrainingClips, Validated

__all__ = ["Classify", "Embed", "StepOutcome", "Task", "TrainingClips", "Validated"]
