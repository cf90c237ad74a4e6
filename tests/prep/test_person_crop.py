"""The square around a person is the same whichever way a clip comes, and a causal one knows nothing of what comes."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.prep.drawing import FPS, room, walker
from vidclf.config import make_config
from vidclf.detect import Detector, MotionDetector, open_detector
from vidclf.errors import ConfigError, WeightsError
from vidclf.prep import CausalCrop, Chance, PersonCrop, Preprocessing, make_person_crop, read_prepared
from vidclf.prep.crop import Square, centred_square, cut_squares
from vidclf.prep.person import causal_looks, clip_looks
from vidclf.types import Clip
from vidclf.video import read_clip
from vidclf.video.resize import resize_frames
from vidclf.video.write import write_video

CROPS = ("clip", "causal")


def cropping(crop: str, detector: Detector | None = None, **changed: Any) -> Preprocessing:
    person = PersonCrop(detector or MotionDetector())
    return Preprocessing(
        **{"sampling": "uniform", "frames": 7, "size": (32, 32), "crop": crop, "person": person, **changed}
    )


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recorded") / "walker.mp4"
    clip = walker()
    times = clip.pts_seconds + np.tile([0.0, 0.004, -0.006], 20)
    write_video(path, clip.frames, pts_seconds=times)
    return path


def assert_one_crop_every_way(preprocessing: Preprocessing, path: Path, seed: int | None) -> None:
    clip = read_clip(path)
    fitted = preprocessing.fit(clip)
    whole = resize_frames(clip.frames, preprocessing.size)
    assert np.abs(fitted.frames.astype(int) - whole).mean() > 5  # it does crop
    number_at = {seconds: number for number, seconds in enumerate(clip.pts_seconds.tolist())}
    rngs = [None if seed is None else np.random.default_rng(seed) for _ in range(2)]
    read = read_prepared(preprocessing, path, chance=Chance(rngs[0], 1.2))
    taken = preprocessing.take(clip, Chance(rngs[1], 1.2))
    for field in ("frames", "steps", "before", "pts_seconds"):
        np.testing.assert_array_equal(getattr(read, field), getattr(taken, field))
    numbers = [number_at[seconds] for seconds in read.pts_seconds.tolist()]
    np.testing.assert_array_equal(read.frames, fitted.frames[numbers])


@pytest.mark.parametrize("crop", CROPS)
@pytest.mark.parametrize(("sampling", "motion"), [("uniform", "add"), ("rate", "none"), ("dense", "only")])
@pytest.mark.parametrize("seed", [None, 1])
def test_file_clip_and_cache_give_one_crop_whatever_is_drawn(
    recorded: Path, crop: str, sampling: str, motion: str, seed: int | None
) -> None:
    assert_one_crop_every_way(cropping(crop, sampling=sampling, fps=9.0, motion=motion), recorded, seed)


@pytest.mark.shared
@pytest.mark.parametrize("crop", CROPS)
def test_so_it_is_with_yolox_on_a_recording(shared_data: Path, crop: str) -> None:
    yolox = open_detector("yolox", str(shared_data / "weights" / "yolox_nano.onnx"))
    path = shared_data / "body_gesture" / "clips" / "S6" / "left_3_6m_full.mp4"
    assert_one_crop_every_way(cropping(crop, yolox, size=(88, 88)), path, seed=1)


@pytest.mark.parametrize("crop", CROPS)
def test_a_window_looks_only_within_itself(recorded: Path, crop: str) -> None:
    preprocessing = cropping(crop, sampling="dense")
    clip = read_clip(recorded)
    inside = (clip.pts_seconds >= 1.0) & (clip.pts_seconds < 2.5)
    part = Clip(clip.frames[inside], clip.pts_seconds[inside], clip.valid[inside])
    read = read_prepared(preprocessing, recorded, start_seconds=1.0, end_seconds=2.5)
    np.testing.assert_array_equal(read.frames, preprocessing.fit(part).frames)


def test_padding_changes_nothing() -> None:
    clip = walker()
    padded = Clip(
        np.concatenate([clip.frames, np.full_like(clip.frames[:9], 255)]),
        np.append(clip.pts_seconds, [clip.pts_seconds[-1]] * 9),
        np.arange(69) < 60,
    )
    for crop in CROPS:
        np.testing.assert_array_equal(cropping(crop)(padded), cropping(crop)(clip))


def test_step_by_step_is_the_whole_clip_and_the_future_does_not_matter() -> None:
    clip, preprocessing = walker(), cropping("causal")
    assert preprocessing.person is not None
    fitted = preprocessing.fit(clip).frames
    live = CausalCrop(preprocessing.person)
    centred = centred_square(*clip.frames.shape[1:3])
    for number, (frame, seconds) in enumerate(zip(clip.frames, clip.pts_seconds, strict=True)):
        square = live.step(frame, float(seconds)) or centred
        np.testing.assert_array_equal(cut_squares(frame[None], [square], (32, 32))[0], fitted[number])
    first = Clip(clip.frames[:25], clip.pts_seconds[:25], clip.valid[:25])
    np.testing.assert_array_equal(preprocessing.fit(first).frames, fitted[:25])


def test_one_square_holds_the_whole_walk() -> None:
    clip = walker()
    person = PersonCrop(MotionDetector())
    square = person.over_clip(clip.frames[clip_looks(clip.pts_seconds)])
    assert square is not None
    assert square.left <= 20
    assert square.left + square.side >= 108


@pytest.mark.parametrize("fps", [7.0, 20.0, 60.0])
def test_looks_are_few_and_follow_from_times(fps: float) -> None:
    pts_seconds = np.arange(round(30 * fps)) / fps
    one, following = clip_looks(pts_seconds), causal_looks(pts_seconds)
    assert len(one) == 16
    assert len(following) == 120
    assert following[0] == 0
    np.testing.assert_allclose(pts_seconds[following], np.arange(120) / 4, atol=1 / fps)
    short = pts_seconds[: round(fps)]
    assert len(clip_looks(short)) == 6
    assert clip_looks(pts_seconds[:1]).tolist() == causal_looks(pts_seconds[:1]).tolist() == [0]


@pytest.mark.parametrize("crop", CROPS)
def test_where_nobody_is_the_centred_square_is_taken_and_said_once(
    crop: str, caplog: pytest.LogCaptureFixture
) -> None:
    clip = Clip.from_frames(room(20), fps=FPS, source=f"empty room, {crop}")
    preprocessing = cropping(crop)
    centred = dataclasses.replace(preprocessing, crop="center", person=None)
    for _ in range(3):
        np.testing.assert_array_equal(preprocessing(clip), centred(clip))
    assert [message.startswith(f"empty room, {crop}: no person") for message in caplog.messages] == [True]


def test_what_lies_beyond_the_border_is_grey() -> None:
    frames = np.full((1, 20, 30, 3), 10, np.uint8)
    (cut,) = cut_squares(frames, [Square(-5, -10, 40)], (40, 40))
    assert (cut[10:30, 5:35] == 10).all()
    cut[10:30, 5:35] = 128
    assert (cut == 128).all()
    (outside,) = cut_squares(frames, [Square(100, 100, 16)], (8, 8))
    assert (outside == 128).all()


GESTURES = [
    ("S3", "right", "3_6m_full"), ("S10", "shrug", "3_6m_full"), ("S8", "attention", "2_4m_full"),
    ("S6", "left", "1_1m_upper"),
]  # fmt: skip


@pytest.mark.shared
@pytest.mark.parametrize(("performer", "label", "view"), GESTURES)
def test_the_person_is_in_the_middle_and_the_hands_stay_inside(
    shared_data: Path, performer: str, label: str, view: str
) -> None:
    yolox = open_detector("yolox", str(shared_data / "weights" / "yolox_nano.onnx"))
    clip = read_clip(shared_data / "body_gesture" / "clips" / performer / f"{label}_{view}.mp4")
    square = PersonCrop(yolox).over_clip(clip.frames[clip_looks(clip.pts_seconds)])
    assert square is not None
    people = [found[0].box for found in yolox.detect(clip.frames[5::20])]
    left, top, right, _ = np.array(people).T
    slack = 0.02 * square.side
    assert square.left <= left.min() + slack
    assert square.left + square.side >= min(right.max(), 640) - slack
    assert square.top <= top.min() + slack
    middle = np.median((left + right) / 2)
    assert abs(square.left + square.side / 2 - middle) < 0.2 * square.side


@pytest.mark.shared
def test_a_larger_bystander_who_stands_still_does_not_win(shared_data: Path) -> None:
    yolox = open_detector("yolox", str(shared_data / "weights" / "yolox_nano.onnx"))
    clips = shared_data / "body_gesture" / "clips"
    mover = read_clip(clips / "S8" / "greeting_3_6m_full.mp4").frames
    bystander = read_clip(clips / "S6" / "static_2_4m_full.mp4").frames
    frames = np.concatenate([np.repeat(bystander[:1, :, 220:540], len(mover), axis=0), mover[:, :, 160:480]], axis=2)
    clip = Clip.from_frames(frames, fps=15)
    person = PersonCrop(yolox)
    square = person.over_clip(frames[clip_looks(clip.pts_seconds)])
    looks = causal_looks(clip.pts_seconds)
    *_, last = person.following(frames[looks], looks, np.arange(len(frames)))
    for found in (square, last):
        assert found is not None
        assert found.left + found.side / 2 > 320


@pytest.mark.shared
def test_faces_give_the_square_that_bodies_give(shared_data: Path) -> None:
    plugs = {"yolox": "yolox_nano.onnx", "yunet": "face_detection_yunet_2026may.onnx"}
    clip = read_clip(shared_data / "body_gesture" / "clips" / "S4" / "no_2_4m_full.mp4")
    squares = [
        PersonCrop(open_detector(name, str(shared_data / "weights" / file))).over_clip(clip.frames[::10])
        for name, file in plugs.items()
    ]
    by_body, by_face = squares
    assert by_body is not None
    assert by_face is not None
    assert by_face.side == pytest.approx(by_body.side, rel=0.15)
    assert by_face.left == pytest.approx(by_body.left, abs=0.1 * by_body.side)
    assert by_face.top == pytest.approx(by_body.top, abs=0.1 * by_body.side)


@pytest.mark.shared
def test_json_brings_back_the_same_and_names_the_file(shared_data: Path) -> None:
    content = (shared_data / "weights" / "yolox_nano.onnx").read_bytes()
    yolox = open_detector("yolox", str(shared_data / "weights" / "yolox_nano.onnx"))
    preprocessing = cropping("clip", person=PersonCrop(yolox, "body", 1.2))
    values = json.loads(json.dumps(preprocessing.to_json()))
    assert Preprocessing.from_json(values, content) == preprocessing
    assert values["person"]["weights_sha256"].startswith("e8af0749")
    with pytest.raises(ValueError, match="without weights"):
        Preprocessing.from_json(values)
    moving = cropping("causal")
    assert Preprocessing.from_json(json.loads(json.dumps(moving.to_json()))) == moving


@pytest.mark.parametrize(
    ("prep", "problem"),
    [
        ({"crop": "clip"}, "crop clip needs prep.detector: motion, yolox, yunet"),
        ({"crop": "causal", "detector": "yolox"}, "detector yolox needs prep.detector_weights"),
        ({"crop": "clip", "detector": "yunet"}, "or default"),
        ({"crop": "clip", "detector": "motion", "detector_weights": "x.onnx"}, "motion has no weights"),
        ({"crop": "clip", "detector": "motion", "size": [64, 48]}, "prep.size must be one number, not (64, 48)"),
        ({"crop": "clip", "detector": "hog"}, "prep.detector"),
        ({"crop_scale": 0}, "prep.crop_scale"),
    ],
)
def test_settings_say_what_is_missing(prep: dict[str, Any], problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make_config({"prep": prep})
    assert problem in str(caught.value)


def test_settings_make_the_crop(tmp_path: Path) -> None:
    tree = {"crop": "causal", "detector": "motion", "crop_part": "body", "crop_scale": 1.5}
    assert make_person_crop(make_config({"prep": tree}).prep) == PersonCrop(MotionDetector(), "body", 1.5)
    assert make_person_crop(make_config({"prep": {**tree, "crop": "center"}}).prep) is None
    missing = {"crop": "clip", "detector": "yolox", "detector_weights": str(tmp_path / "gone.onnx")}
    with pytest.raises(WeightsError, match=r"gone\.onnx"):
        make_person_crop(make_config({"prep": missing}).prep)


@pytest.mark.parametrize("wrong", [{"crop": "clip"}, {"crop": "none", "person": PersonCrop(MotionDetector())}])
def test_a_crop_around_nobody_in_particular_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="person"):
        Preprocessing(**{"sampling": "dense", "size": (32, 32), **wrong})
