from __future__ import annotations

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


def test_folders_named_like_splits_among_others_are_classes(tmp_path: Path) -> None:
    root = tree(tmp_path, "train/a.mp4", "bus/b.mp4")
    assert [(label, split) for _, label, split in rows(root)] == [("bus", ""), ("train", "")]


@pytest.mark.parametrize("files", [(), ("a.mp4",), ("wave/readme.txt",), (".git/a.mp4",)])
def test_a_tree_without_clips_says_what_is_expected(tmp_path: Path, files: tuple[str, ...]) -> None:
    with pytest.raises(ManifestError, match="A folder for each class is expected") as caught:
        read_manifest(tree(tmp_path, *files))
    assert str(tmp_path) in str(caught.value)
