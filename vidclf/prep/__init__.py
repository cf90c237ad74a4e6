"""From frames to a network's input: one object for training, validation, prediction and live."""

from vidclf.prep.channels import HALF, IMAGENET, INK, Own, Statistics
from vidclf.prep.person import CausalCrop, PersonCrop, make_person_crop
from vidclf.prep.preprocessing import Chance, Prepared, Preprocessing
from vidclf.prep.reading import read_prepared
from vidclf.prep.stepping import LiveSteps, Step, needs_whole_clips

__all__ = [
    "HALF", "IMAGENET", "INK", "CausalCrop", "Chance", "LiveSteps", "Own", "PersonCrop", "Prepared", "Preprocessing",
    "Statistics", "Step", "make_person_crop", "needs_whole_clips", "read_prepared",
]  # fmt: skip
