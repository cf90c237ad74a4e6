"""Fills the cache before a training does."""

from __future__ import annotations

import torch

from vidclf.config import Config
from vidclf.data import Manifest
from vidclf.engines import pick_device
from vidclf.errors import DecodeError
from vidclf.features.reader import make_reader
from vidclf.models import make_classifier
from vidclf.progress import Track, untracked


def build_cache(config: Config, manifest: Manifest, *, track: Track = untracked) -> tuple[DecodeError, ...]:
    """Put into the cache what a training by a config will ask of it: frames, or features where it asks for these.

    Returns:
        why clips could not be read, one error a clip.

    Raises:
        StoppedError: the disk is full, or the weights are missing.
    """
    if config.data.cache != "features":
        # What only changes a network's weights plays no part for frames, and weights may be far away.
        data = config.data.model_copy(update={"cache": "disk"})
        config = config.model_copy(
            update={"data": data, "model": config.model.model_copy(update={"weights": "none"})}
        )
    torch.manual_seed(config.train.seed)  # as a training does: a backbone without weights begins the same
    network, preprocessing = make_classifier(config.model, config.prep, len(manifest.classes))
    reader = make_reader(config, network, preprocessing, pick_device(config.device))
    trained_on = manifest.of_split("train")
    others = tuple(entry for entry in manifest.entries if entry.split != "train")
    for entries, drawn, what in ((trained_on, True, "clips to train on"), (others, False, "other clips")):
        for _ in track(reader.fill(entries, drawn=drawn), total=len(entries), what=what):
            pass
    return reader.bad
