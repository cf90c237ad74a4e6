"""Which layout a path has, and the manifest that is written of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.data.test_layouts_published import HMDB51, JESTER, UCF101
from tests.data.trees import left_out, rows, tree
from vidclf.data import read_manifest
from vidclf.data.layouts import import_clips, write_imported
from vidclf.errors import ManifestError, UsageError


def test_pictures_for_each_class_are_clips_of_one_frame(tmp_path: Path) -> None:
    root = tree(tmp_path, {"train/cat/1.JPG": "", "train/dog/2.png": "", "valid/cat/3.webp": ""})
    found = import_clips(root)
    assert found.layout == "images"
    assert rows(found) == [
        ("train/cat/1.JPG", "cat", "", "train"),
        ("train/dog/2.png", "dog", "", "train"),
        ("valid/cat/3.webp", "cat", "", "val"),
    ]


def test_nested_pictures_are_frames_of_a_clip_unless_called_images(tmp_path: Path) -> None:
    root = tree(tmp_path, {"cat/day1/1.jpg": "", "cat/day1/2.jpg": "", "dog/3.jpg": "", "dog/.hidden.jpg": ""})
    found = import_clips(root)
    assert found.layout == "folders"
    assert [name for name, *_ in rows(found)] == ["cat/day1", "dog/3.jpg"]
    named = import_clips(root, layout="images")
    assert [name for name, *_ in rows(named)] == ["cat/day1/1.jpg", "cat/day1/2.jpg", "dog/3.jpg"]


@pytest.mark.parametrize("layout", ["folders", "images"])
def test_a_file_is_no_tree(tmp_path: Path, layout: str) -> None:
    tree(tmp_path, {"a.csv": "path,label\n"})
    with pytest.raises(ManifestError, match="this is a file"):
        import_clips(tmp_path / "a.csv", layout=layout)


def test_an_unknown_layout_is_told_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="did you mean 'ucf101'"):
        import_clips(tmp_path, layout="ucf-101")


def test_what_could_be_two_layouts_must_be_named(tmp_path: Path) -> None:
    tree(tmp_path, {**UCF101, **HMDB51})
    with pytest.raises(ManifestError, match=r"hmdb51 and ucf101.*--layout"):
        read_manifest(tmp_path)
    assert import_clips(tmp_path, layout="hmdb51").layout == "hmdb51"


def test_lists_deep_in_a_folder_of_clips_are_not_looked_for(tmp_path: Path) -> None:
    """So that detecting a layout does not go through every clip of a large tree."""
    tree(tmp_path, {"wave/a.mp4": "", "wave/jester-v1-train.csv": "1;x\n", "none/b.mp4": ""})
    assert import_clips(tmp_path).layout == "folders"


def test_a_written_manifest_reads_back_as_the_same_clips(tmp_path: Path) -> None:
    found = import_clips(tree(tmp_path / "data", UCF101))
    out = tmp_path / "lists" / "ucf.csv"
    write_imported(found, out)
    back = read_manifest(out)
    written = [(entry.path.resolve(), entry.label, entry.group, entry.split) for entry in back.entries]
    assert written == [(e.path, e.label, e.group, e.split) for e in found.manifest.entries]
    assert back.entries[0].name == "../data/UCF-101/ApplyEyeMakeup/v_ApplyEyeMakeup_g08_c01.avi"


def test_paths_of_a_written_manifest_start_from_root(tmp_path: Path) -> None:
    found = import_clips(tree(tmp_path / "data", JESTER), root=tmp_path / "data")
    write_imported(found, tmp_path / "m.csv", root=tmp_path / "data")
    back = read_manifest(tmp_path / "m.csv", root=tmp_path / "data")
    assert [entry.name for entry in back.entries] == ["20bn-jester-v1/1", "20bn-jester-v1/2"]


def test_rows_of_a_table_that_are_not_there_are_left_out(tmp_path: Path) -> None:
    tree(tmp_path, {"a.mp4": "", "m.csv": "path,label,note\na.mp4,wave,x\ngone.mp4,wave,y\n"})
    written = write_imported(import_clips(tmp_path / "m.csv"), tmp_path / "new.csv")
    assert left_out(written) == {"gone.mp4": ("it is not there", True)}
    assert (tmp_path / "new.csv").read_text() == "path,label,note\na.mp4,wave,x\n"


def test_a_table_is_not_replaced_by_itself(tmp_path: Path) -> None:
    tree(tmp_path, {"a.mp4": "", "m.csv": "path,label\na.mp4,wave\n"})
    with pytest.raises(UsageError, match="name another file"):
        write_imported(import_clips(tmp_path / "m.csv"), tmp_path / "m.csv")


def test_nothing_is_written_where_no_clip_is_there(tmp_path: Path) -> None:
    tree(tmp_path, {"m.csv": "path,label\ngone.mp4,wave\n"})
    with pytest.raises(ManifestError, match="none of its 1 clips is there"):
        write_imported(import_clips(tmp_path / "m.csv"), tmp_path / "new.csv")
    assert not (tmp_path / "new.csv").exists()
