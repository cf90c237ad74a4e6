from __future__ import annotations

import os
from pathlib import Path

import pytest

from vidclf.data import read_manifest
from vidclf.errors import ManifestError


def tree(root: Path, *files: str) -> Path:
    for name in files:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def rows(root: Path) -> list[tuple[str, str, str]]:
    return [(entry.name, entry.label, entry.split) for entry in read_manifest(root).entries]


def test_a_folder_is_a_class_and_what_is_in_it_are_clips(tmp_path: Path) -> None:
    root = tree(
        tmp_path,
        "wave/b.MP4",
        "wave/a.gif",
        "wave/notes.txt",
        "wave/.hidden.mp4",
        "wave/._a.mp4",
        "still/one.png",
        "still/frames/001.jpg",
        "still/frames/002.jpg",
        "still/empty/readme.txt",
        ".cache/x.mp4",
        "stray.mp4",
    )
    assert rows(root) == [
        ("still/frames", "still", ""),
        ("still/one.png", "still", ""),
        ("wave/a.gif", "wave", ""),
        ("wave/b.MP4", "wave", ""),
    ]
    assert all(entry.path == root / entry.name for entry in read_manifest(root).entries)


def test_a_level_of_splits_is_understood(tmp_path: Path) -> None:
    root = tree(tmp_path, "train/wave/a.mp4", "train/none/b.mp4", "val/wave/c.mp4", "test/wave/d.mp4")
    assert rows(root) == [
        ("test/wave/d.mp4", "wave", "test"),
        ("train/none/b.mp4", "none", "train"),
        ("train/wave/a.mp4", "wave", "train"),
        ("val/wave/c.mp4", "wave", "val"),
    ]


@pytest.mark.parametrize("val", ["val", "valid", "Validation"])
def test_splits_go_by_several_names(tmp_path: Path, val: str) -> None:
    root = tree(tmp_path, "Train/wave/a.mp4", f"{val}/wave/b.mp4", "testing/wave/c.mp4")
    assert {name: split for name, _, split in rows(root)} == {
        "Train/wave/a.mp4": "train",
        f"{val}/wave/b.mp4": "val",
        "testing/wave/c.mp4": "test",
    }


def test_folders_named_like_splits_among_others_are_classes(tmp_path: Path) -> None:
    root = tree(tmp_path, "train/a.mp4", "bus/b.mp4")
    assert [(label, split) for _, label, split in rows(root)] == [("bus", ""), ("train", "")]


@pytest.mark.parametrize("files", [(), ("a.mp4",), ("wave/readme.txt",), (".git/a.mp4",)])
def test_a_tree_without_clips_says_what_is_expected(tmp_path: Path, files: tuple[str, ...]) -> None:
    with pytest.raises(ManifestError, match="A folder for each class is expected") as caught:
        read_manifest(tree(tmp_path, *files))
    assert str(tmp_path) in str(caught.value)


def test_names_start_from_root_where_the_tree_lies_in_it(tmp_path: Path) -> None:
    tree(tmp_path / "data", "wave/a.mp4")
    (entry,) = read_manifest("data", root=tmp_path).entries
    assert (entry.name, entry.path) == ("data/wave/a.mp4", tmp_path / "data/wave/a.mp4")
    (entry,) = read_manifest(tmp_path / "data", root="/elsewhere").entries
    assert entry.name == "wave/a.mp4"


def test_a_name_that_is_no_text_is_left_out_and_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    tree(tmp_path, "wave/a.mp4")
    try:
        (tmp_path / "wave" / os.fsdecode(b"caf\xe9.mp4")).touch()
    except OSError:
        pytest.skip("this file system takes UTF-8 only")
    assert rows(tmp_path) == [("wave/a.mp4", "wave", "")]
    assert "1 left out: its name is no UTF-8" in caplog.text
    assert "\\udce9.mp4" in caplog.text


def test_a_home_folder_is_understood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    tree(tmp_path / "data", "wave/a.mp4")
    assert rows(Path("~/data")) == [("wave/a.mp4", "wave", "")]
    assert len(read_manifest("data", root="~").entries) == 1


def test_a_path_that_no_system_takes_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="there is no manifest or folder"):
        read_manifest("x" * 5000)
    table = tmp_path / "long.csv"
    table.write_text(f"path,label\n{'x' * 5000}.mp4,wave\n")
    with pytest.raises(ManifestError, match="none of its 1 clips is there"):
        read_manifest(table)
