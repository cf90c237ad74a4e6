"""Scores and their intervals: plain NumPy in, frozen dataclasses out."""

from vidclf.metrics.bootstrap import Interval, bootstrap_interval
from vidclf.metrics.calibration import Reliability, ReliabilityBin, fit_temperature, reliability, tempered
from vidclf.metrics.classification import ClassificationScores, ClassScores, classification_scores

__all__ = [
    "ClassScores",
    "ClassificationScores",
    "Interval",
    "Reliability",
    "ReliabilityBin",
    "bootstrap_interval",
    "classification_scores",
    "fit_temperature",
    "reliability",
    "tempered",
]
