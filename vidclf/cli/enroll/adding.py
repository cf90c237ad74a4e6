"""`vidclf enroll add`, `add-folder` and `reject`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vidclf.cli.console import errors, track
from vidclf.cli.enroll.options import DEFAULT_URL, Json, Needed, Seen, Url, open_gallery, see, take, tell
from vidclf.errors import UsageError
from vidclf.progress import untracked
from vidclf.secrets import redact

if TYPE_CHECKING:
    from vidclf.gallery import Gallery

_NOT_A_LOCK = "Nothing here checks for a living person: a photograph of somebody passes for them. It is not a lock."

Shown = typer.Argument(metavar="IMAGE_OR_CLIP_OR_DIR...", help="Pictures, clips, folders of them.")
Consent = Annotated[str | None, typer.Option(help="A note of who allowed it, and when.")]
Expires = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], help="Forget them from this day on, when the gallery is next opened."),
]
Crops = Annotated[
    bool | None,
    typer.Option(
        "--crops/--no-crops",
        help="When the gallery is made: keep the pictures beside their vectors, or vectors alone. Without pictures a "
        "gallery cannot be moved to another embedder. Default: keep.",
    ),
]


def add_command(
    name: Annotated[str, typer.Argument(help="Who it is; somebody who is there gets more templates.")],
    paths: Annotated[list[str] | None, Shown] = None,
    *,
    embedder: Needed,
    gallery: Url = DEFAULT_URL,
    source: Annotated[
        str | None, typer.Option(help="A camera's number or an address: the best of several frames.")
    ] = None,
    consent: Consent = None,
    expires: Expires = None,
    crops: Crops = None,
    json: Json = False,
) -> None:
    """Enrol somebody by one picture or clip, or several.

    Nothing here checks for a living person: a photograph of somebody passes for them. It is not a lock.
    """
    from vidclf.gallery import Gallery
    from vidclf.gallery.choosing import look
    from vidclf.infer import load_embedder

    if bool(paths) == (source is not None):
        raise UsageError("show who it is by pictures or clips, or by --source; by one of them.")
    loaded = load_embedder(embedder)
    with Gallery.open(gallery, loaded, keep_crops=crops) as opened:
        if source is None:
            seen = see(loaded, paths or ())
        else:
            take(seen := Seen(), redact(source), loaded.crops(look(source)))
        added = _enrol(opened, name, seen, consent, expires)
        kept = "pictures and vectors are" if opened.keeps_crops else "vectors are"
    errors.print(f"{kept} kept in {redact(gallery)}. {_NOT_A_LOCK}")
    tell(added, _sentence(added), json=json)
    seen.tell_left_out()


def add_folder_command(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder for each person, named for them.")],
    *,
    embedder: Needed,
    gallery: Url = DEFAULT_URL,
    consent: Consent = None,
    expires: Expires = None,
    crops: Crops = None,
    json: Json = False,
) -> None:
    """Enrol everybody who has a folder of pictures or clips.

    Nothing here checks for a living person: a photograph of somebody passes for them. It is not a lock.
    """
    from vidclf.data.layouts.folders import subfolders
    from vidclf.gallery import Gallery
    from vidclf.infer import load_embedder

    people = subfolders(folder) if folder.is_dir() else []
    if not people:
        raise UsageError(f"{folder}: a folder for each person is expected in it, such as {folder / 'anna'}.")
    loaded = load_embedder(embedder)
    added, all_seen = [], Seen()
    with Gallery.open(gallery, loaded, keep_crops=crops) as opened:
        for person in track(people, total=len(people), what="people"):
            seen = see(loaded, [str(person)], track=untracked)
            added.append(_enrol(opened, person.name, seen, consent, expires))
            all_seen.left_out.update(seen.left_out)
    errors.print(_NOT_A_LOCK)
    tell({"added": added}, *map(_sentence, added), json=json)
    all_seen.tell_left_out()


def reject_command(
    name: Annotated[str, typer.Argument(help="Who it is not.")],
    paths: Annotated[list[str], Shown],
    *,
    embedder: Needed,
    gallery: Url = DEFAULT_URL,
    json: Json = False,
) -> None:
    """Say that pictures do not show somebody: what looks more like them is then given another name, or none."""
    with open_gallery(gallery, embedder) as opened:
        seen = see(opened.embedder, paths)
        rejections = opened.reject(name, seen.crops)
    tell(
        {"name": name, "rejections": list(rejections), "left_out": seen.left_out_json()},
        f"{len(rejections)} noted as not {name} ({_numbers(rejections)}); remove --template takes one back",
        json=json,
    )
    seen.tell_left_out()


def _enrol(gallery: Gallery, name: str, seen: Seen, consent: str | None, expires: datetime | None) -> dict[str, Any]:
    """Enrol, warn where somebody looks the same, and give what came of it as JSON."""
    templates: tuple[int, ...] = ()
    lookalikes = []
    if seen.crops:
        expires_seconds = None if expires is None else expires.timestamp()
        templates = gallery.enrol(name, seen.crops, consent=consent, expires_seconds=expires_seconds).template_ids
        lookalikes = gallery.lookalikes(name)
    for other in lookalikes:
        errors.print(
            f"warning: {name} looks like {other.name} (similarity {other.similarity:.3f}). If they are one, merge "
            f"them; if they are not, reject this picture as {other.name}."
        )
    return {
        "name": name,
        "templates": list(templates),
        "left_out": seen.left_out_json(),
        "lookalikes": [{"name": other.name, "similarity": other.similarity} for other in lookalikes],
    }


def _sentence(added: dict[str, Any]) -> str:
    templates = added["templates"]
    return f"{added['name']}: enrolled ({_numbers(templates)})" if templates else f"{added['name']}: not enrolled"


def _numbers(templates: list[int] | tuple[int, ...]) -> str:
    return f"template{'' if len(templates) == 1 else 's'} {', '.join(map(str, templates)) or 'none'}"
