"""From frames to a network's input: one object for training, validation, prediction and live."""

from vidclf.prep.preprocessing import HALF, IMAGENET, Prepared, Preprocessing, Statistics
from vidclf.prep.reading import read_prepared

__all__ = ["HALF", "IMAGENET", "Prepared", "Preprocessing", "Statistics", "read_prepared"]
