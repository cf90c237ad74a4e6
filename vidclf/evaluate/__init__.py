"""Protocols of evaluation; one file each."""

from vidclf.evaluate.classification import ScoredRun, evaluate_run

__all__ = ["ScoredRun", "evaluate_run"]
