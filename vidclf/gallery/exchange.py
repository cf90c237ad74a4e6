"""A gallery as a folder that can be kept, sent and read elsewhere: safetensors and JSON; nothing in it executes.

gallery.json            who is known, and what holds for all; with the sha256 of the other file
gallery.safetensors     `vectors`, float32 (N, D); and of kept crops `pixels.n`, `pts_seconds.n`, n the vector's row
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from safetensors import SafetensorError
from safetensors.numpy import load_file

from vidclf.errors import GalleryError, OtherEmbedderError
from vidclf.files import hash_file
from vidclf.gallery import people
from vidclf.gallery.calibration import Calibration
from vidclf.gallery.crops import crop_of, tensors_of
from vidclf.gallery.records import Identity, Template, checked_name, is_unit
from vidclf.gallery.store import Reader, Writer
from vidclf.package import write_json, write_tensors
from vidclf.types import Crop, Float32Array

FORMAT_VERSION = 1
_JSON, _TENSORS = "gallery.json", "gallery.safetensors"
_STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

Tensors = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class ExportedTemplate:
    """A template without its vector; see `Template`."""

    __pydantic_config__ = _STRICT

    vector: Annotated[int, Field(ge=0)]
    rejected: bool
    quality: float
    source: str
    created_seconds: float


@dataclass(frozen=True)
class ExportedIdentity:
    """An identity with its templates; see `Identity`."""

    __pydantic_config__ = _STRICT

    name: str
    consent: str
    created_seconds: float
    expires_seconds: float | None
    merged_into: str | None
    templates: Annotated[tuple[ExportedTemplate, ...], Field(strict=False)]


@dataclass(frozen=True)
class Exported:
    """What `gallery.json` holds."""

    __pydantic_config__ = _STRICT

    format_version: int
    embedder: str
    dim: int
    tensors_sha256: str
    calibration: Calibration | None
    identities: Annotated[tuple[ExportedIdentity, ...], Field(strict=False)]


_EXPORTED = TypeAdapter(Exported)


def export_gallery(reader: Reader, folder: Path) -> int:
    """Write all that a gallery holds; gives how many templates.

    Raises:
        StoppedError: the folder cannot be written to.
    """
    templates = list(reader.templates())
    tensors: dict[str, npt.NDArray[Any]] = {
        "vectors": np.array([template.vector for template in templates], np.float32).reshape(-1, reader.head.dim)
    }
    for place, template in enumerate(templates):
        crop = reader.crop(template)
        if crop is not None:
            tensors |= {f"{name}.{place}": values for name, values in tensors_of(crop).items()}
    write_tensors(folder / _TENSORS, tensors)
    exported = Exported(
        format_version=FORMAT_VERSION,
        embedder=reader.head.embedder,
        dim=reader.head.dim,
        tensors_sha256=hash_file(folder / _TENSORS),
        calibration=reader.head.calibration,
        identities=_exported(reader.identities(), templates),
    )
    write_json(folder / _JSON, _EXPORTED.dump_python(exported, mode="json"))
    return len(templates)


def import_gallery(writer: Writer, folder: Path) -> int:
    """Add what another gallery exported; gives how many templates were not there yet.

    Somebody who has the name of somebody here is them. What is noted of them here stays.

    Raises:
        OtherEmbedderError: it is of another embedder.
        GalleryError: it is damaged, or no export.
    """
    exported, tensors = _read(folder)
    if exported.embedder != writer.head.embedder:
        raise OtherEmbedderError(
            f"{folder}: this was exported with the embedder {exported.embedder[:12]}, and the gallery belongs to "
            f"{writer.head.embedder[:12]}; what they make cannot be compared."
        )
    known = {identity.name for identity in writer.identities()}
    rows = {identity.name: _row(writer, identity) for identity in exported.identities}
    for identity in exported.identities:
        if identity.merged_into is not None and rows[identity.name].name not in known:
            people.merge(writer, rows[identity.name], rows[identity.merged_into])
    crops = {place: _crop(folder, tensors, place) for place in range(len(tensors["vectors"]))}
    added = sum(
        _add_new(writer, rows[identity.name], identity, tensors["vectors"], crops) for identity in exported.identities
    )
    if exported.calibration and not writer.head.calibration:
        writer.head = replace(writer.head, calibration=exported.calibration)
    return added


def _exported(identities: Sequence[Identity], templates: Sequence[Template]) -> tuple[ExportedIdentity, ...]:
    names = {identity.id: identity.name for identity in identities}
    of_identity: Mapping[int, list[ExportedTemplate]] = defaultdict(list)
    for place, template in enumerate(templates):
        of_identity[template.identity_id].append(
            ExportedTemplate(place, template.rejected, template.quality, template.source, template.created_seconds)
        )
    return tuple(
        ExportedIdentity(
            name=identity.name,
            consent=identity.consent,
            created_seconds=identity.created_seconds,
            expires_seconds=identity.expires_seconds,
            merged_into=names[identity.merged_into] if identity.merged_into else None,
            templates=tuple(of_identity[identity.id]),
        )
        for identity in identities
    )


def _read(folder: Path) -> tuple[Exported, Tensors]:
    """Both files, checked as a whole before anything of them is used."""
    try:
        exported = _EXPORTED.validate_json((folder / _JSON).read_bytes())
        sha256, tensors = hash_file(folder / _TENSORS), load_file(folder / _TENSORS)
    except ValidationError as error:
        first = error.errors()[0]
        raise _no_export(folder, f"{_JSON}, {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    except (OSError, SafetensorError, ValueError) as error:
        raise _no_export(folder, str(error)) from None
    if exported.format_version > FORMAT_VERSION:
        raise GalleryError(
            f"{folder}: this export has format {exported.format_version}, and this vidclf reads up to "
            f"{FORMAT_VERSION}. A newer vidclf wrote it; update with pip install -U vidclf."
        )
    vectors = tensors.get("vectors", np.empty(0))
    wanted = [template.vector for identity in exported.identities for template in identity.templates]
    if sha256 != exported.tensors_sha256:
        raise _no_export(folder, f"{_TENSORS} is not the file that {_JSON} describes")
    if vectors.dtype != np.float32 or vectors.ndim != 2 or vectors.shape[1] != exported.dim or not is_unit(vectors):
        raise _no_export(folder, f"its vectors are not float32 (N, {exported.dim}) of length one")
    if max(wanted, default=-1) >= len(vectors):
        raise _no_export(folder, f"{_JSON} names vector {max(wanted)} of {len(vectors)}")
    _require_no_circle(folder, exported.identities)
    return exported, tensors


def _require_no_circle(folder: Path, identities: Sequence[ExportedIdentity]) -> None:
    target = {identity.name: identity.merged_into for identity in identities}
    for name in target:
        following, seen = target[name], {name}
        while following is not None:
            if following in seen or following not in target:
                raise _no_export(folder, f"{name!r} was merged into {following!r}, which cannot be")
            seen.add(following)
            following = target[following]


def _row(writer: Writer, exported: ExportedIdentity) -> Identity:
    name = checked_name(exported.name)
    known = writer.identity(name)
    if known is not None:
        return known
    new = Identity(0, name, exported.consent, exported.created_seconds, exported.expires_seconds)
    return replace(new, id=writer.add_identity(new))


def _add_new(
    writer: Writer,
    identity: Identity,
    exported: ExportedIdentity,
    vectors: Float32Array,
    crops: Mapping[int, Crop | None],
) -> int:
    """Add the templates that somebody does not have yet; gives how many."""
    known = {(template.rejected, template.vector.tobytes()) for template in writer.templates_of(identity.id)}
    added = 0
    for template in exported.templates:
        vector = vectors[template.vector]
        if (template.rejected, vector.tobytes()) not in known:
            facts = template.rejected, template.quality, template.source, template.created_seconds
            writer.add_template(Template(0, identity.id, vector, *facts), crops[template.vector])
            added += 1
    return added


def _crop(folder: Path, tensors: Tensors, place: int) -> Crop | None:
    """The crop of one vector; None where none was kept."""
    kept = {name: tensors[f"{name}.{place}"] for name in ("pixels", "pts_seconds") if f"{name}.{place}" in tensors}
    try:
        return crop_of(kept) if kept else None
    except ValueError as error:
        raise _no_export(folder, f"crop {place}: {error}") from None


def _no_export(folder: Path, found: str) -> GalleryError:
    return GalleryError(
        f"{folder}: this is no export of a gallery, or it is damaged: {found.rstrip('. ')}. Nothing was imported. "
        "Give the folder that vidclf enroll export wrote, whole."
    )
