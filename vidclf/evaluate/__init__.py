"""Protocols of evaluation; one file each."""

from vidclf.evaluate.classification import ScoredRun, evaluate_run
from vidclf.evaluate.plots import write_plots
from vidclf.evaluate.protocols import PROTOCOLS, TAKES
from vidclf.evaluate.recognition import Protocol, Question, Recognition

__all__ = [
    "PROTOCOLS",
    "TAKES",
    "Protocol",
    "Question",
    "Recognition",
    "ScoredRun",
    "evaluate_run",
    "write_plots",
]
