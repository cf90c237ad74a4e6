"""`vidclf live`."""

from __future__ import annotations

import json as json_module
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from vidclf.cli.console import errors


def live_command(
    run: Annotated[Path, typer.Argument(help="A run folder.")],
    source: Annotated[str, typer.Option(help="A camera's number, a stream's address, a file, a folder of pictures.")],
    json: Annotated[bool, typer.Option("--json", help="A line of JSON an event.")] = False,
    window: Annotated[
        float | None,
        typer.Option(help="Look at so many latest seconds at each step, for models that need whole clips."),
    ] = None,
    background: Annotated[
        str | None, typer.Option(help="Classes that are not reported, with commas. Default: by their names.")
    ] = None,
    paced: Annotated[bool, typer.Option("--paced", help="Play a file as a camera would, in its own time.")] = False,
    onset: Annotated[float, typer.Option(help="Probability from which a gesture is on.")] = 0.6,
    offset: Annotated[float, typer.Option(help="Probability below which it is off again.")] = 0.4,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
) -> None:
    """Report each gesture of a stream once, as soon as it is over."""
    from vidclf.infer import Stepper, load
    from vidclf.live import EventEngine, EventSettings, likely_background, recognise
    from vidclf.video import Capture

    stepper = Stepper(load(run, device=device), window_seconds=window)
    rest = likely_background(stepper.classes) if background is None else tuple(background.split(","))
    engine = EventEngine(stepper.classes, EventSettings(background=rest, onset=onset, offset=offset))
    errors.print(f"{stepper.fps:g} steps a second; not reported: {', '.join(rest) or 'nothing'}")
    with Capture(source, paced=paced) as frames:
        for event in recognise(frames, stepper, engine):
            if json:
                typer.echo(json_module.dumps(asdict(event), ensure_ascii=False))
            else:
                typer.echo(
                    f"{event.start_seconds:8.2f} to {event.end_seconds:8.2f} s  {event.label} ({event.score:.0%})"
                )
    if frames.skipped or frames.losses:
        errors.print(f"{frames.skipped} frames were left out, and the source was lost {frames.losses} times")
