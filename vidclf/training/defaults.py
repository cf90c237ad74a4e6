"""Settings that suit the data and the machine, for those who bring clips and no config."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from operator import attrgetter
from pathlib import Path

import numpy as np

from vidclf.config import Config, make_config
from vidclf.data import ClipEntry, Manifest, read_manifest
from vidclf.engines import pick_device
from vidclf.errors import DecodeError
from vidclf.video import open_source

logger = logging.getLogger(__name__)

_LOOKED_AT = 12
_STEPS_A_SECOND = 8
_SHARE_OF_MEMORY = 0.25
# What matters most of what is chosen.
_SAID = (
    "prep.frames", "prep.size", "prep.motion", "model.backbone", "model.head", "train.epochs", "data.cache",
)  # fmt: skip


def suited(path: Path, overrides: Sequence[str] = ()) -> Config:
    """Settings for a manifest or a folder per class; what was chosen is said.

    Args:
        path: the data.
        overrides: the user's own settings, as for `load_config`; they come before what is chosen here.

    Raises:
        ConfigError: the overrides are wrong.
        ManifestError: the clips cannot be used as they stand.
    """
    manifest = read_manifest(path, root=make_config({}, overrides).data.root)
    gpu = pick_device("auto").type != "cpu"
    size = 112 if gpu else 80
    seconds, frames = _typical_length(manifest)
    steps = int(np.clip(round(seconds * _STEPS_A_SECOND), 8, 32))
    # Every epoch sees each clip once; a small set needs more of them to take the same number of steps.
    epochs = int(np.clip(round(12_000 / len(manifest.entries)), 10, 60))
    in_memory = len(manifest.entries) * frames * size * size * 3 < _SHARE_OF_MEMORY * _memory_bytes()
    tree = {
        "data": {"manifest": str(manifest.source.resolve()), "cache": "memory" if in_memory else "none"},
        "prep": {"sampling": "uniform", "frames": steps, "size": size, "motion": "add"},
        "augment": {"scale": 0.15, "shift": 0.1, "rotate": 8, "colour": 0.3, "speed": 0.15},
        "model": {"backbone": "small", "head": "lstm"},
        "train": {"epochs": epochs, "batch": 16, "lr": 2e-3, "ema": 0.99},
    }
    config = make_config(tree, overrides)
    logger.info(
        "settings for %d clips of typically %.1f s on %s: %s. Change any with key=value; `vidclf config schema` "
        "lists all.",
        len(manifest.entries),
        seconds,
        "a GPU" if gpu else "a CPU",
        " ".join(f"{key}={attrgetter(key)(config)}" for key in _SAID),
    )
    return config


def _typical_length(manifest: Manifest) -> tuple[float, int]:
    """Median seconds and frames of a few clips spread over the manifest."""
    chosen = np.linspace(0, len(manifest.entries) - 1, min(_LOOKED_AT, len(manifest.entries)))
    lengths = [found for place in chosen if (found := _length(manifest.entries[round(place)]))]
    if not lengths:
        return 2.0, 60
    seconds, frames = np.median(np.array(lengths), axis=0)
    return float(seconds), int(frames)


def _length(entry: ClipEntry) -> tuple[float, int] | None:
    try:
        with open_source(entry.path) as source:
            pts_seconds = source.pts_seconds()
    except DecodeError:
        return None
    start = pts_seconds[0] if entry.start_seconds is None else entry.start_seconds
    end = pts_seconds[-1] if entry.end_seconds is None else entry.end_seconds
    return float(end - start), int(np.sum((pts_seconds >= start) & (pts_seconds <= end)))


def _memory_bytes() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 4 << 30  # not told on this system
