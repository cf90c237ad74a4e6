"""From frames to a network's input: one object for training, validation, prediction and live."""

from vidclf.prep.channels import HALF, IMAGENET, Own, Statistics
from vidclf.prep.person import CausalCrop, PersonCrop, make_person_crop
from vidclf.prep.preprocessing import Chance, Prepared, Preprocessing
from vidclf.prep.reading import read_prepared

__all__ = [
    "HALF", "IMAGENET", "CausalCrop", "Chance", "Own", "PersonCrop", "Prepared", "Preprocessing", "Statistics",
    "make_person_crop", "read_prepared",
]  # fmt: skip
