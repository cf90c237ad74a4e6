"""`vidclf enroll verify` and `identify`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vidclf.cli.console import tell_error, track
from vidclf.cli.enroll.options import DEFAULT_URL, Json, Needed, Url, open_gallery, tell
from vidclf.errors import DecodeError, UnusableCropError
from vidclf.secrets import redact
from vidclf.types import Match

if TYPE_CHECKING:
    from vidclf.gallery import Ranked
    from vidclf.infer import Embedder
    from vidclf.types import Crop


def verify_command(
    a: Annotated[str, typer.Argument(metavar="A", help="A picture or clip, or the name of somebody enrolled.")],
    b: Annotated[str, typer.Argument(metavar="B", help="A picture or clip.")],
    *,
    embedder: Needed,
    gallery: Url = DEFAULT_URL,
    json: Json = False,
) -> None:
    """Say whether two pictures show the same person, or whether one shows who it is said to show."""
    with open_gallery(gallery, embedder) as opened:
        claim = _main(opened.embedder, a) if Path(a).exists() or "://" in a else a
        match = opened.verify(claim, _main(opened.embedder, b))
    same = "the same" if match.decision == "match" else "not the same"
    said = f"{same} (similarity {match.similarity:.3f}, needed {match.threshold:.3f})" if match.similarity else ""
    tell(_match_json(match), said or "; ".join(match.reasons), json=json)


def identify_command(
    paths: Annotated[
        list[str], typer.Argument(metavar="PATH...", help="Pictures, clips, folders of them, addresses.")
    ],
    *,
    embedder: Needed,
    gallery: Url = DEFAULT_URL,
    top_k: Annotated[int, typer.Option(min=1, help="How many people to name as the nearest, with --json.")] = 1,
    json: Annotated[bool, typer.Option("--json", help="A line of JSON for each that is found.")] = False,
) -> None:
    """Say who is in each picture. A stranger is an answer: the exit code is 0."""
    from vidclf.gallery.choosing import files_in

    files = [file for path in paths for file in files_in(path)]
    failed = False
    with open_gallery(gallery, embedder) as opened:
        for file in track(files, total=len(files), what="pictures"):
            try:
                crops = opened.embedder.crops(file)
            except DecodeError as error:
                failed = True
                tell_error(str(error))
                tell({"path": redact(file), "error": redact(str(error))}, json=json)
                continue
            for crop, match in zip(crops, opened.identify(crops, top_k=top_k), strict=True):
                tell(_found_json(file, crop, match, top_k), f"{redact(file)}: {_sentence(match)}", json=json)
            if not crops:
                reason = "nothing was found in it"
                nobody = Match("unusable", None, None, opened.threshold, reasons=(reason,))
                tell({"path": redact(file), **_match_json(nobody)}, f"{redact(file)}: {reason}", json=json)
    if failed:
        raise typer.Exit(1)


def _main(embedder: Embedder, path: str) -> Crop:
    """What a picture is about.

    Raises:
        UnusableCropError: nothing was found in it.
    """
    from vidclf.gallery.choosing import main_crop

    crop = main_crop(embedder.crops(path))
    if crop is None:
        raise UnusableCropError(f"{redact(path)}: nothing was found in it.")
    return crop


def _sentence(match: Match) -> str:
    how = "" if match.similarity is None else f" (similarity {match.similarity:.3f}, needed {match.threshold:.3f})"
    why = f": {'; '.join(match.reasons)}" if match.reasons else ""
    return f"{match.name if match.decision == 'match' else match.decision}{how}{why}"


def _found_json(path: str, crop: Crop, match: Ranked, top_k: int) -> dict[str, Any]:
    nearest = [{"name": c.name, "similarity": c.similarity, "template_id": c.template_id} for c in match.nearest]
    where = {"box": crop.box, "seconds": float(crop.pts_seconds[0])}
    return {"path": redact(path), **_match_json(match), **where, "nearest": nearest[:top_k]}


def _match_json(match: Match) -> dict[str, Any]:
    """A match as JSON."""
    return {
        "decision": match.decision,
        "name": match.name,
        "similarity": match.similarity,
        "threshold": match.threshold,
        "template_id": match.template_id,
        "reasons": list(match.reasons),
    }
