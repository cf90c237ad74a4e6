"""Reads features where a training would read frames, so that only the head has to be computed.

The loop, the predictor and the batches stay as they are: a clip that is `Encoded` passes through them like any
other that is `Prepared`, and `ClipClassifier` hands features straight to its head.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields

import numpy as np
import torch

from vidclf.config import Config
from vidclf.data import ClipEntry, ClipReader
from vidclf.data.cache import EntryStore, FrameCache, cache_folder
from vidclf.features.encoder import FrozenEncoder
from vidclf.features.kept import FeatureCache
from vidclf.models import ClipClassifier
from vidclf.prep import Chance, Prepared, Preprocessing
from vidclf.secrets import redact
from vidclf.types import Float32Array


@dataclass(frozen=True, eq=False)
class Encoded(Prepared):
    """A clip whose steps the backbone has encoded; of its frames (0, h, w, 3) there is none left.

    Attributes:
        features: float32 (T, D).
    """

    features: Float32Array = field(kw_only=True)


class FeatureInput(Preprocessing):
    """The preprocessing of a network whose input are the features of an `Encoded` clip."""

    def tensor(self, prepared: Prepared) -> Float32Array:
        """The clip's features, float32 (T, D)."""
        assert isinstance(prepared, Encoded)
        return prepared.features


class FeatureReader(ClipReader):
    """Reads clips as features of a backbone that is not trained.

    Args:
        cache: computes features and keeps them.
    """

    def __init__(self, cache: FeatureCache) -> None:
        plain = cache.preprocessing
        same = FeatureInput(**{field.name: getattr(plain, field.name) for field in fields(plain)})
        super().__init__(same, cache.on_truncated)
        self.cache = cache

    def prepared(self, entry: ClipEntry, chance: Chance | None = None) -> Prepared:  # noqa: ARG002
        """One clip; nothing is drawn, so that its features are the same each time."""
        kept = self._remembered_if_bad(entry, self.cache.features)
        steps = np.arange(len(kept.features))
        none_left = np.zeros((0, *self.preprocessing.size, 3), dtype=np.uint8)
        return Encoded(
            none_left, steps, steps, kept.pts_seconds, redact(str(entry.path)), features=np.array(kept.features)
        )

    def _fetch(self, entry: ClipEntry, *, drawn: bool) -> None:  # noqa: ARG002
        self._remembered_if_bad(entry, self.cache.features)


def make_reader(
    config: Config, network: ClipClassifier, preprocessing: Preprocessing, device: torch.device
) -> ClipReader:
    """The reader that `data.cache` names, for the clips of a training."""
    data = config.data
    if data.cache == "features":
        folder = cache_folder(data.cache_dir)
        shape = (preprocessing.channels, *preprocessing.size)
        encoder = FrozenEncoder(network.backbone, shape, device=device, graphs=EntryStore(folder, "graphs"))
        return FeatureReader(FeatureCache(folder, preprocessing, encoder, data.on_truncated))
    on_disk = None
    if data.cache == "disk":
        on_disk = FrameCache(cache_folder(data.cache_dir), preprocessing, data.on_truncated)
    return ClipReader(preprocessing, data.on_truncated, in_memory=data.cache == "memory", on_disk=on_disk)
