"""The batches of an epoch: what each process gets of them."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
import torch

from vidclf.config import AugmentConfig
from vidclf.data import Augmentation, ClipDataset, ClipReader, read_manifest
from vidclf.prep import Preprocessing
from vidclf.training.loader import EpochLoader
from vidclf.training.order import Shuffled


@pytest.fixture(scope="module")
def dataset(clips: Path) -> ClipDataset:
    """11 clips, each changed by a draw of its own."""
    manifest = read_manifest(clips / "manifest.csv")
    preprocessing = Preprocessing(sampling="uniform", frames=4, size=(16, 24), motion="none")
    augmentation = Augmentation(AugmentConfig(scale=0.3, colour=0.3, speed=0.2), manifest.classes)
    reader = ClipReader(preprocessing, in_memory=True)
    return ClipDataset(manifest.entries[:11], manifest.classes, reader, augmentation, seed=5)


def _loader(dataset: ClipDataset, batch: int, process: int, processes: int, *, pinned: bool = False) -> EpochLoader:
    order = Shuffled(len(dataset), batch, processes=processes, seed=dataset.seed)
    return EpochLoader(dataset, order, workers=2, batch=batch, process=process, pinned=pinned)


@pytest.mark.parametrize(("batch", "processes"), [(2, 2), (1, 4), (3, 2)])
def test_processes_share_the_very_batches_of_one(dataset: ClipDataset, batch: int, processes: int) -> None:
    whole = list(_loader(dataset, batch * processes, 0, 1).epoch(3))
    shares = [list(_loader(dataset, batch, process, processes).epoch(3)) for process in range(processes)]
    assert len(whole) == len(_loader(dataset, batch, 0, processes)) == len(shares[0])
    for number, together in enumerate(whole):
        for process, share in enumerate(shares):
            mine = slice(process, None, processes)
            if not share[number].weights.any():  # the clips ran out before this process's turn
                assert len(together.labels[mine]) == 0
                continue
            assert share[number].labels.tolist() == together.labels[mine].tolist()
            torch.testing.assert_close(share[number].frames, together.frames[mine], rtol=0, atol=0)


def test_each_epoch_has_each_clip_once_in_another_order(dataset: ClipDataset) -> None:
    def labels(epoch: int) -> list[int]:
        return [label for batch in _loader(dataset, 4, 0, 1).epoch(epoch) for label in batch.labels.tolist()]

    assert sorted(labels(1)) == sorted(dataset.labels)
    assert labels(1) == labels(1) != labels(2)


def test_leaving_an_epoch_early_ends_its_threads(dataset: ClipDataset) -> None:
    before = threading.active_count()
    batches = _loader(dataset, 2, 0, 1).epoch(1)
    next(batches)
    assert threading.active_count() > before
    batches.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_for_a_gpu_frames_lie_where_it_copies_from(dataset: ClipDataset) -> None:
    assert all(batch.frames.is_pinned() for batch in _loader(dataset, 4, 0, 1, pinned=True).epoch(1))
