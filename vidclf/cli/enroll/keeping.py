"""`vidclf enroll calibrate`, `export`, `import`, `check` and `migrate`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vidclf.cli.console import track
from vidclf.cli.enroll.options import DEFAULT_URL, Json, Needed, Optional, Seen, Url, open_gallery, see, tell
from vidclf.secrets import redact

if TYPE_CHECKING:
    from vidclf.gallery import Calibration


def calibrate_command(
    *,
    embedder: Needed,
    gallery: Url = DEFAULT_URL,
    far: Annotated[
        float, typer.Option(help="Share of the pairs of different people that may be held to be one.")
    ] = 1e-3,
    impostors: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Pictures of people who are not enrolled, and never will be.")
    ] = None,
    json: Json = False,
) -> None:
    """Set from which similarity on two pictures are held to show one person, and keep it in the gallery."""
    with open_gallery(gallery, embedder) as opened:
        seen = Seen() if impostors is None else see(opened.embedder, [str(impostors)])
        calibration = opened.calibrate(far, seen.crops)
    tell({**asdict(calibration), "left_out": seen.left_out_json()}, *_sentences(calibration), json=json)
    seen.tell_left_out()


def export_command(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where gallery.json and gallery.safetensors go.")],
    *,
    gallery: Url = DEFAULT_URL,
    embedder: Optional = None,
    json: Json = False,
) -> None:
    """Write all that is kept into a folder, pictures too, that another gallery can import."""
    with open_gallery(gallery, embedder) as opened:
        count = opened.export(folder)
    tell({"folder": str(folder), "templates": count}, f"{count} templates written to {folder}", json=json)


def import_command(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="What export wrote.")],
    *,
    embedder: Needed,
    gallery: Url = DEFAULT_URL,
    json: Json = False,
) -> None:
    """Add what another gallery exported. Who has the name of somebody here is them."""
    from vidclf.gallery import Gallery
    from vidclf.infer import load_embedder

    with Gallery.open(gallery, load_embedder(embedder)) as opened:
        count = opened.import_(folder)
    tell({"folder": str(folder), "templates": count}, f"{count} templates are new", json=json)


def check_command(*, gallery: Url = DEFAULT_URL, embedder: Optional = None, json: Json = False) -> None:
    """Find damage, people who may be one, and templates that look more like somebody else.

    The exit code is 1 where something was found.
    """
    with open_gallery(gallery, embedder) as opened:
        findings = opened.check(track=track)
    sentences = [finding.message for finding in findings] or ["nothing was found"]
    tell({"findings": [asdict(finding) for finding in findings]}, *sentences, json=json)
    if findings:
        raise typer.Exit(1)


def migrate_command(*, embedder: Needed, gallery: Url = DEFAULT_URL, json: Json = False) -> None:
    """Embed the kept pictures of a gallery with another embedder, to which it belongs from then on."""
    from vidclf.gallery import Gallery
    from vidclf.infer import load_embedder

    count = Gallery.migrate(gallery, load_embedder(embedder), track=track)
    said = f"{count} templates of {redact(gallery)} were embedded anew; calibrate again"
    tell({"templates": count}, said if count else "it belongs to this embedder already", json=json)


def _sentences(calibration: Calibration) -> list[str]:
    low, high = calibration.far_interval
    said = [
        f"threshold {calibration.threshold:.4f}",
        f"false accepts {calibration.far:.3%} ({low:.3%} to {high:.3%}) of {calibration.num_impostor_pairs:,} pairs",
    ]
    if calibration.frr is None or calibration.frr_interval is None or calibration.eer is None:
        return [*said, "false rejects: not known, as nobody has two templates"]
    low, high = calibration.frr_interval
    return [
        *said,
        f"false rejects {calibration.frr:.2%} ({low:.2%} to {high:.2%}) of {calibration.num_genuine_pairs:,} pairs",
        f"equal error rate {calibration.eer:.2%}",
    ]
