"""Which store an address means."""

from __future__ import annotations

import re
from pathlib import Path

from vidclf.errors import GalleryError
from vidclf.gallery.store import Store
from vidclf.secrets import redact

_SQLITE = "sqlite:///"
_POSTGRES = ("postgresql://", "postgres://")


def open_store(url: str | Path) -> Store:
    """The store at a path, `sqlite:///path` or `postgresql://...`.

    Raises:
        GalleryError: the address is of another kind.
        StoppedError: the server cannot be reached.
    """
    text = str(url)
    if text.startswith(_POSTGRES):
        from vidclf.gallery.postgres import PostgresStore

        return PostgresStore(text)
    from vidclf.gallery.sqlite import SqliteStore

    if text.startswith(_SQLITE):
        return SqliteStore(Path(text.removeprefix(_SQLITE)))
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:/", text) or not text:
        raise GalleryError(
            f"{redact(text) or 'an empty address'}: a gallery is a file (people.db, sqlite:///people.db) or a "
            "PostgreSQL database (postgresql://user:password@host/database)."
        )
    return SqliteStore(Path(text))
