"""Record clips of a class from a webcam, or any other source, with a countdown before each.

    python tools/record.py --source 0 --out clips --label wave --takes 20 --background-takes 20 --group anna

writes clips/wave/wave_0001.mp4 and so on, and clips/manifest.csv, which `vidclf train` takes.
"""

from __future__ import annotations

import math
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from vidclf.cli.console import errors, output, run_tool
from vidclf.data.recording import Moment, Take, Watch, record_takes
from vidclf.errors import MissingExtraError, UsageError
from vidclf.types import Frame
from vidclf.video import open_source

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def record(
    source: Annotated[str, typer.Option(help="A camera's number, a stream's address, or a file.")],
    out: Annotated[Path, typer.Option(help="Folder for clips and manifest.csv; may hold earlier takes.")],
    label: Annotated[str, typer.Option(help="The class that is recorded.")],
    takes: Annotated[int, typer.Option(min=1, help="How many takes.")],
    seconds: Annotated[float, typer.Option(help="Length of a take.")] = 3.0,
    countdown: Annotated[float, typer.Option(help="Seconds before each take.")] = 3.0,
    background_takes: Annotated[int, typer.Option(min=0, help="Takes of anything but the class, after it.")] = 0,
    background_label: Annotated[str, typer.Option(help="Their label.")] = "background",
    group: Annotated[str, typer.Option(help="Who is recorded, such as a name: never on both sides of a split.")] = "",
    preview: Annotated[bool, typer.Option("--preview", help="Show the picture (OpenCV, a display).")] = False,
) -> None:
    """Record takes of a class; whatever happens, those that are finished are kept."""
    planned = [(label, takes)] + ([(background_label, background_takes)] if background_takes else [])
    if not group:
        errors.print("no --group: takes of one person may end up on both sides of a split, and flatter the scores")
    terminal = _Terminal(_preview_window() if preview else None)
    with open_source(source) as opened:
        for take in record_takes(
            opened, out, planned, seconds=seconds, countdown_seconds=countdown, group=group, watch=terminal
        ):
            output.print(f"{take.path} ({take.num_frames} frames, {take.fps:.1f} frames/s)")
            if take.is_slow:
                errors.print(_about_rate(take))


class _Terminal:
    """Says each second of a countdown, and passes the frames on to a window."""

    def __init__(self, window: Watch | None) -> None:
        self._window = window
        self._said = ""

    def __call__(self, frame: Frame, moment: Moment) -> None:
        words = _words(moment)
        if words != self._said:
            errors.print(words)
            self._said = words
        if self._window:
            self._window(frame, moment)


def _words(moment: Moment) -> str:
    what = f"{moment.label} {moment.number} of {moment.total}"
    return f"{what}: recording" if moment.phase == "recording" else f"{what} in {math.ceil(moment.seconds_left)} ..."


def _about_rate(take: Take) -> str:
    return (
        f"warning: the source declares {take.declared_fps:.1f} frames/s, and {take.fps:.1f} came in this take. The "
        "clip has its real times, but fast movement is seen in fewer frames than you may count on. Many cameras slow "
        "down in dim light: add some; or take a smaller picture, another USB port, or close what else keeps this "
        "computer busy."
    )


def _preview_window() -> Watch:
    try:
        import cv2
    except ImportError:
        raise MissingExtraError("--preview needs OpenCV: pip install 'vidclf[camera]'.") from None
    # Where there is none, OpenCV's window system ends the process without a word that can be caught.
    if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        raise UsageError("--preview: there is no display to show the picture on; leave it out.")

    def show(frame: Frame, moment: Moment) -> None:
        mirrored = cv2.cvtColor(frame.image[:, ::-1], cv2.COLOR_RGB2BGR)
        colour = (60, 60, 220) if moment.phase == "recording" else (255, 255, 255)
        cv2.putText(mirrored, _words(moment), (16, 40), cv2.FONT_HERSHEY_SIMPLEX, 1.0, colour, 2)
        cv2.imshow("record", mirrored)
        cv2.waitKey(1)  # lets the window draw

    return show


def main() -> None:
    """Record, and exit with the codes of `vidclf`."""
    run_tool(app)


if __name__ == "__main__":
    main()
