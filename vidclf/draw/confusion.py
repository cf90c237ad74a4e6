"""Which classes are taken for which."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, PowerNorm
from matplotlib.figure import Figure

from vidclf.draw.theme import THEMES, Theme, ThemeName, plotting, save_figure
from vidclf.types import Float64Array, IntArray

_POINTS_PER_INCH = 72
_SMALLEST_NUMBER = 5.0  # points; smaller ones are left out
_GAMMA = 0.6  # below 1 so that a few mistakes among many clips can be seen
_LONGEST_NAME = 24  # characters


def plot_confusion(
    confusion: IntArray | Sequence[Sequence[int]],
    classes: Sequence[str],
    target: Path | str | BinaryIO,
    *,
    theme: ThemeName = "light",
) -> None:
    """Plot a confusion matrix, as PNG: counts as numbers, each row's shares as colour.

    Numbers are left out where they would not fit, and where they are 0.

    Args:
        confusion: counts (K, K), rows are the truth, columns the prediction.
        classes: the K names.
        target: the file to write, or one that is open for writing in binary.
        theme: colours for light or dark paper.

    Raises:
        ValueError: no classes, or a matrix of another shape.
    """
    counts = np.asarray(confusion, dtype=np.int64)
    size = len(classes)
    if size == 0 or counts.shape != (size, size):
        raise ValueError(
            f"a confusion matrix of {size} classes must be of shape ({size}, {size}), not {counts.shape}"
        )
    support = counts.sum(axis=1, keepdims=True)
    shares = counts / np.maximum(support, 1)
    side = float(np.clip(0.36 * size, 2.4, 12.0))  # inches
    cell_points = side / size * _POINTS_PER_INCH
    colours = THEMES[theme]
    with plotting(colours):
        figure = Figure(figsize=(side, side))
        axes = figure.add_axes((0, 0, 1, 1))  # names lie outside; saving cuts to what is drawn
        colour_map = LinearSegmentedColormap.from_list("shares", [colours.paper, colours.accent])
        axes.imshow(shares, cmap=colour_map, norm=PowerNorm(_GAMMA, vmin=0, vmax=1))
        _draw_frame(axes, size, colours)
        _draw_names(axes, classes, cell_points, colours)
        _draw_numbers(axes, counts, shares, cell_points, colours)
        save_figure(figure, target, cut=True)


def _draw_frame(axes: Axes, size: int, theme: Theme) -> None:
    edges = np.arange(size + 1) - 0.5
    width = 0.5 if size <= 40 else 0.15
    axes.hlines(edges, edges[0], edges[-1], colors=theme.rule, linewidths=width)
    axes.vlines(edges, edges[0], edges[-1], colors=theme.rule, linewidths=width)
    axes.set(xlim=(edges[0], edges[-1]), ylim=(edges[-1], edges[0]))
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)


def _draw_names(axes: Axes, classes: Sequence[str], cell_points: float, theme: Theme) -> None:
    names = [name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…" for name in classes]
    points = min(9.0, cell_points * 0.75)
    # Upright names only where a few short ones have the room.
    fits_across = max(len(name) for name in names) * points * 0.65 < cell_points
    axes.set_xticks(range(len(names)), names, fontsize=points, rotation=0 if fits_across else 90, color=theme.ink)
    axes.set_yticks(range(len(names)), names, fontsize=points, color=theme.ink)
    axes.set_xlabel("predicted", labelpad=8)
    axes.set_ylabel("truth", labelpad=8)


def _draw_numbers(axes: Axes, counts: IntArray, shares: Float64Array, cell_points: float, theme: Theme) -> None:
    digits = len(str(counts.max()))
    points = min(9.0, cell_points * 0.5, cell_points * 0.9 / (0.72 * digits))
    if points < _SMALLEST_NUMBER:
        return
    for row, column in zip(*counts.nonzero(), strict=True):
        axes.text(
            column,
            row,
            str(counts[row, column]),
            ha="center",
            va="center",
            fontsize=points,
            color=theme.paper if shares[row, column] ** _GAMMA > 0.55 else theme.ink,
        )
