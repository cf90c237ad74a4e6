"""Tasks: what a batch's loss is, and how a network is scored. One file a task."""

from vidclf.training.tasks.classify import Classify, StepOutcome

__all__ = ["Classify", "StepOutcome"]
