"""`vidclf live` and `vidclf tune-live`."""

from __future__ import annotations

import json as json_module
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer

from vidclf.cli.console import errors, output
from vidclf.cli.stream_scores import show_event_scores

Window = Annotated[
    float | None,
    typer.Option(help="Look at so many latest seconds at each step, for models that need whole clips."),
]


def live_command(
    run: Annotated[Path, typer.Argument(help="A run folder.")],
    source: Annotated[str, typer.Option(help="A camera's number, a stream's address, a file, a folder of pictures.")],
    json: Annotated[bool, typer.Option("--json", help="A line of JSON an event.")] = False,
    headless: Annotated[bool, typer.Option("--headless", help="Show no window; none is shown yet.")] = False,  # noqa: ARG001
    window: Window = None,
    background: Annotated[
        str | None,
        typer.Option(help="Classes that are not reported, with commas. Default: as tuned, or by their names."),
    ] = None,
    paced: Annotated[bool, typer.Option("--paced", help="Play a file as a camera would, in its own time.")] = False,
    onset: Annotated[float | None, typer.Option(help="Probability from which a gesture is on.")] = None,
    offset: Annotated[float | None, typer.Option(help="Probability below which it is off again.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
) -> None:
    """Report each gesture of a stream once, as soon as it is over."""
    from vidclf.infer import load
    from vidclf.live import LiveSettings, recognise
    from vidclf.video import Capture

    model = load(run, device=device)
    settings = LiveSettings.of(run, model)
    of_events = settings.events
    settings = replace(
        settings,
        events=replace(
            of_events,
            background=of_events.background if background is None else tuple(background.split(",")),
            onset=of_events.onset if onset is None else onset,
            offset=of_events.offset if offset is None else offset,
        ),
        window_seconds=settings.window_seconds if window is None else window,
    )
    stepper, engine = settings.begin(model)
    rest = ", ".join(settings.events.background)
    errors.print(f"{stepper.fps:g} steps a second; not reported: {rest or 'nothing'}")
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


def tune_live_command(
    run: Annotated[Path, typer.Argument(help="A run folder; the thresholds are kept in it.")],
    recording: Annotated[Path, typer.Argument(help="A video with gestures and rests.")],
    events: Annotated[Path, typer.Argument(metavar="EVENTS.csv", help="label,start_seconds,end_seconds")],
    window: Window = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
) -> None:
    """Set the thresholds of `vidclf live` from an annotated recording."""
    from vidclf.evaluate.stream import tune_stream

    tuned = tune_stream(run, recording, events, window_seconds=window, device=device)
    chosen = tuned.settings
    output.print(
        f"onset {chosen.onset:g}, offset {chosen.offset:g}, smoothed over {chosen.smooth_seconds:g} s, at least "
        f"{chosen.least_seconds:g} s, again after {chosen.refractory_seconds:g} s; on this very recording:"
    )
    show_event_scores(tuned.scores)
