"""What the verbs of `vidclf enroll` share: options, how pictures are read, how it is told what came of it."""

from __future__ import annotations

import json as json_module
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vidclf.cli.console import errors, output, tell_error, track
from vidclf.progress import Track
from vidclf.secrets import redact

if TYPE_CHECKING:
    from vidclf.gallery import Gallery
    from vidclf.infer import Embedder
    from vidclf.types import Crop

DEFAULT_URL = "gallery.db"

Url = Annotated[
    str,
    typer.Option(
        "--gallery",
        envvar="VIDCLF_GALLERY",
        help="A SQLite file, or postgresql://user:password@host/database (a password is safer in VIDCLF_GALLERY).",
    ),
]
Needed = Annotated[
    str,
    typer.Option("--embedder", envvar="VIDCLF_EMBEDDER", help="A run folder, or a YAML that describes an embedder."),
]
Optional = Annotated[
    str | None,
    typer.Option("--embedder", envvar="VIDCLF_EMBEDDER", help="Refuse a gallery that belongs to another embedder."),
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object.")]


@dataclass(frozen=True)
class Seen:
    """What several pictures and clips show.

    Attributes:
        crops: what each is about.
        left_out: why something cannot be used, by its path.
    """

    crops: list[Crop] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)

    def left_out_json(self) -> list[dict[str, str]]:
        """Each that cannot be used, as JSON."""
        return [{"path": path, "reason": reason} for path, reason in self.left_out.items()]

    def tell_left_out(self) -> None:
        """Print what cannot be used, and end with 1 if there is any."""
        for path, reason in self.left_out.items():
            tell_error(f"{path}: {reason.removeprefix(f'{path}: ')}")
        if self.left_out:
            raise typer.Exit(1)


def open_gallery(url: str, embedder: str | None) -> Gallery:
    """A gallery that is there already; with its embedder, where one is named."""
    from vidclf.gallery import Gallery

    if embedder is None:
        return Gallery.open(url, create=False)
    from vidclf.infer import load_embedder  # which imports PyTorch

    return Gallery.open(url, load_embedder(embedder), create=False)


def see(embedder: Embedder, paths: Iterable[str], *, track: Track = track) -> Seen:
    """What pictures, clips and folders of them are about, one crop each."""
    from vidclf.errors import DecodeError
    from vidclf.gallery.choosing import files_in

    seen = Seen()
    files = [file for path in paths for file in files_in(path)]
    for file in track(files, total=len(files), what="pictures"):
        try:
            take(seen, redact(file), embedder.crops(file))
        except DecodeError as error:
            seen.left_out[redact(file)] = redact(str(error))
    return seen


def take(seen: Seen, path: str, crops: Sequence[Crop]) -> None:
    """Add what one picture or clip is about."""
    from vidclf.gallery.choosing import main_crop

    crop = main_crop(crops)
    if crop is None:
        seen.left_out[path] = "nothing was found in it"
    elif crop.problems:
        seen.left_out[path] = ", ".join(crop.problems)
    else:
        seen.crops.append(crop)
        beside = sum(float(other.pts_seconds[0]) == float(crop.pts_seconds[0]) for other in crops) - 1
        if beside:
            errors.print(f"{path}: of {beside + 1} in the picture the largest is taken")


def tell(tree: Mapping[str, Any], *sentences: str, json: bool) -> None:
    """Print what came of a verb: as one JSON object, or as sentences."""
    if json:
        typer.echo(json_module.dumps(tree, ensure_ascii=False))
    else:
        for sentence in sentences:
            output.print(sentence)
