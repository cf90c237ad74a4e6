"""Small moving scenes, each unlike any other, and a set of clips of them."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from vidclf.types import UInt8Array
from vidclf.video import write_video

HEIGHT, WIDTH, FPS = 48, 64, 25.0


def scene(seed: int, frames: int, *, room: int | None = None) -> UInt8Array:
    """Discs that wander before a background: uint8 (frames, HEIGHT, WIDTH, 3). One `room` is one background."""
    rng = np.random.default_rng([7, seed if room is None else room])
    coarse = rng.integers(40, 160, (HEIGHT // 8, WIDTH // 8, 3))
    background = coarse.repeat(8, axis=0).repeat(8, axis=1).astype(np.uint8)
    rng = np.random.default_rng([8, seed])
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    pictures = np.repeat(background[None], frames, axis=0)
    for _ in range(3):
        colour, radius = rng.integers(0, 256, 3), rng.uniform(5, 9)
        turns, phase = rng.uniform(0.3, 1.1, 2), rng.uniform(0, 6.3, 2)
        for number, picture in enumerate(pictures):
            angle = 2 * np.pi * turns * number / FPS + phase
            y, x = HEIGHT / 2 * (1 + 0.7 * np.sin(angle[0])), WIDTH / 2 * (1 + 0.7 * np.sin(angle[1]))
            picture[(rows - y) ** 2 + (columns - x) ** 2 < radius**2] = colour
    return pictures


def write_clip(path: Path, frames: UInt8Array, *, crf: int = 18, pts_seconds: Sequence[float] | None = None) -> None:
    write_video(path, frames, fps=None if pts_seconds else FPS, pts_seconds=pts_seconds, crf=crf, preset="ultrafast")


def write_rows(path: Path, rows: Sequence[dict[str, object]]) -> Path:
    with path.open("w", newline="") as file:
        table = csv.DictWriter(file, list(dict.fromkeys(key for row in rows for key in row)), restval="")
        table.writeheader()
        table.writerows(rows)
    return path


def clean_rows(folder: Path) -> list[dict[str, object]]:
    """Two classes, six groups, two clips of each in the group's own room; a quarter of the groups to test on."""
    rows: list[dict[str, object]] = []
    for group in range(6):
        for label in ("nod", "wave"):
            for take in range(2):
                name = f"g{group}_{label}_{take}.mp4"
                seed = 100 + len(rows)
                write_clip(folder / name, scene(seed, 24 + seed % 5, room=group))
                split = "test" if group > 3 else "train"
                rows.append({"path": name, "label": label, "group": f"g{group}", "split": split})
    return rows
