"""Clips as pictures: a film strip for one, a contact sheet for several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from vidclf.types import Float64Array, UInt8Array

_PAPER = (255, 255, 255)
_INK = (28, 32, 36)
_FAINT = (104, 112, 120)
_GAP = 3
_MARGIN = 12


@dataclass(frozen=True, eq=False)
class SheetRow:
    """One row of a contact sheet.

    Attributes:
        caption: one line above the row; cut where it is longer than the sheet is wide.
        image: uint8 RGB (H, W, 3), a film strip or any other picture.
    """

    caption: str
    image: UInt8Array


def film_strip(
    frames: UInt8Array,
    *,
    count: int = 8,
    height: int = 96,
    times: Float64Array | Sequence[float] | None = None,
    captions: Sequence[str] | None = None,
) -> UInt8Array:
    """Frames of a clip side by side, evenly chosen, the first and the last among them.

    Args:
        frames: uint8 RGB (T, H, W, 3).
        count: how many frames to show; a clip with fewer shows all it has.
        height: height of each shown frame, in pixels; the width follows.
        times: time of each frame in seconds (T,), written below the shown ones.
        captions: a few words for each frame (T,), written below the shown ones, after the time if there is one.

    Returns:
        uint8 RGB (h, w, 3), h is `height` and a line of text where there is any.

    Raises:
        ValueError: no frames, another shape or type, lengths that disagree, or sizes below 1.
    """
    if frames.ndim != 4 or frames.shape[-1] != 3 or frames.dtype != np.uint8 or len(frames) == 0:
        raise ValueError(
            f"a film strip needs uint8 RGB frames of shape (T, H, W, 3), not {frames.dtype} {frames.shape}"
        )
    if count < 1 or height < 1:
        raise ValueError(f"count and height must be at least 1, not {count} and {height}")
    words = _words_below(len(frames), times, captions)
    shown = evenly_chosen(len(frames), count)
    width = max(1, round(frames.shape[2] * height / frames.shape[1]))
    font = _font(_text_size(height))
    strip = Image.new(
        "RGB",
        (len(shown) * (width + _GAP) - _GAP, height + (_line_height(font) if words else 0)),
        _PAPER,
    )
    draw = ImageDraw.Draw(strip)
    for place, index in enumerate(shown):
        left = place * (width + _GAP)
        picture = Image.fromarray(frames[index]).resize((width, height), Image.Resampling.BOX)
        strip.paste(picture, (left, 0))
        if words:
            draw.text((left, height + 3), _cut(words[index], font, width), fill=_FAINT, font=font)
    return np.asarray(strip)


def contact_sheet(rows: Sequence[SheetRow], *, title: str = "") -> UInt8Array:
    """Several strips below each other, each under its caption.

    Args:
        rows: at least one; strips of several widths stand flush left.
        title: one line at the top, or nothing.

    Returns:
        uint8 RGB (h, w, 3).

    Raises:
        ValueError: no rows, or an image of another shape or type.
    """
    if not rows:
        raise ValueError("a contact sheet needs at least one row")
    for row in rows:
        if row.image.ndim != 3 or row.image.shape[2] != 3 or row.image.dtype != np.uint8:
            raise ValueError(
                f"the row '{row.caption}' must be uint8 RGB of shape (H, W, 3), "
                f"not {row.image.dtype} {row.image.shape}"
            )
    font, title_font = _font(13), _font(17)
    width = max(row.image.shape[1] for row in rows)
    caption_height = _line_height(font) + 2
    title_height = _line_height(title_font) + _MARGIN if title else 0
    height = title_height + sum(caption_height + row.image.shape[0] + _MARGIN for row in rows)
    sheet = Image.new("RGB", (width + 2 * _MARGIN, height + _MARGIN), _PAPER)
    draw = ImageDraw.Draw(sheet)
    top = _MARGIN
    if title:
        draw.text((_MARGIN, top), _cut(title, title_font, width), fill=_INK, font=title_font)
        top += title_height
    for row in rows:
        draw.text((_MARGIN, top), _cut(row.caption, font, width), fill=_INK, font=font)
        sheet.paste(Image.fromarray(row.image), (_MARGIN, top + caption_height))
        top += caption_height + row.image.shape[0] + _MARGIN
    return np.asarray(sheet)


def evenly_chosen(num_frames: int, count: int) -> list[int]:
    """Positions of at most `count` frames, evenly spread from the first to the last."""
    return [round(place) for place in np.linspace(0, num_frames - 1, min(count, num_frames)).tolist()]


def _words_below(
    num_frames: int, times: Float64Array | Sequence[float] | None, captions: Sequence[str] | None
) -> list[str]:
    """The text below each frame; an empty list where there is none for any."""
    for name, given in (("times", times), ("captions", captions)):
        if given is not None and len(given) != num_frames:
            raise ValueError(f"{len(given)} {name} for {num_frames} frames: there must be one for each frame")
    clock = [f"{seconds:.2f} s" for seconds in times] if times is not None else None
    if clock is not None and captions is not None:
        return [f"{when} · {words}" for when, words in zip(clock, captions, strict=True)]
    return clock or list(captions or [])


def _text_size(frame_height: int) -> int:
    return int(np.clip(frame_height // 8, 9, 14))


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    # Matplotlib brings this file; Pillow's own font knows little beyond ASCII.
    return ImageFont.truetype(Path(matplotlib.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf"), size)


def _line_height(font: ImageFont.FreeTypeFont) -> int:
    ascent, descent = font.getmetrics()
    return ascent + descent + 3


def _cut(text: str, font: ImageFont.FreeTypeFont, width: int) -> str:
    """One line of the text, cut with an ellipsis to at most `width` pixels."""
    text = " ".join(text.split())
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(text + "…") > width:
        text = text[:-1]
    return text.rstrip() + "…" if text else ""
