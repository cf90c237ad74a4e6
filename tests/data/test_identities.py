"""Folders of identities, Omniglot's layout, and zips of both."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest

from tests.data.glyphs import draw_alphabets
from vidclf.data import makers_of, read_identities, read_manifest
from vidclf.data.archives import unpacked
from vidclf.data.layouts import import_clips, write_imported
from vidclf.errors import ManifestError, UsageError


@pytest.fixture(scope="module")
def alphabets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`images_background` as it is published: alphabets of 2 characters by 3 drawers."""
    folder = tmp_path_factory.mktemp("omniglot") / "images_background"
    draw_alphabets(folder, alphabets=2, characters=2, drawers=3)
    return folder


@pytest.fixture(scope="module")
def zipped(alphabets: Path) -> Path:
    return Path(shutil.make_archive(str(alphabets), "zip", alphabets.parent, alphabets.name))


def test_omniglot_is_read_from_its_folder_and_from_its_zip(alphabets: Path, zipped: Path) -> None:
    for source in (alphabets, zipped):
        imported = import_clips(source)
        assert imported.layout == "omniglot"
        entries = imported.manifest.entries
        assert len(entries) == 12
        assert {entry.label for entry in entries} == {f"Alphabet_{a}/character0{c}" for a in (0, 1) for c in (1, 2)}
        assert {entry.group for entry in entries} == {"Alphabet_0", "Alphabet_1"}
        assert {entry.extra["maker"] for entry in entries} == {"01", "02", "03"}
        assert all(entry.path.is_file() for entry in entries)


def test_no_table_is_made_of_what_lies_within_a_zip(zipped: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Unpack it first"):
        write_imported(import_clips(zipped), tmp_path / "table.csv")


def test_a_zip_never_writes_outside_of_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "sly.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../../escaped.txt", "x")
        archive.writestr("/absolute.txt", "x")
    folder = unpacked(path)
    assert {file.name for file in folder.rglob("*.txt")} == {"escaped.txt", "absolute.txt"}
    assert not (folder.parent / "escaped.txt").exists()


def test_a_damaged_zip_is_a_sentence(zipped: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.zip"
    content = bytearray(zipped.read_bytes())
    content[200:900] = bytes(700)
    damaged.write_bytes(content)
    with pytest.raises(ManifestError, match=r"damaged\.zip: this zip cannot be unpacked"):
        unpacked(damaged)


def test_a_folder_for_each_identity_with_or_without_groups(alphabets: Path, tmp_path: Path) -> None:
    people = tmp_path / "people"
    for number, character in enumerate(sorted(alphabets.rglob("character*"))):
        shutil.copytree(character, people / "set" / f"place{number % 2}" / f"person{number}")
    entries = read_identities(people).entries
    assert {(entry.label, entry.group) for entry in entries} == {
        ("place0/person0", "place0"),
        ("place1/person1", "place1"),
        ("place0/person2", "place0"),
        ("place1/person3", "place1"),
    }
    flat = read_identities(people / "set" / "place0").entries
    assert {(entry.label, entry.group) for entry in flat} == {("person0", ""), ("person2", "")}
    archive = shutil.make_archive(str(tmp_path / "people"), "zip", people)
    assert [entry.label for entry in read_identities(archive).entries] == [entry.label for entry in entries]


def test_a_table_of_identities(alphabets: Path, tmp_path: Path) -> None:
    imported = import_clips(alphabets)
    write_imported(imported, tmp_path / "table.csv", root=alphabets)
    shutil.copy(tmp_path / "table.csv", alphabets / "table.csv")
    table = read_manifest(alphabets / "table.csv")
    assert {entry.label for entry in table.entries} == {entry.label for entry in imported.manifest.entries}
    assert [entry.extra["maker"] for entry in table.entries] == [
        entry.extra["maker"] for entry in imported.manifest.entries
    ]
    (alphabets / "table.csv").unlink()


def test_what_holds_no_identities_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="there is no table, folder or zip"):
        read_identities(tmp_path / "absent")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ManifestError, match="A folder for each is expected"):
        read_identities(tmp_path / "empty")


def test_who_made_clips_is_told_by_a_column_or_by_groups_that_share_identities(alphabets: Path) -> None:
    from dataclasses import replace

    entries = read_manifest(alphabets).entries
    assert makers_of(entries) == [entry.extra["maker"] for entry in entries]
    unknown = [replace(entry, extra={}) for entry in entries]
    assert makers_of(unknown) is None  # a character is of one alphabet
    performed = [replace(entry, extra={}, group=entry.extra["maker"]) for entry in entries]
    assert makers_of(performed) == [entry.group for entry in performed]
    assert makers_of(performed[:1]) is None
