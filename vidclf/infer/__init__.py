"""From a run folder to predictions and scores."""

from vidclf.infer.loading import describe_model, load, save
from vidclf.infer.predictor import Predictor
from vidclf.infer.scoring import EntryResult, Evaluation, predict_entries, summarise

__all__ = ["EntryResult", "Evaluation", "Predictor", "describe_model", "load", "predict_entries", "save", "summarise"]
