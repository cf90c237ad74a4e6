from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from vidclf.config import AugmentConfig
from vidclf.data import Augmentation, BadClip, ClipDataset, ClipEntry, ClipReader, pad_clips
from vidclf.errors import DecodeError, NotAVideoError
from vidclf.prep import Preprocessing
from vidclf.video.write import write_video

CLASSES = ("none", "wave")
PREPROCESSING = Preprocessing(sampling="uniform", frames=6, size=(16, 24), motion="add")


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Clips of 3 and 20 frames, and files that are none."""
    folder = tmp_path_factory.mktemp("clips")
    rng = np.random.default_rng(0)
    for name, count in (("short.mp4", 3), ("long.mp4", 20)):
        coarse = rng.integers(0, 256, (count, 4, 6, 3)).astype(np.uint8)
        write_video(folder / name, coarse.repeat(8, axis=1).repeat(8, axis=2), fps=10)
    (folder / "bad.mp4").write_bytes(b"<html>no video</html>")
    return folder


def entry(folder: Path, name: str, label: str = "wave", **window: float) -> ClipEntry:
    return ClipEntry(name, folder / name, label, **window)  # type: ignore[arg-type]


def dataset(folder: Path, *names: str, seed: int = 0, in_memory: bool = False) -> ClipDataset:
    augmentation = Augmentation(AugmentConfig(scale=0.2, speed=0.2, flip_labels={}), CLASSES)
    reader = ClipReader(PREPROCESSING, in_memory=in_memory)
    return ClipDataset([entry(folder, name) for name in names], CLASSES, reader, augmentation, seed=seed)


def test_clips_of_several_lengths_are_padded_with_zeros() -> None:
    ones = [np.ones((steps, 2, 3, 4), dtype=np.float32) * steps for steps in (2, 5, 1)]
    frames, lengths = pad_clips(ones)
    assert frames.shape == (3, 5, 2, 3, 4)
    assert frames.dtype == torch.float32
    assert lengths.tolist() == [2, 5, 1]
    for row, steps in zip(frames, (2, 5, 1), strict=True):
        assert (row[:steps] == steps).all()
        assert (row[steps:] == 0).all()


def test_a_batch_holds_what_could_be_read_and_names_the_rest(clips: Path) -> None:
    data = dataset(clips, "short.mp4", "bad.mp4", "long.mp4", "absent.mp4")
    batch = data.collate([data[index] for index in range(4)])
    assert batch.frames.shape == (2, 6, 4, 16, 24)
    assert batch.lengths.tolist() == [3, 6]
    assert batch.labels.tolist() == [1, 1]
    assert batch.weights.tolist() == [1, 1]
    assert [bad.name for bad in batch.bad] == ["bad.mp4", "absent.mp4"]
    assert all(str(clips / bad.name) in bad.reason for bad in batch.bad)
    assert (batch.frames[0, 3:] == 0).all()


def test_a_batch_of_bad_clips_weighs_nothing(clips: Path) -> None:
    data = dataset(clips, "bad.mp4", "absent.mp4")
    batch = data.collate([data[0], data[1]])
    assert batch.weights.tolist() == [0]
    assert batch.frames.shape == (1, 1, 4, 16, 24)
    assert batch.lengths.tolist() == [1]
    assert batch.labels.shape == (1,)
    assert len(batch.bad) == 2


def test_what_is_known_to_be_bad_is_not_tried_again(clips: Path, tmp_path: Path) -> None:
    (tmp_path / "x.mp4").write_bytes(b"nothing")
    data = dataset(tmp_path, "x.mp4")
    bad = data[0]
    assert isinstance(bad, BadClip)
    data.known_bad[bad.name] = bad
    shutil.copy(clips / "long.mp4", tmp_path / "x.mp4")
    assert data[0] is bad
    data.known_bad.clear()
    assert not isinstance(data[0], BadClip)


def test_a_draw_is_of_the_seed_the_epoch_and_the_clip(clips: Path) -> None:
    def frames(seed: int, epoch: int, index: int, in_memory: bool = False) -> np.ndarray:
        data = dataset(clips, "long.mp4", "long.mp4", seed=seed, in_memory=in_memory)
        data.epoch = epoch
        if index:
            data[0]  # what was read before does not matter
        sample = data[index]
        assert not isinstance(sample, BadClip)
        return sample.frames

    usual = frames(0, 0, 0)
    np.testing.assert_array_equal(usual, frames(0, 0, 0))
    np.testing.assert_array_equal(usual, frames(0, 0, 0, in_memory=True))
    for other in ((1, 0, 0), (0, 1, 0), (0, 0, 1)):
        assert not np.array_equal(usual, frames(*other))


def test_worker_processes_read_the_same(clips: Path) -> None:
    data = dataset(clips, "short.mp4", "bad.mp4", "long.mp4")
    data.epoch = 2
    here = data.collate([data[index] for index in range(3)])
    loader = DataLoader(data, batch_size=3, num_workers=1, collate_fn=data.collate)
    (there,) = loader
    assert torch.equal(here.frames, there.frames)
    assert here.bad == there.bad


def test_a_reader_in_memory_decodes_once(clips: Path, tmp_path: Path) -> None:
    shutil.copy(clips / "long.mp4", tmp_path / "x.mp4")
    reader = ClipReader(PREPROCESSING, in_memory=True)
    first = reader.prepared(entry(tmp_path, "x.mp4"))
    (tmp_path / "x.mp4").unlink()
    np.testing.assert_array_equal(reader.prepared(entry(tmp_path, "x.mp4")).frames, first.frames)
    np.testing.assert_array_equal(ClipReader(PREPROCESSING).prepared(entry(clips, "long.mp4")).frames, first.frames)
    with pytest.raises(DecodeError):
        ClipReader(PREPROCESSING).prepared(entry(tmp_path, "x.mp4"))


def test_a_reader_in_memory_remembers_what_is_bad(clips: Path, tmp_path: Path) -> None:
    (tmp_path / "x.mp4").write_bytes(b"nothing here")
    reader = ClipReader(PREPROCESSING, in_memory=True)
    for _ in range(3):
        with pytest.raises(NotAVideoError) as caught:
            reader.prepared(entry(tmp_path, "x.mp4"))
        shutil.copy(clips / "long.mp4", tmp_path / "x.mp4")
    assert len(caught.traceback) < 6  # which would otherwise grow with each time


def test_filling_reads_ahead_and_passes_every_row_on(clips: Path, tmp_path: Path) -> None:
    for name in ("short.mp4", "bad.mp4", "long.mp4"):
        shutil.copy(clips / name, tmp_path / name)
    rows = [entry(tmp_path, name) for name in ("short.mp4", "bad.mp4", "long.mp4")]
    reader = ClipReader(PREPROCESSING, in_memory=True)
    assert list(reader.fill(rows)) == rows
    shutil.rmtree(tmp_path)
    assert len(reader.prepared(rows[0]).steps) == 3
    assert len(reader.prepared(rows[2]).steps) == 6
    with pytest.raises(NotAVideoError):
        reader.prepared(rows[1])


@pytest.mark.parametrize("in_memory", [False, True])
def test_windows_of_one_file_are_clips_of_their_own(clips: Path, in_memory: bool) -> None:
    reader = ClipReader(PREPROCESSING, in_memory=in_memory)
    start = reader.prepared(entry(clips, "long.mp4", end_seconds=1.0))
    end = reader.prepared(entry(clips, "long.mp4", start_seconds=1.0))
    assert start.pts_seconds.max() < 1.0 <= end.pts_seconds.min()
    with pytest.raises(DecodeError):
        reader.prepared(entry(clips, "long.mp4", start_seconds=50.0))
