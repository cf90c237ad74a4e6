"""Plots of calibration and of probabilities over time; heat over frames."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from tests.draw.test_plots import ACCENT, count_of, drawn
from vidclf.draw import Shares, explanation_sheet, heated, plot_over_time, plot_reliability
from vidclf.metrics import Reliability, ReliabilityBin

WRONG = np.array([0xA8, 0x32, 0x1F])


def bins(*rows: tuple[float, float, int]) -> Reliability:
    """Of (confidence, accuracy, clips)."""
    return Reliability(tuple(ReliabilityBin(c - 0.02, c + 0.02, c, accuracy, clips) for c, accuracy, clips in rows))


def test_reliability_shows_gaps_and_writes_a_file(tmp_path):
    calibrated, surer = bins((0.5, 0.5, 4), (0.9, 0.9, 4)), bins((0.5, 0.1, 4), (0.9, 0.3, 4))
    counts = [
        count_of(drawn(lambda to, found=found: plot_reliability(found, to)), ACCENT) for found in (calibrated, surer)
    ]
    assert counts[1] > counts[0] + 300  # the lines from what was right to how sure it was
    noted = drawn(lambda to: plot_reliability(surer, to, note="Temperature 1.25, fitted on 40 validation clips."))
    assert not np.array_equal(noted, drawn(lambda to: plot_reliability(surer, to)))
    plot_reliability(surer, tmp_path / "reliability.png")
    with Image.open(tmp_path / "reliability.png") as picture:
        assert picture.size == (736, 784)


def test_a_bin_of_many_clips_is_larger():
    few, many = bins((0.3, 0.3, 1), (0.9, 0.9, 90)), bins((0.3, 0.3, 90), (0.9, 0.9, 90))
    assert count_of(drawn(lambda to: plot_reliability(many, to)), ACCENT) > 1.3 * count_of(
        drawn(lambda to: plot_reliability(few, to)), ACCENT
    )


def test_no_clips_are_no_diagram():
    with pytest.raises(ValueError, match="no clips"):
        drawn(lambda to: plot_reliability(bins(), to))


def test_over_time_draws_a_line_a_class_in_the_size_asked_for():
    seconds = np.arange(9) / 10
    one = Shares(seconds, {"wave": seconds})
    two = Shares(seconds, {"wave": seconds, "$push$": 1 - seconds})
    pixels = [drawn(lambda to, shares=shares: plot_over_time(shares, to, width=4)) for shares in (one, two)]
    assert pixels[0].shape == (184, 640, 3)
    assert count_of(pixels[0], WRONG) == 0
    assert all(count_of(picture, ACCENT) > 500 for picture in pixels)
    assert count_of(pixels[1], WRONG) > 500
    assert drawn(lambda to: plot_over_time(two, to, theme="dark")).mean() < 60


def test_over_time_needs_time_and_colours():
    with pytest.raises(ValueError, match="two steps"):
        drawn(lambda to: plot_over_time(Shares([0.0], {"a": [1.0]}), to))
    with pytest.raises(ValueError, match="and 5"):
        drawn(lambda to: plot_over_time(Shares([0.0, 1.0], {name: [0.2, 0.2] for name in "abcde"}), to))


def test_heat_colours_what_is_hot_and_greys_the_rest():
    frames = np.full((2, 8, 8, 3), (200, 40, 60), dtype=np.uint8)
    heat = np.zeros((2, 8, 8), dtype=np.float32)
    heat[1, :4] = 1.0
    heat[1, 4:6] = 0.1
    shown = heated(frames, heat)
    assert np.unique(shown[0]).tolist() == [100]
    assert np.unique(shown[1, 6:]).tolist() == [100]
    spread = np.ptp(shown[1].astype(int), axis=-1).mean(axis=-1)  # how coloured each row is
    assert spread[0] > spread[4] > 10
    with pytest.raises(ValueError, match="not of frames"):
        heated(frames, heat[:1])


@pytest.mark.parametrize("steps", [1, 2, 20])
def test_a_sheet_holds_what_there_is(steps):
    frames = np.random.default_rng(0).integers(256, size=(steps, 32, 40, 3), dtype=np.uint8)
    shares = Shares(np.arange(steps) / 10, {"wave": np.full(steps, 0.7), "push": np.full(steps, 0.3)})
    cold = explanation_sheet(frames, None, shares, title="clip.mp4: wave (70%)")
    hot = explanation_sheet(frames, np.ones((steps, 32, 40), np.float32), shares, title="clip.mp4: wave (70%)")
    assert cold.dtype == hot.dtype == np.uint8
    assert hot.shape[0] > cold.shape[0] + 144
    assert (count_of(cold, WRONG) > 100) == (steps > 1)
