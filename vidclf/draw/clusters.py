"""Clusters of clips, to be looked at: one picture, and one HTML page that needs nothing beside it."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from markupsafe import Markup
from PIL import Image

from vidclf.draw.images import save_png
from vidclf.draw.strips import SheetRow, contact_sheet, film_strip
from vidclf.draw.templating import make_environment
from vidclf.draw.theme import THEMES
from vidclf.types import UInt8Array

_ON_SHEET = 4  # clips of each cluster
_SHEET_FRAME_HEIGHT = 72
_PAGE_FRAME_HEIGHT = 120  # pixels; twice what the page shows, for screens of high density
_GAP = 4


@dataclass(frozen=True, eq=False)
class ShownClip:
    """A clip of a cluster: its name, and some frames of it, uint8 RGB (T, H, W, 3)."""

    name: str
    frames: UInt8Array


@dataclass(frozen=True, eq=False)
class ShownCluster:
    """A cluster: its number, how many clips it has, and some of them, the most typical first."""

    number: int
    size: int
    clips: Sequence[ShownClip]


def write_cluster_sheet(path: Path | str, clusters: Sequence[ShownCluster]) -> None:
    """Write film strips of each cluster's clips as one PNG; the folder must exist."""
    rows = [
        SheetRow(f"cluster {cluster.number}: {_clips(cluster.size)}", _stacked(cluster.clips))
        for cluster in clusters
        if cluster.clips
    ]
    save_png(path, contact_sheet(rows))


def write_cluster_page(path: Path | str, title: str, clusters: Sequence[ShownCluster], *, how: str) -> None:
    """Write film strips of each cluster's clips as one self-contained HTML file; the folder must exist.

    Args:
        path: the file.
        title: what was clustered.
        clusters: what is shown; everything that is printed is escaped, passwords in addresses are masked.
        how: a sentence that says by what the clips were clustered.
    """
    environment = make_environment("vidclf.draw")
    environment.filters["strip"] = _strip_uri
    environment.filters["clips"] = _clips
    text = environment.get_template("clusters.html.j2").render(
        title=title,
        clusters=clusters,
        how=how,
        themes={name: asdict(theme) for name, theme in THEMES.items()},
    )
    Path(path).write_text(text, encoding="utf-8")


def _clips(count: int) -> str:
    return f"{count} clip{'' if count == 1 else 's'}"


def _stacked(clips: Sequence[ShownClip]) -> UInt8Array:
    """Some clips' strips below each other, from the most typical to the least."""
    places = np.linspace(0, len(clips) - 1, min(_ON_SHEET, len(clips))).round().astype(int)
    strips = [film_strip(clips[place].frames, height=_SHEET_FRAME_HEIGHT) for place in places.tolist()]
    width = max(strip.shape[1] for strip in strips)
    padded = [
        np.pad(strip, ((0, _GAP), (0, width - strip.shape[1]), (0, 0)), constant_values=255) for strip in strips
    ]
    stacked: UInt8Array = np.concatenate(padded)[:-_GAP]
    return stacked


def _strip_uri(clip: ShownClip) -> Markup:
    buffer = io.BytesIO()
    strip = film_strip(clip.frames, height=_PAGE_FRAME_HEIGHT)
    Image.fromarray(strip).save(buffer, format="JPEG", quality=80)
    return Markup(f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}")
