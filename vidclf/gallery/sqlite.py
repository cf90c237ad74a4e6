"""A gallery in one SQLite file, for one machine and as many processes as wish."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from vidclf.errors import GalleryError, StoppedError
from vidclf.gallery.records import Head, damaged
from vidclf.gallery.store import Store, first_row
from vidclf.types import Float32Array

# AUTOINCREMENT: a number is never used twice, so that whoever knows all up to one asks for those above it.
_NUMBER = "INTEGER PRIMARY KEY AUTOINCREMENT"
_TABLES = (
    "CREATE TABLE gallery (head TEXT NOT NULL, checksum INTEGER NOT NULL) STRICT",
    f"CREATE TABLE identities (id {_NUMBER}, name TEXT NOT NULL UNIQUE, consent TEXT NOT NULL, "
    "created_seconds REAL NOT NULL, expires_seconds REAL, merged_into INTEGER, merged_revision INTEGER NOT NULL, "
    "checksum INTEGER NOT NULL) STRICT",
    f"CREATE TABLE templates (id {_NUMBER}, identity_id INTEGER NOT NULL, vector BLOB NOT NULL, "
    "rejected INTEGER NOT NULL, quality REAL NOT NULL, source TEXT NOT NULL, created_seconds REAL NOT NULL, "
    "checksum INTEGER NOT NULL) STRICT",
    "CREATE INDEX templates_of ON templates (identity_id)",
    "CREATE TABLE crops (template_id INTEGER PRIMARY KEY, crop BLOB NOT NULL, checksum INTEGER NOT NULL) STRICT",
)
# Writing a large gallery anew takes a while, and others wait for it.
_PATIENCE_SECONDS = 60.0
_RETRY_SECONDS = 0.02
_OWNER_ONLY = 0o600

# What the file system or another process refuses; whatever else SQLite says of a file is that it is damaged.
_REFUSED = {
    sqlite3.SQLITE_BUSY: "another program keeps it locked",
    sqlite3.SQLITE_LOCKED: "another program keeps it locked",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened",
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_IOERR: "the disk does not read or write it",
    sqlite3.SQLITE_PERM: "it may not be opened",
    sqlite3.SQLITE_READONLY: "it may not be written to",
}


class SqliteStore(Store):
    """A gallery's tables in a SQLite file with a write-ahead log.

    A change is on the disk once it is acknowledged (`synchronous=FULL`). What is deleted is overwritten
    (`secure_delete`), and after a removal the file is written anew and the log emptied, since SQLite leaves copies of
    rows behind where it moves them between pages.

    Args:
        path: the file. Where there is none, `create` makes it, readable by its owner alone.

    Raises:
        GalleryError: there is a folder.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        if path.is_dir():
            raise GalleryError(f"{path}: this is a folder; a gallery is one file, such as {path / 'gallery.db'}.")
        self._path = path.absolute()
        self._opened: sqlite3.Connection | None = None

    def exists(self) -> bool:
        """Whether the file holds a gallery, and nothing else.

        Raises:
            GalleryError: it holds something else.
        """
        if not self._path.exists():
            return False
        with self._translated():
            found = _schema(self._connection)
        if found and found != _schema(_made(sqlite3.connect(":memory:", isolation_level=None))):
            # Nothing of a schema runs that is not ours: no trigger, no view.
            raise GalleryError(f"{self.where}: this is a SQLite file of something else; name another file.")
        return bool(found)

    def create(self, head: Head) -> None:
        """Make file and tables, unless another process was first."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, _OWNER_ONLY))
        except OSError as error:
            raise StoppedError(f"{self.where}: the gallery cannot be made there ({error.strerror}).") from None
        with self._translated():
            self._connection.execute("PRAGMA journal_mode=WAL")  # which the file remembers
        with self._transaction(writes=True):
            if not _schema(self._connection):
                _made(self._connection)
                self._connection.execute(*first_row(head))

    def close(self) -> None:
        """Let go of the file; may be called twice."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def find_damage(self) -> list[str]:
        """What SQLite's own check of the file says."""
        with self._transaction(writes=False):
            said = [row[0] for row in self._connection.execute("PRAGMA integrity_check")]
        return [] if said == ["ok"] else [f"SQLite says of the file: {line}." for line in said]

    def execute(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Do something; gives to how many rows it was done."""
        return self._connection.execute(sql, values).rowcount

    def rows(self, sql: str, values: Sequence[Any] = ()) -> Iterable[tuple[Any, ...]]:
        """What a query gives."""
        return self._connection.execute(sql, values)

    def from_vector(self, vector: Float32Array) -> bytes:
        """Its float32, little endian."""
        return vector.astype("<f4", copy=False).tobytes()

    def to_vector(self, value: Any) -> Float32Array:
        """What `from_vector` made."""
        return np.frombuffer(value, dtype="<f4").astype(np.float32, copy=False)

    @property
    def _connection(self) -> sqlite3.Connection:
        if self._opened is None:
            with self._translated():
                self._opened = self._connect()
        return self._opened

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, timeout=_PATIENCE_SECONDS, isolation_level=None, check_same_thread=False
        )
        for pragma in ("trusted_schema=OFF", "cell_size_check=ON", "secure_delete=ON", "synchronous=FULL"):
            connection.execute(f"PRAGMA {pragma}")
        return connection

    @contextmanager
    def _transaction(self, *, writes: bool) -> Iterator[SqliteStore]:
        connection = self._connection
        with self._translated():
            connection.execute("BEGIN IMMEDIATE" if writes else "BEGIN")
            try:
                yield self
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def _rewrite(self) -> None:
        with self._translated():
            self._connection.execute("VACUUM")
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not self._empty_log():  # SQLite itself does not wait for another program that empties it
            if time.monotonic() > deadline:
                raise StoppedError(
                    f"{self.where}: what was removed is no longer in the gallery, but its bytes still stand in "
                    f"{self.where}-wal, since another program is reading. They go when the gallery is next opened."
                )
            time.sleep(_RETRY_SECONDS)

    def _empty_log(self) -> bool:
        """Copy the log into the file and cut it to nothing; gives whether no other program was in the way."""
        with self._translated():
            is_busy, *_ = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not is_busy

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            # The low byte is the kind of error, what is above it the circumstances.
            refused = _REFUSED.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)
            if refused:
                raise StoppedError(f"{self.where}: {refused} ({error}). Nothing was changed.") from None
            raise damaged(self.where, f"SQLite says {error}") from None


def _made(connection: sqlite3.Connection) -> sqlite3.Connection:
    for table in _TABLES:
        connection.execute(table)
    return connection


def _schema(connection: sqlite3.Connection) -> list[tuple[str, ...]]:
    return connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name").fetchall()
