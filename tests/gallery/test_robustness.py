"""Kills, crowds, flipped bytes and hostile files."""

from __future__ import annotations

import json
import os
import pickle
import random
import signal
import sqlite3
import time
import zlib
from collections.abc import Callable
from contextlib import closing, redirect_stdout
from multiprocessing.process import BaseProcess
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save, save_file

from tests.gallery import working
from tests.gallery.projecting import Projection, crop
from tests.processes import CONTEXT
from vidclf.errors import GalleryError, StoppedError, VidclfError
from vidclf.gallery import Gallery


def start(path: Path, worker: str, said: Path, count: int = 1_000_000) -> BaseProcess:
    process = CONTEXT.Process(target=_work, args=(path, worker, said, count))
    process.start()
    return process


def _work(path: Path, worker: str, said: Path, count: int) -> None:
    with said.open("w") as file, redirect_stdout(file):
        working.main(str(path), worker, count)


def check_against(path: Path, runs: list[Path]) -> None:
    """The gallery opens, holds each acknowledged change, and of what a kill interrupted all or nothing."""
    expected: set[str] = set()
    interrupted: set[str] = set()
    for run in runs:
        lines = [line.split() for line in run.read_text().splitlines(keepends=True) if line.endswith("\n")]
        expected |= {name for verb, name in lines if verb == "enrolled"}
        expected -= {name for verb, name in lines if verb == "removed"}
        interrupted |= {name for verb, name in lines[-1:] if verb in ("enrol", "remove")}
    with Gallery.open(path, Projection()) as gallery:
        people = {person.name: len(person.templates) for person in gallery.people()}
        assert [finding for finding in gallery.check() if finding.kind == "damage"] == []
    assert set(people) ^ expected <= interrupted
    assert all(count == 2 for count in people.values())


def kill_at_random(folder: Path, times: int, seed: int) -> None:
    generator = random.Random(seed)
    path, runs = folder / "gallery.db", []
    for number in range(times):
        said = folder / f"said{number}"
        worker = start(path, f"w{number}_", said)
        while not (said.exists() and said.stat().st_size):  # until it works
            time.sleep(0.005)
        time.sleep(generator.uniform(0, 0.25))
        assert worker.pid is not None
        os.kill(worker.pid, signal.SIGKILL)
        worker.join()
        runs.append(said)
        check_against(path, runs)


def test_a_kill_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    kill_at_random(tmp_path, 10, seed=1)


@pytest.mark.slow
def test_two_hundred_kills_lose_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    kill_at_random(tmp_path, 200, seed=2)


def test_several_processes_enrol_at_once(tmp_path: Path) -> None:
    path = tmp_path / "gallery.db"
    said = [tmp_path / worker for worker in "abc"]
    processes = [start(path, file.name, file, count=15) for file in said]  # the gallery too is made by all at once
    for process in processes:
        process.join()
        assert process.exitcode == 0
    check_against(path, said)
    with Gallery.open(path) as gallery:
        assert len(gallery.people()) == 3 * 10


@pytest.fixture
def path(tmp_path: Path, embedder: Projection) -> Path:
    """A gallery of a few people, closed."""
    path = tmp_path / "gallery.db"
    with Gallery.open(path, embedder) as gallery:
        for person in range(4):
            gallery.enrol(f"person {person}", [crop(person, 0), crop(person, 1)], consent="signed")
        gallery.reject("person 1", [crop(9)])
        gallery.merge("person 3", "person 2")
        gallery.calibrate(0.5, [crop(person) for person in range(50, 60)])
    return path


def all_of(path: Path, embedder: Projection, export: Path) -> object:
    """All that a gallery says, and keeps."""
    with Gallery.open(path, embedder, create=False) as gallery:
        answers = gallery.identify([crop(0, 5), crop(3, 5), crop(30)])
        gallery.export(export)
        people = [
            (person, [(t.id, t.vector.tobytes(), t.source, t.quality) for t in person.templates + person.rejected])
            for person in gallery.people()
        ]
        named = [(p.name, p.aliases, p.consent, p.created_seconds, p.expires_seconds, rows) for p, rows in people]
        pixels = {name: values.tobytes() for name, values in load_file(export / "gallery.safetensors").items()}
        return answers, named, pixels, gallery.calibration, gallery.keeps_crops


def test_with_flipped_bytes_it_is_our_error_or_the_same_answer(
    path: Path, embedder: Projection, tmp_path: Path
) -> None:
    generator = random.Random(4)
    whole, expected = path.read_bytes(), all_of(path, embedder, tmp_path / "export")
    refused = 0
    flipped = tmp_path / "flipped.db"
    # All of the file's own header and the first page, and places anywhere.
    places = [*range(0, 110, 6), *(generator.randrange(len(whole)) for _ in range(60))]
    for place in places:
        changed = bytearray(whole)
        changed[place] ^= 1 << generator.randrange(8)
        for leftover in tmp_path.glob("flipped.db*"):
            leftover.unlink()
        flipped.write_bytes(changed)
        try:
            found = all_of(flipped, embedder, tmp_path / "export")
        except VidclfError as error:
            refused += str(flipped) in str(error)
        else:
            assert found == expected, place
    assert refused > len(places) / 4


def test_what_is_no_gallery_is_refused(tmp_path: Path, embedder: Projection) -> None:
    (tmp_path / "text.db").write_text("nobody is in here" * 300)
    (tmp_path / "empty.db").touch()
    with closing(sqlite3.connect(tmp_path / "other.db")) as other:
        other.execute("CREATE TABLE accounts (name TEXT)")
    before = (tmp_path / "other.db").read_bytes()
    for name, said in (("text.db", "damaged"), ("other.db", "something else"), ("", "folder"), ("no.db/x", "made")):
        with pytest.raises((GalleryError, StoppedError), match=said):
            Gallery.open(tmp_path / name if name != "no.db/x" else tmp_path / "text.db" / "x", embedder)
    assert (tmp_path / "other.db").read_bytes() == before
    with Gallery.open(tmp_path / "empty.db", embedder) as gallery:
        assert gallery.people() == []
    for url in ("mysql://root@host/people", "http://host/gallery.db", ""):
        with pytest.raises(GalleryError, match=r"a gallery is a file"):
            Gallery.open(url, embedder)


def test_a_password_is_in_no_message(embedder: Projection) -> None:
    pytest.importorskip("psycopg")
    with pytest.raises(StoppedError) as refused:
        Gallery.open("postgresql://anna:hunter2@127.0.0.1:1/people?connect_timeout=2", embedder)
    assert "hunter2" not in str(refused.value)


class _Bomb:
    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, (f"touch {_Bomb.mark}",)

    mark = ""


def rewrite(path: Path, sql: str, *values: object) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(sql, values)


def head_of(path: Path) -> dict[str, object]:
    with closing(sqlite3.connect(path)) as connection:
        head = json.loads(connection.execute("SELECT head FROM gallery").fetchone()[0])
    assert isinstance(head, dict)
    return head


@pytest.mark.parametrize(
    "change",
    [
        {"calibration": {"threshold": "0.1"}},
        {"calibration": "__import__('os').system('true')"},
        {"dim": 10**30},
        {"dim": -1},
        {"num_rows": 3},
        {"format_version": 99},
        {"surprise": True},
        {"keeps_crops": "yes"},
    ],
)
def test_a_hostile_head_is_refused_though_its_checksum_fits(
    path: Path, embedder: Projection, change: dict[str, object]
) -> None:
    text = json.dumps(head_of(path) | change)
    rewrite(path, "UPDATE gallery SET head = ?, checksum = ?", text, zlib.crc32(text.encode()))
    with pytest.raises(GalleryError), Gallery.open(path, embedder) as gallery:
        gallery.identify([crop(0)])


@pytest.mark.parametrize("text", ["[" * 100_000, "", "null", '{"format_version": 1}', "\x00"])
def test_a_head_that_is_no_head_is_refused(path: Path, embedder: Projection, text: str) -> None:
    rewrite(path, "UPDATE gallery SET head = ?, checksum = ?", text, zlib.crc32(text.encode()))
    with pytest.raises(GalleryError, match="damaged"):
        Gallery.open(path, embedder)


@pytest.mark.parametrize(
    "schema",
    [
        "CREATE TRIGGER harm AFTER INSERT ON templates BEGIN DELETE FROM identities; END",
        "CREATE VIEW more AS SELECT * FROM templates",
        "ALTER TABLE gallery ADD COLUMN more TEXT",
        "DROP INDEX templates_of",
    ],
)
def test_a_gallery_with_a_schema_of_its_own_is_refused(path: Path, embedder: Projection, schema: str) -> None:
    rewrite(path, schema)
    with pytest.raises(GalleryError, match="something else"):
        Gallery.open(path, embedder)


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE identities SET name = 'person 9' WHERE id = 1",
        "UPDATE identities SET merged_into = id",
        "UPDATE templates SET identity_id = 77 WHERE id = 1",
        "UPDATE templates SET vector = zeroblob(128) WHERE id = 1",
        "UPDATE templates SET vector = zeroblob(3) WHERE id = 1",
        "UPDATE templates SET rejected = 1 WHERE id = 1",
        "DELETE FROM templates WHERE id = 1",
        "DELETE FROM gallery",
    ],
)
def test_rows_that_were_changed_behind_its_back_are_told(path: Path, embedder: Projection, harm: str) -> None:
    rewrite(path, harm)
    with pytest.raises(GalleryError, match="damaged"), Gallery.open(path, embedder) as gallery:
        gallery.identify([crop(0)])


def test_a_kept_crop_that_is_something_else_is_refused(path: Path, tmp_path: Path) -> None:
    _Bomb.mark = str(tmp_path / "executed")
    for content in (pickle.dumps(_Bomb()), b"", bytes(8), b"\xff" * 8, save({"pixels": np.zeros(3)})):
        rewrite(path, "UPDATE crops SET crop = ?, checksum = ? WHERE template_id = 1", content, zlib.crc32(content))
        with Gallery.open(path) as gallery, pytest.raises(GalleryError, match="crop of template 1 cannot be read"):
            gallery.export(tmp_path / "export")
    assert not (tmp_path / "executed").exists()


Tree = dict[str, object]


def _people(tree: Tree) -> list[Tree]:
    people = tree["identities"]
    assert isinstance(people, list)
    return people


@pytest.mark.parametrize(
    "harm",
    [
        lambda tree: tree.update(surprise=1),
        lambda tree: tree.update(format_version=2),
        lambda tree: tree.update(dim=31),
        lambda tree: tree.update(tensors_sha256="0" * 64),
        lambda tree: tree.update(identities={"anna": []}),
        lambda tree: _people(tree)[0].update(name="a\nb"),
        lambda tree: _people(tree)[0].update(name=""),
        lambda tree: _people(tree)[0].update(name=["x"]),
        lambda tree: _people(tree)[0].update(merged_into="nobody"),
        lambda tree: (
            _people(tree)[0].update(merged_into="person 1"),
            _people(tree)[1].update(merged_into="person 0"),
        ),
        lambda tree: _people(tree)[0].update(templates=[{"vector": 10**6}]),
        lambda tree: _people(tree)[0]["templates"][0].update(vector=10**6),  # type: ignore[index]
        lambda tree: _people(tree)[0]["templates"][0].update(vector=-1),  # type: ignore[index]
        lambda tree: _people(tree)[0]["templates"][0].update(quality=float("inf")),  # type: ignore[index]
    ],
)
def test_a_hostile_export_is_refused_and_changes_nothing(
    path: Path, embedder: Projection, tmp_path: Path, harm: Callable[[Tree], object]
) -> None:
    folder = tmp_path / "export"
    with Gallery.open(path, embedder) as gallery:
        gallery.export(folder)
    tree = json.loads((folder / "gallery.json").read_text())
    harm(tree)
    (folder / "gallery.json").write_text(json.dumps(tree))
    with Gallery.open(tmp_path / "new.db", embedder) as new:
        with pytest.raises(GalleryError):
            new.import_(folder)
        assert new.people() == []


def test_an_export_that_is_no_export_is_refused(path: Path, embedder: Projection, tmp_path: Path) -> None:
    folder = tmp_path / "export"
    _Bomb.mark = str(tmp_path / "executed")
    with Gallery.open(path, embedder) as gallery:
        with pytest.raises(GalleryError, match=r"no export"):
            gallery.import_(tmp_path / "nowhere")
        gallery.export(folder)
        tensors = load_file(folder / "gallery.safetensors")
        for content in (b"", b"[" * 100_000, b"\xff\xfe", pickle.dumps(_Bomb())):
            (folder / "gallery.json").write_bytes(content)
            with pytest.raises(GalleryError, match=r"no export"):
                gallery.import_(folder)
        gallery.export(folder)
        (folder / "gallery.safetensors").write_bytes(pickle.dumps(_Bomb()))
        with pytest.raises(GalleryError, match=r"no export"):
            gallery.import_(folder)
        tensors["vectors"][0] *= 2
        gallery.export(folder)
        save_file(tensors, folder / "gallery.safetensors")
        with pytest.raises(GalleryError, match=r"not the file that gallery.json describes"):
            gallery.import_(folder)
    assert not (tmp_path / "executed").exists()
