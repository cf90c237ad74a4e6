from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from vidclf.draw import SheetRow, contact_sheet, film_strip, save_png


def numbered_frames(count: int, height: int = 48, width: int = 64):
    """Frame i is grey of the value 10 * i."""
    return np.broadcast_to(
        (10 * np.arange(count, dtype=np.uint8))[:, None, None, None], (count, height, width, 3)
    ).copy()


def test_shows_the_first_the_last_and_evenly_between():
    strip = film_strip(numbered_frames(13), count=4, height=96)
    width = 128
    assert strip.shape == (96, 4 * width + 3 * 3, 3)
    middles = [int(strip[48, place * (width + 3) + width // 2, 0]) for place in range(4)]
    assert middles == [0, 40, 80, 120]


def test_a_short_clip_shows_all_it_has():
    assert film_strip(numbered_frames(2), count=8, height=48).shape == (48, 2 * 64 + 3, 3)
    assert film_strip(numbered_frames(1), height=48).shape == (48, 64, 3)


@given(
    count=st.integers(1, 12),
    num_frames=st.integers(1, 20),
    height=st.integers(1, 40),
    size=st.tuples(st.integers(1, 50), st.integers(1, 50)),
)
def test_size_of_any_strip(count, num_frames, height, size):
    frames = np.zeros((num_frames, *size, 3), dtype=np.uint8)
    strip = film_strip(frames, count=count, height=height)
    shown = min(count, num_frames)
    width = max(1, round(size[1] * height / size[0]))
    assert strip.shape == (height, shown * (width + 3) - 3, 3)
    assert strip.dtype == np.uint8


def test_times_and_captions_stand_below_and_change_nothing_above():
    frames = numbered_frames(5)
    plain = film_strip(frames, count=3)
    times = film_strip(frames, count=3, times=np.arange(5) / 10)
    both = film_strip(frames, count=3, times=np.arange(5) / 10, captions=["a", "ü", "дa", "λ", "x" * 200])
    for captioned in (times, both):
        assert captioned.shape[0] > 96
        assert np.array_equal(captioned[:96], plain)
        assert captioned[96:].min() < 200
    assert not np.array_equal(times, both)


def test_repeats_to_the_byte(tmp_path):
    for name in ("a.png", "b.png"):
        strip = film_strip(numbered_frames(9), times=np.arange(9) / 25)
        save_png(tmp_path / name, contact_sheet([SheetRow("wave", strip)], title="Clips"))
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_sheet_holds_every_row_and_pads_the_narrow_ones():
    wide, narrow = film_strip(numbered_frames(8)), film_strip(numbered_frames(8) + 5, count=2)
    sheet = contact_sheet([SheetRow("wide", wide), SheetRow("narrow\nof two lines " * 60, narrow)])
    assert sheet.shape[1] == wide.shape[1] + 2 * 12
    for row in (wide, narrow):
        tops = [
            top
            for top in range(sheet.shape[0] - 96)
            if np.array_equal(sheet[top : top + 96, 12 : 12 + row.shape[1]], row)
        ]
        assert len(tops) == 1
    titled = contact_sheet([SheetRow("wide", wide)], title="Augmented inputs")
    assert titled.shape[0] > contact_sheet([SheetRow("wide", wide)]).shape[0]


def test_saved_png_opens_as_the_same_picture(tmp_path):
    image = np.random.default_rng(0).integers(256, size=(20, 30, 3), dtype=np.uint8)
    save_png(tmp_path / "image.png", image)
    with Image.open(tmp_path / "image.png") as opened:
        assert opened.format == "PNG"
        assert np.array_equal(np.asarray(opened), image)


def test_refuses_with_a_sentence(tmp_path):
    frames = numbered_frames(4)
    with pytest.raises(ValueError, match=r"\(T, H, W, 3\), not float64"):
        film_strip(frames.astype(np.float64))
    with pytest.raises(ValueError, match=r"not uint8 \(0, 48, 64, 3\)"):
        film_strip(frames[:0])
    with pytest.raises(ValueError, match="3 times for 4 frames"):
        film_strip(frames, times=[0, 1, 2])
    with pytest.raises(ValueError, match="1 captions for 4 frames"):
        film_strip(frames, captions=["a"])
    with pytest.raises(ValueError, match="at least 1, not 0 and 96"):
        film_strip(frames, count=0)
    with pytest.raises(ValueError, match="at least one row"):
        contact_sheet([])
    with pytest.raises(ValueError, match="the row 'up' must be uint8 RGB"):
        contact_sheet([SheetRow("up", frames)])
    with pytest.raises(ValueError, match=r"\(H, W, 3\), not uint8 \(4, 48, 64, 3\)"):
        save_png(tmp_path / "x.png", frames)
