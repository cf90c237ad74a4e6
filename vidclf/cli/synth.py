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
