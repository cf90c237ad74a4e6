"""Kinetics (400, 600, 700): tables of parts of YouTube videos, and what of them was downloaded.

    kinetics_train.csv              label,youtube_id,time_start,time_end,split
                                    abseiling,-3B32lodo2M,59,69,train
    train/abseiling/-3B32lodo2M_000059_000069.mp4

The files are the parts, already cut. Many videos are gone from the site, so that missing ones are no fault. The
published test tables have no labels.

Source: Kay et al., The Kinetics Human Action Video Dataset, 2017; the names of files are those of the
ActivityNet crawler.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from vidclf.data.layouts.finder import ClipFinder
from vidclf.data.layouts.layout import SPLIT_NAMES, Layout, Request, Skipped, clip_entry
from vidclf.data.layouts.lists import beside, text_of
from vidclf.data.manifest import SPLITS, ClipEntry

_COLUMNS = {"youtube_id", "time_start", "time_end"}


def _read(request: Request) -> Iterator[ClipEntry | Skipped]:
    finder = ClipFinder(request.root)
    clips = []
    for table in _tables(request.path):
        reader = csv.DictReader(text_of(table).splitlines())
        for row in reader:
            found = _clip(finder, f"{table.name}, line {reader.line_num}", row)
            if isinstance(found, Skipped):
                yield found
            else:
                clips.append(found)
    yield from _apart(clips)


def _clip(finder: ClipFinder, where: str, row: dict[str, str | None]) -> ClipEntry | Skipped:
    split = SPLIT_NAMES.get((row.get("split") or "").strip().lower())
    try:
        start, end = (round(float(row[column] or "")) for column in ("time_start", "time_end"))
    except ValueError:
        return Skipped(where, "time_start or time_end is no number of seconds")
    if not row["youtube_id"] or split is None:
        return Skipped(where, f"youtube_id is empty, or split is none of {', '.join(SPLITS)}")
    name = f"{row['youtube_id']}_{start:06d}_{end:06d}.mp4"
    if not row.get("label"):
        return Skipped(name, "it has no label, as is usual in the test table", broken=split != "test")
    path = finder.find(name)
    if path is None:
        return Skipped(name, f"it was not downloaded: there is no such video below {finder.root}", broken=False)
    return clip_entry(path, finder.root, str(row["label"]), group=row["youtube_id"], split=split)


def _apart(clips: Sequence[ClipEntry]) -> Iterator[ClipEntry | Skipped]:
    """Of a video with parts in several splits, those in the split that is furthest from training."""
    splits: dict[str, int] = {}
    for clip in clips:
        splits[clip.group] = max(SPLITS.index(clip.split), splits.get(clip.group, 0))
    for clip in clips:
        if SPLITS.index(clip.split) == splits[clip.group]:
            yield clip
        else:
            yield Skipped(clip.name, "another part of its video is tested or validated on", broken=False)


def _tables(path: Path) -> list[Path]:
    found = [path] if path.suffix.lower() == ".csv" and path.is_file() else beside(path, "*.csv")
    return [file for file in found if _is_table(file)]


def _is_table(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            header = file.readline(1000).decode("utf-8-sig", errors="replace")
    except OSError:
        return False
    columns = {name.strip().strip('"') for name in header.split(",")}
    return columns >= _COLUMNS and "path" not in columns  # or else it is a manifest that keeps them


LAYOUT = Layout(
    "kinetics", "tables with youtube_id, time_start and time_end", lambda path: bool(_tables(path)), _read
)
