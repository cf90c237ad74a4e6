"""Label Studio's JSON, in the form that its documentation gives."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.data.trees import left_out, tree
from tests.video.drawing import number_of, numbered, write_video
from vidclf.data.layouts import Imported, import_clips
from vidclf.errors import ManifestError
from vidclf.video import read_clip


def choice(*labels: str, control: str = "gesture") -> dict[str, Any]:
    return {
        "id": "a1",
        "from_name": control,
        "to_name": "video",
        "type": "choices",
        "origin": "manual",
        "value": {"choices": list(labels)},
    }


def span(label: str, start: int | None, end: int | None, control: str = "parts") -> dict[str, Any]:
    value = {"ranges": [{"start": start, "end": end}], "timelinelabels": [label]}
    return {"id": "b2", "from_name": control, "to_name": "video", "type": "timelinelabels", "value": value}


def task(video: str, *results: dict[str, Any], **data: Any) -> dict[str, Any]:
    annotation = {"id": 7, "completed_by": 1, "result": list(results), "was_cancelled": False, "ground_truth": False}
    annotation["updated_at"] = "2024-05-01T10:00:00.000000Z"
    return {"id": 1, "annotations": [annotation], "predictions": [], "data": {"video": video, **data}, "project": 1}


def imported(folder: Path, tasks: list[dict[str, Any]], **options: Any) -> Imported:
    (folder / "project-1.json").write_text(json.dumps(tasks))
    return import_clips(folder / "project-1.json", **options)


def film(folder: Path, name: str, ticks: int = 25, step: int = 1) -> Path:
    pictures = [numbered(k) for k in range(60)]
    return write_video(folder / name, pictures, ticks=[k * step for k in range(60)], ticks_per_second=ticks)


def shown(found: Imported) -> list[list[int | None]]:
    entries = found.manifest.entries
    clips = [read_clip(e.path, start_seconds=e.start_seconds, end_seconds=e.end_seconds) for e in entries]
    return [[number_of(image) for image in clip.frames] for clip in clips]


def test_choices_are_classes_of_whole_videos(tmp_path: Path) -> None:
    tree(tmp_path, {"3d3ad63e-day1.mp4": "", "sub/day 2.mp4": "", "day3.webm": "", "0a1b2c3d.mp4": ""})
    found = imported(
        tmp_path,
        [
            task("/data/upload/1/3d3ad63e-day1.mp4", choice("wave")),
            task("/data/local-files/?d=videos/sub/day%202.mp4", choice("nod")),
            task("s3://bucket/folder/day3.webm", choice("wave")),
            task("https://example.com/deadbeef-0a1b2c3d.mp4", choice("none")),
        ],
    )
    assert found.layout == "label-studio"
    assert [(e.name, e.label, e.start_seconds, e.end_seconds) for e in found.manifest.entries] == [
        ("3d3ad63e-day1.mp4", "wave", None, None),
        ("sub/day 2.mp4", "nod", None, None),
        ("day3.webm", "wave", None, None),
        ("0a1b2c3d.mp4", "none", None, None),
    ]


@pytest.mark.parametrize(
    ("ticks", "step", "fps"),
    [(25, 1, 25), (30_000, 1001, 29.97), (24_000, 1001, 23.976), (15, 1, 15.0)],
)
def test_ranges_count_from_one_and_hold_their_last_frame(tmp_path: Path, ticks: int, step: int, fps: float) -> None:
    film(tmp_path, "a.mp4", ticks, step)
    tasks = [task("a.mp4", span("wave", 11, 20), span("nod", 21, 21), span("nod", 50, 60))]
    assert shown(imported(tmp_path, tasks, fps=fps)) == [list(range(10, 20)), [20], list(range(49, 60))]


def test_the_rate_that_tasks_carry_is_used(tmp_path: Path) -> None:
    film(tmp_path, "a.mp4")
    assert shown(imported(tmp_path, [task("a.mp4", span("wave", 11, 20), fps=25)])) == [list(range(10, 20))]


def test_the_default_rate_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    film(tmp_path, "a.mp4")
    caplog.set_level("INFO", logger="vidclf")
    found = imported(tmp_path, [task("a.mp4", span("wave", 25, 48))])
    # The second second of the video, whose frames come 25 a second.
    assert shown(found) == [list(range(25, 50))]
    assert "count 24 frames a second" in caplog.text


def test_open_ranges_reach_to_the_ends(tmp_path: Path) -> None:
    film(tmp_path, "a.mp4")
    tasks = [task("a.mp4", span("wave", None, 3), span("nod", 58, None))]
    assert shown(imported(tmp_path, tasks, fps=25)) == [[0, 1, 2], [57, 58, 59]]


def test_ground_truth_counts_before_the_latest_and_what_was_cancelled_never(tmp_path: Path) -> None:
    tree(tmp_path, {"a.mp4": "", "b.mp4": ""})
    first, second = task("a.mp4", choice("wave")), task("b.mp4", choice("wave"))
    for each in (first, second):
        each["annotations"] += [
            {"result": [choice("nod")], "ground_truth": False, "updated_at": "2024-06-01T10:00:00Z"},
            {"result": [choice("none")], "was_cancelled": True, "updated_at": "2024-07-01T10:00:00Z"},
        ]
    second["annotations"][0]["ground_truth"] = True
    assert [entry.label for entry in imported(tmp_path, [first, second]).manifest.entries] == ["nod", "wave"]


def test_one_control_holds_the_class(tmp_path: Path) -> None:
    film(tmp_path, "a.mp4")
    tasks = [task("a.mp4", choice("wave"), choice("blurred", control="quality"), span("nod", 1, 5))]
    with pytest.raises(ManifestError, match=r"gesture, parts, quality.*--control"):
        imported(tmp_path, tasks)
    assert [e.label for e in imported(tmp_path, tasks, control="quality").manifest.entries] == ["blurred"]
    with pytest.raises(ManifestError, match="--control"):
        imported(tmp_path, tasks, control="gestures")


def test_what_cannot_be_used_is_told(tmp_path: Path) -> None:
    film(tmp_path, "a.mp4")
    tree(tmp_path, {"bad.mp4": "<html>", "two.mp4": "", "new.mp4": ""})
    found = imported(
        tmp_path,
        [
            task("a.mp4", span("wave", 1, 5), span("wave", 500, 505)),
            task("bad.mp4", span("wave", 1, 5)),
            task("gone.mp4", span("wave", 1, 5)),
            task("two.mp4", span("wave", 1, 5) | {"value": {"ranges": [], "timelinelabels": ["a", "b"]}}),
            task("new.mp4"),
        ],
        fps=25,
    )
    assert len(found.manifest.entries) == 1
    reasons = left_out(found)
    assert reasons["a.mp4 [19.96-20.2 s]"] == ("the video ends before", True)
    assert reasons["gone.mp4"] == (f"there is no such video below {tmp_path}", True)
    assert reasons["two.mp4"] == ("it has 2 classes at once where one is needed", True)
    assert reasons["new.mp4"] == ("nobody gave it a label", False)
    assert "it cannot be read" in reasons["bad.mp4"][0]


@pytest.mark.parametrize("text", ["{", "{}", '[{"id": 1, "video": "a.mp4", "gesture": "wave"}]', '[{"data": 3}]'])
def test_other_exports_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "min.json").write_text(text)
    with pytest.raises(ManifestError, match="Export the project as JSON"):
        import_clips(tmp_path / "min.json")
