"""`vidclf live`, `tune-live`, `synth stream` and `evaluate --stream`."""

from __future__ import annotations

import csv
import json
import shutil
from itertools import pairwise
from pathlib import Path

import pytest

from tests.e2e.command_line import vidclf
from vidclf.video import read_clip

# A training of seconds is sure of nothing; whatever is likeliest counts here.
UNSURE = ("--onset", "0.05", "--offset", "0.05")


@pytest.fixture(scope="module")
def recording(gestures: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A video of the clips with rest between them, and the table of its events."""
    folder = tmp_path_factory.mktemp("stream")
    video, events = folder / "stream.mp4", folder / "events.csv"
    done = vidclf("synth", "stream", "--from", gestures, "--out", video, "--events", events)
    assert done.code == 0, done.err
    return video, events


def test_a_stream_holds_the_clips_and_rest_between_them(recording: tuple[Path, Path]) -> None:
    video, events = recording
    with events.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert sorted(row["label"] for row in rows) == ["swipe_left"] * 6 + ["swipe_right"] * 6
    times = [(float(row["start_seconds"]), float(row["end_seconds"])) for row in rows]
    assert times[0][0] > 0
    assert all(end < start for (_, end), (start, _) in pairwise(times))
    assert read_clip(video).pts_seconds[-1] > times[-1][1]


def test_events_of_a_file_are_lines_of_json(tiny_run: Path, clip: Path) -> None:
    done = vidclf(
        "live", tiny_run, "--source", clip, "--headless", "--window", "1", "--json", "--background", "none", *UNSURE
    )
    assert done.code == 0, done.err
    events = [json.loads(line) for line in done.out.splitlines()]
    assert events
    for event in events:
        assert list(event) == ["label", "start_seconds", "end_seconds", "detected_seconds", "score"]
        assert event["label"] in ("swipe_left", "swipe_right")
        assert 0 <= event["start_seconds"] < event["end_seconds"] <= event["detected_seconds"] < 10
    assert "6 steps a second; not reported: none" in done.err


def test_thresholds_are_tuned_kept_and_used(tiny_run: Path, recording: tuple[Path, Path], tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(tiny_run, run)
    video, events = recording
    tuned = vidclf("tune-live", run, video, events, "--window", "1")
    assert tuned.code == 0, tuned.err
    assert "on this very recording" in tuned.out
    scores = tmp_path / "scores.json"
    done = vidclf("evaluate", run, "--stream", video, "--events", events, "--json", scores)
    assert done.code == 0, done.err
    assert tuned.out.splitlines()[1:] == done.out.splitlines()  # the same thresholds, the same window
    figures = json.loads(scores.read_text())
    wanted = {
        "levenshtein_accuracy", "precision", "recall", "iou", "false_alarms_per_hour", "median_seconds_to_detect",
    }  # fmt: skip
    assert wanted <= set(figures)
    assert figures["num_events"] == 12
    assert vidclf("live", run, "--source", video, "--json").code == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["live"], "--window"),
        (["live", "--window", "1", "--background", "nobody"], "nobody is no class"),
        (["live", "--window", "1", "--onset", "0.2", "--offset", "0.5"], "offset <= onset"),
        (["live", "--window", "0"], "longer than 0"),
    ],
)
def test_what_cannot_be_is_told(tiny_run: Path, clip: Path, words: list[str], told: str) -> None:
    done = vidclf(words[0], tiny_run, "--source", clip, *words[1:])
    assert done.code == 2
    assert told in done.err


def test_events_that_the_model_does_not_know_are_named(tiny_run: Path, clip: Path, tmp_path: Path) -> None:
    table = tmp_path / "events.csv"
    for content, told in (
        ("label,start_seconds,end_seconds\njump,1,2\n", "jump"),
        ("label,start_seconds,end_seconds\nnone,2,1\n", "line 2"),
        ("label,when\nnone,2\n", "start_seconds"),
    ):
        table.write_text(content)
        done = vidclf("evaluate", tiny_run, "--stream", clip, "--events", table, "--window", "1")
        assert done.code == 2
        assert told in done.err
    done = vidclf("evaluate", tiny_run, "--stream", clip)
    assert done.code == 2
    assert "--events" in done.err
