"""Long videos into clips: every row of a manifest that names a part becomes a file of its own."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import count, islice
from pathlib import Path

import numpy as np

from vidclf.data.batches import BadClip
from vidclf.data.layouts import write_csv
from vidclf.data.manifest import ClipEntry, Manifest
from vidclf.errors import DecodeError, StoppedError, UsageError
from vidclf.progress import Track, untracked
from vidclf.types import BoolArray, Float64Array, UInt8Array
from vidclf.video import OnTruncated, Resizer, VideoSource, open_source, write_video
from vidclf.video.times import ascending

# Clips are encoded once and trained on often; the differences to the source should not be what is learned.
_CRF = 18

# Two ticks of the clock that written videos have: what keeps times apart that the source repeats.
_LEAST_STEP_SECONDS = 2 / 90_000

# File systems take names of 255 bytes; the times, the suffix, and what an unfinished file is called need the rest.
_LONGEST_STEM_BYTES = 150


@dataclass(frozen=True)
class Cut:
    """What came of cutting.

    Attributes:
        manifest: the table of the clips; None where there is not one.
        num_clips: how many there are.
        failures: the rows that became no clip, and why.
    """

    manifest: Path | None
    num_clips: int
    failures: tuple[BadClip, ...]


def cut_clips(
    manifest: Manifest,
    out: Path,
    *,
    on_truncated: OnTruncated = "error",
    crf: int = _CRF,
    track: Track = untracked,
) -> Cut:
    """Write each row of a manifest as a video file, encoded anew so that it holds exactly the frames of its window.

    A clip has the frames that `read_clip` gives for the row, at the same times counted from its first frame, and no
    sound. Its row in `out/manifest.csv` keeps label, split and further columns, and the group, which is the source
    where none is given: parts of one video never stand on both sides of a split. Videos are decoded twice, and once
    more for each part that overlaps others; memory does not grow with the length of parts.

    Args:
        manifest: parts of videos by start_seconds and end_seconds; a row without either is taken whole.
        out: a new or empty folder.
        on_truncated: `keep` cuts what decodes of a damaged video.
        crf: constant rate factor of x264, from 0 (lossless) to 51 (worst).
        track: is told of every clip that is done.

    Raises:
        UsageError: the folder holds something.
        StoppedError: the file system refuses a file (disk full, no permission).
    """
    _claim(out)
    parts = [_Part(entry, out / name) for entry, name in zip(manifest.entries, _names(manifest.entries), strict=True)]
    by_video: dict[Path, list[_Part]] = defaultdict(list)
    for part in parts:
        by_video[part.entry.path].append(part)
    outcomes = (
        outcome for path, of_video in by_video.items() for outcome in _cut_video(path, of_video, on_truncated, crf)
    )
    reasons = dict(track(outcomes, total=len(parts), what="clips"))
    rows = [part.row for part in parts if not reasons[part]]
    if rows:
        write_csv(out / "manifest.csv", rows)
    failures = tuple(BadClip(part.entry.title, reasons[part]) for part in parts if reasons[part])
    return Cut(out / "manifest.csv" if rows else None, len(rows), failures)


@dataclass(frozen=True)
class _Part:
    """A row, and the file that it becomes."""

    entry: ClipEntry
    target: Path

    @property
    def row(self) -> ClipEntry:
        return replace(
            self.entry,
            name=self.target.name,
            path=self.target,
            group=self.entry.group or self.entry.name,
            start_seconds=None,
            end_seconds=None,
        )

    def frames(self, times: Float64Array) -> range:
        """Numbers of its frames, as `read_clip` takes them."""
        start, end = self.entry.start_seconds, self.entry.end_seconds
        first = 0 if start is None else int(np.searchsorted(times, start))
        stop = len(times) if end is None else int(np.searchsorted(times, end))
        return range(first, stop)


def _cut_video(
    path: Path, parts: Sequence[_Part], on_truncated: OnTruncated, crf: int
) -> Iterator[tuple[_Part, str]]:
    """Write the parts of one video; gives each when it is done, with why it failed or an empty text."""
    left = dict.fromkeys(parts)
    try:
        with open_source(path, on_truncated=on_truncated) as source:
            for part, reason in _cut_source(source, parts, crf):
                del left[part]
                yield part, reason
    except DecodeError as error:
        yield from ((part, str(error)) for part in left)


def _cut_source(source: VideoSource, parts: Sequence[_Part], crf: int) -> Iterator[tuple[_Part, str]]:
    times = ascending(source.pts_seconds(), source.nominal_interval)
    span = f"from {times[0]:.3f} to {times[-1]:.3f} seconds"
    for part in parts:
        if not part.frames(times):
            yield part, f"{part.entry.title}: no frame lies there; the video's frames run {span}."
    for lane in _lanes([part for part in parts if part.frames(times)], times):
        yield from _cut_lane(source, lane, times, crf)


def _cut_lane(
    source: VideoSource, lane: Sequence[_Part], times: Float64Array, crf: int
) -> Iterator[tuple[_Part, str]]:
    """Write parts that do not overlap, in one pass over the source."""
    wanted = np.zeros(len(times), np.bool_)
    for part in lane:
        wanted[part.frames(times)] = True
    with closing(_pictures(source, wanted)) as pictures:
        for part in lane:
            numbers, reason = part.frames(times), ""
            own = islice(pictures, len(numbers))
            try:
                write_video(part.target, own, pts_seconds=_from_zero(times[numbers]), crf=crf)
            except UsageError as error:  # pictures of several sizes
                reason = str(error)
                deque(own, maxlen=0)  # so that the next part begins with its own first frame
            yield part, reason


def _pictures(source: VideoSource, wanted: BoolArray) -> Generator[UInt8Array, None, None]:
    """The wanted frames, in the size that `read_clip` gives them."""
    resizer, size = Resizer(), None
    with closing(source.present(lambda index: index < len(wanted) and bool(wanted[index]))) as frames:
        for frame in frames:
            size = size or frame.size
            if frame.image is not None and size is not None:
                yield resizer.resize(frame.image, size) if source.scales_to_first else frame.image


def _lanes(parts: Sequence[_Part], times: Float64Array) -> list[list[_Part]]:
    """The parts in as few rows without overlaps as can be, each in the order of time."""
    lanes: list[list[_Part]] = []
    for part in sorted(parts, key=lambda part: part.frames(times).start):
        frames = part.frames(times)
        free = next((lane for lane in lanes if lane[-1].frames(times).stop <= frames.start), None)
        if free is None:
            lanes.append([part])
        else:
            free.append(part)
    return lanes


def _from_zero(times: Float64Array) -> Float64Array:
    """Times from the first frame on, with a least step between those that the source repeats."""
    steps = np.arange(len(times)) * _LEAST_STEP_SECONDS
    return np.asarray(np.maximum.accumulate(times - times[0] - steps) + steps)


def _names(entries: Sequence[ClipEntry]) -> Iterator[str]:
    """A file name for each row: the source's, the window's times, and a number where that is taken."""
    taken: set[str] = set()
    for entry in entries:
        stem = entry.path.stem.encode(errors="replace")[:_LONGEST_STEM_BYTES].decode(errors="ignore")
        if entry.start_seconds is not None or entry.end_seconds is not None:
            end = "end" if entry.end_seconds is None else f"{entry.end_seconds:.3f}"
            stem += f"_{entry.start_seconds or 0:.3f}-{end}"
        names = (f"{stem}.mp4" if number == 1 else f"{stem}_{number}.mp4" for number in count(1))
        name = next(name for name in names if name.lower() not in taken)  # some file systems know no case
        taken.add(name.lower())
        yield name


def _claim(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
        if any(out.iterdir()):
            raise UsageError(f"{out} is not empty. Give a new or an empty folder for the clips.")
    except OSError as error:
        raise StoppedError(f"{out}: the folder cannot be used: {error.strerror or error}.") from error
