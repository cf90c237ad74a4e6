"""Where a gallery is kept: four tables, and what may be asked of them. SQLite and PostgreSQL differ in little else.

gallery      one row: the head, as JSON
identities   a row a person
templates    a row a vector
crops        the picture of a template, where it is kept
"""

from __future__ import annotations

import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any, Protocol, Self

from vidclf.gallery.crops import pack, unpack
from vidclf.gallery.records import Head, Identity, Template, damaged
from vidclf.types import Crop, Float32Array


class Transaction(Protocol):
    """One transaction of a database; the SQL is the same for all, with `?` for each value."""

    def execute(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Do something; gives to how many rows it was done."""

    def rows(self, sql: str, values: Sequence[Any] = ()) -> Iterable[tuple[Any, ...]]:
        """What a query gives, or an INSERT with RETURNING."""

    def from_vector(self, vector: Float32Array) -> Any:
        """A vector as the database takes it."""

    def to_vector(self, value: Any) -> Float32Array:
        """A vector as the database gave it."""


class Reader:
    """What may be asked; all answers of one reader are of one moment.

    Attributes:
        head: what holds for the whole gallery.
        where: what the gallery is called in messages.
    """

    def __init__(self, transaction: Transaction, where: str) -> None:
        self._transaction, self.where = transaction, where
        self.head = self._read_head()

    def identities(self, *, after: int = 0) -> list[Identity]:
        """Those with a number above `after`, by number."""
        return self._identities("id > ?", after)

    def identity(self, name: str) -> Identity | None:
        """The one that has this name."""
        return next(iter(self._identities("name = ?", name)), None)

    def expired(self, now_seconds: float) -> list[Identity]:
        """Those that are to be forgotten by a time in seconds since 1970 UTC."""
        return self._identities("expires_seconds <= ?", now_seconds)

    def templates(self, *, after: int = 0) -> Iterator[Template]:
        """Those with a number above `after`, by number."""
        return self._templates("id > ?", after)

    def templates_of(self, identity_id: int) -> Iterator[Template]:
        """Those of one identity, by number."""
        return self._templates("identity_id = ?", identity_id)

    def crop(self, template: Template) -> Crop | None:
        """The picture of a template; None where it was not kept."""
        rows = self._transaction.rows("SELECT crop, checksum FROM crops WHERE template_id = ?", (template.id,))
        for content, checksum in rows:
            is_whole = isinstance(content, bytes) and zlib.crc32(content) == checksum
            self._require(is_whole, f"the crop of template {template.id} was changed")
            try:
                return replace(unpack(content), quality=template.quality, source=template.source)
            except ValueError as error:
                raise damaged(self.where, f"the crop of template {template.id} cannot be read: {error}") from None
        return None

    def identities_without_crops(self) -> set[int]:
        """Numbers of those of whom a template's picture was not kept."""
        sql = "SELECT DISTINCT identity_id FROM templates WHERE id NOT IN (SELECT template_id FROM crops)"
        return {identity_id for (identity_id,) in self._transaction.rows(sql)}

    def _identities(self, condition: str, value: float | str) -> list[Identity]:
        sql = (
            "SELECT id, name, consent, created_seconds, expires_seconds, merged_into, merged_revision, checksum "
            f"FROM identities WHERE {condition} ORDER BY id"
        )
        found = []
        for *values, checksum in self._transaction.rows(sql, (value,)):
            identity = Identity(*values)
            self._require(
                isinstance(identity.name, str) and identity.checksum == checksum,
                f"row {identity.id} of its identities was changed",
            )
            found.append(identity)
        return found

    def _templates(self, condition: str, value: int) -> Iterator[Template]:
        sql = (
            "SELECT id, identity_id, vector, rejected, quality, source, created_seconds, checksum "
            f"FROM templates WHERE {condition} ORDER BY id"
        )
        for number, identity_id, vector, rejected, *facts, checksum in self._transaction.rows(sql, (value,)):
            try:
                template = Template(number, identity_id, self._transaction.to_vector(vector), bool(rejected), *facts)
            except (TypeError, ValueError):
                raise damaged(self.where, f"row {number} of its templates was changed") from None
            is_whole = len(template.vector) == self.head.dim and template.checksum == checksum
            self._require(is_whole, f"row {number} of its templates was changed")
            yield template

    def _read_head(self) -> Head:
        text, checksum = next(iter(self._transaction.rows("SELECT head, checksum FROM gallery")), ("", None))
        self._require(isinstance(text, str) and checksum == _text_checksum(text), "its head was changed")
        return Head.from_json(text, self.where)

    def _require(self, is_whole: bool, found: str) -> None:
        if not is_whole:
            raise damaged(self.where, found)


class Writer(Reader):
    """What may be changed, in a transaction that no other writer enters; all of it is kept, or nothing."""

    def __init__(self, transaction: Transaction, where: str) -> None:
        super().__init__(transaction, where)
        self.head = replace(self.head, revision=self.head.revision + 1)

    def add_identity(self, identity: Identity) -> int:
        """Add a row; gives its number, higher than any before."""
        self._count(1)
        return self._insert(
            "INSERT INTO identities (name, consent, created_seconds, expires_seconds, merged_into, merged_revision, "
            "checksum) VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
            *_values(identity),
        )

    def add_template(self, template: Template, crop: Crop | None) -> int:
        """Add a row, and its picture where the gallery keeps them; gives its number, higher than any before."""
        self._count(1)
        template_id = self._insert(
            "INSERT INTO templates (identity_id, vector, rejected, quality, source, created_seconds, checksum) "
            "VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
            template.identity_id,
            self._transaction.from_vector(template.vector),
            template.rejected,
            template.quality,
            template.source,
            template.created_seconds,
            template.checksum,
        )
        if crop is not None and self.head.keeps_crops:
            content = pack(crop)
            sql = "INSERT INTO crops (template_id, crop, checksum) VALUES (?, ?, ?)"
            self._transaction.execute(sql, (template_id, content, zlib.crc32(content)))
        return template_id

    def change_identity(self, identity: Identity) -> None:
        """Write a row anew."""
        self._outdate()
        self._transaction.execute(
            "UPDATE identities SET name = ?, consent = ?, created_seconds = ?, expires_seconds = ?, "
            "merged_into = ?, merged_revision = ?, checksum = ? WHERE id = ?",
            (*_values(identity), identity.id),
        )

    def change_vector(self, template: Template) -> None:
        """Write a template's vector anew; the old one is due to be wiped."""
        self._outdate(wipe=True)
        self._transaction.execute(
            "UPDATE templates SET vector = ?, checksum = ? WHERE id = ?",
            (self._transaction.from_vector(template.vector), template.checksum, template.id),
        )

    def remove_identity(self, identity_id: int) -> None:
        """Remove somebody with all templates; their bytes are due to be wiped."""
        self._outdate(wipe=True)
        self._transaction.execute(
            "DELETE FROM crops WHERE template_id IN (SELECT id FROM templates WHERE identity_id = ?)", (identity_id,)
        )
        self._count(-self._transaction.execute("DELETE FROM templates WHERE identity_id = ?", (identity_id,)))
        self._count(-self._transaction.execute("DELETE FROM identities WHERE id = ?", (identity_id,)))

    def remove_template(self, template_id: int) -> bool:
        """Remove one template, whose bytes are due to be wiped; gives whether it was there."""
        self._outdate(wipe=True)
        self._transaction.execute("DELETE FROM crops WHERE template_id = ?", (template_id,))
        removed = self._transaction.execute("DELETE FROM templates WHERE id = ?", (template_id,))
        self._count(-removed)
        return removed > 0

    def write_head(self) -> None:
        """Write the head as it is now; the last thing in a transaction."""
        text = self.head.to_json()
        self._transaction.execute("UPDATE gallery SET head = ?, checksum = ?", (text, _text_checksum(text)))

    def _insert(self, sql: str, *values: Any) -> int:
        (row,) = self._transaction.rows(sql, values)
        return int(row[0])

    def _count(self, rows: int) -> None:
        self.head = replace(self.head, num_rows=self.head.num_rows + rows)

    def _outdate(self, *, wipe: bool = False) -> None:
        self.head = replace(self.head, epoch=self.head.revision, wipe_due=self.head.wipe_due or wipe)


class Store(ABC):
    """A gallery's tables; for one thread at a time.

    Attributes:
        where: what it is called in messages, with secrets masked.
    """

    def __init__(self, where: str) -> None:
        self.where = where

    @abstractmethod
    def exists(self) -> bool:
        """Whether there is a gallery.

        Raises:
            GalleryError: there is something else.
        """

    @abstractmethod
    def create(self, head: Head) -> None:
        """Make the tables, unless another process was first."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the database; may be called twice."""

    @contextmanager
    def reading(self) -> Iterator[Reader]:
        """Ask, of one moment.

        Raises:
            GalleryError: the gallery is damaged.
            StoppedError: the database cannot be reached.
        """
        with self._transaction(writes=False) as transaction:
            yield Reader(transaction, self.where)

    @contextmanager
    def changing(self) -> Iterator[Writer]:
        """Change: once the block has ended all of it is kept; after an error, or a kill, nothing.

        Raises:
            GalleryError: the gallery is damaged.
            StoppedError: the database cannot be reached or written to.
        """
        with self._transaction(writes=True) as transaction:
            writer = Writer(transaction, self.where)
            yield writer
            writer.write_head()

    def wipe(self) -> None:
        """Write the database anew, without the bytes of what was removed.

        Raises:
            StoppedError: another program keeps it from being written.
        """
        with self.reading() as reader:
            wiped = reader.head.revision
        self._rewrite()
        with self.changing() as writer:
            # Whoever removed more in the meantime wipes again.
            if writer.head.revision == wiped + 1:
                writer.head = replace(writer.head, wipe_due=False)

    @abstractmethod
    def find_damage(self) -> list[str]:
        """What is wrong with the database itself, a sentence each; looks at all of it."""

    @abstractmethod
    def _transaction(self, *, writes: bool) -> AbstractContextManager[Transaction]: ...

    @abstractmethod
    def _rewrite(self) -> None: ...

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def first_row(head: Head) -> tuple[str, tuple[str, int]]:
    """The statement that makes a head, and its values."""
    text = head.to_json()
    return "INSERT INTO gallery (head, checksum) VALUES (?, ?)", (text, _text_checksum(text))


def _values(identity: Identity) -> tuple[Any, ...]:
    return (
        identity.name,
        identity.consent,
        identity.created_seconds,
        identity.expires_seconds,
        identity.merged_into,
        identity.merged_revision,
        identity.checksum,
    )


def _text_checksum(text: str) -> int:
    return zlib.crc32(text.encode())
