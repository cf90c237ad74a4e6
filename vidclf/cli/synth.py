"""`vidclf synth`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vidclf.cli.console import output, track

app = typer.Typer(help="Rendered (drawn, not recorded) data with exact truth.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Rendered (drawn, not recorded) data with exact truth."""


@app.command("gestures")
def gestures_command(
    out: Annotated[Path, typer.Option(help="Folder to write clips and manifest.csv into.")],
    clips_per_class: Annotated[int, typer.Option(help="Clips of each class, divided over the performers.")] = 40,
    performers: Annotated[int, typer.Option(help="How many different hands, scenes and cameras.")] = 10,
    seed: Annotated[int, typer.Option(help="One seed is always the same clips.")] = 0,
) -> None:
    """Draw hand gestures as video files, with a manifest. They are rendered: no real person is shown."""
    from vidclf.synth import render_gestures

    manifest = render_gestures(out, clips_per_class=clips_per_class, performers=performers, seed=seed, track=track)
    output.print(f"rendered clips: {manifest}")


@app.command("stream")
def stream_command(
    clips: Annotated[str, typer.Option("--from", metavar="MANIFEST", help="Clips of gestures, and of rest.")],
    out: Annotated[Path, typer.Option(help="The video to write.")],
    events: Annotated[Path, typer.Option(help="The table of what it shows when, to write.")],
    root: Annotated[str | None, typer.Option(help="Folder that the manifest's paths start from.")] = None,
    rest: Annotated[str | None, typer.Option(help="Labels of rest, with commas. Default: by their names.")] = None,
    fps: Annotated[float, typer.Option(help="Frames per second of the video.")] = 20.0,
    seed: Annotated[int, typer.Option(help="Of the order.")] = 0,
) -> None:
    """Join clips, drawn or recorded, into one long video: gestures, and rest between them."""
    from vidclf.data import read_manifest
    from vidclf.data.events import likely_background
    from vidclf.synth.stream import join_stream

    manifest = read_manifest(clips, root=root)
    labels = likely_background(manifest.classes) if rest is None else tuple(rest.split(","))
    join_stream(manifest, out, events, rest=labels, fps=fps, seed=seed, track=track)
    output.print(f"{out} and {events}")
