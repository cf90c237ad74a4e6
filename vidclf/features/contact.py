"""What is shown of a clustering: clips of each cluster, from the most typical to the least."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vidclf.data import ClipEntry
from vidclf.draw.clusters import ShownClip, ShownCluster
from vidclf.errors import DecodeError
from vidclf.features.clustering import Clustering
from vidclf.parallel import map_ahead
from vidclf.progress import Track, untracked
from vidclf.video import read_clip
from vidclf.video.sampling import uniform

_SHOWN = 10  # clips of each cluster
_FRAMES = 8


def shown_clusters(
    entries: Sequence[ClipEntry], clustering: Clustering, *, track: Track = untracked
) -> list[ShownCluster]:
    """Read some frames of some clips of each cluster."""
    members = {number: clustering.members(number) for number in range(1, clustering.count + 1)}
    chosen = {
        number: [entries[place] for place in inside[_spread(len(inside))]] for number, inside in members.items()
    }
    wanted = [entry for clips in chosen.values() for entry in clips]
    shown = iter(track(map_ahead(_shown, wanted), total=len(wanted), what="drawing clips"))
    return [
        ShownCluster(number, len(members[number]), [clip for _ in clips if (clip := next(shown)) is not None])
        for number, clips in chosen.items()
    ]


def _spread(count: int) -> list[int]:
    places: list[int] = np.linspace(0, count - 1, min(_SHOWN, count)).round().astype(int).tolist()
    return places


def _shown(entry: ClipEntry) -> ShownClip | None:
    try:
        clip = read_clip(
            entry.path,
            sampling=lambda pts_seconds: uniform(pts_seconds, _FRAMES),
            start_seconds=entry.start_seconds,
            end_seconds=entry.end_seconds,
            on_truncated="keep",
        )
    except DecodeError:  # it could be read a moment ago, and need not be shown
        return None
    return ShownClip(entry.title, clip.frames[clip.valid])
