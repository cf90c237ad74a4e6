"""From a run folder to predictions and scores."""

from vidclf.infer.embedder import Embedder
from vidclf.infer.embedders import load_embedder
from vidclf.infer.ensemble import EnsemblePredictor
from vidclf.infer.explanation import Explanation, explain
from vidclf.infer.loading import describe_model, load, save, save_ensemble
from vidclf.infer.over_time import OverTime
from vidclf.infer.predictor import Predictor
from vidclf.infer.scoring import EntryResult, Evaluation, GroupScore, predict_entries, summarise
from vidclf.infer.stepper import Said, Stepper, StreamState

__all__ = [
    "Embedder",
    "EnsemblePredictor",
    "EntryResult",
    "Evaluation",
    "Explanation",
    "GroupScore",
    "OverTime",
    "Predictor",
    "Said",
    "Stepper",
    "StreamState",
    "describe_model",
    "explain",
    "load",
    "load_embedder",
    "predict_entries",
    "save",
    "save_ensemble",
    "summarise",
]
