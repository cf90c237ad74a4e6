from __future__ import annotations

import numpy as np
import pytest
import torch

from vidclf.config import AugmentConfig
from vidclf.data import Augmentation, suggest_flip_labels
from vidclf.errors import ConfigError
from vidclf.prep import Prepared

CLASSES = ("left", "none", "right")
EVERYTHING = AugmentConfig(scale=0.3, shift=0.2, rotate=20, colour=0.4, erase=1.0, flip_labels={})


def prepared(count: int = 6, moving: bool = False) -> Prepared:
    frames = np.random.default_rng(0).integers(0, 256, (count, 24, 32, 3)).astype(np.uint8)
    if not moving:
        frames[:] = frames[0]
    steps = np.arange(count)
    return Prepared(frames, steps, np.maximum(steps - 1, 0), steps / 10, "clip.mp4")


def test_off_by_default() -> None:
    augment = Augmentation(AugmentConfig(), CLASSES)
    for seed in range(10):
        changed, label = augment(prepared(moving=True), 2, np.random.default_rng(seed))
        np.testing.assert_array_equal(changed.frames, prepared(moving=True).frames)
        assert label == 2
        chance = augment.draw(np.random.default_rng(seed))
        assert (chance.speed, chance.trim) == (1.0, (0.0, 0.0))


@pytest.mark.parametrize(
    "config",
    [
        AugmentConfig(scale=0.3),
        AugmentConfig(shift=0.3),
        AugmentConfig(rotate=30),
        AugmentConfig(colour=0.5),
        AugmentConfig(erase=1.0),
        EVERYTHING,
    ],
)
def test_one_draw_is_for_all_frames_of_a_clip(config: AugmentConfig) -> None:
    augment = Augmentation(config, CLASSES)
    differing = 0
    for seed in range(8):
        changed, _ = augment(prepared(), 0, np.random.default_rng(seed))
        assert changed.frames.dtype == np.uint8
        assert changed.frames.shape == (6, 24, 32, 3)
        assert (changed.frames == changed.frames[0]).all()
        differing += not np.array_equal(changed.frames, prepared().frames)
    assert differing == 8


def test_a_draw_depends_on_the_given_chance_alone_and_leaves_no_trace() -> None:
    augment = Augmentation(EVERYTHING, CLASSES)
    torch.manual_seed(1)
    before = torch.get_rng_state()
    first, first_label = augment(prepared(moving=True), 0, np.random.default_rng(7))
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(2)
    second, second_label = augment(prepared(moving=True), 0, np.random.default_rng(7))
    other, _ = augment(prepared(moving=True), 0, np.random.default_rng(8))
    np.testing.assert_array_equal(first.frames, second.frames)
    assert first_label == second_label
    assert not np.array_equal(first.frames, other.frames)


def test_only_the_pictures_change() -> None:
    original = prepared(moving=True)
    kept = original.frames.copy()
    changed, _ = Augmentation(EVERYTHING, CLASSES)(original, 0, np.random.default_rng(0))
    np.testing.assert_array_equal(original.frames, kept)  # a clip in memory is used again
    assert changed.steps is original.steps
    assert changed.before is original.before
    assert changed.source == "clip.mp4"


@pytest.mark.parametrize(
    ("flip_labels", "mirrored"),
    [({"left": "right", "right": "left"}, {0: 2, 1: 1, 2: 0}), ({}, {0: 0, 1: 1, 2: 2})],
)
def test_a_mirrored_clip_gets_the_mirrored_label(flip_labels: dict[str, str], mirrored: dict[int, int]) -> None:
    augment = Augmentation(AugmentConfig(flip_labels=flip_labels), CLASSES)
    flips = 0
    for seed in range(60):
        for label in range(3):
            clip = prepared(moving=True)
            changed, became = augment(clip, label, np.random.default_rng((seed, label)))
            if np.array_equal(changed.frames, clip.frames):
                assert became == label
            else:
                np.testing.assert_array_equal(changed.frames, clip.frames[:, :, ::-1])
                assert became == mirrored[label]
                flips += 1
    assert 60 < flips < 120  # half of 180


@pytest.mark.parametrize("flip_labels", [{"lfet": "right", "right": "lfet"}, {"left": "rihgt", "rihgt": "left"}])
def test_a_label_that_is_no_class_is_refused(flip_labels: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match=r"augment\.flip_labels: (lfet|rihgt) is no class; .* left, none, right"):
        Augmentation(AugmentConfig(flip_labels=flip_labels), CLASSES)


@pytest.mark.parametrize(
    ("classes", "expected"),
    [
        (("left", "none", "right"), {"left": "right", "right": "left"}),
        (("swipe_left", "swipe_up", "swipe_right"), {"swipe_left": "swipe_right", "swipe_right": "swipe_left"}),
        (("clockwise", "anticlockwise"), {"clockwise": "anticlockwise", "anticlockwise": "clockwise"}),
        (
            ("circle counterclockwise", "circle clockwise"),
            {"circle clockwise": "circle counterclockwise", "circle counterclockwise": "circle clockwise"},
        ),
        (("left", "wave"), {}),
        (("bright", "bleft"), {}),
    ],
)
def test_labels_that_mirror_each_other_are_suggested(classes: tuple[str, ...], expected: dict[str, str]) -> None:
    assert suggest_flip_labels(classes) == expected
    Augmentation(AugmentConfig(flip_labels=expected), classes)  # which takes it as it is


def test_each_end_is_trimmed_by_its_own_share() -> None:
    augment = Augmentation(AugmentConfig(trim=0.2), CLASSES)
    trims = np.array([augment.draw(np.random.default_rng(seed)).trim for seed in range(50)])
    assert 0 <= trims.min() < 0.02
    assert 0.18 < trims.max() <= 0.2
    assert not np.array_equal(trims[:, 0], trims[:, 1])


def test_speed_is_drawn_around_one() -> None:
    augment = Augmentation(AugmentConfig(speed=0.2), CLASSES)
    speeds = [augment.draw(np.random.default_rng(seed)).speed for seed in range(50)]
    assert 0.8 <= min(speeds) < 0.85
    assert 1.15 < max(speeds) <= 1.2
