"""Rows that show the same moments, each two of them once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from vidclf.data.check.fingerprint import Fingerprint
from vidclf.data.check.matching import find_matches
from vidclf.data.check.survey import Survey
from vidclf.data.manifest import ClipEntry
from vidclf.video.sampling import CLOCK_ERROR_SECONDS

# A copy may lack a frame or two at its ends.
_COPY_SHARE = 0.9


@dataclass(frozen=True)
class Pair:
    """Two rows that show the same moments.

    Attributes:
        first: number of one row.
        second: number of the other.
        kind: the very same content, the same moments in another encoding, or some moments of each.
        seconds: how much they share.
    """

    first: int
    second: int
    kind: Literal["duplicate", "reencoded", "overlap"]
    seconds: float


@dataclass(frozen=True, eq=False)
class _Cut:
    """A row as a part of its content."""

    row: int
    content: str
    moments: Fingerprint

    @property
    def start(self) -> float:
        return float(self.moments.pts_seconds[0])

    @property
    def end(self) -> float:
        return self.start + self.moments.seconds

    def is_alike(self, other: _Cut) -> bool:
        return max(abs(self.start - other.start), abs(self.end - other.end)) < CLOCK_ERROR_SECONDS


def find_pairs(entries: Sequence[ClipEntry], surveys: Mapping[Path, Survey]) -> tuple[Pair, ...]:
    """All pairs of rows that show the same moments; a third copy is paired with the first one only."""
    by_content: dict[str, list[_Cut]] = defaultdict(list)
    for row, entry in enumerate(entries):
        survey = surveys[entry.path]
        if moments := survey.moments(entry.start_seconds, entry.end_seconds):
            by_content[survey.sha256].append(_Cut(row, survey.sha256, moments))
    pairs: list[Pair] = []
    different: list[_Cut] = []
    for cuts in by_content.values():
        copies, unlike = _told_apart(cuts)
        pairs += [*copies, *_overlapping(unlike)]
        different += unlike
    return (*pairs, *_by_motion(different))


def _told_apart(cuts: Sequence[_Cut]) -> tuple[list[Pair], list[_Cut]]:
    """Cuts of one content: each that repeats an earlier one, and the others."""
    copies: list[Pair] = []
    unlike: list[_Cut] = []
    for cut in sorted(cuts, key=lambda cut: (cut.start, cut.end, cut.row)):
        same = next((earlier for earlier in reversed(unlike) if earlier.is_alike(cut)), None)
        if same is None:
            unlike.append(cut)
        else:
            copies.append(Pair(same.row, cut.row, "duplicate", cut.end - cut.start))
    return copies, unlike


def _overlapping(cuts: Sequence[_Cut]) -> Iterator[Pair]:
    """Cuts of one content, sorted by their start, that share some of it."""
    for place, cut in enumerate(cuts):
        for later in cuts[place + 1 :]:
            if later.start > cut.end - CLOCK_ERROR_SECONDS:
                break
            yield Pair(cut.row, later.row, "overlap", min(cut.end, later.end) - later.start)


def _by_motion(cuts: Sequence[_Cut]) -> Iterator[Pair]:
    """Cuts of different content that show the same motion."""
    for match in find_matches([cut.moments for cut in cuts]):
        first, second = cuts[match.first], cuts[match.second]
        if first.content != second.content:  # else they are compared by their times
            kind: Literal["reencoded", "overlap"] = "reencoded" if min(match.shares) >= _COPY_SHARE else "overlap"
            yield Pair(min(first.row, second.row), max(first.row, second.row), kind, match.seconds)
