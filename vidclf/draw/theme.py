"""Colours and letters of the plots, on light and on dark paper."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

ThemeName = Literal["light", "dark"]
DOTS_PER_INCH = 160


@dataclass(frozen=True)
class Theme:
    """Colours by what they are for, as `#rrggbb`; the page's style sheet has the same."""

    paper: str
    ink: str
    faint: str
    rule: str
    accent: str
    wrong: str


THEMES: dict[ThemeName, Theme] = {
    "light": Theme(
        paper="#ffffff", ink="#16191d", faint="#667078", rule="#dfe3e6", accent="#0a6375", wrong="#a8321f"
    ),
    "dark": Theme(paper="#121619", ink="#e6eaed", faint="#8d979f", rule="#2b3238", accent="#55c2d6", wrong="#ff9a85"),
}


@contextmanager
def plotting(theme: Theme) -> Iterator[None]:
    """Matplotlib's settings while a plot is made and saved; the caller's own come back afterwards."""
    style = matplotlib.rc_context(
        {
            "figure.facecolor": theme.paper,
            "axes.facecolor": theme.paper,
            "savefig.facecolor": theme.paper,
            "axes.edgecolor": theme.rule,
            "axes.labelcolor": theme.faint,
            "text.color": theme.ink,
            "xtick.color": theme.rule,
            "ytick.color": theme.rule,
            "xtick.labelcolor": theme.faint,
            "ytick.labelcolor": theme.faint,
            "font.family": "sans-serif",
            "font.sans-serif": ["DejaVu Sans"],
            "font.size": 9,
            "text.usetex": False,
            "text.parse_math": False,  # a class may be called "$up$"
        }
    )
    with style, warnings.catch_warnings():
        # Names in scripts the font lacks show as boxes in a plot; the page prints them as text as well.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        yield


def save_figure(figure: Figure, target: Path | str | BinaryIO, *, cut: bool = False) -> None:
    """Write a figure as PNG, as large as it is or `cut` to what is drawn; the same figure gives the same bytes."""
    FigureCanvasAgg(figure)
    figure.savefig(
        target,
        format="png",
        dpi=DOTS_PER_INCH,
        bbox_inches="tight" if cut else None,
        pad_inches=0.06,
        metadata={"Software": None},
    )
