"""Who is in the picture: boxes with names, or "stranger", on a webcam or any other source.

    python demos/webcam_faces.py --source 0 --embedder configs/mobilefacenet.yaml --gallery people.db
    python demos/webcam_faces.py --source street.mp4 --embedder faces.yaml --gallery people.db --headless

The second says who comes and goes, and with --out FILE writes the video with its boxes. In the window, `e` enrols the
largest face under the name that the terminal then asks for, `q` ends.

Nothing here checks for a living person: a photograph of somebody passes for them. It is not a lock.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from PIL import Image, ImageDraw, ImageFont

from vidclf.cli.console import errors, output, run_tool
from vidclf.errors import GalleryError, MissingExtraError, UnusableCropError, UsageError
from vidclf.gallery import Gallery
from vidclf.infer import Embedder, load_embedder
from vidclf.types import Clip, Crop, Frame, Match, UInt8Array
from vidclf.video import Capture, VideoSource, open_source, write_video

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

# Faces are looked for that often; between two looks the boxes stay.
_LOOK_EVERY_SECONDS = 0.2
_COLOURS = {
    "match": (40, 170, 90),
    "ambiguous": (210, 150, 20),
    "stranger": (200, 60, 50),
    "unusable": (130, 130, 130),
}
_LETTERS = 0.03  # height of letters over the picture's


@dataclass(frozen=True)
class Face:
    """A face and what the gallery says of it."""

    crop: Crop
    match: Match

    @property
    def words(self) -> str:
        """What is written at its box."""
        if self.match.decision == "match":
            return f"{self.match.name} {self.match.similarity:.2f}"
        if self.match.decision == "ambiguous":
            return f"{self.match.name}?"
        return self.match.decision


class Watcher:
    """Says who is in the frames of one source."""

    def __init__(self, embedder: Embedder, gallery: Gallery) -> None:
        self._embedder, self._gallery = embedder, gallery
        self._looked_seconds = -np.inf
        self.faces: list[Face] = []

    def look(self, frame: Frame) -> list[Face]:
        """The faces of a frame; those of the last look where that was a moment ago."""
        if abs(frame.pts_seconds - self._looked_seconds) >= _LOOK_EVERY_SECONDS:
            self._looked_seconds = frame.pts_seconds
            clip = Clip(frame.image[None], np.array([frame.pts_seconds]), np.ones(1, np.bool_))
            crops = self._embedder.crops(clip)
            self.faces = [Face(crop, match) for crop, match in zip(crops, self._gallery.identify(crops), strict=True)]
        return self.faces

    def enrol(self, name: str) -> str:
        """Enrol the largest face in view; what came of it, in words."""
        if not self.faces:
            return "there is no face in view"
        try:
            self._gallery.enrol(name, [self.faces[0].crop])
        except (UnusableCropError, GalleryError) as error:
            return str(error)
        return f"{name} is enrolled"


@app.command()
def watch(
    source: Annotated[str, typer.Option(help="A camera's number, a stream's address, or a file.")],
    embedder: Annotated[str, typer.Option(help="A run folder, or a YAML that describes an embedder of faces.")],
    gallery: Annotated[str, typer.Option(help="A SQLite file, or a Postgres address; made where there is none.")],
    headless: Annotated[bool, typer.Option("--headless", help="No window: say who comes and goes.")] = False,
    out: Annotated[Path | None, typer.Option(help="With --headless: write the video with its boxes here.")] = None,
) -> None:
    """Name the faces of a source."""
    if out and not headless:
        raise UsageError("--out goes with --headless; a window writes nothing.")
    show = None if headless else _window()
    faces_of = load_embedder(embedder)
    with Gallery.open(gallery, faces_of) as people:
        watcher = Watcher(faces_of, people)
        if show is not None:
            _show(source, watcher, show)
            return
        with open_source(source) as opened:
            if out is None:
                for _ in _named(opened, watcher):
                    pass
            else:
                write_video(out, _named(opened, watcher), fps=1 / opened.nominal_interval)
                output.print(f"{out}")


def _named(source: VideoSource, watcher: Watcher) -> Iterator[UInt8Array]:
    """Frames with their boxes; prints whenever others are in view than before."""
    before: list[str] = []
    for frame in source:
        faces = watcher.look(frame)
        seen = [face.match for face in faces if face.match.decision != "unusable"]
        now = sorted((match.name or "") if match.decision == "match" else match.decision for match in seen)
        if now != before:
            output.print(f"{frame.pts_seconds:.2f} s: {', '.join(now) or 'nobody'}")
            before = now
        yield drawn(frame.image, faces)


def _show(source: str, watcher: Watcher, show: Callable[[UInt8Array], str]) -> None:
    with Capture(source, waiting=1) as frames:  # of a camera the newest frame each time, so nothing lags behind
        for frame in frames:
            key = show(drawn(frame.image, watcher.look(frame)))
            if key == "q":
                return
            if key == "e":
                errors.print(watcher.enrol(typer.prompt("name")))


def drawn(image: UInt8Array, faces: Sequence[Face]) -> UInt8Array:
    """A copy of a frame, uint8 RGB (H, W, 3), with a box and words for each face."""
    picture = Image.fromarray(image)
    pen = ImageDraw.Draw(picture)
    font = ImageFont.load_default(max(10, round(_LETTERS * image.shape[0])))
    for face in faces:
        assert face.crop.box is not None
        left, top, right, bottom = face.crop.box
        colour = _COLOURS[face.match.decision]
        pen.rectangle((left, top, right, bottom), outline=colour, width=2)
        pen.text((left, top), face.words, fill=colour, font=font, anchor="lb", stroke_width=2, stroke_fill=(0, 0, 0))
    return np.asarray(picture)


def _window() -> Callable[[UInt8Array], str]:
    """Shows a picture in a window, and gives the key that was pressed, or nothing."""
    try:
        import cv2
    except ImportError:
        raise MissingExtraError("a window needs OpenCV: pip install 'vidclf[camera]'. Or use --headless.") from None
    # Where there is none, OpenCV's window system ends the process without a word that can be caught.
    if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        raise UsageError("there is no display to show a window on; use --headless.")

    def show(picture: UInt8Array) -> str:
        cv2.imshow("faces: e enrols the largest, q ends", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
        pressed = cv2.waitKey(1)
        return chr(pressed & 0xFF) if pressed >= 0 else ""

    return show


def main() -> None:
    """Watch, and exit with the codes of `vidclf`."""
    run_tool(app)


if __name__ == "__main__":
    main()
