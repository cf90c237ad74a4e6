"""Photos of people into pictures of their faces, as a network for faces is trained on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from vidclf.data import BadClip, ClipEntry
from vidclf.errors import DecodeError, UsageError
from vidclf.files import appearing
from vidclf.infer.faces import FaceFinder
from vidclf.infer.finders import looks_at
from vidclf.parallel import map_ahead
from vidclf.progress import Track, untracked


def write_faces(
    entries: Sequence[ClipEntry], finder: FaceFinder, out: Path, *, track: Track = untracked
) -> tuple[BadClip, ...]:
    """Write the largest face of each photo or clip, aligned, as `out/LABEL/NAME.png`.

    Args:
        entries: the photos, each labelled with whom it shows.
        finder: finds and aligns the faces.
        out: the folder; pictures that are there already are kept.
        track: shows the photos as they pass.

    Returns:
        those that became no picture, and why.

    Raises:
        UsageError: two photos would become one picture.
    """
    targets = {entry: out / entry.label / f"{_stem(entry)}.png" for entry in entries}
    if len(set(targets.values())) < len(targets):
        raise UsageError("Two photos of one person have the same name but for their folder; rename one of them.")

    def write(entry: ClipEntry) -> BadClip | None:
        try:
            crops = finder.crops(looks_at(entry.path))
        except DecodeError as error:
            return BadClip(entry.title, str(error))
        if not crops:
            return BadClip(entry.title, f"{entry.title}: no face was found in it.")
        targets[entry].parent.mkdir(parents=True, exist_ok=True)
        with appearing(targets[entry]) as part:
            Image.fromarray(np.ascontiguousarray(crops[0].pixels[0])).save(part, format="PNG")
        return None

    missing = [entry for entry in entries if not targets[entry].exists()]
    outcomes = track(map_ahead(write, missing), total=len(missing), what="faces")
    return tuple(bad for bad in outcomes if bad is not None)


def _stem(entry: ClipEntry) -> str:
    return Path(entry.name).stem
