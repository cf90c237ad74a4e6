"""From one embedder to another: every kept crop is embedded again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from vidclf.errors import GalleryError, StoppedError
from vidclf.gallery.embedding import embed
from vidclf.gallery.records import Template
from vidclf.gallery.store import Reader, Store
from vidclf.progress import Track

if TYPE_CHECKING:
    from vidclf.infer.embedder import Embedder  # which imports PyTorch

_BATCH = 64
_SHOWN = 5


def migrate_store(store: Store, embedder: Embedder, track: Track) -> int:
    """Replace all vectors by those of another embedder, in one change; see `Gallery.migrate`.

    Embedding takes long and locks nobody out; if somebody changes the gallery meanwhile, nothing is replaced.
    """
    with store.reading() as reader:
        head = reader.head
        if head.embedder == embedder.identity:
            return 0
        templates = list(reader.templates())
        _require_crops(reader)
    batches = range(0, len(templates), _BATCH)
    embedded: list[Template] = []
    for start in track(batches, total=len(batches), what="crops"):
        batch = templates[start : start + _BATCH]
        embedded += _embedded(store, batch, embedder)
    with store.changing() as writer:
        if writer.head.revision != head.revision + 1:
            raise _changed(store)
        for template in embedded:
            writer.change_vector(template)
        writer.head = replace(writer.head, embedder=embedder.identity, dim=embedder.dim, calibration=None)
    store.wipe()
    return len(embedded)


def _require_crops(reader: Reader) -> None:
    without = reader.identities_without_crops()
    if without:
        names = [identity.name for identity in reader.identities() if identity.id in without]
        raise GalleryError(
            f"{reader.where}: crops were not kept of {', '.join(names[:_SHOWN])}{' ...' if names[_SHOWN:] else ''} "
            f"({len(names)} in all), and without them nothing can be embedded anew. Remove and enrol them again."
        )


def _embedded(store: Store, templates: Sequence[Template], embedder: Embedder) -> list[Template]:
    with store.reading() as reader:
        crops = [crop for template in templates if (crop := reader.crop(template)) is not None]
    if len(crops) < len(templates):
        raise _changed(store)
    vectors = embed(embedder, crops)
    return [replace(template, vector=vector) for template, vector in zip(templates, vectors, strict=True)]


def _changed(store: Store) -> StoppedError:
    return StoppedError(f"{store.where}: it was changed while its crops were embedded. Migrate again.")
