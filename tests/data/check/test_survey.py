from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.data.check.scenes import FPS, HEIGHT, WIDTH, scene, write_clip
from vidclf.data.check.survey import survey_file


def sound(path: Path) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(8000))


def test_a_good_file_is_told_in_full(tmp_path: Path) -> None:
    write_clip(tmp_path / "a.mp4", scene(1, 30))
    survey = survey_file(tmp_path / "a.mp4")
    assert (survey.trouble, survey.sentence) == ("", "")
    assert survey.height_width == (HEIGHT, WIDTH)
    assert survey.declared_frames == 30
    assert survey.declared_fps == pytest.approx(FPS)
    assert survey.fingerprint is not None
    assert survey.fingerprint.pts_seconds == pytest.approx(np.arange(30) / FPS)
    assert len(survey.sha256) == 64
    assert not survey.still


def test_trouble_is_told_and_never_raised(tmp_path: Path) -> None:
    write_clip(tmp_path / "whole.mp4", scene(1, 30))
    write_clip(tmp_path / "whole.mkv", scene(1, 30))
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "page.mp4").write_text("<html>not found</html>")
    (tmp_path / "no_index.mp4").write_bytes((tmp_path / "whole.mp4").read_bytes()[:-1500])
    (tmp_path / "cut.mkv").write_bytes((tmp_path / "whole.mkv").read_bytes()[:-3000])
    sound(tmp_path / "sound.mp4")
    (tmp_path / "no_pictures").mkdir()
    found = {
        name: survey_file(tmp_path / name)
        for name in ("gone.mp4", "empty.mp4", "page.mp4", "no_index.mp4", "cut.mkv", "sound.mp4", "no_pictures")
    }
    assert {name: survey.trouble for name, survey in found.items()} == {
        "gone.mp4": "missing",
        "empty.mp4": "unreadable",
        "page.mp4": "unreadable",
        "no_index.mp4": "truncated",
        "cut.mkv": "truncated",
        "sound.mp4": "no_video_stream",
        "no_pictures": "unreadable",
    }
    assert all(name in survey.sentence for name, survey in found.items())
    kept = found["cut.mkv"].fingerprint
    assert kept is not None
    assert 0 < len(kept.pts_seconds) < 30


def test_pictures_are_known_by_what_they_hold(tmp_path: Path) -> None:
    pictures = scene(1, 3)
    for folder in ("one", "other", "changed"):
        (tmp_path / folder).mkdir()
        for number, picture in enumerate(pictures):
            Image.fromarray(picture).save(tmp_path / folder / f"{number}.png")
    Image.fromarray(pictures[0]).save(tmp_path / "changed" / "2.png")
    surveys = [survey_file(tmp_path / folder) for folder in ("one", "other", "changed")]
    assert [survey.trouble for survey in surveys] == ["", "", ""]
    assert surveys[0].sha256 == surveys[1].sha256 != surveys[2].sha256
    assert surveys[0].declared_frames is None
    Image.fromarray(pictures[0, :20]).save(tmp_path / "changed" / "3.png")
    mixed = survey_file(tmp_path / "changed")
    assert mixed.trouble == "unreadable"
    assert "2 different sizes" in mixed.sentence
    assert survey_file(tmp_path / "one" / "0.png").still
