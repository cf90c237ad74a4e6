"""Clips joined into one long recording, with the truth known: gestures, and rest between them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import cycle
from pathlib import Path

import numpy as np

from vidclf.data import ClipEntry, Manifest
from vidclf.data.events import write_events
from vidclf.errors import UsageError
from vidclf.metrics.events import Interval
from vidclf.progress import Track, untracked
from vidclf.types import UInt8Array
from vidclf.video import read_clip, write_video
from vidclf.video.sampling import at_rate


def join_stream(
    manifest: Manifest,
    out: Path,
    events: Path,
    *,
    rest: Sequence[str],
    fps: float = 20.0,
    seed: int = 0,
    track: Track = untracked,
) -> Path:
    """Join clips into one video: group by group, each gesture between two clips of rest, in random order.

    The same gesture may come twice in a row. Each clip is shown as it was recorded, at its own speed, in the size of
    the first; an event lasts as long as its clip.

    Args:
        manifest: the clips.
        out: the video to write.
        events: the table of what it shows when, to write.
        rest: labels of the clips that show no gesture.
        fps: frames per second of the video.
        seed: of the order.
        track: shows the clips as they pass.

    Returns:
        `out`.

    Raises:
        UsageError: a label of rest is none of the manifest's, or nothing is left beside it.
        DecodeError: a clip cannot be read.
        StoppedError: the disk is full or may not be written to.
    """
    unknown = sorted(set(rest) - set(manifest.classes))
    if unknown:
        raise UsageError(
            f"{manifest.source}: no clip shows {', '.join(unknown)}; there are {', '.join(manifest.classes)}."
        )
    entries = _order(manifest, rest, np.random.default_rng(seed))
    shown: list[Interval] = []
    write_video(out, _frames(track(entries, total=len(entries), what="joining"), fps, shown), fps=fps)
    write_events(events, [event for event in shown if event.label not in rest])
    return out


def _order(manifest: Manifest, rest: Sequence[str], rng: np.random.Generator) -> list[ClipEntry]:
    """Rest, gesture, rest, ..., rest of each group."""
    joined: list[ClipEntry] = []
    for group in sorted({entry.group for entry in manifest.entries}):
        members = [entry for entry in manifest.entries if entry.group == group]
        gestures = [entry for entry in members if entry.label not in rest]
        rests = [entry for entry in members if entry.label in rest]
        if not gestures or not rests:
            raise UsageError(
                f"{manifest.source}: a stream needs clips of gestures and of rest; group '{group}' has "
                f"{len(gestures)} and {len(rests)}. Name the labels of rest with --rest."
            )
        between = cycle(rests[place] for place in rng.permutation(len(rests)))
        for place in rng.permutation(len(gestures)):
            joined += [next(between), gestures[place]]
        joined.append(next(between))
    return joined


def _frames(entries: Iterator[ClipEntry], fps: float, shown: list[Interval]) -> Iterator[UInt8Array]:
    """The frames of the clips one after the other, at one rate; when each was is noted in `shown`."""
    count, size = 0, None
    for entry in entries:
        clip = read_clip(
            entry.path,
            sampling=lambda pts_seconds: at_rate(pts_seconds, fps),
            start_seconds=entry.start_seconds,
            end_seconds=entry.end_seconds,
            size=size,
        )
        size = size or clip.frames.shape[1:3]
        yield from clip.frames
        shown.append(Interval(entry.label, count / fps, (count + len(clip)) / fps))
        count += len(clip)
