"""`vidclf predict`."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.e2e.command_line import Done, python, vidclf
from vidclf.video import read_clip

PASSWORD = "hunter2"


def lines(done: Done) -> list[dict[str, object]]:
    return [json.loads(line) for line in done.out.splitlines()]


@pytest.fixture(scope="module")
def pictures(clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures") / "frames"
    folder.mkdir()
    for number, frame in enumerate(read_clip(clip).frames[:8]):
        Image.fromarray(frame).save(folder / f"{number:03d}.png")
    return folder


def test_everything_that_shows_something_is_predicted(tiny_run: Path, clip: Path, pictures: Path) -> None:
    videos = clip.parent
    done = vidclf("predict", tiny_run, clip, pictures, pictures / "000.png", videos, "--json")
    assert done.code == 0, done.err
    found = lines(done)
    assert [line["path"] for line in found] == [
        str(clip),
        str(pictures),
        str(pictures / "000.png"),
        *map(str, sorted(videos.glob("*.mp4"))),
    ]
    for line in found:
        assert list(line) == ["path", "label", "probabilities", "start_seconds", "end_seconds"]
        probabilities = line["probabilities"]
        assert isinstance(probabilities, dict)
        assert sum(probabilities.values()) == pytest.approx(1)
        assert line["label"] == max(probabilities, key=probabilities.__getitem__)
    assert found[2]["start_seconds"] == found[2]["end_seconds"] == 0
    assert found[0]["probabilities"] == pytest.approx(found[3]["probabilities"], abs=1e-5)


def test_what_was_said_over_time_is_added_when_asked_for(tiny_run: Path, clip: Path, tmp_path: Path) -> None:
    done = vidclf("predict", tiny_run, clip, tmp_path / "missing.mp4", "--json", "--over-time")
    assert done.code == 1
    line, failed = lines(done)
    (plain,) = lines(vidclf("predict", tiny_run, clip, "--json"))
    assert list(line) == [*plain, "over_time"]
    assert list(failed) == ["path", "error"]
    assert line["label"] == plain["label"]
    assert line["probabilities"] == pytest.approx(plain["probabilities"], abs=1e-5)
    over_time = line["over_time"]
    assert isinstance(over_time, dict)
    assert len(over_time["seconds"]) == 6  # prep.frames
    assert {label: shares[-1] for label, shares in over_time["probabilities"].items()} == line["probabilities"]
    assert {len(shares) for shares in over_time["probabilities"].values()} == {6}


def test_a_clip_is_explained_in_a_picture(tiny_run: Path, clip: Path, tmp_path: Path) -> None:
    done = vidclf("predict", tiny_run, clip, "--explain", tmp_path / "deep" / "why.png")
    assert done.code == 0, done.err
    with Image.open(tmp_path / "deep" / "why.png") as picture:
        assert picture.width > 640
        assert picture.height > 3 * 144


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--over-time"], "--json"),
        (["{clip}", "--explain", "x.png"], "one input"),
        (["--on", "ray", "--explain", "x.png"], "--on"),
    ],
)
def test_what_does_not_go_together_is_said(tiny_run: Path, clip: Path, words: list[str], said: str) -> None:
    done = vidclf("predict", tiny_run, clip, *(word.format(clip=clip) for word in words))
    assert done.code == 2
    assert said in done.err


def test_without_json_a_line_is_for_people_and_shows_no_password(tiny_run: Path, clip: Path) -> None:
    """In a fresh process: the decoder has its own way to the terminal."""
    done = python("-m", "vidclf", "predict", tiny_run, clip, f"rtsp://user:{PASSWORD}@127.0.0.1:1/x")
    assert done.code == 1
    assert done.out.startswith(f"{clip}: ")
    assert done.out.endswith("%)\n")
    assert len(done.out.splitlines()) == 1
    assert "rtsp://***@127.0.0.1:1/x" in done.err
    assert PASSWORD not in done.out + done.err


def test_a_bad_input_is_named_and_the_others_predicted(tiny_run: Path, clip: Path, tmp_path: Path) -> None:
    broken, empty, text = tmp_path / "bro[k]en :x: 100%.mp4", tmp_path / "empty.mp4", tmp_path / "text.mp4"
    broken.write_bytes(clip.read_bytes()[:300])
    empty.touch()
    text.write_text("<html>not found</html>")
    inputs = [clip, broken, tmp_path / "missing.mp4", empty, text, clip]
    done = vidclf("predict", tiny_run, *inputs, "--json")
    assert done.code == 1
    found = lines(done)
    assert [line["path"] for line in found] == list(map(str, inputs))
    assert ["label" in line for line in found] == [True, False, False, False, False, True]
    assert all(list(line) == ["path", "error"] for line in found[1:5])
    assert "4 of 6" in done.err

    said = vidclf("predict", tiny_run, *inputs)
    assert said.code == 1
    assert len(said.out.splitlines()) == 2
    assert str(broken) in said.err


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["predict", "{run}", "rtsp://user:hunter2@127.0.0.1:1/x"], 1),
        (["predict", "{run}", "rtsp://user:hunter2@127.0.0.1:1/x", "--json"], 1),
        (["predict", "{run}", "http://user:hunter2@127.0.0.1:1/x.mp4?token=hunter2", "--json"], 1),
        (["predict", "{run}", "ftp://user:hunter2@127.0.0.1/x"], 2),
        (["predict", "{run}", "http://user:hunter2@127.0.0.1:1/a b"], 2),
        (["predict", "rtsp://user:hunter2@127.0.0.1:1/x"], 2),
        (["predict", "rtsp://user:hunter2@127.0.0.1:1/x", "a.mp4"], 2),
        (["rtsp://user:hunter2@127.0.0.1:1/x"], 2),
        (["evaluate", "{run}", "rtsp://user:hunter2@127.0.0.1:1/x"], 2),
        (["evaluate", "{run}", "--rtsp://user:hunter2@127.0.0.1:1/x"], 2),
        (["evaluate", "{run}", "--manifest", "http://user:hunter2@127.0.0.1:1/x.csv"], 2),
        (["evaluate", "{run}", "--device", "http://user:hunter2@127.0.0.1:1/x.csv"], 2),
        (["train", "http://user:hunter2@127.0.0.1:1/x.csv"], 2),
        (["train", "x.yaml", "http://user:hunter2@127.0.0.1:1/x.csv"], 2),
        (["synth", "gestures", "--out", "x", "--seed", "http://user:hunter2@127.0.0.1:1/x"], 2),
    ],
)
def test_a_password_is_never_shown(tiny_run: Path, tmp_path: Path, words: list[str], code: int) -> None:
    done = vidclf(*(word.format(run=tiny_run) for word in words), cwd=tmp_path)
    assert done.code == code, done.err
    assert PASSWORD not in done.out + done.err
    assert done.out + done.err


def test_a_copied_model_predicts_though_the_data_are_gone(tiny_run: Path, clip: Path, tmp_path: Path) -> None:
    run = tmp_path / "elsewhere" / "run"
    shutil.copytree(tiny_run / "model", run / "model")
    shutil.copy(clip, tmp_path / "clip.mp4")
    (here,) = lines(vidclf("predict", tiny_run, clip, "--json"))
    for folder in (run, run / "model"):
        (there,) = lines(vidclf("predict", folder, "clip.mp4", "--json", cwd=tmp_path))
        assert there["probabilities"] == here["probabilities"]
        assert there["path"] == "clip.mp4"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"format_version": 2}, "pip install -U vidclf"),
        ({"format_version": None}, "format_version"),
        ({"classes": ["a"]}, "model.json"),
        ({"classes": 3}, "model.json"),
        ({"classes": ["a", "a", "a"]}, "model.json"),
        ({"model": {"backbone": "resnet19"}}, "model.json"),
        ({"model": None}, "model.json"),
        ({"preprocessing": {}}, "model.json"),
        ({"preprocessing": []}, "model.json"),
        ({"preprocessing": {"size": [0, 0]}}, "model.json"),
        ({"weights_sha256": "0" * 64}, "model.safetensors"),
    ],
)
def test_a_model_that_is_not_ours_to_load_is_refused(
    tiny_run: Path, clip: Path, tmp_path: Path, changes: dict[str, object], words: str
) -> None:
    shutil.copytree(tiny_run / "model", tmp_path / "model")
    path = tmp_path / "model" / "model.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
    done = vidclf("predict", tmp_path, clip)
    assert done.code == 2, done.err
    assert words in done.err


def test_an_empty_path_is_not_the_working_folder(tiny_run: Path, clip: Path) -> None:
    done = vidclf("predict", tiny_run, "", cwd=clip.parent)
    assert done.code == 2
    assert "empty" in done.err


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the names of files are text")
def test_the_name_of_a_file_need_not_be_text(tiny_run: Path, clip: Path, tmp_path: Path) -> None:
    name = os.fsdecode(b"\xff clip.mp4")
    shutil.copy(clip, tmp_path / name)
    (line,) = lines(vidclf("predict", tiny_run, name, "--json", cwd=tmp_path, env={"PYTHONIOENCODING": "utf-8"}))
    assert line["path"] == name
    assert "label" in line
    assert vidclf("predict", tiny_run, tmp_path, cwd=tmp_path).code == 0
