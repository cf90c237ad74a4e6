"""`vidclf data split`."""

from __future__ import annotations

import shutil
from collections import defaultdict
from pathlib import Path

import pytest

from tests.e2e.command_line import vidclf
from vidclf.data import read_folds, read_manifest


def test_a_split_is_written_and_read_again(gestures: Path, tmp_path: Path) -> None:
    outs = [tmp_path / name for name in ("a.csv", "b.csv", "c.csv")]
    for out, seed in zip(outs, (0, 0, 5), strict=True):
        done = vidclf("data", "split", gestures, "--out", out, "--val", "0.2", "--test", "0.3", "--seed", seed)
        assert done.code == 0, done.err
        assert f"written: {out}" in done.out
    assert outs[0].read_bytes() == outs[1].read_bytes() != outs[2].read_bytes()
    before, after = read_manifest(gestures), read_manifest(outs[0])
    assert [entry.path.resolve() for entry in after.entries] == [entry.path.resolve() for entry in before.entries]
    assert [entry.extra for entry in after.entries] == [entry.extra for entry in before.entries]
    assert {split: len({entry.group for entry in after.of_split(split)}) for split in ("train", "val", "test")} == {
        "train": 3,
        "val": 1,
        "test": 2,
    }


def test_paths_stay_as_they_are_in_the_same_folder(clip: Path, tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / "data" / name).mkdir(parents=True)
        for take in range(3):
            shutil.copy(clip, tmp_path / "data" / name / f"{take}.mp4")
    done = vidclf("data", "split", "data", "--out", "data/split.csv", "--test", "0", "--val", "0.3", cwd=tmp_path)
    assert done.code == 0, done.err
    assert (tmp_path / "data" / "split.csv").read_text().splitlines()[1].startswith("a/0.mp4,a,")


def test_folds_divide_no_group(gestures: Path, tmp_path: Path) -> None:
    done = vidclf("data", "split", gestures, "--out", tmp_path / "folds.csv", "--folds", "3")
    assert done.code == 0, done.err
    assert "fold 2" in done.out
    folds = read_folds(tmp_path / "folds.csv")
    of_group = defaultdict(set)
    for entry in read_manifest(gestures).entries:
        of_group[entry.group].add(folds[entry.name])
    assert len(of_group) == 6
    assert all(len(its_folds) == 1 for its_folds in of_group.values())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--out", "there.csv"], "it is there already"),
        (["--out", "x.csv", "--folds", "40"], "40 folds were asked for"),
        (["--out", "x.csv", "--folds", "1"], "folds"),
        (["--out", "x.csv", "--val", "0.6", "--test", "0.5"], "leave nothing to train on"),
        ([], "out"),
    ],
)
def test_wrong_usage_is_said(gestures: Path, tmp_path: Path, words: list[str], said: str) -> None:
    (tmp_path / "there.csv").write_text("mine")
    done = vidclf("data", "split", gestures, *words, cwd=tmp_path)
    assert done.code == 2
    assert said in done.err
    assert [path.name for path in tmp_path.iterdir()] == ["there.csv"]


def test_a_decided_split_is_not_overruled(gestures: Path, tmp_path: Path) -> None:
    assert vidclf("data", "split", gestures, "--out", tmp_path / "a.csv").code == 0
    done = vidclf("data", "split", tmp_path / "a.csv", "--out", tmp_path / "b.csv")
    assert done.code == 2
    assert "says already who is in which split" in done.err
    assert vidclf("data", "split", tmp_path / "a.csv", "--out", tmp_path / "f.csv", "--folds", "2").code == 0
