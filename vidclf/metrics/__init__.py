"""Scores and their intervals: plain NumPy in, frozen dataclasses out."""

from vidclf.metrics.bootstrap import Interval, bootstrap_interval
from vidclf.metrics.classification import ClassificationScores, ClassScores, classification_scores

__all__ = [
    "ClassScores",
    "ClassificationScores",
    "Interval",
    "bootstrap_interval",
    "classification_scores",
]
