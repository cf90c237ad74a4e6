"""CVAT for video 1.1, in the form that its documentation gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.data.trees import left_out, tree
from tests.video.drawing import number_of, numbered, write_video
from vidclf.data.layouts import import_clips
from vidclf.errors import ManifestError
from vidclf.video import read_clip


def box(frame: int, *, outside: bool = False) -> str:
    return (
        f'<box frame="{frame}" keyframe="1" outside="{int(outside)}" occluded="0" xtl="1.00" ytl="2.00" xbr="30.00" '
        'ybr="40.00" z_order="0"><attribute name="hand">left</attribute></box>'
    )


def track(label: str, first: int, last: int, *, extra: str = "", more: str = "") -> str:
    boxes = "".join(box(frame) for frame in range(first, last + 1)) + box(last + 1, outside=True)
    return f'<track id="0" label="{label}" source="manual"{extra}>{boxes}{more}</track>'


def task(source: str, number: int = 1) -> str:
    return (
        f"<task><id>{number}</id><name>my task</name><size>60</size><mode>interpolation</mode>"
        "<labels><label><name>wave</name><color>#fff</color><type>rectangle</type></label></labels>"
        f"<start_frame>0</start_frame><stop_frame>59</stop_frame><source>{source}</source></task>"
    )


def export(meta: str, *tracks: str) -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?><annotations><version>1.1</version>'
        f"<meta>{meta}<dumped>2024-01-01</dumped></meta>{''.join(tracks)}</annotations>"
    )


def film(folder: Path, name: str, **timing: Any) -> Path:
    (folder / name).parent.mkdir(exist_ok=True)
    return write_video(folder / name, [numbered(k) for k in range(60)], **timing)


def shown(path: Path, start_seconds: float | None, end_seconds: float | None) -> list[int | None]:
    clip = read_clip(path, start_seconds=start_seconds, end_seconds=end_seconds)
    return [number_of(image) for image in clip.frames]


def test_tracks_become_the_very_frames_that_were_annotated(tmp_path: Path) -> None:
    ticks = np.cumsum(np.random.default_rng(0).integers(200, 3000, 60)).tolist()  # a phone's variable frame rate
    video = film(tmp_path, "videos/day 1.mp4", ticks=ticks, ticks_per_second=30_000)
    tree(
        tmp_path,
        {"a.xml": export(task("day 1.mp4"), track("wave", 12, 40), track("nod", 0, 0), track("nod", 50, 59))},
    )
    found = import_clips(tmp_path / "a.xml")
    assert found.layout == "cvat"
    assert found.skipped == ()
    entries = found.manifest.entries
    assert [(entry.name, entry.label) for entry in entries] == [
        ("videos/day 1.mp4", "nod"),
        ("videos/day 1.mp4", "wave"),
        ("videos/day 1.mp4", "nod"),
    ]
    frames = [shown(video, entry.start_seconds, entry.end_seconds) for entry in entries]
    assert frames == [[0], list(range(12, 41)), list(range(50, 60))]


def test_a_track_that_leaves_and_comes_back_is_two_parts(tmp_path: Path) -> None:
    video = film(tmp_path, "a.mp4")
    again = "".join(box(frame) for frame in (30, 31)) + box(32, outside=True)
    tree(tmp_path, {"annotations.xml": export(task("a.mp4"), track("wave", 5, 9, more=again))})
    entries = import_clips(tmp_path).manifest.entries  # the folder as it was downloaded
    assert [shown(video, e.start_seconds, e.end_seconds) for e in entries] == [[5, 6, 7, 8, 9], [30, 31]]


def test_other_shapes_and_older_places_of_the_name_are_read(tmp_path: Path) -> None:
    film(tmp_path, "a.mp4")
    points = '<points frame="3" outside="0" occluded="0" keyframe="1" points="1.0,2.0" z_order="0"/>'
    skeleton = '<skeleton frame="4" keyframe="1" z_order="0"><points label="1" points="1,2" outside="0"/></skeleton>'
    meta = "<task><id>1</id><name>my task</name></task><source>a.mp4</source>"
    tree(tmp_path, {"a.xml": export(meta, f'<track id="0" label="wave">{points}{skeleton}</track>')})
    (entry,) = import_clips(tmp_path / "a.xml").manifest.entries
    assert (entry.start_seconds, entry.end_seconds) == (3 / 25, 5 / 25)


def test_tracks_of_a_project_belong_to_their_tasks(tmp_path: Path) -> None:
    film(tmp_path, "a.mp4")
    film(tmp_path, "b.mp4")
    meta = f"<project><id>9</id><tasks>{task('a.mp4', 1)}{task('b.mp4', 2)}</tasks></project>"
    tracks = track("wave", 1, 2, extra=' task_id="2"'), track("nod", 1, 2, extra=' task_id="1"')
    tree(tmp_path, {"a.xml": export(meta, *tracks)})
    entries = import_clips(tmp_path / "a.xml").manifest.entries
    assert {entry.name: entry.label for entry in entries} == {"a.mp4": "nod", "b.mp4": "wave"}


def test_what_cannot_be_told_in_seconds_is_left_out(tmp_path: Path) -> None:
    film(tmp_path, "a.mp4")
    tree(tmp_path, {"bad.mp4": "<html>not found</html>"})
    meta = f"<project><tasks>{task('a.mp4', 1)}{task('bad.mp4', 2)}{task('gone.mp4', 3)}</tasks></project>"
    tracks = [track("wave", 1, 2, extra=f' task_id="{number}"') for number in (1, 2, 3)]
    tracks.append(track("nod", 55, 60, extra=' task_id="1"'))
    tree(tmp_path, {"a.xml": export(meta, *tracks)})
    found = import_clips(tmp_path / "a.xml")
    assert [entry.name for entry in found.manifest.entries] == ["a.mp4"]
    reasons = left_out(found)
    assert reasons["a.mp4, frames 55 to 60"] == ("the video has 60 frames only", True)
    assert "there is no such video" in reasons["gone.mp4"][0]
    assert "it cannot be read" in reasons["bad.mp4"][0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("no xml", "no file of CVAT"),
        ("<annotations><track/></annotations>", "no file of CVAT"),
        ('<annotations><track label="a"><box frame="x"/></track></annotations>', "no file of CVAT"),
        ('<annotations><image id="0" name="1.jpg"/></annotations>', "holds no tracks"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, text: str, words: str) -> None:
    tree(tmp_path, {"a.xml": text})
    with pytest.raises(ManifestError, match=words):
        import_clips(tmp_path / "a.xml")
