"""What can be done with people in a gallery: each a change within a transaction that the caller opens and ends."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

from vidclf.errors import GalleryError
from vidclf.gallery.records import Identity, Template, checked_name
from vidclf.gallery.store import Reader, Writer
from vidclf.types import Crop, Float32Array


@dataclass(frozen=True)
class Person:
    """Somebody in a gallery.

    Attributes:
        name: what they are called.
        aliases: names that were merged into it.
        consent: a note of who allowed that they are kept, and when.
        created_seconds: when they were enrolled, in seconds since 1970 UTC.
        expires_seconds: when they are to be forgotten; None for never.
        templates: what they look like.
        rejected: what is not them, though it may look so.
    """

    name: str
    aliases: tuple[str, ...]
    consent: str
    created_seconds: float
    expires_seconds: float | None
    templates: tuple[Template, ...]
    rejected: tuple[Template, ...]


def list_people(reader: Reader) -> list[Person]:
    """Everybody who stands for themselves, in the order in which they were enrolled."""
    identities = reader.identities()
    templates: Mapping[int, list[Template]] = defaultdict(list)
    for template in reader.templates():
        templates[template.identity_id].append(template)
    merged = _merged_by_target(identities)
    return [_person(identity, merged, templates) for identity in identities if identity.merged_into is None]


def named(reader: Reader, name: str) -> Identity:
    """Who has a name, be it one that was merged.

    Raises:
        GalleryError: nobody has it.
    """
    identity = reader.identity(checked_name(name))
    if identity is None:
        near = get_close_matches(name, [known.name for known in reader.identities()], n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise GalleryError(f"{reader.where}: nobody here is called {name!r}.{hint}")
    return identity


def standing(reader: Reader, name: str) -> Identity:
    """Who has a name of their own.

    Raises:
        GalleryError: nobody has it, or it was merged into another.
    """
    identity = named(reader, name)
    if identity.merged_into is not None:
        into = next(known.name for known in reader.identities() if known.id == identity.merged_into)
        raise GalleryError(f"{reader.where}: {name!r} was merged into {into!r}; name that one, or undo the merge.")
    return identity


def noted(writer: Writer, name: str, consent: str | None, expires_seconds: float | None) -> Identity:
    """The identity of a name, new where nobody has it, with what is to be noted of it."""
    identity = writer.identity(name)
    if identity is None:
        identity = Identity(0, name, consent or "", time.time(), expires_seconds)
        return replace(identity, id=writer.add_identity(identity))
    changed = replace(
        identity,
        consent=identity.consent if consent is None else consent,
        expires_seconds=identity.expires_seconds if expires_seconds is None else expires_seconds,
    )
    if changed != identity:
        writer.change_identity(changed)
    return changed


def add_templates(
    writer: Writer, identity_id: int, crops: Sequence[Crop], vectors: Float32Array, *, rejected: bool
) -> tuple[int, ...]:
    """Add a template for each crop, with its picture where the gallery keeps them; gives their numbers."""
    now = time.time()
    return tuple(
        writer.add_template(Template(0, identity_id, vector, rejected, float(crop.quality), crop.source, now), crop)
        for crop, vector in zip(crops, vectors, strict=True)
    )


def remove(writer: Writer, names: Iterable[str]) -> None:
    """Remove people, with all that was merged into them."""
    merged = _merged_by_target(writer.identities())
    for identity in [standing(writer, name) for name in dict.fromkeys(names)]:
        for part in _with_merged(identity, merged):
            writer.remove_identity(part.id)


def remove_expired(writer: Writer) -> list[str]:
    """Remove who has expired, but not who was merged into them; gives their names."""
    gone = {identity.id: identity.name for identity in writer.expired(time.time())}
    for identity in writer.identities():
        if identity.id in gone:
            writer.remove_identity(identity.id)
        elif identity.merged_into in gone:
            writer.change_identity(replace(identity, merged_into=None, merged_revision=0))
    return list(gone.values())


def rename(writer: Writer, name: str, new_name: str) -> None:
    """Call somebody something else."""
    identity, new_name = standing(writer, name), checked_name(new_name)
    taken = writer.identity(new_name)
    if taken is not None and taken.id != identity.id:
        raise GalleryError(f"{writer.where}: {new_name!r} is taken. To make the two one, merge them.")
    writer.change_identity(replace(identity, name=new_name))


def merge(writer: Writer, one: Identity, into: Identity) -> None:
    """Let one identity stand for another; its templates stay its own, so that undoing is exact."""
    if one.id == into.id:
        raise GalleryError(f"{writer.where}: {one.name!r} cannot be merged into itself.")
    writer.change_identity(replace(one, merged_into=into.id, merged_revision=writer.head.revision))


def undo_merge(writer: Writer) -> tuple[str, str]:
    """Take back the latest merge; gives the name that stands for itself again, and the one it was merged into."""
    identities = {identity.id: identity for identity in writer.identities()}
    latest = max(identities.values(), key=lambda identity: identity.merged_revision, default=None)
    if latest is None or latest.merged_into is None:
        raise GalleryError(f"{writer.where}: there is no merge to take back.")
    writer.change_identity(replace(latest, merged_into=None, merged_revision=0))
    return latest.name, identities[latest.merged_into].name


def _person(
    identity: Identity, merged: Mapping[int, Sequence[Identity]], templates: Mapping[int, Sequence[Template]]
) -> Person:
    parts = _with_merged(identity, merged)
    all_of_them = [template for part in parts for template in templates[part.id]]
    return Person(
        name=identity.name,
        aliases=tuple(part.name for part in parts[1:]),
        consent=identity.consent,
        created_seconds=identity.created_seconds,
        expires_seconds=identity.expires_seconds,
        templates=tuple(template for template in all_of_them if not template.rejected),
        rejected=tuple(template for template in all_of_them if template.rejected),
    )


def _merged_by_target(identities: Iterable[Identity]) -> Mapping[int, list[Identity]]:
    merged: Mapping[int, list[Identity]] = defaultdict(list)
    for identity in identities:
        if identity.merged_into is not None:
            merged[identity.merged_into].append(identity)
    return merged


def _with_merged(identity: Identity, merged: Mapping[int, Sequence[Identity]]) -> list[Identity]:
    """An identity, and all that were merged into it, and into these."""
    return [identity] + [below for part in merged.get(identity.id, ()) for below in _with_merged(part, merged)]
