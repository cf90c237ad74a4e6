"""Training clips mixed with each other."""

from __future__ import annotations

import pytest
import torch

from vidclf.config import AugmentConfig, make_config
from vidclf.data import Batch
from vidclf.errors import ConfigError
from vidclf.training.mixing import mix


def _batch() -> Batch:
    """Four clips of flat frames: clip n holds n + t / 10 at step t; one of them is shorter."""
    lengths = torch.tensor([5, 5, 3, 5])
    values = torch.arange(4.0)[:, None] + torch.arange(5) / 10
    values = torch.where(torch.arange(5) < lengths[:, None], values, torch.zeros(()))
    frames = values[:, :, None, None, None].expand(4, 5, 4, 8, 8).clone()
    return Batch(frames, lengths, torch.tensor([0, 1, 2, 0]), torch.ones(4), ())


def test_nothing_is_mixed_unless_asked() -> None:
    batch = _batch()
    mixed = mix(batch, AugmentConfig(), 3)
    assert mixed.share == 1
    assert mixed.frames is batch.frames


def test_mixup_blends_clips_and_labels_by_one_share() -> None:
    torch.manual_seed(0)
    batch = _batch()
    mixed = mix(batch, AugmentConfig(mixup=1.0), 3)
    assert 0 < mixed.share < 1
    firsts = mixed.frames[:, 0, 0, 0, 0]
    partners = (firsts - mixed.share * torch.arange(4)) / (1 - mixed.share)  # clip n begins at n
    partners = partners.round().long()
    assert sorted(partners.tolist()) == [0, 1, 2, 3]
    assert torch.equal(mixed.others, batch.labels[partners])
    expected = mixed.share * batch.frames + (1 - mixed.share) * batch.frames[partners]
    assert torch.allclose(mixed.frames, expected)
    assert torch.equal(mixed.lengths, torch.maximum(batch.lengths, batch.lengths[partners]))


def test_another_background_changes_colours_and_no_motion() -> None:
    torch.manual_seed(0)
    batch = _batch()
    mixed = mix(batch, AugmentConfig(background=0.5), 3)
    assert torch.equal(mixed.frames[:, :, 3], batch.frames[:, :, 3])
    assert mixed.share == 1
    assert torch.equal(mixed.lengths, batch.lengths)
    # What is added stands still: steps differ by the clip's own movement alone, weakened by one factor a clip.
    moved = mixed.frames[0, 1:, 0, 0, 0] - mixed.frames[0, :-1, 0, 0, 0]
    assert moved.tolist() == pytest.approx([moved[0].item()] * 4, abs=1e-6)
    assert 0.05 <= moved[0] <= 0.1
    assert not torch.equal(mixed.frames[:, :, :3], batch.frames[:, :, :3])


def test_a_background_never_comes_from_padding() -> None:
    batch = _batch()
    valid = torch.arange(5) < batch.lengths[:, None]
    batch.frames[~valid] = torch.nan
    for seed in range(20):
        torch.manual_seed(seed)
        assert mix(batch, AugmentConfig(background=0.9), 3).frames[valid].isfinite().all()


@pytest.mark.parametrize("motion", ["only", "picture"])
def test_a_background_is_refused_where_no_colours_are_seen(motion: str) -> None:
    with pytest.raises(ConfigError, match=f"augment.background changes colours, and prep.motion={motion} shows none"):
        make_config({"prep": {"motion": motion}, "augment": {"background": 0.5}})
