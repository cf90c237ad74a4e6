from __future__ import annotations

import numpy as np
import pytest

from vidclf.synth import GESTURES, TIME_PAIRS, Habits, Pose, performer, poses, trajectory

HABITS = Habits(centre=(0.0, 0.18), hand_length=0.35, amplitude=1.0, speed=1.0, tilt=0.0, pivot=0.4)


def draw(label: str, number: int, fps: float = 25.0) -> list[Pose]:
    return poses(label, HABITS, fps, np.random.default_rng(number))


def as_array(sequence: list[Pose]) -> np.ndarray:
    return np.array([(p.x, p.y, p.scale, p.angle, p.spread, *p.curls) for p in sequence])


def fastest_move(values: np.ndarray, window: int = 10) -> float:
    """The largest signed change within a window of frames."""
    changes = values[window:] - values[:-window]
    return float(changes[np.abs(changes).argmax()])


@pytest.mark.parametrize("pair", TIME_PAIRS, ids="-".join)
@pytest.mark.parametrize("fps", [10.0, 12.5, 30.0])
def test_the_classes_of_a_pair_are_each_other_backwards(pair: tuple[str, str], fps: float) -> None:
    for number in range(5):
        first, second = (as_array(draw(label, number, fps)) for label in pair)
        np.testing.assert_allclose(first, second[::-1], atol=1e-9)
        assert np.abs(first - second).max() > 0.05


def test_a_path_backwards_holds_between_frames_too() -> None:
    path = trajectory("circle_clockwise", HABITS, 15.0, np.random.default_rng(1))
    last = path.frame_seconds[-1]
    times = np.linspace(-0.01, last + 0.01, 97)
    np.testing.assert_allclose(as_array(path.poses(times)), as_array(path.backwards().poses(last - times)), atol=1e-9)


@pytest.mark.parametrize(
    ("label", "axis", "sign"),
    [("swipe_right", 0, 1), ("swipe_left", 0, -1), ("swipe_down", 1, 1), ("swipe_up", 1, -1)],
)
def test_swipes_go_where_they_say(label: str, axis: int, sign: int) -> None:
    for number in range(20):
        track = as_array(draw(label, number))[:, :2]
        assert sign * fastest_move(track[:, axis]) > 0.2
        assert np.ptp(track[:, axis]) > 1.5 * np.ptp(track[:, 1 - axis])


@pytest.mark.parametrize(("label", "sign"), [("circle_clockwise", 1), ("circle_counterclockwise", -1)])
def test_circles_turn_as_seen_in_the_picture(label: str, sign: int) -> None:
    for number in range(20):
        track = as_array(draw(label, number))[:, :2]
        step = np.diff(track, axis=0)
        turned = step[:-1, 0] * step[1:, 1] - step[:-1, 1] * step[1:, 0]  # y is downwards: positive is clockwise
        assert sign * turned.sum() > 0
        assert min(np.ptp(track, axis=0)) > 0.15


@pytest.mark.parametrize(("label", "sign"), [("push", 1), ("pull", -1)])
def test_push_comes_nearer_and_pull_goes_away(label: str, sign: int) -> None:
    for number in range(20):
        assert sign * fastest_move(np.log(as_array(draw(label, number))[:, 2])) > 0.25


@pytest.mark.parametrize(("label", "sign"), [("open", -1), ("close", 1)])
def test_open_and_close_bend_all_fingers(label: str, sign: int) -> None:
    for number in range(20):
        curls = as_array(draw(label, number))[:, 5:]
        assert (sign * (curls[-1] - curls[0]) > 0.6).all()


def test_waving_turns_to_and_fro() -> None:
    for number in range(20):
        angle = as_array(draw("wave", number))[:, 3]
        away = angle - np.median(angle)
        sides = np.sign(away[np.abs(away) > 0.15])
        assert np.count_nonzero(np.diff(sides)) >= 3


def test_the_background_class_makes_no_gesture() -> None:
    for number in range(200):
        track = as_array(draw("none", number))
        seen = track[np.abs(track[:, 0]) < 0.7]
        if len(seen) < len(track) or np.ptp(track[:, 1]) > 0.4:
            continue  # entering, leaving, or not there
        assert np.ptp(seen[:, :2], axis=0).max() < 0.22  # a swipe moves by 0.36 and more
        assert np.ptp(seen[:, 2]) / seen[:, 2].min() < 0.4  # a push grows by 0.75 and more
        assert np.ptp(seen[:, 5:].mean(axis=1)) < 0.6  # opening takes the fingers through 0.8 and more


@pytest.mark.parametrize("label", GESTURES)
def test_lengths_and_rest_before_the_gesture(label: str) -> None:
    for number in range(20):
        for fps in (10.0, 30.0):
            track = as_array(draw(label, number, fps))
            assert 1.55 <= len(track) / fps <= 3.05
            if label != "none":
                assert np.abs(track[1] - track[0]).max() < 0.12  # nothing starts with the first frame


def test_frame_rates_vary_over_performers() -> None:
    rates = [performer(3, index).camera.fps for index in range(7)]
    assert len(set(rates)) == 7
    assert min(rates) == 10
    assert max(rates) == 30
