"""How alike pairs of the same are, and pairs of different ones."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import numpy as np
from matplotlib.figure import Figure

from vidclf.draw.theme import THEMES, ThemeName, plotting, save_figure
from vidclf.types import BoolArray, Float32Array

_BINS = 60


def plot_similarities(
    similarities: Float32Array,
    same: BoolArray,
    target: Path | str | BinaryIO,
    *,
    threshold: float | None = None,
    theme: ThemeName = "light",
) -> None:
    """Plot histograms of both kinds of pairs, each as shares of its own kind, as PNG.

    Args:
        similarities: (P,), cosines.
        same: bool (P,).
        target: the file to write, or one that is open for writing in binary.
        threshold: the cosine that decides, drawn as a line.
        theme: colours for light or dark paper.
    """
    colours = THEMES[theme]
    edges = np.linspace(float(similarities.min()), float(similarities.max()) + 1e-6, _BINS + 1)
    kinds = ((same, colours.accent, "same"), (~same, colours.wrong, "different"))
    with plotting(colours):
        figure = Figure(figsize=(5.2, 3.2), layout="constrained")
        axes = figure.subplots()
        for chosen, colour, name in kinds:
            values = similarities[chosen]
            shares = np.full(len(values), 1 / max(len(values), 1))
            label = f"{name}: {len(values):,} pairs"
            axes.hist(values, edges.tolist(), weights=shares, color=colour, alpha=0.6, label=label)
        if threshold is not None:
            axes.axvline(threshold, color=colours.ink, linewidth=1, linestyle=(0, (3, 3)))
            axes.annotate(
                f" {threshold:.2f}", (threshold, 1), xycoords=("data", "axes fraction"), va="top", color=colours.ink
            )
        axes.set_xlabel("cosine of both vectors")
        axes.set_ylabel("share of the pairs of its kind")
        axes.legend(frameon=False, fontsize=8)
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.grid(axis="y", color=colours.rule, linewidth=0.6)
        axes.set_axisbelow(True)
        axes.tick_params(length=0)
        save_figure(figure, target)
