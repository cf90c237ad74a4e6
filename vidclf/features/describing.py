"""One vector a clip: of a network's features, or of motion where there is no network."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch

from vidclf.data import ClipEntry, ClipReader
from vidclf.data.cache import EntryStore, FrameCache
from vidclf.data.layouts.folders import VIDEOS
from vidclf.errors import DecodeError, ManifestError
from vidclf.features.encoder import FrozenEncoder
from vidclf.features.kept import FeatureCache
from vidclf.features.motion import motion_features
from vidclf.models import FrameEncoder, make_backbone
from vidclf.parallel import map_ahead
from vidclf.prep import Preprocessing
from vidclf.progress import Track, untracked
from vidclf.types import Float32Array

Describe = Callable[[ClipEntry], Float32Array]

_MOTION_INPUT = Preprocessing(sampling="uniform", frames=25, size=(48, 64))
_BACKBONE_STEPS = 12
_BACKBONE_SIZE = (96, 128)
# Long enough that a slow hand has moved.
_BACKBONE_MOTION_SECONDS = 0.2
_PARTS = 4  # of a clip, one after the other


@dataclass(frozen=True, eq=False)
class Described:
    """Clips with a vector each.

    Attributes:
        entries: the N clips that could be read.
        features: float32 (N, D).
        bad: why others could not be read.
    """

    entries: tuple[ClipEntry, ...]
    features: Float32Array
    bad: tuple[DecodeError, ...]


def describe_clips(entries: Sequence[ClipEntry], describe: Describe, *, track: Track = untracked) -> Described:
    """Describe clips, several at once; those that cannot be read are left out and named.

    Raises:
        ManifestError: not one can be read.
        StoppedError: the disk is full.
    """

    def described(entry: ClipEntry) -> Float32Array | DecodeError:
        try:
            return describe(entry)
        except DecodeError as error:
            return error

    outcomes = list(track(map_ahead(described, entries), total=len(entries), what="looking at clips"))
    bad = tuple(outcome for outcome in outcomes if isinstance(outcome, DecodeError))
    if len(bad) == len(outcomes):
        raise ManifestError(f"not one of {len(bad)} clips can be read. The first: {bad[0]}")
    good = [(entry, row) for entry, row in zip(entries, outcomes, strict=True) if isinstance(row, np.ndarray)]
    return Described(tuple(entry for entry, _ in good), np.stack([row for _, row in good]), bad)


def by_motion(cache: Path) -> Describe:
    """Describe clips by what moves where, when and which way; see `motion_features`.

    Args:
        cache: folder where decoded frames are kept.
    """
    reader = ClipReader(_MOTION_INPUT, "keep", on_disk=FrameCache(cache, _MOTION_INPUT, "keep"))

    def describe(entry: ClipEntry) -> Float32Array:
        prepared = reader.prepared(entry)
        return motion_features(prepared.frames[prepared.steps])

    return describe


def by_backbone(
    backbone: FrameEncoder, preprocessing: Preprocessing, cache: Path, *, device: torch.device, changes: bool
) -> Describe:
    """Describe clips by a network's features, averaged over each quarter.

    Args:
        backbone: the network.
        preprocessing: what it takes.
        cache: folder where features are kept.
        device: where it computes.
        changes: only what sets a quarter apart from the clip as a whole. A network that was not trained on such clips
            sees rooms and clothes above all, and those stay the same from beginning to end.
    """
    shape = (preprocessing.channels, *preprocessing.size)
    encoder = FrozenEncoder(backbone, shape, device=device, graphs=EntryStore(cache, "graphs"))
    kept = FeatureCache(cache, preprocessing, encoder, "keep")

    def describe(entry: ClipEntry) -> Float32Array:
        features = kept.features(entry).features  # (T, D)
        quarters = np.stack([part.mean(axis=0) for part in _parts(features)])  # (4, D)
        vector: Float32Array = (quarters - features.mean(axis=0) if changes else quarters).reshape(-1)
        return vector

    return describe


def published_backbone(name: str, weights: str) -> tuple[FrameEncoder, Preprocessing]:
    """A torchvision network, and the input to describe clips by: differences over time, by each clip's own contrast.

    Raises:
        WeightsError: the weights are missing, or are not those of this network.
        ConfigError: there is no such network.
    """
    preprocessing = Preprocessing(
        sampling="uniform",
        frames=_BACKBONE_STEPS,
        size=_BACKBONE_SIZE,
        motion="only",
        motion_seconds=_BACKBONE_MOTION_SECONDS,
        statistics="clip",
    )
    return make_backbone(name, weights=weights, channels=1, size=_BACKBONE_SIZE), preprocessing


def clips_below(folder: Path) -> list[ClipEntry]:
    """The videos in a folder and the folders in it, without labels, by name.

    Raises:
        ManifestError: there are none.
    """
    paths = sorted(path for path in _files(folder) if path.suffix.lower() in VIDEOS)
    if not paths:
        raise ManifestError(f"{folder}: there are no videos in it.")
    return [ClipEntry(path.relative_to(folder).as_posix(), path, label="") for path in paths]


def _files(folder: Path) -> Iterator[Path]:
    for inner, subfolders, names in os.walk(folder):
        subfolders[:] = [name for name in subfolders if not name.startswith(".")]
        yield from (Path(inner, name) for name in names if not name.startswith("."))


def _parts(features: Float32Array) -> list[Float32Array]:
    """About equal parts (_, D) of features (T, D); where there are fewer steps than parts, some stand twice."""
    edges = np.linspace(0, len(features), _PARTS + 1)
    return [features[int(low) : max(int(low) + 1, int(high))] for low, high in pairwise(edges)]
