"""`vidclf enroll remove`, `rename`, `merge`, `undo` and `list`."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from vidclf.cli.console import output
from vidclf.cli.enroll.options import DEFAULT_URL, Json, Optional, Url, open_gallery, tell
from vidclf.errors import UsageError

if TYPE_CHECKING:
    from vidclf.gallery import Person, Template

Name = Annotated[str, typer.Argument(help="Who.")]


def remove_command(
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME...", help="Who.")] = None,
    *,
    template: Annotated[
        list[int] | None, typer.Option(help="One template or rejection alone, by its number in the list.")
    ] = None,
    gallery: Url = DEFAULT_URL,
    embedder: Optional = None,
    json: Json = False,
) -> None:
    """Forget people, with all that is kept of them: their bytes are in no file of a SQLite gallery any more."""
    if not names and not template:
        raise UsageError("say who is to be removed, or which --template.")
    with open_gallery(gallery, embedder) as opened:
        if names:
            opened.remove(*names)
        for number in template or ():
            opened.remove_template(number)
    removed = [*(names or ()), *(f"template {number}" for number in template or ())]
    tell({"removed": names or [], "templates": template or []}, f"removed {', '.join(removed)}", json=json)


def rename_command(
    name: Name,
    new_name: Annotated[str, typer.Argument(help="What they are to be called.")],
    *,
    gallery: Url = DEFAULT_URL,
    embedder: Optional = None,
    json: Json = False,
) -> None:
    """Call somebody something else."""
    with open_gallery(gallery, embedder) as opened:
        opened.rename(name, new_name)
    tell({"name": name, "new_name": new_name}, f"{name} is now called {new_name}", json=json)


def merge_command(
    name: Name,
    into: Annotated[str, typer.Argument(help="Who it is too; their name stays.")],
    *,
    gallery: Url = DEFAULT_URL,
    embedder: Optional = None,
    json: Json = False,
) -> None:
    """Hold two to be one person; undo takes it back."""
    with open_gallery(gallery, embedder) as opened:
        opened.merge(name, into)
    tell({"name": name, "into": into}, f"{name} is now {into}; undo takes it back", json=json)


def undo_command(*, gallery: Url = DEFAULT_URL, embedder: Optional = None, json: Json = False) -> None:
    """Take back the latest merge."""
    with open_gallery(gallery, embedder) as opened:
        name, into = opened.undo()
    tell({"name": name, "into": into}, f"{name} is no longer {into}", json=json)


def list_command(*, gallery: Url = DEFAULT_URL, embedder: Optional = None, json: Json = False) -> None:
    """List who is enrolled, and what is kept of them."""
    with open_gallery(gallery, embedder) as opened:
        people, calibration, keeps_crops = opened.people(), opened.calibration, opened.keeps_crops
    if json:
        listed = [_to_json(person) for person in people]
        calibrated = None if calibration is None else asdict(calibration)
        tell({"people": listed, "calibration": calibrated, "keeps_crops": keeps_crops}, json=True)
        return
    table = Table("name", "also", "templates", "not them", "forget on", "consent", box=None)
    for person in people:
        forget = "" if person.expires_seconds is None else str(datetime.fromtimestamp(person.expires_seconds).date())
        also, rejected = ", ".join(person.aliases), str(len(person.rejected) or "")
        table.add_row(person.name, also, str(len(person.templates)), rejected, forget, person.consent)
    output.print(table)


def _to_json(person: Person) -> dict[str, Any]:
    return {
        "name": person.name,
        "aliases": list(person.aliases),
        "templates": [_template(template) for template in person.templates],
        "rejected": [_template(template) for template in person.rejected],
        "created_seconds": person.created_seconds,
        "expires_seconds": person.expires_seconds,
        "consent": person.consent,
    }


def _template(template: Template) -> dict[str, Any]:
    return {"id": template.id, "quality": template.quality, "source": template.source}
