"""Training: the only place with an optimizer."""

from vidclf.training.cross_validation import CrossValidation, cross_validate
from vidclf.training.run import TrainedRun, train

__all__ = ["CrossValidation", "TrainedRun", "cross_validate", "train"]
