"""`vidclf data check`."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.e2e.command_line import python, vidclf


@pytest.fixture
def faulty(gestures: Path, tmp_path: Path) -> Path:
    """The rendered set with a copy of a clip and a file that is none: the manifest."""
    folder = tmp_path / "data"
    shutil.copytree(gestures.parent, folder)
    rows = gestures.read_text().splitlines()
    first = dict(zip(rows[0].split(","), rows[1].split(","), strict=True))
    shutil.copy(folder / first["path"], folder / "copy.mp4")
    (folder / "page.mp4").write_text("<html>")
    for name in ("copy.mp4", "page.mp4"):
        rows.append(",".join({**first, "path": name}.values()))
    (folder / "manifest.csv").write_text("\n".join(rows) + "\n")
    return folder / "manifest.csv"


def test_a_clean_set_passes(gestures: Path) -> None:
    done = vidclf("data", "check", gestures)
    assert done.code == 0, done.out + done.err
    assert "18 clips in 18 files: none 6, swipe_left 6, swipe_right 6" in done.out
    assert "no faults, no notes" in done.out
    assert done.err == ""


def test_faults_are_named_with_what_to_do(faulty: Path) -> None:
    done = vidclf("data", "check", faulty)
    assert done.code == 1
    assert "2 faults" in done.out
    assert "unreadable" in done.out
    assert "replace the file, or take the row out" in done.out
    assert "page.mp4" in done.out
    assert "copy.mp4 are the same content" in done.out
    assert "keep one" in done.out


def test_json_is_one_object(faulty: Path) -> None:
    done = python("-m", "vidclf", "data", "check", faulty, "--json", "--workers", "1")
    assert done.code == 1
    told = json.loads(done.out)
    assert told["ok"] is False
    assert told["clips"] == 20
    assert {kind: len(found) for kind, found in told["faults"].items() if found} == {"unreadable": 1, "duplicate": 1}
    assert told["faults"]["unreadable"][0]["paths"] == ["page.mp4"]
    assert "copy.mp4" in told["faults"]["duplicate"][0]["paths"]
    assert not any(told["notes"].values())
    assert done.err == ""


def test_a_folder_is_checked_too_and_steps_can_be_asked_for(clip: Path, tmp_path: Path) -> None:
    (tmp_path / "data" / "wave").mkdir(parents=True)
    shutil.copy(clip, tmp_path / "data" / "wave" / "a.mp4")
    done = vidclf("data", "check", "data", "--steps", "5000", "--json", cwd=tmp_path)
    assert done.code == 1
    assert json.loads(done.out)["faults"]["too_short"][0]["wanted_steps"] == 5000
    (tmp_path / "c.yaml").write_text("prep: {frames: 4}\n")
    assert vidclf("data", "check", "data", "--config", "c.yaml", cwd=tmp_path).code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["gone.csv"], "gone.csv"),
        (["m.csv"], "none of its 1 clips is there"),
        (["m.csv", "--folds", "gone.csv"], "gone.csv"),
        (["m.csv", "--config", "c.yaml", "--steps", "4"], "not both"),
        (["m.csv", "--steps", "0"], "steps"),
    ],
)
def test_wrong_usage_is_said(tmp_path: Path, words: list[str], said: str) -> None:
    (tmp_path / "m.csv").write_text("path,label\na.mp4,x\n")
    done = vidclf("data", "check", *words, cwd=tmp_path)
    assert done.code == 2
    assert said in done.err
    assert done.out == ""


@pytest.mark.slow
@pytest.mark.shared
def test_what_is_known_of_the_fight_clips(shared_data: Path) -> None:
    folder = shared_data / "fight"
    done = vidclf("data", "check", folder / "manifest.csv", "--folds", folder / "folds.csv", "--json")
    assert done.code == 1
    told = json.loads(done.out)
    assert {kind for kind, findings in told["faults"].items() if findings} == {"giveaway"}
    (overlap,) = told["notes"]["overlap"]
    assert overlap["paths"] == ["clips/fight/fi019.mp4", "clips/fight/fi020.mp4"]
    assert overlap["seconds"] == pytest.approx(0.7, abs=0.15)
    properties = {guess["name"]: guess for guess in told["properties"]}
    assert properties["width+height"]["accuracy"] == pytest.approx(0.671, abs=0.001)
    assert properties["width+height"]["gives_away"]
    assert "width+height" in {finding["property"] for finding in told["faults"]["giveaway"]}
