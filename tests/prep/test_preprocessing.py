from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vidclf.prep import HALF, IMAGENET, Chance, Preprocessing, read_prepared
from vidclf.types import Clip
from vidclf.video import read_clip
from vidclf.video.write import write_video


def moving_bar(count: int = 24, fps: float = 20.0, height: int = 48, width: int = 64) -> Clip:
    """A bright bar that crosses a dim gradient once in 1.2 seconds, whatever the rate of the frames."""
    frames = np.empty((count, height, width, 3), dtype=np.uint8)
    frames[:] = np.linspace(20, 90, width, dtype=np.uint8)[None, None, :, None]
    frames[..., 2] += 30
    for step in range(count):
        left = round(step / fps / 1.2 * (width - 8))
        frames[step, 8:40, left : left + 8] = (230, 200, 120)
    return Clip.from_frames(frames, fps=fps)


UNIFORM = Preprocessing(sampling="uniform", frames=8, size=(24, 32))


@pytest.mark.parametrize(
    ("preprocessing", "steps"),
    [
        (UNIFORM, 8),
        (dataclasses.replace(UNIFORM, sampling="center", fps=10.0), 8),
        (Preprocessing(sampling="rate", fps=10.0, size=(24, 32)), 12),
        (Preprocessing(sampling="dense", size=(24, 32)), 24),
    ],
)
@pytest.mark.parametrize(
    ("motion", "channels"), [("none", 3), ("add", 4), ("only", 1), ("picture", 3), ("two_stream", 6)]
)
def test_a_clip_becomes_steps_of_channels(
    preprocessing: Preprocessing, steps: int, motion: str, channels: int
) -> None:
    preprocessing = dataclasses.replace(preprocessing, motion=motion)  # type: ignore[arg-type]
    tensor = preprocessing(moving_bar())
    assert tensor.shape == (steps, channels, 24, 32)
    assert tensor.dtype == np.float32
    assert tensor.flags.c_contiguous
    assert preprocessing.channels == channels


@pytest.mark.parametrize("statistics", [HALF, IMAGENET])
def test_values_are_those_of_plain_loops(statistics: object) -> None:
    preprocessing = Preprocessing(
        sampling="dense",
        size=(6, 8),
        motion="add",
        motion_seconds=0.1,
        statistics=statistics,  # type: ignore[arg-type]
    )
    frames = np.random.default_rng(0).integers(0, 256, (5, 6, 8, 3)).astype(np.uint8)
    tensor = preprocessing(Clip.from_frames(frames, fps=20.0))
    mean, std = statistics.mean, statistics.std  # type: ignore[attr-defined]
    for step in range(5):
        before = max(step - 2, 0)  # 0.1 seconds at 20 frames a second
        for y in range(6):
            for x in range(8):
                now, then = frames[step, y, x].astype(float), frames[before, y, x].astype(float)
                for channel in range(3):
                    expected = (now[channel] / 255 - mean[channel]) / std[channel]
                    assert tensor[step, channel, y, x] == pytest.approx(expected, abs=1e-5)
                grey = (now - then) @ [0.299, 0.587, 0.114] / 255
                assert tensor[step, 3, y, x] == pytest.approx(grey / 0.1, abs=1e-5)


def test_a_clip_may_be_normalised_by_itself() -> None:
    preprocessing = dataclasses.replace(UNIFORM, motion="add", statistics="clip")
    tensor = preprocessing(moving_bar())
    np.testing.assert_allclose(tensor[:, :3].mean(axis=(0, 2, 3)), 0, atol=1e-4)
    np.testing.assert_allclose(tensor[:, :3].std(axis=(0, 2, 3)), 1, atol=1e-4)
    assert np.sqrt(np.mean(tensor[:, 3] ** 2)) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("value", [0, 128, 255])
def test_a_clip_of_one_colour_stays_finite(value: int) -> None:
    preprocessing = dataclasses.replace(UNIFORM, motion="add", statistics="clip")
    frames = np.full((10, 24, 32, 3), value, dtype=np.uint8)
    np.testing.assert_allclose(preprocessing(Clip.from_frames(frames, fps=10)), 0, atol=1e-4)


def test_half_is_minus_one_to_one() -> None:
    frames = np.stack([np.zeros((24, 32, 3), np.uint8), np.full((24, 32, 3), 255, np.uint8)])
    tensor = UNIFORM(Clip.from_frames(frames, fps=10))
    np.testing.assert_allclose(np.unique(tensor), [-1, 1], atol=1e-6)


def test_a_motion_picture_is_bright_where_something_moved_and_black_elsewhere() -> None:
    preprocessing = Preprocessing(sampling="dense", size=(48, 64), motion="picture", motion_seconds=0.1)
    picture = (preprocessing(moving_bar(fps=20.0))[10] + 1) / 2  # (3, h, w), HALF undone
    assert np.array_equal(picture[0], picture[1])
    assert picture.max() == pytest.approx(1.0)
    now, before = round(10 / 20 / 1.2 * 56), round(8 / 20 / 1.2 * 56)  # left edges of the bar
    assert picture[0, 8:40, before + 1 : now].min() > 0.8
    assert picture[0, :, now + 9 :].max() == 0
    assert picture[0, 41:].max() == 0


def test_what_hardly_moves_stays_dark_in_a_motion_picture() -> None:
    noise = np.random.default_rng(0).integers(100, 103, (6, 24, 32, 1), dtype=np.uint8)
    clip = Clip.from_frames(np.repeat(noise, 3, axis=-1), fps=20.0)
    preprocessing = Preprocessing(sampling="dense", size=(24, 32), motion="picture")
    assert ((preprocessing(clip) + 1) / 2).max() < 0.2


def test_two_streams_are_the_colours_and_the_motion_picture() -> None:
    kinds = {
        kind: dataclasses.replace(UNIFORM, motion=kind)(moving_bar())  # type: ignore[arg-type]
        for kind in ("none", "picture", "two_stream")
    }
    assert np.array_equal(kinds["two_stream"], np.concatenate([kinds["none"], kinds["picture"]], axis=1))


def test_each_frame_may_be_normalised_by_its_own() -> None:
    clip = moving_bar()
    brighter = dataclasses.replace(clip, frames=(clip.frames // 2 + 100).astype(np.uint8))
    preprocessing = dataclasses.replace(UNIFORM, motion="add", statistics="frame")
    inputs = preprocessing(clip)
    colours = inputs[:, :3]
    assert np.allclose(colours.mean(axis=(2, 3)), 0, atol=1e-4)
    assert np.allclose(colours.std(axis=(2, 3)), 1, atol=1e-3)
    np.testing.assert_allclose(preprocessing(brighter)[:, :3], colours, atol=0.05)
    # What a frame becomes does not hang on the frames that come after it.
    half = dataclasses.replace(preprocessing, sampling="dense")
    first = Clip(clip.frames[:5], clip.pts_seconds[:5], clip.valid[:5])
    np.testing.assert_array_equal(half(clip)[:5], half(first))


def test_what_the_network_never_sees_may_be_left_out() -> None:
    clip = moving_bar()
    for motion in ("only", "picture"):
        preprocessing = dataclasses.replace(UNIFORM, motion=motion)  # type: ignore[arg-type]
        prepared = preprocessing.take(clip)
        grey = preprocessing.without_unseen(prepared)
        assert grey.frames.shape == (*prepared.frames.shape[:3], 1)
        # A grey value is rounded to a whole one; differences come in tenths.
        np.testing.assert_allclose(preprocessing.tensor(grey), preprocessing.tensor(prepared), atol=0.05)
    colourful = dataclasses.replace(UNIFORM, motion="add").take(clip)
    assert dataclasses.replace(UNIFORM, motion="add").without_unseen(colourful) is colourful


def test_motion_is_over_time_and_not_over_frames() -> None:
    """The same movement recorded at three rates gives nearly the same motion."""
    preprocessing = Preprocessing(sampling="rate", fps=10.0, size=(48, 64), motion="only", motion_seconds=0.1)
    strength = {
        fps: np.abs(preprocessing(moving_bar(count=round(1.2 * fps), fps=fps))[1:]).mean() for fps in (10, 20, 30)
    }
    over_a_frame = {
        fps: np.abs(np.diff(moving_bar(count=round(1.2 * fps), fps=fps).frames.astype(float), axis=0)).mean()
        for fps in (10, 20, 30)
    }
    assert strength[20] == pytest.approx(strength[10], rel=0.05)
    assert strength[30] == pytest.approx(strength[10], rel=0.05)
    assert over_a_frame[30] < 0.6 * over_a_frame[10]  # what a difference of neighbours would have given


def test_a_faster_clip_moves_more() -> None:
    preprocessing = Preprocessing(sampling="dense", size=(48, 64), motion="only", motion_seconds=0.1)
    clip = moving_bar(count=36, fps=30.0)
    chances = (Chance(np.random.default_rng(0), speed) for speed in (1.0, 2.0))
    usual, fast = (preprocessing.tensor(preprocessing.take(clip, chance)) for chance in chances)
    assert np.abs(fast).mean() > 1.5 * np.abs(usual).mean()


def test_trimming_leaves_out_the_ends_of_a_clip_but_not_what_its_motion_is_measured_against() -> None:
    preprocessing = Preprocessing(sampling="dense", size=(24, 32), motion="only", motion_seconds=0.1)
    clip = moving_bar(count=21, fps=20.0)  # one second
    prepared = preprocessing.take(clip, Chance(np.random.default_rng(0), trim=(0.2, 0.3)))
    times = prepared.pts_seconds[prepared.steps]
    assert times[[0, -1]] == pytest.approx([0.2, 0.7])
    assert prepared.pts_seconds[prepared.before][0] == pytest.approx(0.1)

    still = Clip(clip.frames[:1], clip.pts_seconds[:1], clip.valid[:1])
    assert len(preprocessing.take(still, Chance(np.random.default_rng(0), trim=(0.4, 0.4))).steps) == 1


def test_a_short_clip_gives_a_step_for_each_frame() -> None:
    clip = moving_bar(count=3)
    assert UNIFORM(clip).shape[0] == 3
    np.testing.assert_array_equal(UNIFORM(clip), UNIFORM(clip))
    padded = Clip(
        np.concatenate([clip.frames, np.full_like(clip.frames[:2], 255)]),
        np.append(clip.pts_seconds, [clip.pts_seconds[-1]] * 2),
        np.array([True] * 3 + [False] * 2),
    )
    np.testing.assert_array_equal(UNIFORM(padded), UNIFORM(clip))


@pytest.mark.parametrize("sampling", ["uniform", "center", "rate", "dense"])
@pytest.mark.parametrize("rng", [None, np.random.default_rng(0)])
def test_a_picture_is_a_clip_of_one_step_without_motion(sampling: str, rng: np.random.Generator | None) -> None:
    preprocessing = Preprocessing(sampling=sampling, frames=8, fps=10.0, size=(24, 32), motion="add")  # type: ignore[arg-type]
    picture = Clip.from_frames(moving_bar().frames[5], fps=25)
    tensor = preprocessing.tensor(preprocessing.take(picture, rng and Chance(rng)))
    assert tensor.shape == (1, 4, 24, 32)
    assert not tensor[:, 3].any()


@pytest.mark.parametrize("sampling", ["uniform", "center", "rate", "dense"])
def test_chance_changes_which_frames_and_the_same_chance_does_not(sampling: str) -> None:
    preprocessing = Preprocessing(sampling=sampling, frames=4, fps=7.0, size=(24, 32))  # type: ignore[arg-type]
    clip = moving_bar(count=60, fps=30.0)

    def times(seed: int) -> list[float]:
        prepared = preprocessing.take(clip, Chance(np.random.default_rng(seed)))
        return [float(time) for time in prepared.pts_seconds[prepared.steps]]

    assert times(3) == times(3)
    assert (len({tuple(times(seed)) for seed in range(8)}) > 1) == (sampling != "dense")
    assert times(3) == sorted(times(3))


def test_only_wanted_frames_are_kept_each_once() -> None:
    prepared = dataclasses.replace(UNIFORM, motion="add").take(moving_bar(count=200, fps=100.0))
    assert len(prepared.frames) == 16  # 8 steps and what stood before each
    assert len(set(prepared.pts_seconds)) == 16
    now, before = prepared.pts_seconds[prepared.steps], prepared.pts_seconds[prepared.before]
    np.testing.assert_allclose(now - before, 0.1)


def test_fitting_twice_is_fitting_once() -> None:
    preprocessing = dataclasses.replace(UNIFORM, size=(20, 20), crop="center")
    once = preprocessing.fit(moving_bar())
    assert once.frames.shape == (24, 20, 20, 3)
    np.testing.assert_array_equal(preprocessing.fit(once).frames, once.frames)
    np.testing.assert_array_equal(preprocessing(once), preprocessing(moving_bar()))


@pytest.mark.parametrize(
    ("stored", "size", "part"),
    [
        ((40, 60), (20, 20), (slice(0, 40), slice(10, 50))),
        ((60, 40), (20, 20), (slice(10, 50), slice(0, 40))),
        ((40, 60), (10, 30), (slice(10, 30), slice(0, 60))),
        ((40, 60), (20, 30), (slice(0, 40), slice(0, 60))),
        ((1, 60), (10, 10), (slice(0, 1), slice(29, 30))),
    ],
)
def test_the_crop_is_the_largest_centred_part_of_the_shape(
    stored: tuple[int, int], size: tuple[int, int], part: tuple[slice, slice]
) -> None:
    frames = np.random.default_rng(0).integers(0, 256, (2, *stored, 3)).astype(np.uint8)
    cropping = Preprocessing(sampling="dense", size=size, crop="center")
    whole = Preprocessing(sampling="dense", size=size)
    expected = whole(Clip.from_frames(np.ascontiguousarray(frames[:, part[0], part[1]]), fps=10))
    np.testing.assert_array_equal(cropping(Clip.from_frames(frames, fps=10)), expected)


@pytest.mark.parametrize(
    "preprocessing",
    [
        UNIFORM,
        Preprocessing(
            "rate", (24, 32), fps=12.5, crop="center", motion="add", motion_seconds=0.2, statistics=IMAGENET
        ),
        Preprocessing("center", (24, 32), 4, 8.0, motion="only", statistics="clip"),
    ],
)
def test_json_brings_back_the_same(preprocessing: Preprocessing) -> None:
    assert Preprocessing.from_json(json.loads(json.dumps(preprocessing.to_json()))) == preprocessing


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An encoded clip at uneven times."""
    path = tmp_path_factory.mktemp("recorded") / "bar.mp4"
    times = np.cumsum(np.tile([0.04, 0.08, 0.05], 10)) - 0.04
    write_video(path, moving_bar(count=30, fps=17.0).frames, pts_seconds=times)
    return path


@pytest.mark.parametrize("sampling", ["uniform", "center", "rate", "dense"])
@pytest.mark.parametrize("seed", [None, 5])
def test_reading_what_is_wanted_is_taking_from_the_whole_clip(
    recorded: Path, sampling: str, seed: int | None
) -> None:
    preprocessing = Preprocessing(
        sampling=sampling,
        frames=6,
        fps=9.0,
        size=(24, 24),
        crop="center",
        motion="add",  # type: ignore[arg-type]
    )
    rngs = [None if seed is None else np.random.default_rng(seed) for _ in range(2)]
    read = read_prepared(preprocessing, recorded, chance=Chance(rngs[0], 1.3, (0.1, 0.2)))
    taken = preprocessing.take(read_clip(recorded), Chance(rngs[1], 1.3, (0.1, 0.2)))
    for field in ("frames", "steps", "before", "pts_seconds"):
        np.testing.assert_array_equal(getattr(read, field), getattr(taken, field))
    assert read.source == taken.source == str(recorded)


def test_a_window_is_read_by_the_source_s_own_time(recorded: Path) -> None:
    whole = read_clip(recorded)
    read = read_prepared(dataclasses.replace(UNIFORM, motion="add"), recorded, start_seconds=0.5, end_seconds=1.0)
    assert read.pts_seconds.min() >= 0.5
    assert read.pts_seconds.max() < 1.0
    inside = (whole.pts_seconds >= 0.5) & (whole.pts_seconds < 1.0)
    assert set(read.pts_seconds) <= set(whole.pts_seconds[inside])


@pytest.mark.parametrize("crop", ["none", "center"])
def test_one_picture_is_one_tensor_wherever_it_comes_from(recorded: Path, tmp_path: Path, crop: str) -> None:
    preprocessing = Preprocessing(sampling="dense", size=(20, 28), crop=crop, motion="none")  # type: ignore[arg-type]
    clip = read_clip(recorded)
    for number, frame in enumerate(clip.frames):
        Image.fromarray(frame).save(tmp_path / f"{number}.png")
    expected = preprocessing.tensor(read_prepared(preprocessing, recorded))
    others = {
        "clip": preprocessing(clip),
        "array": preprocessing(Clip.from_frames(np.array(clip.frames), fps=25)),
        "fitted": preprocessing(preprocessing.fit(clip)),
        "folder": preprocessing.tensor(read_prepared(preprocessing, tmp_path)),
        "frames": np.concatenate([preprocessing(Clip.from_frames(frame, fps=1)) for frame in clip.frames]),
        "pictures": np.concatenate(
            [preprocessing.tensor(read_prepared(preprocessing, tmp_path / f"{n}.png")) for n in range(len(clip))]
        ),
    }
    for name, tensor in others.items():
        np.testing.assert_array_equal(tensor, expected, err_msg=name)
