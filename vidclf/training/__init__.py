"""Training: the only place with an optimizer."""

from vidclf.training.run import TrainedRun, train

__all__ = ["TrainedRun", "train"]
