"""What a gallery keeps: its head, people and templates, each with a checksum that shows damage."""

from __future__ import annotations

import unicodedata
import zlib
from dataclasses import dataclass, field
from typing import Annotated

import numpy as np
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from vidclf.errors import GalleryError
from vidclf.gallery.calibration import Calibration
from vidclf.types import Float32Array

FORMAT_VERSION = 1
# A vector's length differs from one by rounding only; by more, it is no vector of an embedder.
_LENGTH_ERROR = 1e-3
_LONGEST_NAME = 200


@dataclass(frozen=True)
class Head:
    """What holds for a whole gallery. It changes with every change, so it tells whether a copy is still the latest.

    Attributes:
        format_version: of the tables.
        embedder: identity of the embedder that all vectors come from.
        dim: length D of a vector.
        keeps_crops: whether each template's picture is kept, which `migrate` needs.
        calibration: where the threshold comes from; None where nobody has calibrated.
        revision: how many changes there were.
        epoch: the revision of the last change that did more than add rows.
        num_rows: people and templates in the tables.
        wipe_due: something was removed, and its bytes may still stand in a file.
    """

    __pydantic_config__ = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    format_version: int
    embedder: Annotated[str, Field(max_length=200)]
    dim: Annotated[int, Field(ge=1, le=16_000)]
    keeps_crops: bool
    calibration: Calibration | None = None
    revision: int = 0
    epoch: int = 0
    num_rows: int = 0
    wipe_due: bool = False

    def to_json(self) -> str:
        """The form in which it is kept."""
        return _HEAD.dump_json(self).decode()

    @classmethod
    def from_json(cls, text: str, where: str) -> Head:
        """Read what `to_json` wrote.

        Raises:
            GalleryError: it is something else, or of a newer vidclf.
        """
        try:
            head = _HEAD.validate_json(text)
        except ValidationError as error:
            raise damaged(where, f"its head cannot be read: {error.errors()[0]['msg']}") from None
        if head.format_version > FORMAT_VERSION:
            raise GalleryError(
                f"{where}: this gallery has format {head.format_version}, and this vidclf reads up to "
                f"{FORMAT_VERSION}. A newer vidclf wrote it; update with pip install -U vidclf."
            )
        return head


@dataclass(frozen=True)
class Identity:
    """One person, or whatever else is recognised.

    Attributes:
        id: its row, 0 while it has none.
        name: what it is called; no two are called alike.
        consent: a note of who allowed that it is kept, and when.
        created_seconds: when it was enrolled, in seconds since 1970 UTC.
        expires_seconds: when it is to be forgotten; None for never.
        merged_into: the identity that it was found to be the same as; None where it stands for itself.
        merged_revision: the gallery's revision at the merge, which says which was the latest; 0 where there is none.
    """

    id: int
    name: str
    consent: str
    created_seconds: float
    expires_seconds: float | None = None
    merged_into: int | None = None
    merged_revision: int = 0

    @property
    def checksum(self) -> int:
        """Over all but the row's number."""
        return _checksum(
            self.name,
            self.consent,
            self.created_seconds,
            self.expires_seconds,
            self.merged_into,
            self.merged_revision,
        )


@dataclass(frozen=True, eq=False)
class Template:
    """One vector of somebody.

    Attributes:
        id: its row, 0 while it has none.
        identity_id: whose it is.
        vector: float32 (D,), of length one.
        rejected: whether it says "this is not her" instead of "this is her".
        quality: of the crop, between 0 and 1.
        source: what the crop was read from.
        created_seconds: when it was enrolled, in seconds since 1970 UTC.
    """

    id: int
    identity_id: int
    vector: Float32Array = field(repr=False)
    rejected: bool
    quality: float
    source: str
    created_seconds: float

    @property
    def checksum(self) -> int:
        """Over all but the row's number."""
        facts = _checksum(self.identity_id, self.rejected, self.quality, self.source, self.created_seconds)
        return zlib.crc32(self.vector.astype("<f4", copy=False).tobytes(), facts)


def checked_name(name: str) -> str:
    """A name without blanks around it.

    Raises:
        GalleryError: it is empty, too long, or holds what cannot be shown in a line.
    """
    name = unicodedata.normalize("NFC", name.strip())  # one name, however its accents are written
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        raise GalleryError(
            f"{name[:_LONGEST_NAME]!r} cannot be a name: it needs 1 to {_LONGEST_NAME} characters that can be shown "
            "in one line."
        )
    return name


def is_unit(vectors: Float32Array) -> bool:
    """Whether all vectors, (..., D), are finite and of length one."""
    lengths = np.linalg.norm(vectors, axis=-1)
    return bool(np.all(np.abs(lengths - 1) < _LENGTH_ERROR))  # false for NaN


def damaged(where: str, found: str) -> GalleryError:
    """The error for a gallery that is not as it was written."""
    return GalleryError(
        f"{where}: the gallery is damaged: {found.rstrip('. ')}. Nothing was changed. Put back a copy of it, or "
        "import what was exported into a new one."
    )


def _checksum(*values: str | float | None) -> int:
    # repr tells 1 from 1.0, "None" from None, and gives back every bit of a float.
    return zlib.crc32(repr([float(value) if isinstance(value, bool | int) else value for value in values]).encode())


_HEAD = TypeAdapter(Head)
