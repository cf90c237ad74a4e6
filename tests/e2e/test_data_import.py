"""`vidclf data import` and `vidclf data cut`."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.data.test_layouts_cvat import export, film, task, track
from tests.data.test_layouts_published import HMDB51, JESTER, UCF101
from tests.data.trees import tree
from tests.e2e.command_line import vidclf


def test_a_published_data_set_becomes_a_manifest(tmp_path: Path) -> None:
    tree(tmp_path / "ucf", UCF101)
    done = vidclf("data", "import", "ucf", "--out", "lists/ucf.csv", cwd=tmp_path)
    assert done.code == 0, done.err
    assert "read as ucf101: 5 clips" in done.out
    assert re.search(r"class +train +test", done.out)
    assert re.search(r"ApplyEyeMakeup +2 +1", done.out)
    assert "manifest: lists/ucf.csv" in done.out
    assert (tmp_path / "lists/ucf.csv").read_text().splitlines()[:2] == [
        "path,label,group,split",
        "../ucf/UCF-101/ApplyEyeMakeup/v_ApplyEyeMakeup_g08_c01.avi,ApplyEyeMakeup,ApplyEyeMakeup_g08,train",
    ]
    shown = vidclf("data", "show", "lists/ucf.csv", "data.split={val: 0, test: 0}", cwd=tmp_path)
    assert shown.code == 0, shown.err


@pytest.mark.parametrize(("files", "layout", "code"), [(HMDB51, "hmdb51", 1), (JESTER, "jester", 1)])
def test_what_is_wrong_is_said_and_exits_1(tmp_path: Path, files: dict[str, str], layout: str, code: int) -> None:
    tree(tmp_path, files)
    done = vidclf("data", "import", tmp_path, "--out", tmp_path / "m.csv", "--root", tmp_path)
    assert done.code == code
    assert f"read as {layout}" in done.out
    assert f"data.root={tmp_path}" in done.out
    assert "1 left out: there is no" in done.err
    assert (tmp_path / "m.csv").is_file()


def test_what_publishers_leave_out_is_said_and_no_failure(tmp_path: Path) -> None:
    tree(tmp_path, {name: text for name, text in JESTER.items() if "train" not in name})
    done = vidclf("data", "import", tmp_path, "--out", tmp_path / "m.csv")
    assert done.code == 0, done.err
    assert "1 left out: it has no label, as is usual in the test list (3)" in done.err


def test_classes_without_splits_are_counted(tmp_path: Path) -> None:
    tree(tmp_path / "d", {"wave/a.mp4": "", "wave/b.mp4": "", "none/c.mp4": ""})
    done = vidclf("data", "import", "d", "--out", "m.csv", cwd=tmp_path)
    assert done.code == 0, done.err
    assert re.search(r"class +no split *\n *none +1", done.out)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["import", "gone", "--out", "m.csv"], "there is no manifest or folder at gone"),
        (["import", "d"], "--out"),
        (["import", "d", "--out", "m.csv", "--layout", "ufc101"], "did you mean 'ucf101'"),
        (["import", "d", "--out", "m.csv", "--official-split", "4"], "official-split"),
        (["import", "d", "--out", "m.csv", "--layout", "cvat"], "it is no cvat"),
        (["cut", "gone.csv", "--out", "c"], "gone.csv"),
        (["cut", "d", "--out", "d"], "not empty"),
        (["cut", "d", "--out", "c", "--on-truncated", "maybe"], "maybe"),
    ],
)
def test_wrong_words_are_said(tmp_path: Path, words: list[str], said: str) -> None:
    tree(tmp_path / "d", {"wave/a.mp4": ""})
    done = vidclf("data", *words, cwd=tmp_path)
    assert done.code == 2
    assert done.err.startswith("error: ")
    assert said in done.err
    assert not (tmp_path / "m.csv").exists()
    assert not (tmp_path / "c").exists()


def test_annotations_are_cut_into_clips_that_train_can_use(tmp_path: Path) -> None:
    film(tmp_path, "day1.mp4")
    film(tmp_path, "day2.mp4")
    tasks = f"<project><tasks>{task('day1.mp4', 1)}{task('day2.mp4', 2)}{task('day3.mp4', 3)}</tasks></project>"
    tracks = [
        track(label, first, first + 9, extra=f' task_id="{number}"')
        for number in (1, 2)
        for label, first in (("wave", 0), ("nod", 10))
    ]
    tree(tmp_path, {"annotations.xml": export(tasks, *tracks)})
    done = vidclf("data", "cut", "annotations.xml", "--out", "clips", cwd=tmp_path)
    assert done.code == 0, done.err
    assert "4 clips: clips/manifest.csv" in done.out
    assert (tmp_path / "clips/manifest.csv").read_text() == (
        "path,label,group\n"
        "day1_0.000-0.400.mp4,wave,day1.mp4\nday1_0.400-0.800.mp4,nod,day1.mp4\n"
        "day2_0.000-0.400.mp4,wave,day2.mp4\nday2_0.400-0.800.mp4,nod,day2.mp4\n"
    )
    shown = vidclf("data", "show", "clips/manifest.csv", "data.split={val: 0, test: 0.5}", cwd=tmp_path)
    assert shown.code == 0, shown.err


def test_a_bad_video_is_named_and_the_rest_is_cut(tmp_path: Path) -> None:
    film(tmp_path, "good.mp4")
    (tmp_path / "bad.mp4").write_bytes(b"<html>")
    (tmp_path / "segments.csv").write_text(
        "path,label,start_seconds,end_seconds\nbad.mp4,wave,0,1\ngood.mp4,wave,0,1\ngood.mp4,nod,1,2\n"
    )
    done = vidclf("data", "cut", "segments.csv", "--out", "clips", cwd=tmp_path)
    assert done.code == 1
    assert "2 clips: clips/manifest.csv" in done.out
    assert done.err.startswith("error: ")
    assert "bad.mp4" in done.err
    assert len(done.err.splitlines()) == 1


def test_label_studio_needs_its_rate_once(tmp_path: Path) -> None:
    film(tmp_path, "a.mp4")
    value = {"ranges": [{"start": 11, "end": 20}], "timelinelabels": ["wave"]}
    result = {"type": "timelinelabels", "from_name": "parts", "to_name": "video", "value": value}
    (tmp_path / "p.json").write_text(
        json.dumps([{"data": {"video": "a.mp4"}, "annotations": [{"result": [result]}]}])
    )
    done = vidclf("data", "import", "p.json", "--out", "m.csv", "--fps", "25", cwd=tmp_path)
    assert (done.code, done.err) == (0, "")
    assert (tmp_path / "m.csv").read_text() == "path,label,start_seconds,end_seconds\na.mp4,wave,0.4,0.8\n"
    assert "24 frames a second" in vidclf("data", "import", "p.json", "--out", "m.csv", cwd=tmp_path).err
