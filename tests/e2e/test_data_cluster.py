"""`vidclf data cluster`."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from PIL import Image

from tests.e2e.command_line import vidclf
from vidclf.data import read_manifest


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return {"VIDCLF_CACHE": str(tmp_path / "cache")}


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_from_a_folder_of_clips_to_a_manifest(gestures: Path, tmp_path: Path, env: dict[str, str]) -> None:
    out = tmp_path / "clusters"
    clips = gestures.parent / "clips"
    videos = sorted(path.relative_to(clips).as_posix() for path in clips.rglob("*.mp4"))
    done = vidclf("data", "cluster", clips, "--out", out, "--clusters", "3", env=env)
    assert done.code == 0, done.err
    assert str(out / "clusters.html") in done.out
    rows = _rows(out / "clusters.csv")
    assert [row["path"] for row in rows] == videos
    assert {row["cluster"] for row in rows} == {"1", "2", "3"}
    assert _rows(out / "labels.csv") == [{"cluster": number, "label": ""} for number in "123"]
    with Image.open(out / "clusters.png") as sheet:
        assert sheet.width > 300
    page = (out / "clusters.html").read_text()
    assert page.count("<section>") == 3
    assert page.count("data:image/jpeg;base64,") == min(len(videos), 30)
    assert "http" not in page.replace("http-equiv", "")
    assert "<script" not in page

    (out / "labels.csv").write_text("cluster,label\n1,wave\n2,\n3,still\n")
    applied = vidclf("data", "cluster", clips, "--out", out, "--apply", out / "labels.csv", env=env)
    assert applied.code == 0, applied.err
    manifest = read_manifest(out / "manifest.csv")
    wanted = {row["path"]: {"1": "wave", "3": "still"}[row["cluster"]] for row in rows if row["cluster"] != "2"}
    found = {entry.path.resolve().relative_to(clips).as_posix(): entry.label for entry in manifest.entries}
    assert found == wanted

    refused = vidclf("data", "cluster", clips, "--out", out, "--clusters", "2", env=env)
    assert refused.code == 2
    assert "--apply" in refused.err
    assert (out / "labels.csv").read_text().startswith("cluster,label\n1,wave")


def test_a_manifest_keeps_its_columns(gestures: Path, tmp_path: Path, env: dict[str, str]) -> None:
    done = vidclf("data", "cluster", gestures, "--out", tmp_path / "out", env=env)
    assert done.code == 0, done.err
    (tmp_path / "labels.csv").write_text("cluster,label\n1,wave\n")
    applied = vidclf(
        "data", "cluster", gestures, "--out", tmp_path / "out", "--apply", tmp_path / "labels.csv", env=env
    )
    assert applied.code == 0, applied.err
    before = {entry.path.resolve(): entry for entry in read_manifest(gestures).entries}
    for entry in read_manifest(tmp_path / "out" / "manifest.csv").entries:
        assert entry.label == "wave"
        assert entry.group == before[entry.path.resolve()].group
        assert entry.extra["rendered"] == "yes"


def test_by_the_features_of_a_run(tiny_run: Path, gestures: Path, tmp_path: Path, env: dict[str, str]) -> None:
    done = vidclf(
        "data", "cluster", gestures, "--out", tmp_path / "out", "--run", tiny_run, env=env, without="onnxruntime"
    )
    assert done.code == 0, done.err
    assert tiny_run.name in (tmp_path / "out" / "clusters.html").read_text()
    assert list((tmp_path / "cache" / "features").rglob("*.safetensors"))


def test_wrong_uses_are_said(gestures: Path, tmp_path: Path, env: dict[str, str]) -> None:
    both = vidclf(
        "data", "cluster", gestures, "--out", tmp_path / "out", "--run", "r", "--weights", "default", env=env
    )
    assert both.code == 2
    assert "--run and --weights" in both.err
    nothing = vidclf("data", "cluster", gestures, "--out", tmp_path / "out", "--apply", "labels.csv", env=env)
    assert nothing.code == 2
    assert "Cluster the clips first" in nothing.err
    (tmp_path / "empty").mkdir()
    empty = vidclf("data", "cluster", tmp_path / "empty", "--out", tmp_path / "out", env=env)
    assert empty.code == 2
    assert "no videos" in empty.err
