"""Galleries of each kind: a SQLite file, and a database of a real PostgreSQL server."""

from __future__ import annotations

import shutil
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gallery.projecting import Projection


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """Address of a PostgreSQL server that lives as long as the tests."""
    pytest.importorskip("pgvector", reason="PostgreSQL needs the extra postgres")
    psycopg = pytest.importorskip("psycopg", reason="PostgreSQL needs the extra postgres")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns where nobody has logged in, as in a container
        pgserver = pytest.importorskip("pgserver", reason="PostgreSQL needs pgserver, from the extra dev")
    folder = tempfile.mkdtemp(prefix="pg")  # short: the path of a socket may have some 100 characters
    running = pgserver.get_server(folder, cleanup_mode="stop")
    with psycopg.connect(running.get_uri(), autocommit=True) as connection:
        connection.execute(b"ALTER SYSTEM SET fsync = off")  # nobody needs these data after a power cut
        connection.execute(b"SELECT pg_reload_conf()")
    try:
        yield running.get_uri()
    finally:
        running.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_url(server: str) -> str:
    """Address of a database without a gallery."""
    import psycopg

    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(b"DROP SCHEMA IF EXISTS vidclf CASCADE")
    return server


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a gallery can be made, of each kind."""
    return str(tmp_path / "gallery.db") if request.param == "sqlite" else request.getfixturevalue("postgres_url")


@pytest.fixture
def embedder() -> Projection:
    return Projection()
