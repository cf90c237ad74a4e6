"""One clip with what a model made of it, as one picture."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from vidclf.draw.heat import heated
from vidclf.draw.over_time import Shares, plot_over_time
from vidclf.draw.strips import SheetRow, contact_sheet, film_strip
from vidclf.draw.theme import DOTS_PER_INCH
from vidclf.types import Float32Array, UInt8Array

_FRAME_HEIGHT = 144
_LEAST_PLOT_WIDTH = 640  # pixels; the strip of a short clip is narrower


def explanation_sheet(frames: UInt8Array, heat: Float32Array | None, shares: Shares, *, title: str) -> UInt8Array:
    """Frames, what in them spoke for the answer, and probabilities over time, below each other.

    Args:
        frames: uint8 RGB (T, h, w, 3), as the network saw them; up to eight are shown, evenly chosen.
        heat: (T, h, w) from 0 to 1; None leaves out its row.
        shares: probabilities at the T steps; left out where there is one step only.
        title: what the clip is and what it was taken for.

    Returns:
        uint8 RGB (H, W, 3).
    """
    strip = film_strip(frames, height=_FRAME_HEIGHT, times=shares.pts_seconds)
    rows = [SheetRow("what the network saw", strip)]
    if heat is not None:
        hot = film_strip(heated(frames, heat), height=_FRAME_HEIGHT)
        rows.append(SheetRow(f"what spoke for {next(iter(shares.of_classes))} (Grad-CAM)", hot))
    if len(frames) > 1:
        rows.append(SheetRow("probability, having seen the clip up to there", _plotted(shares, strip.shape[1])))
    return contact_sheet(rows, title=title)


def _plotted(shares: Shares, width: int) -> UInt8Array:
    buffer = io.BytesIO()
    plot_over_time(shares, buffer, width=max(width, _LEAST_PLOT_WIDTH) / DOTS_PER_INCH)
    return np.asarray(Image.open(buffer).convert("RGB"))
