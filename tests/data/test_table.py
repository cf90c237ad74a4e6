from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from vidclf.data import ClipEntry, Manifest, read_manifest, write_csv
from vidclf.errors import ManifestError, StoppedError


def table(tmp_path: Path, text: str, *files: str) -> Path:
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    path = tmp_path / "clips.csv"
    path.write_bytes(text.encode())
    return path


def refusal(path: Path, **where: Path) -> str:
    with pytest.raises(ManifestError) as caught:
        read_manifest(path, **where)
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_a_table_is_read_with_all_its_columns(tmp_path: Path) -> None:
    path = table(
        tmp_path,
        "\ufeffpath, label ,group,split,start_seconds,end_seconds,distance_m\r\n"
        '"a, b.mp4",wave,S1,Train,,2.5,4\r\n'
        "sub/c.mp4 ,none,S2,validation,1,,\r\n"
        "d.mp4,wave,S3,testing,-0.5,0,1\r\n",
        "a, b.mp4",
    )
    manifest = read_manifest(path)
    assert manifest.source == path
    assert manifest.classes == ("none", "wave")
    assert manifest.entries == (
        ClipEntry("a, b.mp4", tmp_path / "a, b.mp4", "wave", "S1", "train", None, 2.5),
        ClipEntry("sub/c.mp4", tmp_path / "sub/c.mp4", "none", "S2", "val", 1.0, None),
        ClipEntry("d.mp4", tmp_path / "d.mp4", "wave", "S3", "test", -0.5, 0.0),
    )
    assert [dict(entry.extra) for entry in manifest.entries] == [{"distance_m": v} for v in ("4", "", "1")]
    assert manifest.count() == {"none": {"val": 1}, "wave": {"train": 1, "test": 1}}
    assert [entry.name for entry in manifest.of_split("val")] == ["sub/c.mp4"]


def test_two_columns_are_enough(tmp_path: Path) -> None:
    manifest = read_manifest(table(tmp_path, "label,path\nwave,a.mp4", "a.mp4"))
    (entry,) = manifest.entries
    assert (entry.name, entry.label, entry.group, entry.split) == ("a.mp4", "wave", "", "")
    assert not manifest.has_splits


def test_paths_start_from_root(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.mp4").touch()
    path = table(tmp_path, "path,label\na.mp4,wave\n")
    assert read_manifest(path, root=tmp_path / "data").entries[0].path == tmp_path / "data" / "a.mp4"
    message = refusal(path)
    assert "none of its 1 clips is there" in message
    assert str(tmp_path / "a.mp4") in message
    assert "data.root" in message


def test_a_table_is_looked_for_in_root_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table(tmp_path, "path,label\na.mp4,wave\n", "a.mp4")
    monkeypatch.chdir("/")
    assert len(read_manifest("clips.csv", root=tmp_path).entries) == 1
    with pytest.raises(ManifestError, match=r"absent\.csv"):
        read_manifest("absent.csv", root=tmp_path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "found: nothing"),
        ("path\na.mp4\n", "label is not among"),
        ("file;class\na.mp4;wave\n", "path and label is not among them (found: file;class)"),
        ("path,label\n", "names no clips"),
    ],
)
def test_a_table_without_what_it_needs_is_refused(tmp_path: Path, text: str, words: str) -> None:
    assert words in refusal(table(tmp_path, text))


def test_every_wrong_line_is_named(tmp_path: Path) -> None:
    path = table(
        tmp_path,
        "path,label,split,start_seconds,end_seconds\n"
        "a.mp4,wave,trian,,\n"
        "b.mp4,,,,\n"
        "ok.mp4,wave,,,\n"
        "c.mp4,wave,,soon,\n"
        "d.mp4,wave,,2,1\n"
        "e, f.mp4,wave,,1,2,3\n",
    )
    message = refusal(path)
    for words in (
        "5 wrong lines",
        "line 2: split 'trian' is none of train, val, test",
        "line 3: path and label must not be empty",
        "line 5: start_seconds 'soon' is no number of seconds",
        "line 6: end_seconds 1 is not after start_seconds 2",
        "line 7: it has more fields",
    ):
        assert words in message


@pytest.mark.parametrize("value", ["nan", "inf", "1:30", "0x1"])
def test_seconds_are_numbers(tmp_path: Path, value: str) -> None:
    assert repr(value) in refusal(table(tmp_path, f"path,label,end_seconds\na.mp4,wave,{value}\n"))


def test_many_wrong_lines_are_counted(tmp_path: Path) -> None:
    message = refusal(table(tmp_path, "path,label\n" + "a.mp4,\n" * 50))
    assert "50 wrong lines" in message
    assert len(message) < 600


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "clips.csv"
    path.write_bytes(b"path,label\n\xff\xfe\x80,wave\n")
    assert "UTF-8" in refusal(path)


def test_a_group_in_two_splits_is_refused(tmp_path: Path) -> None:
    message = refusal(
        table(
            tmp_path, "path,label,group,split\na,wave,S1,train\nb,wave,S1,test\nc,wave,S2,val\nd,wave,S2,val\n", "a"
        )
    )
    assert "1 group in more than one split: S1 (test, train)" in message


def test_a_manifest_of_nothing_is_refused() -> None:
    with pytest.raises(ManifestError, match="names no clips"):
        Manifest((), Path("here"))


ENTRIES = (
    ClipEntry("a, b.mp4", Path("x/a, b.mp4"), "wave", "S1", "train", 0.1 + 0.2, 10800.123456, {"note": 'say "hi"'}),
    ClipEntry("ü.mp4", Path("x/ü.mp4"), "none", "", "test", None, 1e-7, {"other": "1"}),
)


def test_a_written_table_reads_back(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "split.csv"
    write_csv(path, ENTRIES)
    (tmp_path / "a, b.mp4").touch()
    read = read_manifest(path, root=tmp_path).entries
    assert read == tuple(dataclasses.replace(entry, path=tmp_path / entry.name) for entry in ENTRIES)
    assert [dict(entry.extra) for entry in read] == [{"note": 'say "hi"', "other": ""}, {"note": "", "other": "1"}]
    assert [file.name for file in path.parent.iterdir()] == ["split.csv"]


def test_columns_without_content_are_not_written(tmp_path: Path) -> None:
    write_csv(tmp_path / "x.csv", [ClipEntry("a", Path("a"), "wave")])
    assert (tmp_path / "x.csv").read_text() == "path,label\na,wave\n"


def test_a_table_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoppedError, match="file"):
        write_csv(tmp_path / "file" / "x.csv", ENTRIES)
