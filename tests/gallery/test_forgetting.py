"""After a removal the bytes of what was removed are in no file."""

from __future__ import annotations

import json
import random
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.gallery.projecting import Projection, crop
from vidclf.errors import StoppedError
from vidclf.gallery import Gallery
from vidclf.gallery.crops import pack


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "people" / "gallery.db"


@pytest.fixture
def gallery(path: Path, embedder: Projection) -> Iterator[Gallery]:
    with Gallery.open(path, embedder) as opened:
        yield opened


def everything(path: Path) -> bytes:
    """All bytes of all files beside a gallery."""
    return b"".join(file.read_bytes() for file in sorted(path.parent.iterdir()))


def holds(content: bytes, secret: bytes) -> bool:
    """Whether any quarter of it is there."""
    size = len(secret) // 4
    return any(secret[start : start + size] in content for start in range(0, len(secret) - size + 1, size))


def secrets(embedder: Projection, person: int, takes: int = 2) -> list[bytes]:
    """What a gallery keeps of a person, as bytes."""
    crops = [crop(person, take) for take in range(takes)]
    return [vector.tobytes() for vector in embedder.embed(crops)] + [pack(one) for one in crops]


def test_vectors_and_crops_are_gone_from_all_files(gallery: Gallery, path: Path, embedder: Projection) -> None:
    for person in range(5):
        gallery.enrol(f"person {person}", [crop(person, 0), crop(person, 1)])
    gallery.reject("person 3", [crop(2, 0)])
    gallery.merge("person 1", "person 2")
    assert (path.parent / "gallery.db-wal").stat().st_size  # the log has all that was enrolled
    assert all(holds(everything(path), secret) for secret in secrets(embedder, 1))
    gallery.remove("person 2")  # which is person 1 too
    left = everything(path)
    assert not any(holds(left, secret) for person in (1,) for secret in secrets(embedder, person))
    assert b"person 2" not in left
    assert b"person 1" not in left
    assert all(holds(left, secret) for secret in secrets(embedder, 0))
    # As the rejection of person 3 it is kept, until that is taken back as well.
    assert holds(left, secrets(embedder, 2, 1)[0])
    (three,) = [person for person in gallery.people() if person.name == "person 3"]
    gallery.remove_template(three.rejected[0].id)
    assert not any(holds(everything(path), secret) for secret in secrets(embedder, 2))


def test_no_copy_is_left_where_rows_were_moved(path: Path) -> None:
    embedder = Projection(dim=200)
    generator = random.Random(3)
    gone: list[int] = []
    with Gallery.open(path, embedder, keep_crops=False) as gallery:
        for person in range(60):
            for take in range(generator.randint(1, 4)):
                gallery.enrol(str(person), [crop(person, take)])
            if person % 3 == 2:
                gone.append(generator.choice([p for p in range(person) if p not in gone]))
                gallery.remove(str(gone[-1]))
        left = everything(path)
        kept = next(person for person in range(60) if person not in gone)
    assert holds(left, embedder.embed([crop(kept)])[0].tobytes())
    vectors = [embedder.embed([crop(person, take)])[0] for person in gone for take in range(4)]
    assert not any(holds(left, vector.tobytes()) for vector in vectors)


def test_an_old_vector_is_gone_after_migration(gallery: Gallery, path: Path, embedder: Projection) -> None:
    gallery.enrol("anna", [crop(0)])
    Gallery.migrate(path, Projection(seed=1))
    assert not holds(everything(path), embedder.embed([crop(0)])[0].tobytes())


def test_who_has_expired_is_wiped_when_the_gallery_is_opened(
    gallery: Gallery, path: Path, embedder: Projection
) -> None:
    gallery.enrol("anna", [crop(0), crop(0, 1)], expires_seconds=time.time() - 1)
    gallery.enrol("bob", [crop(1)])
    with Gallery.open(path):
        left = everything(path)
    assert not any(holds(left, secret) for secret in secrets(embedder, 0))


def test_while_another_program_reads_it_is_said_and_done_later(
    path: Path, embedder: Projection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vidclf.gallery.sqlite._PATIENCE_SECONDS", 0.2)
    with Gallery.open(path, embedder) as gallery:
        gallery.enrol("anna", [crop(0), crop(0, 1)])
        with closing(sqlite3.connect(path, isolation_level=None)) as reader:  # one that reads on and on
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM templates").fetchone()
            with pytest.raises(StoppedError, match=r"no longer in the gallery, but its bytes still stand"):
                gallery.remove("anna")
            assert gallery.people() == []
        with Gallery.open(path, embedder):
            left = everything(path)
    assert not any(holds(left, secret) for secret in secrets(embedder, 0))


def test_the_file_is_its_owners_alone(gallery: Gallery, path: Path) -> None:
    gallery.enrol("anna", [crop(0)])
    assert {file.stat().st_mode & 0o777 for file in path.parent.iterdir()} == {0o600}


def test_in_postgres_the_row_is_gone_after_vacuum(postgres_url: str, embedder: Projection) -> None:
    psycopg = pytest.importorskip("psycopg")
    with Gallery.open(postgres_url, embedder) as gallery:
        gallery.enrol("anna", [crop(0)])
        gallery.enrol("bob", [crop(1)])
        gallery.remove("anna")
    with psycopg.connect(postgres_url) as connection:
        connection.execute("CHECKPOINT")  # so that the files are what the server holds
        (folder,) = connection.execute("SHOW data_directory").fetchone()
        (file,) = connection.execute("SELECT pg_relation_filepath('vidclf.templates')").fetchone()
        kept = connection.execute("SELECT vector::text FROM vidclf.templates").fetchall()
    assert len(kept) == 1
    table = Path(folder, file).read_bytes()
    anna, bob = embedder.embed([crop(0)])[0], embedder.embed([crop(1)])[0]
    assert holds(table, bob.tobytes())
    assert not holds(table, anna.tobytes())
    assert json.loads(kept[0][0]) == pytest.approx(bob, abs=1e-6)
