"""Pictures a whole batch at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.data.glyphs import draw_alphabets
from vidclf.config import AugmentConfig
from vidclf.data import Augmentation, ClipDataset, ClipEntry, ClipReader, StillDataset, read_manifest
from vidclf.data.still_augmentation import StillAugmentation
from vidclf.prep import HALF, INK, Preprocessing

INKED = Preprocessing("uniform", (24, 24), frames=1, statistics=INK)
ROWS = np.array([3, 0, 7])


@pytest.fixture(scope="module")
def entries(tmp_path_factory: pytest.TempPathFactory) -> tuple[ClipEntry, ...]:
    folder = tmp_path_factory.mktemp("glyphs")
    draw_alphabets(folder, alphabets=2, characters=2, drawers=3)
    return read_manifest(folder).entries


def dataset(entries: tuple[ClipEntry, ...], seed: int = 0, **augment: Any) -> StillDataset:
    classes = sorted({entry.label for entry in entries})
    return StillDataset(entries, classes, ClipReader(INKED, in_memory=True), AugmentConfig(**augment), seed=seed)


def test_a_picture_is_the_very_tensor_that_a_clip_of_it_is(entries: tuple[ClipEntry, ...]) -> None:
    stills = dataset(entries)
    classes = sorted({entry.label for entry in entries})
    clips = ClipDataset(entries, classes, stills.reader, Augmentation(AugmentConfig(), classes), seed=0)
    one, other = stills.batch(ROWS), clips.collate([clips[row] for row in ROWS.tolist()])
    torch.testing.assert_close(one.frames, other.frames, rtol=0, atol=1e-5)
    for name in ("lengths", "labels", "weights"):
        assert torch.equal(getattr(one, name), getattr(other, name))


def test_ink_is_one_on_a_ground_of_zero_which_also_comes_in_from_outside(entries: tuple[ClipEntry, ...]) -> None:
    frames = dataset(entries, shift=0.4, scale=0.5).batch(ROWS).frames
    assert float(frames.min()) == pytest.approx(0, abs=1e-5)
    assert 0.9 < float(frames.max()) <= 1 + 1e-5
    assert (frames.abs() < 1e-5).float().mean() > 0.5


def test_a_quarter_turn_is_another_class_in_another_group(entries: tuple[ClipEntry, ...]) -> None:
    turned = dataset(entries, quarter_turns=True)
    count = len(entries)
    assert len(turned) == 4 * count
    assert sorted(set(turned.labels)) == list(range(16))
    assert len(set(turned.groups)) == 8
    upright = dataset(entries).batch(ROWS).frames
    for quarters in range(1, 4):
        batch = turned.batch(ROWS + quarters * count)
        assert batch.labels.tolist() == [turned.labels[row] + 4 * quarters for row in ROWS]
        torch.testing.assert_close(batch.frames, upright.rot90(quarters, (-2, -1)), rtol=0, atol=1e-4)


def test_draws_depend_on_seed_epoch_and_picture_alone(entries: tuple[ClipEntry, ...]) -> None:
    changes = {"scale": 0.2, "shift": 0.1, "rotate": 15, "shear": 10, "elastic": 0.05, "colour": 0.2, "erase": 0.5}
    data = dataset(entries, **changes)
    first = data.batch(ROWS).frames
    assert torch.equal(data.batch(ROWS).frames, first)
    torch.testing.assert_close(data.batch(ROWS[::-1].copy()).frames, first.flip(0), rtol=0, atol=1e-6)
    assert not torch.equal(dataset(entries, seed=1, **changes).batch(ROWS).frames, first)
    data.epoch = 1
    assert not torch.equal(data.batch(ROWS).frames, first)


def test_mirrored_pictures_have_the_mirrored_label(entries: tuple[ClipEntry, ...]) -> None:
    classes = sorted({entry.label for entry in entries})
    data = dataset(entries, flip_labels={classes[0]: classes[1], classes[1]: classes[0]})
    every = np.arange(len(entries))
    batch, upright = data.batch(every), dataset(entries).batch(every)
    flipped = [
        bool(torch.allclose(a, b.flip(-1), atol=1e-4)) for a, b in zip(batch.frames, upright.frames, strict=True)
    ]
    assert 0 < sum(flipped) < len(flipped)
    mirrored = {0: 1, 1: 0}
    expected = [mirrored.get(k, k) if flip else k for k, flip in zip(data.labels, flipped, strict=True)]
    assert batch.labels.tolist() == expected


def test_what_cannot_be_read_is_left_out_and_named(entries: tuple[ClipEntry, ...], tmp_path: Path) -> None:
    broken = ClipEntry("x.png", tmp_path / "x.png", entries[0].label)
    data = dataset((entries[0], broken))
    batch = data.batch(np.array([1, 0]))
    assert len(batch.frames) == 1
    assert [bad.name for bad in batch.bad] == ["x.png"]
    nothing = data.batch(np.array([1, 1]))
    assert nothing.weights.tolist() == [0]
    assert nothing.frames.shape[1:] == batch.frames.shape[1:]


@pytest.mark.parametrize(
    ("setting", "column", "value"),
    [({"scale": 0.5}, 4, 0.0), ({"scale": 0.5}, 4, 1.0), ({"rotate": 90}, 3, 1.0), ({"shift": 0.25}, 1, 1.0)],
)
def test_each_movement_does_what_its_name_says(setting: dict[str, float], column: int, value: float) -> None:
    change = StillAugmentation(AugmentConfig(**setting), HALF)
    picture = torch.full((1, 3, 32, 32), 128, dtype=torch.uint8)
    picture[..., 12:20, 12:20] = 255
    draws = torch.full((1, change.draws), 0.5)
    draws[0, column] = value
    white = (change(picture, draws, torch.zeros(1, dtype=torch.int64))[0, 0] > 0.5).nonzero().float()
    extent = (white.amax(0) - white.amin(0) + 1).tolist()
    centre = white.mean(0).tolist()
    wanted = {0.0: 4, 1.0: 12}[value] if "scale" in setting else 8
    assert extent == pytest.approx([wanted, wanted], abs=1)
    assert centre == pytest.approx([15.5, 15.5 - (8 if "shift" in setting else 0)], abs=0.6)
