"""What a model says of a clip while it goes on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from vidclf.draw.theme import THEMES, Theme, ThemeName, plotting, save_figure
from vidclf.types import Float64Array

_HEIGHT = 1.15  # inches
_LONGEST_NAME = 24  # characters


@dataclass(frozen=True, eq=False)
class Shares:
    """Probabilities of some classes at each step of a clip.

    Attributes:
        pts_seconds: time of each step (T,), ascending.
        of_classes: probability at each step (T,), by class name; at most four, the one that matters first.
    """

    pts_seconds: Float64Array | Sequence[float]
    of_classes: Mapping[str, Float64Array | Sequence[float]]


def plot_over_time(
    shares: Shares, target: Path | str | BinaryIO, *, width: float = 8.5, theme: ThemeName = "light"
) -> None:
    """Plot probabilities over time, as PNG; nothing stands beside the lines, so that it fits below a film strip.

    Args:
        shares: the probabilities.
        target: the file to write, or one that is open for writing in binary.
        width: in inches.
        theme: colours for light or dark paper.

    Raises:
        ValueError: fewer than two steps, or more classes than colours.
    """
    colours = THEMES[theme]
    lines = (colours.accent, colours.wrong, colours.ink, colours.faint)
    seconds = np.asarray(shares.pts_seconds, dtype=np.float64)
    if len(seconds) < 2 or len(shares.of_classes) > len(lines):
        raise ValueError(
            f"a plot over time is of two steps or more and of {len(lines)} classes or fewer, not of {len(seconds)} "
            f"and {len(shares.of_classes)}"
        )
    with plotting(colours):
        figure = Figure(figsize=(width, _HEIGHT))
        axes = figure.add_axes((0, 0.02, 1, 0.8))
        for (label, values), colour in zip(shares.of_classes.items(), lines, strict=False):
            name = label if len(label) <= _LONGEST_NAME else label[: _LONGEST_NAME - 1] + "…"
            axes.plot(seconds, values, color=colour, linewidth=1.8, label=name, solid_capstyle="round")
        axes.legend(
            loc="lower left", bbox_to_anchor=(0, 1.02), ncols=len(lines), frameon=False, fontsize=8,
            labelcolor=colours.faint, handlelength=1.4, borderpad=0, borderaxespad=0,
        )  # fmt: skip
        # As below a strip of eight frames: from the middle of the first to that of the last.
        room = (seconds[-1] - seconds[0]) / 14 or 1.0
        axes.set_xlim(seconds[0] - room, seconds[-1] + room)
        _finish(axes, colours)
        save_figure(figure, target)


def _finish(axes: Axes, theme: Theme) -> None:
    """Lines at 0, 50 and 100 %, named inside the plot."""
    axes.set_ylim(-0.05, 1.05)
    axes.set_xticks([])
    axes.set_yticks([0, 0.5, 1])
    axes.yaxis.set_major_formatter(PercentFormatter(xmax=1, symbol=" %"))
    axes.tick_params(axis="y", length=0, direction="in", pad=-2, labelsize=7)
    for name in axes.get_yticklabels():
        name.set_horizontalalignment("left")
        name.set_bbox({"facecolor": theme.paper, "linewidth": 0, "pad": 1})
    axes.grid(axis="y", color=theme.rule, linewidth=0.6)
    axes.spines[:].set_visible(False)
