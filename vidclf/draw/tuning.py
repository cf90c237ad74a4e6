"""How a search for settings went: the score trial by trial, and against each setting."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullFormatter, PercentFormatter

from vidclf.draw.theme import THEMES, Theme, ThemeName, plotting, save_figure

_COLUMNS = 4
_MOST_COLUMNS = 6  # of whole numbers, before they are shown along an axis


class TrialFigures(Protocol):
    """One trial; `vidclf.training.tuning.Trial` is one."""

    @property
    def number(self) -> int:
        """From 0."""

    @property
    def state(self) -> str:
        """`complete`, `pruned` or `failed`."""

    @property
    def accuracy(self) -> float | None:
        """0 to 1; None where it failed before it had one."""

    @property
    def values(self) -> Mapping[str, Any]:
        """What was tried, by dotted key."""


def plot_search(
    trials: Sequence[TrialFigures],
    target: Path | str | BinaryIO,
    *,
    log_keys: Collection[str] = (),
    theme: ThemeName = "light",
) -> None:
    """Plot the accuracy by trial, with the best so far as a line, and below it by the value of each setting, as PNG.

    Complete trials are filled dots, those that were stopped early open ones, and crosses are those that failed.

    Args:
        trials: in the order they were made, each with the same settings.
        target: the file to write, or one that is open for writing in binary.
        log_keys: settings whose order of magnitude counts.
        theme: colours for light or dark paper.

    Raises:
        ValueError: there are no trials.
    """
    if not trials:
        raise ValueError("there are no trials to plot")
    colours = THEMES[theme]
    keys = list(trials[0].values)
    rows = -(-len(keys) // _COLUMNS)
    with plotting(colours):
        figure = Figure(figsize=(9.2, 2.6 + 1.9 * rows), layout="constrained")
        grid = figure.add_gridspec(1 + rows, _COLUMNS, height_ratios=[1.3, *[1] * rows])
        by_trial = figure.add_subplot(grid[0, :])
        _draw_by_trial(by_trial, trials, colours)
        for place, key in enumerate(keys):
            axes = figure.add_subplot(grid[1 + place // _COLUMNS, place % _COLUMNS], sharey=by_trial)
            _draw_by_value(axes, key, trials, colours, log=key in log_keys)
        save_figure(figure, target)


def _draw_by_trial(axes: Axes, trials: Sequence[TrialFigures], theme: Theme) -> None:
    numbers = [trial.number for trial in trials]
    best = np.maximum.accumulate(
        [trial.accuracy if trial.state == "complete" and trial.accuracy else 0.0 for trial in trials]
    )
    axes.step(numbers, np.where(best > 0, best, np.nan), where="post", color=theme.accent, linewidth=1)
    _draw_dots(axes, numbers, trials, theme)
    failed = [trial.number for trial in trials if trial.state == "failed"]
    axes.plot(failed, [0.03] * len(failed), "x", color=theme.faint, transform=axes.get_xaxis_transform())
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=12, min_n_ticks=1))
    axes.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0, symbol=" %"))
    _finish(axes, "accuracy on validation clips, by trial", theme)


def _draw_by_value(axes: Axes, key: str, trials: Sequence[TrialFigures], theme: Theme, *, log: bool) -> None:
    values = [trial.values[key] for trial in trials]
    if _is_measured(values):
        places = values
        if log:
            axes.set_xscale("log")
            axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            axes.xaxis.set_minor_formatter(NullFormatter())
        else:
            axes.xaxis.set_major_locator(MaxNLocator(nbins=4))
    else:
        choices = _in_order(values)
        places = [choices.index(value) for value in values]
        slanted = sum(len(str(choice)) for choice in choices) > 18
        axes.set_xticks(range(len(choices)), list(map(str, choices)), rotation=35 if slanted else 0, fontsize=7)
        axes.set_xlim(-0.5, len(choices) - 0.5)
    _draw_dots(axes, places, trials, theme)
    axes.tick_params(labelleft=False)
    _finish(axes, key, theme)


def _is_measured(values: Sequence[Any]) -> bool:
    """Whether values stand along an axis, rather than as a column each."""
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
    return numbers and (any(isinstance(value, float) for value in values) or len(set(values)) > _MOST_COLUMNS)


def _in_order(values: Sequence[Any]) -> list[Any]:
    """The different ones: numbers by size, others as they came."""
    different = [value for place, value in enumerate(values) if value not in values[:place]]
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in different)
    return sorted(different) if numbers else different


def _draw_dots(axes: Axes, places: Sequence[float], trials: Sequence[TrialFigures], theme: Theme) -> None:
    for state, colour, fill in (("pruned", theme.faint, "none"), ("complete", theme.accent, theme.accent)):
        dots = [
            (place, trial.accuracy)
            for place, trial in zip(places, trials, strict=True)
            if trial.state == state and trial.accuracy is not None
        ]
        if dots:
            axes.plot(*zip(*dots, strict=True), "o", color=colour, markerfacecolor=fill, markersize=4)


def _finish(axes: Axes, title: str, theme: Theme) -> None:
    axes.set_title(title, loc="left", fontsize=9, color=theme.ink)
    axes.grid(axis="y", color=theme.rule, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(length=0)
