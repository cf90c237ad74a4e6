"""`vidclf data cut`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from vidclf.cli.console import errors, output, tell_error, track


def cut_command(
    segments: Annotated[
        str,
        typer.Argument(
            metavar="SEGMENTS", help="A manifest with start_seconds and end_seconds, or an annotation file."
        ),
    ],
    out: Annotated[Path, typer.Option(help="New or empty folder for the clips and their manifest.csv.")],
    root: Annotated[str | None, typer.Option(help="Folder that the paths of the long videos start from.")] = None,
    on_truncated: Annotated[
        Literal["error", "keep"], typer.Option(help="keep: cut what decodes of a damaged video.")
    ] = "error",
    crf: Annotated[int, typer.Option(min=0, max=51, help="Quality of the clips, from 0 (lossless) to 51.")] = 18,
) -> None:
    """Cut long videos into clips, each with exactly the frames of its segment."""
    from vidclf.data.cutting import cut_clips
    from vidclf.data.layouts import expanded, import_clips, summary

    found = import_clips(segments, root=root)
    for sentence in summary(found.skipped):
        errors.print(sentence)
    cut = cut_clips(found.manifest, expanded(out), on_truncated=on_truncated, crf=crf, track=track)
    for failure in cut.failures:
        tell_error(failure.reason)
    output.print(f"{cut.num_clips} clips" + (f": {cut.manifest}" if cut.manifest else ""))
    if cut.failures or any(skipped.broken for skipped in found.skipped):
        raise typer.Exit(1)
