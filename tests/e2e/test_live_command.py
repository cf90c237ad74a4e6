"""`vidclf live`."""

from __future__ import annotations

import json
from pathlib import Path

from tests.e2e.command_line import vidclf


def test_events_of_a_file_are_lines_of_json(tiny_run: Path, clip: Path) -> None:
    # A training of seconds is sure of nothing; whatever is likeliest counts here.
    done = vidclf(
        "live", tiny_run, "--source", clip, "--window", "1", "--json", "--background", "none", "--onset", "0.05",
        "--offset", "0.05",
    )  # fmt: skip
    assert done.code == 0, done.err
    events = [json.loads(line) for line in done.out.splitlines()]
    assert events
    for event in events:
        assert list(event) == ["label", "start_seconds", "end_seconds", "detected_seconds", "score"]
        assert event["label"] in ("swipe_left", "swipe_right")
        assert 0 <= event["start_seconds"] < event["end_seconds"] <= event["detected_seconds"] < 10
    assert "6 steps a second; not reported: none" in done.err


def test_a_model_for_whole_clips_is_told_about_windows(tiny_run: Path, clip: Path) -> None:
    done = vidclf("live", tiny_run, "--source", clip)
    assert done.code == 2
    assert "--window" in done.err
    assert "prep.sampling=rate" in done.err


def test_a_class_that_is_none_is_refused(tiny_run: Path, clip: Path) -> None:
    done = vidclf("live", tiny_run, "--source", clip, "--window", "1", "--background", "nobody")
    assert done.code == 2
    assert "nobody is no class" in done.err
