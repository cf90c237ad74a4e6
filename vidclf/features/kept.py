"""Features of clips kept on disk: a clip is decoded and encoded once for a backbone that is not trained."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from vidclf.data import ClipEntry
from vidclf.data.cache import ClipKeys, EntryStore, read_entry
from vidclf.features.encoder import FrozenEncoder
from vidclf.prep import Preprocessing
from vidclf.types import Float32Array, Float64Array
from vidclf.video import OnTruncated


@dataclass(frozen=True, eq=False)
class ClipFeatures:
    """What a backbone makes of the steps of a clip.

    Attributes:
        features: float32 (T, D), one vector a step; read-only.
        pts_seconds: float64 (T,), time of each step.
    """

    features: Float32Array
    pts_seconds: Float64Array


class FeatureCache:
    """Features of clips, in memory-mapped files. With the sampling `dense` they are those of every frame.

    Args:
        folder: the cache's folder.
        preprocessing: chooses the steps and makes the network's input of them; nothing is drawn.
        encoder: the backbone.
        on_truncated: `keep` takes the good part of damaged files, with a warning when it is decoded.
    """

    def __init__(
        self,
        folder: Path,
        preprocessing: Preprocessing,
        encoder: FrozenEncoder,
        on_truncated: OnTruncated = "error",
    ) -> None:
        self.preprocessing = preprocessing
        self.encoder = encoder
        self.on_truncated = on_truncated
        self._entries = EntryStore(folder, "features")
        self._keys = ClipKeys(folder, on_truncated)

    def features(self, entry: ClipEntry) -> ClipFeatures:
        """The features of a clip.

        Raises:
            DecodeError: the clip cannot be read.
            StoppedError: the disk is full.
        """
        try:
            key = self._keys.key(
                entry, preprocessing=self.preprocessing.to_json(), backbone=self.encoder.identity, layer="pooled"
            )
        except OSError:
            return self._computed(entry)  # whose decoder says what is wrong with the file
        if kept := self._entries.get(key):
            return ClipFeatures(kept["features"], kept["pts_seconds"])
        computed = self._computed(entry)
        self._entries.put(key, {"features": computed.features, "pts_seconds": computed.pts_seconds})
        return computed

    def _computed(self, entry: ClipEntry) -> ClipFeatures:
        prepared = read_entry(self.preprocessing, entry, self.on_truncated)
        features = self.encoder(self.preprocessing.tensor(prepared))
        return ClipFeatures(features, prepared.pts_seconds[prepared.steps])
