"""Scores and their intervals: plain NumPy in, frozen dataclasses out."""

from vidclf.metrics.bootstrap import Interval, bootstrap_interval
from vidclf.metrics.calibration import Reliability, ReliabilityBin, fit_temperature, reliability, tempered
from vidclf.metrics.classification import ClassificationScores, ClassScores, classification_scores
from vidclf.metrics.episodes import Episodes, EpisodeScores, draw_episodes, score_episodes
from vidclf.metrics.verification import Retrieval, Roc, pair_interval, retrieval, roc, threshold_at_fpir

__all__ = [
    "ClassScores",
    "ClassificationScores",
    "EpisodeScores",
    "Episodes",
    "Interval",
    "Reliability",
    "ReliabilityBin",
    "Retrieval",
    "Roc",
    "bootstrap_interval",
    "classification_scores",
    "draw_episodes",
    "fit_temperature",
    "pair_interval",
    "reliability",
    "retrieval",
    "roc",
    "score_episodes",
    "tempered",
    "threshold_at_fpir",
]
