"""A gallery in a PostgreSQL database with pgvector, for several machines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from vidclf.errors import MissingExtraError, StoppedError
from vidclf.gallery.records import Head, damaged
from vidclf.gallery.store import Store, first_row
from vidclf.secrets import redact
from vidclf.types import Float32Array

if TYPE_CHECKING:
    import psycopg

_NUMBER = "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"
_TABLES = (
    "CREATE TABLE gallery (head TEXT NOT NULL, checksum BIGINT NOT NULL)",
    f"CREATE TABLE identities (id {_NUMBER}, name TEXT NOT NULL UNIQUE, consent TEXT NOT NULL, "
    "created_seconds FLOAT8 NOT NULL, expires_seconds FLOAT8, merged_into BIGINT, merged_revision BIGINT NOT NULL, "
    "checksum BIGINT NOT NULL)",
    f"CREATE TABLE templates (id {_NUMBER}, identity_id BIGINT NOT NULL, vector VECTOR NOT NULL, "
    "rejected BOOLEAN NOT NULL, quality FLOAT8 NOT NULL, source TEXT NOT NULL, created_seconds FLOAT8 NOT NULL, "
    "checksum BIGINT NOT NULL)",
    "CREATE INDEX templates_of ON templates (identity_id)",
    "CREATE TABLE crops (template_id BIGINT PRIMARY KEY, crop BYTEA NOT NULL, checksum BIGINT NOT NULL)",
)
_SCHEMA = "vidclf"
# Writers take turns, so that numbers appear in their order. Any number does, as long as no other program takes it.
_TURN = 0x7669_6463_6C66


class PostgresStore(Store):
    """A gallery's tables in the schema `vidclf` of a database; one gallery a database.

    The vectors are a column of pgvector's type, so that other programs can search them in SQL.

    Args:
        url: `postgresql://user:password@host/database`.

    Raises:
        MissingExtraError: psycopg or pgvector is not installed.
        StoppedError: the server cannot be reached, or refuses.
    """

    def __init__(self, url: str) -> None:
        super().__init__(redact(url))
        try:
            import pgvector.psycopg  # noqa: F401
            import psycopg
        except ImportError:
            raise MissingExtraError(
                "a gallery in PostgreSQL needs psycopg and pgvector: pip install 'vidclf[postgres]'."
            ) from None
        self._error = psycopg.Error
        self._unreachable = (psycopg.OperationalError, psycopg.InterfaceError, psycopg.ProgrammingError)
        with self._translated():
            self._connection = psycopg.connect(url, autocommit=True)
            self._connection.execute(f"SET search_path TO {_SCHEMA}, public")
        self._knows_vectors = False

    def exists(self) -> bool:
        """Whether the database holds a gallery."""
        return bool(self._names_of_tables())

    def create(self, head: Head) -> None:
        """Make schema and tables, unless another process was first."""
        with self._translated(), self._connection.transaction():
            self.execute("SELECT pg_advisory_xact_lock(?)", (_TURN,))
            if self._names_of_tables():
                return
            self.execute("CREATE EXTENSION IF NOT EXISTS vector WITH SCHEMA public")
            self.execute(f"CREATE SCHEMA IF NOT EXISTS {_SCHEMA}")
            for table in _TABLES:
                self.execute(table)
            self.execute(*first_row(head))

    def close(self) -> None:
        """Let go of the server; may be called twice."""
        self._connection.close()

    def find_damage(self) -> list[str]:
        """Nothing: a server looks after its own files."""
        return []

    def execute(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Do something; gives to how many rows it was done."""
        return self._ask(sql, values).rowcount

    def rows(self, sql: str, values: Sequence[Any] = ()) -> Iterable[tuple[Any, ...]]:
        """What a query gives."""
        return self._ask(sql, values)

    def from_vector(self, vector: Float32Array) -> Any:
        """As pgvector's own type."""
        from pgvector import Vector

        return Vector(vector)

    def to_vector(self, value: Any) -> Float32Array:
        """What `from_vector` made."""
        return np.asarray(value.to_numpy(), dtype=np.float32)

    def _ask(self, sql: str, values: Sequence[Any]) -> psycopg.Cursor[tuple[Any, ...]]:
        # Bytes, so that psycopg's types do not ask for a literal: all SQL of this room is.
        return self._connection.execute(sql.replace("?", "%s").encode(), values, binary=True)

    def _names_of_tables(self) -> set[str]:
        with self._translated():
            rows = self.rows("SELECT table_name FROM information_schema.tables WHERE table_schema = ?", (_SCHEMA,))
            return {name for (name,) in rows}

    @contextmanager
    def _transaction(self, *, writes: bool) -> Iterator[PostgresStore]:
        with self._translated():
            self._learn_vectors()
            with self._connection.transaction():
                if writes:
                    self.execute("SELECT pg_advisory_xact_lock(?)", (_TURN,))
                else:
                    self.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
                yield self

    def _learn_vectors(self) -> None:
        """Teach the connection pgvector's type, which has another number in each database."""
        if not self._knows_vectors:
            from pgvector.psycopg import register_vector

            register_vector(self._connection)
            self._knows_vectors = True

    def _rewrite(self) -> None:
        with self._translated():
            self.execute("VACUUM (FULL) identities, templates, crops")

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except self._unreachable as error:
            raise StoppedError(f"{self.where}: the database refuses: {redact(_one_line(error))}.") from None
        except self._error as error:
            raise damaged(self.where, f"the database says {redact(_one_line(error))}") from None


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".")
