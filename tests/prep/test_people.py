"""Who is looked at, and how the square lies around them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from tests.prep.drawing import room
from vidclf.detect import Detection
from vidclf.prep.framing import around_body, around_motion
from vidclf.prep.people import People
from vidclf.types import UInt8Array

Box = tuple[float, float, float, float]


def watched(frames: UInt8Array, boxes: list[list[Box]], memory: int | None = None) -> People:
    people = People(memory)
    for frame, seen in zip(frames, boxes, strict=True):
        people.look(frame, [Detection(box, "person", 0.9) for box in seen])
    return people


def waving(frames: UInt8Array, box: Box) -> None:
    """Change the upper half of a box from frame to frame."""
    left, top, right, bottom = map(int, box)
    for number, frame in enumerate(frames):
        frame[top : (top + bottom) // 2, left:right] = 250 if number % 2 else 20


def test_a_bystander_does_not_win_even_nearer_and_seen_first() -> None:
    frames = room(8)
    bystander, person = (10.0, 5.0, 60.0, 118.0), (100.0, 40.0, 125.0, 100.0)
    waving(frames, person)
    assert watched(frames, [[bystander, person]] * 8).foremost() == [person] * 8


def test_of_two_who_move_or_stand_alike_the_larger_is_taken() -> None:
    small, large = (10.0, 40.0, 30.0, 90.0), (80.0, 10.0, 120.0, 110.0)
    frames = room(6)
    assert watched(frames, [[small, large]] * 6).foremost() == [large] * 6
    waving(frames, small)
    waving(frames, large)
    assert watched(frames, [[small, large]] * 6).foremost() == [large] * 6


def test_boxes_are_linked_over_time_and_gaps() -> None:
    frames = room(6)
    steps: list[Box] = [(10.0 + 15 * k, 20.0, 40.0 + 15 * k, 110.0) for k in range(6)]
    other = (130.0, 20.0, 155.0, 100.0)
    boxes = [[other, steps[0]], [steps[1]], [], [steps[3], other], [other, steps[4]], [steps[5]]]
    waving(frames, (10.0, 20.0, 115.0, 110.0))
    assert watched(frames, boxes).foremost() == [steps[0], steps[1], *steps[3:]]


def test_nobody_and_other_things_are_not_people() -> None:
    people = People()
    people.look(room(1)[0], [Detection((10, 10, 60, 60), "dog", 0.9)])
    assert people.foremost() == []


def test_what_is_forgotten_does_not_count_and_one_who_is_followed_is_kept() -> None:
    first, second = (10.0, 20.0, 40.0, 110.0), (100.0, 20.0, 130.0, 110.0)
    frames = room(12)
    waving(frames[:6], first)
    waving(frames[6:], second)
    followed = People(memory=4)
    chosen = []
    for frame in frames:
        followed.look(frame, [Detection(box, "person", 0.9) for box in (first, second)])
        chosen.append(followed.foremost()[-1])
    assert chosen[1:6] == [first] * 5
    assert chosen[-1] == second
    assert len(followed.foremost()) == 4
    assert sum(now != before for before, now in pairwise(chosen[1:])) == 1


def test_a_face_stands_for_a_body_below_it() -> None:
    people = People()
    people.look(np.zeros((480, 640, 3), np.uint8), [Detection((300, 100, 324, 130), "face", 0.9)])
    ((left, top, right, bottom),) = people.foremost()
    assert (left + right) / 2 == pytest.approx(312)
    assert top < 100
    assert bottom - top == pytest.approx(270, abs=5)
    people = People()
    people.look(np.zeros((480, 640, 3), np.uint8), [Detection((300, 300, 400, 420), "face", 0.9)])
    assert people.foremost()[0][3] == 480  # no body below the picture


STANDING: Box = (290.0, 100.0, 350.0, 290.0)


@pytest.mark.parametrize("part", ["upper", "body"])
@pytest.mark.parametrize(
    "stretched",
    [
        (290.0, 100.0, 405.0, 290.0),  # an arm to the side
        (235.0, 100.0, 350.0, 290.0),
        (290.0, 60.0, 350.0, 290.0),  # a hand above the head
        (235.0, 100.0, 405.0, 290.0),  # both arms
    ],
)
def test_arms_neither_move_nor_resize_the_square_and_stay_inside(part: str, stretched: Box) -> None:
    still = around_body([STANDING] * 8, (480, 640), part=part)  # type: ignore[arg-type]
    gesture = around_body([STANDING] * 3 + [stretched] * 5, (480, 640), part=part)  # type: ignore[arg-type]
    assert gesture == still
    half = gesture.side / 2
    hips = 100 + 0.55 * 190
    assert gesture.center_x - half <= stretched[0]
    assert gesture.center_x + half >= stretched[2]
    assert gesture.center_y - half <= stretched[1]
    assert gesture.center_y + half >= (290 if part == "body" else hips)


def test_a_body_that_the_picture_cuts_off_is_as_large_as_its_shoulders_say() -> None:
    whole = around_body([(300.0, 20.0, 450.0, 475.0)] * 4, (1000, 640), part="upper")
    cut = around_body([(300.0, 20.0, 450.0, 240.0)] * 4, (240, 640), part="upper")
    assert cut.side == pytest.approx(whole.side, rel=0.15)
    assert cut.center_y == pytest.approx(whole.center_y, rel=0.15)


def test_the_whole_way_of_a_walker_is_held_or_the_newest_place() -> None:
    steps: list[Box] = [(100.0 + 50 * k, 100.0, 160.0 + 50 * k, 290.0) for k in range(9)]
    whole = around_body(steps, (480, 640), part="upper")
    assert whole.center_x - whole.side / 2 < 130
    assert whole.center_x + whole.side / 2 > 530
    newest = around_body(steps, (480, 640), part="upper", newest=3)
    assert newest.center_x == pytest.approx(480)
    assert newest.side == pytest.approx(0.95 * 190)


def test_the_square_around_motion_holds_all_of_it() -> None:
    framing = around_motion([(50.0, 60.0, 90.0, 100.0), (70.0, 60.0, 150.0, 100.0)], (240, 320))
    assert framing.center_x == 100
    assert framing.side > 100
    assert around_motion([(50.0, 60.0, 52.0, 61.0)], (240, 320)).side >= 90
