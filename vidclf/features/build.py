"""Fills the cache before a training does."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, partial

import torch

from vidclf.config import Config
from vidclf.data import ClipEntry, ClipReader, Manifest
from vidclf.data.cache import cache_folder
from vidclf.engines import pick_device
from vidclf.errors import DecodeError
from vidclf.features.reader import make_reader
from vidclf.models import initial_classifier
from vidclf.parallel import Lost, Where, map_in_order
from vidclf.progress import Track, untracked

_Job = tuple[ClipEntry, bool]  # a clip, and whether frames will be drawn from it


def build_cache(
    config: Config, manifest: Manifest, *, on: Where = "local", track: Track = untracked
) -> tuple[DecodeError, ...]:
    """Put into the cache what a training by a config will ask of it: frames, or features where it asks for these.

    Args:
        config: the training's.
        manifest: its clips.
        on: `local`, threads of this process, or `ray`, the cores of a cluster, whose nodes must see the cache's
            folder; see `vidclf.parallel.map_clips`.
        track: shows what passes.

    Returns:
        why clips could not be read, one error a clip.

    Raises:
        StoppedError: the disk is full, the weights are missing, or there is no such cluster.
        MissingExtraError: Ray is not installed.
    """
    if config.data.cache != "features":
        # What only changes a network's weights plays no part for frames, and weights may be far away.
        data = config.data.model_copy(update={"cache": "disk"})
        config = config.model_copy(update={"data": data, "model": config.model.untrained()})
    trained_on = manifest.of_split("train")
    others = tuple(entry for entry in manifest.entries if entry.split != "train")
    if on != "local":
        jobs = [*((entry, True) for entry in trained_on), *((entry, False) for entry in others)]
        return _build_in_processes(config, manifest.classes, jobs, on, track)
    reader = _reader(config, manifest.classes)
    for entries, drawn, what in ((trained_on, True, "clips to train on"), (others, False, "other clips")):
        for _ in track(reader.fill(entries, drawn=drawn), total=len(entries), what=what):
            pass
    return reader.bad


def _build_in_processes(
    config: Config, classes: tuple[str, ...], jobs: Sequence[_Job], on: Where, track: Track
) -> tuple[DecodeError, ...]:
    folder = str(cache_folder(config.data.cache_dir))  # here, since a node has an environment of its own
    data = config.data.model_copy(update={"cache_dir": folder})
    settings = config.model_copy(update={"data": data, "device": "cpu"}).model_dump_json()
    outcomes = track(map_in_order(partial(_kept, settings, classes), jobs, on=on), total=len(jobs), what="clips")
    return tuple(
        DecodeError(entry.title, f"while it was read, {outcome.reason}") if isinstance(outcome, Lost) else outcome
        for (entry, _), outcome in zip(jobs, outcomes, strict=True)
        if outcome is not None
    )


def _reader(config: Config, classes: tuple[str, ...]) -> ClipReader:
    torch.manual_seed(config.train.seed)  # as a training does: a backbone without weights begins the same
    network, preprocessing = initial_classifier(config.model, config.prep, classes)
    return make_reader(config, network, preprocessing, pick_device(config.device))


def _kept(settings: str, classes: tuple[str, ...], job: _Job) -> DecodeError | None:
    """Put a clip into the cache, in whatever process this is."""
    entry, drawn = job
    reader = _reader_of(settings, classes)
    known = len(reader.bad)
    for _ in reader.fill([entry], drawn=drawn):
        pass
    return next(iter(reader.bad[known:]), None)


@cache
def _reader_of(settings: str, classes: tuple[str, ...]) -> ClipReader:
    return _reader(Config.model_validate_json(settings), classes)
