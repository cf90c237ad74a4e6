"""Drawn characters: alphabets of strokes, each character drawn by several people, in the layout of Omniglot."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

SIDE = 35


def draw_alphabets(
    folder: Path, *, alphabets: int = 3, characters: int = 6, drawers: int = 6, wobble: float = 1.0
) -> None:
    """Write `Alphabet_N/characterNN/NNNN_NN.png`, 1 bit, ink on white; `wobble` pixels from person to person."""
    rng = np.random.default_rng(0)
    for alphabet in range(alphabets):
        for character in range(characters):
            strokes = rng.uniform(4, SIDE - 4, size=(3, 2, 2))
            home = folder / f"Alphabet_{alphabet}" / f"character{character + 1:02d}"
            home.mkdir(parents=True)
            for drawer in range(drawers):
                picture = Image.new("1", (SIDE, SIDE), 1)
                pen = ImageDraw.Draw(picture)
                for stroke in strokes + rng.normal(0, wobble, size=strokes.shape):
                    pen.line([tuple(point) for point in stroke.tolist()], fill=0, width=2)
                picture.save(home / f"{100 * alphabet + character:04d}_{drawer + 1:02d}.png")
