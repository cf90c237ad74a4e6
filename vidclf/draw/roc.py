"""What a threshold costs: how many of the same are accepted, over how many different ones are."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO, Protocol

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, PercentFormatter

from vidclf.draw.theme import THEMES, ThemeName, plotting, save_figure
from vidclf.types import Float64Array


class RocFigures(Protocol):
    """What the plot shows; `vidclf.metrics.Roc` is one."""

    @property
    def far(self) -> Float64Array:
        """False accept rates (K,), ascending, each of 0 to 1."""

    @property
    def tar(self) -> Float64Array:
        """True accept rates (K,)."""

    @property
    def num_different(self) -> int:
        """Pairs of different ones, whose share the false accept rate is."""

    @property
    def auc(self) -> float:
        """Area under the curve."""

    @property
    def eer(self) -> float:
        """Equal error rate."""


def plot_roc(found: RocFigures, target: Path | str | BinaryIO, *, theme: ThemeName = "light") -> None:
    """Plot the true over the false accept rate, as PNG.

    The false accept rate has a logarithmic axis that begins at one pair: what matters lies at small rates.

    Args:
        found: the curve.
        target: the file to write, or one that is open for writing in binary.
        theme: colours for light or dark paper.
    """
    colours = THEMES[theme]
    least = 1 / found.num_different
    with plotting(colours):
        figure = Figure(figsize=(5.2, 4.2), layout="constrained")
        axes = figure.subplots()
        axes.step(np.maximum(found.far, least), found.tar, where="post", color=colours.accent, linewidth=1.6)
        rates = np.geomspace(least, 1, 200)
        axes.plot(rates, 1 - rates, color=colours.faint, linewidth=0.8, linestyle=(0, (3, 3)))
        axes.plot([found.eer], [1 - found.eer], "o", color=colours.wrong, markersize=5)
        axes.set_xscale("log")
        axes.set_xlim(least, 1)
        axes.set_ylim(min(0.5, float(found.tar[found.far <= least].max())) - 0.03, 1.02)
        axes.xaxis.set_major_formatter(FuncFormatter(lambda rate, _: f"{100 * rate:g} %"))
        axes.yaxis.set_major_formatter(PercentFormatter(xmax=1, symbol=" %"))
        axes.set_xlabel(f"false accept rate, of {found.num_different:,} pairs of different ones")
        axes.set_ylabel("true accept rate")
        title = f"area under the ROC {found.auc:.4f}, equal error rate {100 * found.eer:.2f} % (point)"
        axes.set_title(title, loc="left", fontsize=10, color=colours.ink)
        axes.grid(color=colours.rule, linewidth=0.6)
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(which="both", length=0)
        save_figure(figure, target)
