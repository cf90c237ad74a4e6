"""From raw timestamps to times."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidclf.video.times import ascending, repaired


def test_missing_times_continue_at_the_frame_interval() -> None:
    raw = [None, 1.0, 1.1, None, 1.3, 1.4, None]
    assert repaired(raw, 0.5) == pytest.approx([0.9, 1.0, 1.1, 1.2, 1.3, 1.4, 1.5])


def test_no_times_at_all_run_at_the_nominal_rate_from_zero() -> None:
    assert repaired([None] * 4, 0.04) == pytest.approx([0, 0.04, 0.08, 0.12])


def test_times_in_coding_order_are_put_in_order() -> None:
    assert repaired([0.08, 0.2, 0.12, 0.24, 0.32, 0.28], 0.04).tolist() == [0.08, 0.12, 0.2, 0.24, 0.28, 0.32]


def test_a_recording_joined_on_keeps_its_own_times_until_they_must_ascend() -> None:
    part = np.arange(24) * 0.04
    joined = repaired([*part, *part], 0.04)
    assert joined == pytest.approx([*part, *part])
    assert ascending(joined, 0.04) == pytest.approx(np.arange(48) * 0.04)


@given(st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6)), min_size=1, max_size=60), st.floats(0.001, 1))
def test_ascending_times_never_decrease_and_none_is_lost(raw: list[float | None], interval: float) -> None:
    times = ascending(repaired(raw, interval), interval)
    assert times.shape == (len(raw),)
    assert np.all(np.diff(times) >= 0)
    assert not np.isnan(times).any()


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=60))
def test_times_in_order_stay_as_they_are(raw: list[float]) -> None:
    ordered = sorted(raw)
    assert ascending(repaired(ordered, 0.04), 0.04).tolist() == ordered
