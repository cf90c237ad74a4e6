from __future__ import annotations

import shutil
import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.data.check.scenes import clean_rows, scene, write_clip, write_rows
from tests.data.check.test_survey import sound
from tests.video.drawing import write_video
from vidclf.config import PrepConfig
from vidclf.data.check.checking import Report, check
from vidclf.data.check.evidence import Evidence
from vidclf.data.check.findings import Finding
from vidclf.data.check.survey import survey_file
from vidclf.data.check.too_short import find_too_short
from vidclf.data.manifest import ClipEntry
from vidclf.errors import ManifestError
from vidclf.video import resize_frames


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict[str, object]]]:
    """A folder of good clips, and their rows; copied before anything is added."""
    folder = tmp_path_factory.mktemp("clean")
    return folder, clean_rows(folder)


def wrong_count(path: Path) -> None:
    """An AVI file whose header says 600 frames."""
    write_video(path, scene(200, 30), codec="mpeg4")
    content = bytearray(path.read_bytes())
    length = content.index(b"strh") + 8 + 32
    content[length : length + 4] = struct.pack("<I", 600)
    path.write_bytes(content)


def found(findings: Sequence[Finding]) -> set[tuple[str, tuple[str, ...]]]:
    return {(finding.kind, finding.paths) for finding in findings}


def test_nothing_is_found_in_a_clean_set(clean: tuple[Path, list[dict[str, object]]]) -> None:
    folder, rows = clean
    report = check(write_rows(folder / "manifest.csv", rows))
    assert report.findings == ()
    assert report.classes == {"nod": 12, "wave": 12}
    assert report.num_files == 24
    assert report.to_json()["ok"] is True
    names = {guess.name for guess in report.guessed}
    assert "measured seconds" in names
    assert "measured width" not in names  # all are alike


@pytest.fixture(scope="module")
def planted(
    clean: tuple[Path, list[dict[str, object]]], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Report]:
    """A set with one of each, and what is found in it."""
    folder = tmp_path_factory.mktemp("planted") / "set"
    shutil.copytree(clean[0], folder)
    rows = [dict(row) for row in clean[1]]
    rng = np.random.default_rng(0)
    for row in rows:
        row["lamp"] = round((row["label"] == "wave") + rng.uniform(0, 0.9), 3)
        row["dust"] = round(rng.uniform(0, 1), 3)

    def add(name: str, *, group: str = "g0", label: str = "nod", split: str = "train") -> Path:
        rows.append({"path": name, "label": label, "group": group, "split": split})
        return folder / name

    (add("empty.mp4")).touch()
    add("gone.mp4")
    sound(add("sound.mp4"))
    write_clip(folder / "whole.mp4", scene(201, 30))
    add("no_index.mp4").write_bytes((folder / "whole.mp4").read_bytes()[:-1500])
    write_clip(add("short.mp4"), scene(202, 9))
    wrong_count(add("count.avi"))
    write_video(add("rate.mkv"), scene(203, 20), ticks=range(0, 40, 2))
    write_clip(add("dropped.mp4"), scene(204, 20), pts_seconds=[0.04 * (n + n // 4) for n in range(20)])
    shutil.copy(folder / "g1_wave_0.mp4", add("same.mp4", label="wave", group="g1"))
    copied = resize_frames(scene(115, 24 + 115 % 5, room=3), (32, 44))
    assert rows[15]["path"] == "g3_wave_1.mp4"
    write_clip(add("copy.mp4", label="wave", group="g5", split="test"), copied, crf=30)
    recording = scene(205, 60)
    write_clip(add("early.mp4", group="g1"), recording[:40])
    write_clip(add("late.mp4", group="g2"), recording[24:])
    write_clip(add("torn.mp4", group="g4"), scene(206, 24))  # g4 is tested on
    write_clip(add("rare.mp4", label="rare", group="g2"), scene(207, 24))
    return folder, check(write_rows(folder / "manifest.csv", rows))


def test_each_planted_fault_is_found_and_nothing_else(planted: tuple[Path, Report]) -> None:
    _, report = planted
    assert found(report.faults) == {
        ("unreadable", ("empty.mp4",)),
        ("missing", ("gone.mp4",)),
        ("no_video_stream", ("sound.mp4",)),
        ("truncated", ("no_index.mp4",)),
        ("too_short", ("short.mp4",)),
        ("frame_count", ("count.avi",)),
        ("frame_rate", ("rate.mkv",)),
        ("frame_rate", ("dropped.mp4",)),
        ("duplicate", ("g1_wave_0.mp4", "same.mp4")),
        ("reencoded", ("g3_wave_1.mp4", "copy.mp4")),
        ("overlap", ("early.mp4", "late.mp4")),
        ("split_leak", ("g3_wave_1.mp4", "copy.mp4")),
        ("split_leak", ("g4_nod_0.mp4", "torn.mp4")),
        ("giveaway", ()),
    }
    assert {finding.kind for finding in report.notes} == {"class_balance"}
    balance = " ".join(finding.sentence for finding in report.notes)
    for words in (
        "class rare has 1 of the 38 clips",
        "class rare comes from one group only",
        "class rare has no clip in split test",
    ):
        assert words in balance


def test_a_finding_says_what_was_found(planted: tuple[Path, Report]) -> None:
    _, report = planted
    said = {finding.kind: finding.sentence for finding in report.faults}
    assert "9 frames" in said["too_short"]
    assert "16 steps" in said["too_short"]
    assert "declares 600 frames and gives 30" in said["frame_count"]
    assert "share 0.64 seconds, and are of different groups" in said["overlap"]
    assert "lamp alone predicts" in said["giveaway"]
    rates = " ".join(finding.sentence for finding in report.faults if finding.kind == "frame_rate")
    assert "it says 25 frames a second" in rates
    assert "most of its frames come at 25 a second" in rates


def test_the_json_has_all_of_it_under_stable_keys(planted: tuple[Path, Report]) -> None:
    folder, report = planted
    told = report.to_json()
    assert list(told) == ["manifest", "clips", "files", "ok", "faults", "notes", "classes", "properties"]
    assert told["manifest"] == str(folder / "manifest.csv")
    assert (told["clips"], told["ok"]) == (38, False)
    assert told["faults"].keys() == told["notes"].keys()
    (overlap,) = told["faults"]["overlap"]
    assert overlap["paths"] == ("early.mp4", "late.mp4")
    assert overlap["seconds"] == pytest.approx(0.64)
    properties = {guess["name"]: guess for guess in told["properties"]}
    assert properties["lamp"]["gives_away"]
    assert properties["lamp"]["accuracy"] > properties["lamp"]["threshold"] > properties["lamp"]["chance"]
    assert not properties["dust"]["gives_away"]


def test_parts_of_one_file_are_compared_by_their_times(tmp_path: Path) -> None:
    write_clip(tmp_path / "long.mp4", scene(1, 100))
    parts = [(0, 1), (0.48, 2), (2, 3), (2, 3), (9, 10)]
    rows = [{"path": "long.mp4", "label": "nod", "start_seconds": start, "end_seconds": end} for start, end in parts]
    rows[1]["label"] = "wave"
    report = check(write_rows(tmp_path / "m.csv", rows), workers=1)
    said = [(finding.kind, finding.fault, finding.sentence) for finding in report.findings]
    assert [kind for kind, *_ in said] == ["unreadable", "duplicate", "overlap", "class_balance"]
    assert "long.mp4 [9-10 s]: no frame lies there" in said[0][2]
    assert "long.mp4 [2-3 s] and long.mp4 [2-3 s] are the same content" in said[1][2]
    assert said[2][1:] == (
        True,
        "long.mp4 [0-1 s] and long.mp4 [0.48-2 s] share 0.52 seconds, with different labels (nod, wave).",
    )


def test_an_overlap_within_a_group_is_a_note(tmp_path: Path) -> None:
    recording = scene(1, 60)
    write_clip(tmp_path / "a.mp4", recording[:40])
    write_clip(tmp_path / "b.mp4", recording[20:])
    rows = [{"path": name, "label": "nod", "group": "one"} for name in ("a.mp4", "b.mp4")]
    report = check(write_rows(tmp_path / "m.csv", rows))
    assert report.faults == ()
    assert found(report.notes) == {("overlap", ("a.mp4", "b.mp4"))}
    assert "both of group one" in report.notes[0].sentence


def test_leaks_between_folds_are_found(tmp_path: Path) -> None:
    for name in ("a.mp4", "b.mp4", "c.mp4"):
        write_clip(tmp_path / name, scene(ord(name[0]), 20))
    shutil.copy(tmp_path / "a.mp4", tmp_path / "d.mp4")
    groups = {"a.mp4": "x", "b.mp4": "y", "c.mp4": "y", "d.mp4": "z"}
    rows = [{"path": name, "label": "nod", "group": group} for name, group in groups.items()]
    manifest = write_rows(tmp_path / "m.csv", rows)
    report = check(manifest, folds={"a.mp4": 0, "b.mp4": 0, "c.mp4": 1, "d.mp4": 1})
    assert found(report.faults) == {
        ("duplicate", ("a.mp4", "d.mp4")),
        ("split_leak", ("a.mp4", "d.mp4")),
        ("split_leak", ("b.mp4", "c.mp4")),
    }
    with pytest.raises(ManifestError, match=r"3 of 4 clips have no fold \(first: b\.mp4\)"):
        check(manifest, folds={"a.mp4": 0})


@pytest.mark.parametrize(
    ("prep", "short"),
    [
        (PrepConfig(frames=20), False),
        (PrepConfig(frames=21), True),
        (PrepConfig(sampling="center", frames=8, fps=10), False),
        (PrepConfig(sampling="center", frames=12, fps=10), True),
        (PrepConfig(sampling="rate", frames=None, fps=10), False),
    ],
)
def test_the_sampling_says_what_is_too_short(tmp_path: Path, prep: PrepConfig, short: bool) -> None:
    path = tmp_path / "a.mp4"
    write_clip(path, scene(1, 20))  # 0.8 seconds
    evidence = Evidence((ClipEntry("a.mp4", path, "nod"),), {path: survey_file(path)}, (), {}, prep, tmp_path)
    assert [finding.kind for finding in find_too_short(evidence)] == ["too_short"] * short
