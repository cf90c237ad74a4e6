"""CVAT for video 1.1: an XML file of tracks, each a labelled box, polygon or other shape over frames.

    <annotations><version>1.1</version>
      <meta><task> ... <source>day1.mp4</source></task></meta>
      <track id="0" label="wave" source="manual">
        <box frame="12" outside="0" occluded="0" keyframe="1" xtl="..." .../> ...
        <box frame="40" outside="1" .../>
      </track>

Each stretch of a track that is not `outside` is a part of the video. Frames are numbered from 0 in the video's own
order, whatever the task's first frame and step, so they become seconds by the times that the video's frames have.
Exports of tasks, jobs and projects are read, also as the folder that was downloaded, with `annotations.xml` in it.

Source: the XML annotation format in CVAT's documentation.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from vidclf.data.layouts.finder import ClipFinder
from vidclf.data.layouts.frames import seconds_of
from vidclf.data.layouts.layout import Layout, Request, Skipped, clip_entry
from vidclf.data.manifest import ClipEntry
from vidclf.errors import DecodeError, ManifestError
from vidclf.types import Float64Array
from vidclf.video import open_source
from vidclf.video.times import ascending


@dataclass(frozen=True)
class _Stretch:
    """Frames `first` to `last`, from 0, over which an object is in the picture."""

    label: str
    first: int
    last: int


def _read(request: Request) -> Iterator[ClipEntry | Skipped]:
    path = _annotations(request.path)
    by_video: dict[str, list[_Stretch]] = defaultdict(list)
    try:
        for video, stretch in _tracks(path):
            by_video[video].append(stretch)
    except OSError as error:
        raise ManifestError(f"{path}: it cannot be read ({error.strerror}).") from None
    except (ET.ParseError, KeyError, ValueError) as error:
        raise ManifestError(f"{path}: it is no file of CVAT for video 1.1 ({error}).") from None
    if not by_video:
        raise ManifestError(f"{path}: it holds no tracks. Export the annotations as 'CVAT for video 1.1'.")
    finder = ClipFinder(request.root)
    for video, stretches in by_video.items():
        yield from _parts(finder, video, stretches)


def _parts(finder: ClipFinder, video: str, stretches: list[_Stretch]) -> Iterator[ClipEntry | Skipped]:
    path = finder.find(video)
    if path is None:
        yield Skipped(video, f"there is no such video below {finder.root}, whose frames would tell the times")
        return
    try:
        times = _frame_times(path)
    except DecodeError as error:
        yield Skipped(video, f"it cannot be read: {error.found}")
        return
    for stretch in sorted(stretches, key=lambda stretch: stretch.first):
        if stretch.last >= len(times):
            title = f"{video}, frames {stretch.first} to {stretch.last}"
            yield Skipped(title, f"the video has {len(times)} frames only")
        else:
            start, end = seconds_of(times, stretch.first, stretch.last + 1)
            whole = clip_entry(path, finder.root, stretch.label)
            yield replace(whole, start_seconds=start, end_seconds=end)


def _frame_times(path: Path) -> Float64Array:
    """Times of all frames as `read_clip` counts them. Decodes them all, since a packet need not be a frame."""
    with open_source(path) as source:
        return ascending(source.pts_seconds(), source.nominal_interval)


def _tracks(path: Path) -> Iterator[tuple[str, _Stretch]]:
    """The stretches of all tracks, each after the name of its video."""
    sources: dict[str | None, str] = {}
    for _, element in ET.iterparse(path):
        if element.tag == "meta":
            sources = _sources(element)
        elif element.tag == "track":
            video = sources[element.get("task_id")]
            yield from ((video, stretch) for stretch in _stretches(element))
            element.clear()  # long videos have millions of boxes


def _sources(meta: ET.Element) -> dict[str | None, str]:
    """Names of the videos, by task; that of the only or first one under None."""
    videos = {
        work.findtext("id"): work.findtext("source") or work.findtext("name") or ""
        for work in meta.iter()
        if work.tag in ("task", "job")
    }
    return {**videos, None: meta.findtext("source") or next(iter(videos.values()), "")}


def _stretches(track: ET.Element) -> Iterator[_Stretch]:
    label = track.attrib["label"]
    inside: list[int] = []
    for shape in sorted(track, key=lambda shape: int(shape.attrib["frame"])):
        if shape.get("outside") != "1":
            inside.append(int(shape.attrib["frame"]))
        elif inside:
            yield _Stretch(label, inside[0], inside[-1])
            inside = []
    if inside:
        yield _Stretch(label, inside[0], inside[-1])


def _annotations(path: Path) -> Path:
    return path / "annotations.xml" if path.is_dir() else path


def _detect(path: Path) -> bool:
    return _annotations(path).is_file() and _annotations(path).suffix.lower() == ".xml"


LAYOUT = Layout("cvat", "an .xml file, or annotations.xml in a folder", _detect, _read)
