"""The page of a run: one HTML file that needs nothing beside it, no network and no script."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

from markupsafe import Markup
from PIL import Image

from vidclf.draw.confusion import plot_confusion
from vidclf.draw.curves import EpochRow, Panel, plot_curves
from vidclf.draw.over_time import plot_over_time
from vidclf.draw.reliability import plot_reliability
from vidclf.draw.report import Mistake, Report
from vidclf.draw.strips import evenly_chosen
from vidclf.draw.templating import make_environment
from vidclf.draw.theme import DOTS_PER_INCH, THEMES, ThemeName
from vidclf.types import UInt8Array

_FRAMES_SHOWN = 8
_FRAME_WIDTH = 240  # pixels; twice what the page shows, for screens of high density
_PANELS: tuple[Panel, ...] = ("loss", "accuracy")


def write_report(path: Path | str, report: Report) -> None:
    """Write the page as one self-contained HTML file; the folder must exist.

    Everything that is printed is escaped, and passwords in addresses are masked.
    """
    environment = make_environment("vidclf.draw")
    environment.filters["percent"] = _percent
    template = environment.get_template("report.html.j2")
    Path(path).write_text(template.render(report=report, **_drawn(report)), encoding="utf-8")


@dataclass(frozen=True)
class _Plot:
    """One plot on light and on dark paper, as addresses that hold the picture, and its width in CSS pixels."""

    light: Markup
    dark: Markup
    width: int


@dataclass(frozen=True)
class _StripFrame:
    picture: Markup
    heat: Markup | None
    time: str


def _drawn(report: Report) -> dict[str, Any]:
    """What the template shows and the report does not hold as such."""
    num_scored = sum(map(sum, report.confusion))
    return {
        "themes": {name: asdict(theme) for name, theme in THEMES.items()},
        "curves": {panel: _curve(report.history, panel) for panel in _PANELS} if report.history else {},
        "confusion": _confusion(report) if num_scored else None,
        "reliability": _reliability(report) if report.reliability else None,
        "num_scored": num_scored,
        "num_wrong": num_scored - sum(row[k] for k, row in enumerate(report.confusion)),
        "classes_worst_first": sorted(report.per_class, key=lambda row: (row.support == 0, row.f1)),
        "strips": [_strip(mistake) for mistake in report.mistakes],
        "over_time": [_over_time(mistake) for mistake in report.mistakes],
    }


def _curve(history: Sequence[EpochRow], panel: Panel) -> _Plot:
    return _plot(lambda target, theme: plot_curves(history, target, panels=[panel], theme=theme))


def _confusion(report: Report) -> _Plot:
    return _plot(lambda target, theme: plot_confusion(report.confusion, report.classes, target, theme=theme))


def _reliability(report: Report) -> _Plot:
    found = report.reliability
    assert found is not None
    return _plot(lambda target, theme: plot_reliability(found, target, theme=theme))


def _over_time(mistake: Mistake) -> _Plot | None:
    shares = mistake.over_time
    if shares is None:
        return None
    return _plot(lambda target, theme: plot_over_time(shares, target, theme=theme))


def _plot(draw: Callable[[BinaryIO, ThemeName], None]) -> _Plot:
    files: dict[ThemeName, bytes] = {}
    for theme in THEMES:
        buffer = io.BytesIO()
        draw(buffer, theme)
        files[theme] = buffer.getvalue()
    width = Image.open(io.BytesIO(files["light"])).width
    return _Plot(_data_uri(files["light"], "png"), _data_uri(files["dark"], "png"), round(width * 96 / DOTS_PER_INCH))


def _strip(mistake: Mistake) -> list[_StripFrame]:
    """The frames of a mistake that the page shows; the grid of the page makes them a strip."""
    if mistake.frames is None or len(mistake.frames) == 0:
        return []
    times, heat = mistake.pts_seconds, mistake.heat
    return [
        _StripFrame(
            _small_jpeg(mistake.frames[index]),
            None if heat is None else _small_jpeg(heat[index]),
            "" if times is None else f"{times[index]:.2f} s",
        )
        for index in evenly_chosen(len(mistake.frames), _FRAMES_SHOWN)
    ]


def _small_jpeg(image: UInt8Array) -> Markup:
    picture = Image.fromarray(image)
    picture.thumbnail((_FRAME_WIDTH, 2 * _FRAME_WIDTH))
    buffer = io.BytesIO()
    picture.save(buffer, format="JPEG", quality=82)
    return _data_uri(buffer.getvalue(), "jpeg")


def _data_uri(data: bytes, kind: str) -> Markup:
    return Markup(f"data:image/{kind};base64,{base64.b64encode(data).decode('ascii')}")


def _percent(share: float) -> str:
    """A share between 0 and 1 with one digit, such as `93.4`."""
    return f"{100 * share:.1f}"
