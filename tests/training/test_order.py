"""Batches of P identities with K clips each."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest

from vidclf.config import EmbedConfig
from vidclf.errors import ConfigError
from vidclf.training.order import Identities

# 6 identities in each of 3 groups, 5 clips each.
LABELS = [label for label in range(18) for _ in range(5)]
GROUPS = [f"g{label // 6}" for label in LABELS]


def order(processes: int = 1, seed: int = 0, **settings: Any) -> Identities:
    return Identities(LABELS, GROUPS, EmbedConfig(**settings), processes=processes, seed=seed)


def test_a_batch_has_so_many_clips_of_so_many_identities() -> None:
    batches = list(order(identities=4, samples=3).shares(1, 0))
    assert len(batches) == len(order(identities=4, samples=3)) == -(-90 // 12)
    for rows in batches:
        counts = Counter(LABELS[row] for row in rows)
        assert len(counts) == 4
        assert set(counts.values()) == {3}
        assert len(set(rows.tolist())) == 12


def test_identities_of_a_batch_come_from_so_many_groups() -> None:
    for rows in order(groups=2, identities=5, samples=2).shares(1, 0):
        by_group = Counter(GROUPS[row] for row in rows)
        assert set(by_group.values()) == {10}
        assert len(by_group) == 2


def test_every_clip_has_its_turn() -> None:
    seen = {
        int(row) for epoch in range(12) for rows in order(groups=1, identities=4).shares(epoch, 0) for row in rows
    }
    assert seen == set(range(len(LABELS)))


def test_processes_share_whole_identities_of_the_batch_of_one() -> None:
    whole = list(order(processes=1, identities=6, samples=2).shares(3, 0))
    shares = [list(order(processes=2, identities=3, samples=2).shares(3, process)) for process in range(2)]
    for together, first, second in zip(whole, *shares, strict=True):
        assert sorted(together) == sorted(np.concatenate([first, second]))
        assert not {LABELS[row] for row in first} & {LABELS[row] for row in second}


def test_the_seed_and_the_epoch_decide() -> None:
    def rows(seed: int, epoch: int) -> list[list[int]]:
        return [batch.tolist() for batch in order(seed=seed).shares(epoch, 0)]

    assert rows(0, 1) == rows(0, 1)
    assert rows(0, 1) != rows(0, 2)
    assert rows(0, 1) != rows(1, 1)


def test_identities_with_one_clip_teach_nothing() -> None:
    made = Identities([0, 0, 1, 1, 2], [""] * 5, EmbedConfig(identities=3), processes=1, seed=0)
    assert all(4 not in rows for rows in made.shares(1, 0))
    with pytest.raises(ConfigError, match="two clips each"):
        Identities([0, 0, 1, 2], [""] * 4, EmbedConfig(), processes=1, seed=0)


def test_groups_must_be_there_to_be_asked_for() -> None:
    with pytest.raises(ConfigError, match=r"embed\.groups"):
        Identities([0, 0, 1, 1], [""] * 4, EmbedConfig(groups=2), processes=1, seed=0)
