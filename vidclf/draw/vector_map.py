"""Vectors as points of the plane: what lies together, and what between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from vidclf.draw.theme import THEMES, Theme, ThemeName, plotting, save_figure
from vidclf.types import Float64Array, IntArray

# More names than that would hide the points.
_MOST_NAMED = 40
_COLOURS = "tab20"
_PANEL_INCHES = 4.6


def plot_vector_map(
    places: Mapping[str, Float64Array],
    identities: IntArray,
    names: Sequence[str],
    target: Path | str | BinaryIO,
    *,
    theme: ThemeName = "light",
) -> None:
    """Plot one panel for each way of laying the same vectors out, side by side, as PNG.

    Args:
        places: by the way's name, float64 (N, 2), where each vector lies.
        identities: int64 (N,), whose it is; one colour each, as far as there are colours.
        names: what each identity is called; written where its points lie, if these are not too many.
        target: the file to write, or one that is open for writing in binary.
        theme: colours for light or dark paper.
    """
    colours = THEMES[theme]
    with plotting(colours):
        figure = Figure(figsize=(_PANEL_INCHES * len(places), _PANEL_INCHES), layout="constrained")
        for axes, (way, points) in zip(np.ravel(figure.subplots(1, len(places))), places.items(), strict=True):
            _draw(axes, points, identities, names, colours)
            axes.set_title(way, loc="left", fontsize=10, color=colours.ink)
        save_figure(figure, target)


def _draw(axes: Axes, points: Float64Array, identities: IntArray, names: Sequence[str], theme: Theme) -> None:
    palette = matplotlib.colormaps[_COLOURS]
    axes.scatter(
        points[:, 0], points[:, 1], 9, c=[palette(number % palette.N) for number in identities], linewidths=0
    )
    present = np.unique(identities)
    if len(present) <= _MOST_NAMED:
        for number in present.tolist():
            x, y = np.median(points[identities == number], axis=0)
            axes.text(x, y, names[number], fontsize=7, color=theme.ink, ha="center", va="center")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_color(theme.rule)
