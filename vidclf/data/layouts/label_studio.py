"""Label Studio's JSON: videos with a class by `Choices`, and parts of videos by `TimelineLabels`.

    [{"id": 1, "data": {"video": "/data/upload/1/3d3ad63e-day1.mp4"},
      "annotations": [{"result": [
        {"from_name": "gesture", "to_name": "video", "type": "choices", "value": {"choices": ["wave"]}},
        {"from_name": "parts", "to_name": "video", "type": "timelinelabels",
         "value": {"ranges": [{"start": 3, "end": 5}], "timelinelabels": ["wave"]}}]}]}]

Frames count from 1, and the last one belongs to the range. A frame's number is its time multiplied by the
`frameRate` of the labelling interface's `Video` tag, whatever the video's own rate is. The export does not carry that
rate, unless the tasks' data do as `fps`; the tag's default is 24.

Of several annotations of a video, the one marked as ground truth is taken, else the latest.

Source: Label Studio's documentation of its JSON and of the tags Video, Choices and TimelineLabels.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from urllib.parse import parse_qs, unquote, urlsplit

from pydantic import BaseModel, TypeAdapter, ValidationError

from vidclf.data.layouts.finder import ClipFinder
from vidclf.data.layouts.folders import VIDEOS
from vidclf.data.layouts.frames import frames_within, seconds_of
from vidclf.data.layouts.layout import Layout, Request, Skipped, clip_entry
from vidclf.data.layouts.lists import text_of
from vidclf.data.manifest import ClipEntry
from vidclf.errors import DecodeError, ManifestError
from vidclf.types import Float64Array
from vidclf.video import open_source
from vidclf.video.times import ascending

logger = logging.getLogger(__name__)

_DEFAULT_FPS = 24.0
_CONTROLS = ("choices", "timelinelabels")
# Label Studio puts eight digits before the name of an uploaded file.
_UPLOADED = re.compile(r"^[0-9a-f]{8}-")


class _Range(BaseModel):
    start: float | None = None
    end: float | None = None


class _Value(BaseModel):
    choices: list[str] = []
    timelinelabels: list[str] = []
    ranges: list[_Range] = []


class _Result(BaseModel):
    type: str
    from_name: str = ""
    value: _Value = _Value()


class _Annotation(BaseModel):
    result: list[_Result]
    was_cancelled: bool = False
    ground_truth: bool = False
    updated_at: str = ""


class _Task(BaseModel):
    data: dict[str, object]
    annotations: list[_Annotation]

    @property
    def video(self) -> str:
        """What the task shows, as a path: of `data.video`, else of the first value that names a video."""
        values = (self.data.get("video"), *self.data.values())
        paths = (_path(value) for value in values if isinstance(value, str))
        return next((path for path in paths if PurePosixPath(path).suffix.lower() in VIDEOS), "")

    @property
    def fps(self) -> float | None:
        fps = self.data.get("fps")
        return float(fps) if isinstance(fps, int | float) and fps > 0 else None

    @property
    def results(self) -> list[_Result]:
        """What counts of what was said."""
        valid = [annotation for annotation in self.annotations if not annotation.was_cancelled]
        best = max(valid, key=lambda annotation: (annotation.ground_truth, annotation.updated_at), default=None)
        return [result for result in best.result if result.type in _CONTROLS] if best else []


def _read(request: Request) -> Iterator[ClipEntry | Skipped]:
    try:
        tasks = TypeAdapter(list[_Task]).validate_json(text_of(request.path))
    except ValidationError:
        raise ManifestError(
            f"{request.path}: it is no export of Label Studio that can be read. Export the project as JSON "
            "(neither JSON-MIN nor CSV)."
        ) from None
    control = _control(request, tasks)
    if request.fps is None and any(task.fps is None and _has_ranges(task) for task in tasks):
        logger.info(
            "%s: frame numbers are taken to count %g frames a second, Label Studio's default; where the labelling "
            "interface says another frameRate, name it with --fps.",
            request.path,
            _DEFAULT_FPS,
        )
    finder = ClipFinder(request.root)
    for task in tasks:
        results = [result for result in task.results if result.from_name == control]
        path = finder.find(task.video) or finder.find(_UPLOADED.sub("", PurePosixPath(task.video).name))
        if not results:
            yield Skipped(task.video, "nobody gave it a label", broken=False)
        elif path is None:
            yield Skipped(task.video, f"there is no such video below {finder.root}")
        else:
            whole = clip_entry(path, finder.root, "")
            yield from _parts(whole, results, request.fps or task.fps or _DEFAULT_FPS)


def _control(request: Request, tasks: Sequence[_Task]) -> str:
    names = sorted({result.from_name for task in tasks for result in task.results})
    if request.control in names or (request.control is None and len(names) < 2):
        return request.control or "".join(names)
    raise ManifestError(
        f"{request.path}: its labels come from the controls {', '.join(names) or '(none)'}; name the one that holds "
        "the class with --control."
    )


def _has_ranges(task: _Task) -> bool:
    return any(result.value.ranges for result in task.results)


def _parts(whole: ClipEntry, results: Sequence[_Result], fps: float) -> Iterator[ClipEntry | Skipped]:
    """The whole video for a choice, parts of it for ranges."""
    times: Float64Array | None = None
    for result in results:
        labels = result.value.choices or result.value.timelinelabels
        if len(labels) != 1:
            yield Skipped(whole.name, f"it has {len(labels)} classes at once where one is needed")
            continue
        named = replace(whole, label=labels[0])
        if result.type == "choices":
            yield named
            continue
        try:
            times = _frame_times(whole.path) if times is None else times
        except DecodeError as error:
            yield Skipped(whole.name, f"it cannot be read: {error.found}")
            return
        yield from (_part(named, span, times, fps) for span in result.value.ranges)


def _part(named: ClipEntry, span: _Range, times: Float64Array, fps: float) -> ClipEntry | Skipped:
    start_seconds = times[0] if span.start is None else (span.start - 1) / fps
    end_seconds = times[-1] + 1 / fps if span.end is None else span.end / fps
    frames = frames_within(times, start_seconds, end_seconds)
    if frames is None:
        return Skipped(f"{named.name} [{start_seconds:g}-{end_seconds:g} s]", "the video ends before")
    start_seconds, end_seconds = seconds_of(times, *frames)
    return replace(named, start_seconds=start_seconds, end_seconds=end_seconds)


def _frame_times(path: Path) -> Float64Array:
    """Times of the frames, where possible without decoding: they only serve to round to."""
    with open_source(path) as source:
        planned = source.planned_pts_seconds()
        if planned is None or len(planned) == 0:
            planned = source.pts_seconds()
        return ascending(planned, source.nominal_interval)


def _path(address: str) -> str:
    """The path within an address: uploaded, of local storage (`/data/local-files/?d=day1.mp4`), or elsewhere."""
    parts = urlsplit(address.replace("\\", "/"))
    return parse_qs(parts.query).get("d", [unquote(parts.path)])[0]


def _detect(path: Path) -> bool:
    return path.suffix.lower() == ".json" and path.is_file()


LAYOUT = Layout("label-studio", "a .json file", _detect, _read)
