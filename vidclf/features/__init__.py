"""Features of clips: computed once, kept on disk, clustered."""

from vidclf.features.encoder import FrozenEncoder
from vidclf.features.kept import ClipFeatures, FeatureCache
from vidclf.features.motion import motion_features
from vidclf.features.reader import FeatureReader, make_reader

__all__ = ["ClipFeatures", "FeatureCache", "FeatureReader", "FrozenEncoder", "make_reader", "motion_features"]
