"""`vidclf data faces`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vidclf.cli.console import output, tell_error, track


def faces_command(
    source: Annotated[str, typer.Argument(metavar="SRC", help="A folder of photos for each person, or a manifest.")],
    out: Annotated[Path, typer.Option(help="Folder for the faces: one folder a person.")],
    detector_weights: Annotated[str, typer.Option(help="YuNet as an ONNX file; default: downloaded.")] = "default",
    side: Annotated[int, typer.Option(min=8, max=4096, help="Side of a face's picture in pixels.")] = 112,
    root: Annotated[str | None, typer.Option(help="Folder that the paths of a manifest start from.")] = None,
) -> None:
    """Cut the largest face out of each photo, turned upright, to train a network for faces on."""
    from vidclf.data import read_manifest
    from vidclf.data.layouts import expanded
    from vidclf.detect import YunetDetector, open_detector
    from vidclf.infer.face_pictures import write_faces
    from vidclf.infer.faces import FaceFinder

    detector = open_detector("yunet", detector_weights)
    assert isinstance(detector, YunetDetector)
    entries = read_manifest(source, root=root).entries
    bad = write_faces(entries, FaceFinder(detector, side), expanded(out), track=track)
    for photo in bad:
        tell_error(photo.reason)
    output.print(f"{len(entries) - len(bad)} faces in {out}")
    if bad:
        raise typer.Exit(1)
