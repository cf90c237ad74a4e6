from __future__ import annotations

import numpy as np
import pytest

from tests.data.check.scenes import FPS, scene
from vidclf.data.check.fingerprint import SIDE, Fingerprint, distances, take_fingerprint
from vidclf.data.check.matching import find_matches
from vidclf.types import Float64Array, UInt8Array
from vidclf.video import resize_frames


def fingerprint(frames: UInt8Array, pts_seconds: Float64Array | None = None) -> Fingerprint:
    times = np.arange(len(frames)) / FPS if pts_seconds is None else pts_seconds
    return take_fingerprint(resize_frames(frames, (SIDE, SIDE))[..., 1], times)


def test_two_cuts_of_one_recording_are_found_with_their_lag() -> None:
    recording = scene(1, 80)
    clips = [
        fingerprint(scene(2, 50)),
        fingerprint(recording[:50]),
        fingerprint(recording[30:], 5 + np.arange(50) / FPS),
    ]
    (match,) = find_matches(clips)
    assert (match.first, match.second) == (1, 2)
    assert match.lag_seconds == pytest.approx(30 / FPS - 5)
    assert match.seconds == pytest.approx(20 / FPS)
    assert match.shares == pytest.approx((0.4, 0.4))


def test_a_copy_at_another_rate_and_size_is_found() -> None:
    frames = scene(3, 60)
    small = resize_frames(frames[::2], (24, 32))
    (match,) = find_matches([fingerprint(frames), fingerprint(small, np.arange(30) / FPS * 2)])
    assert match.lag_seconds == pytest.approx(0, abs=0.02)
    assert min(match.shares) > 0.95


@pytest.mark.parametrize("shared", [0, 2, 5])
def test_a_few_frames_are_not_enough(shared: int) -> None:
    recording = scene(4, 80)
    assert find_matches([fingerprint(recording[:40]), fingerprint(recording[40 - shared :])]) == []


def test_one_camera_is_not_one_recording() -> None:
    clips = [fingerprint(scene(seed, 50, room=1)) for seed in range(12)]
    assert find_matches(clips) == []


def test_still_scenes_say_nothing() -> None:
    rng = np.random.default_rng(0)
    still = np.repeat(scene(5, 1), 50, axis=0)
    noisy = [np.clip(still + rng.normal(0, 4, still.shape), 0, 255).astype(np.uint8) for _ in range(3)]
    assert not fingerprint(still).moving.any()
    assert find_matches([fingerprint(frames) for frames in (still, still, *noisy)]) == []


@pytest.mark.parametrize("lengths", [[], [1], [1, 1], [2, 1, 30]])
def test_very_short_clips_are_no_trouble(lengths: list[int]) -> None:
    assert find_matches([fingerprint(scene(6 + n, length)) for n, length in enumerate(lengths)]) == []


def test_a_part_of_a_fingerprint_has_the_frames_of_its_times() -> None:
    whole = fingerprint(scene(7, 50))
    part = whole.within(0.4, 1.0)
    assert part.pts_seconds.tolist() == whole.pts_seconds[10:25].tolist()
    assert part.hashes.tolist() == whole.hashes[10:25].tolist()
    assert part.seconds == pytest.approx(0.6)
    assert whole.within(None, None).seconds == pytest.approx(2.0)


def test_distance_counts_differing_bits() -> None:
    hashes = np.array([0, 0b111, 2**63 - 1], dtype=np.uint64)
    assert (distances(hashes, np.zeros(3, np.uint64)) * 63).round().tolist() == [0, 3, 63]
