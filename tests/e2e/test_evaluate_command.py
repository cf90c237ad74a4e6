"""`vidclf evaluate`."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.e2e.command_line import vidclf
from vidclf.package import RunFolder

KEYS = {
    "accuracy", "top5", "macro_f1", "auc", "ci95", "per_class", "confusion", "classes", "num_clips", "num_failed",
    "failures", "split_hash", "seed", "ece",
}  # fmt: skip


def test_the_scores_are_those_the_run_was_written_with(tiny_run: Path, tmp_path: Path) -> None:
    done = vidclf("evaluate", tiny_run, "--json", tmp_path / "deep" / "scores.json")
    assert done.code == 0, done.err
    scores = json.loads((tmp_path / "deep" / "scores.json").read_text())
    assert scores.keys() >= KEYS
    assert scores["num_clips"] == 3
    assert scores["num_failed"] == 0
    assert scores["auc"] is None  # of two classes only
    assert sum(map(sum, scores["confusion"])) == 3
    assert [entry["label"] for entry in scores["per_class"]] == scores["classes"]
    written = json.loads(RunFolder(tiny_run).metrics.read_text())
    for key in KEYS:
        assert scores[key] == pytest.approx(written[key]) if key == "accuracy" else scores[key] == written[key], key
    assert f"{scores['accuracy']:.1%}" in done.out
    assert all(label in done.out for label in scores["classes"])


def test_another_split_is_scored_by_name(tiny_run: Path, tmp_path: Path) -> None:
    for split, clips in (("train", 12), ("val", 3)):
        assert vidclf("evaluate", tiny_run, "--split", split, "--json", tmp_path / "s.json").code == 0
        assert json.loads((tmp_path / "s.json").read_text())["num_clips"] == clips
    done = vidclf("evaluate", tiny_run, "--split", "tets")
    assert done.code == 2
    assert "test, train, val" in done.err


def test_other_clips_are_scored_from_a_table_or_a_tree(tiny_run: Path, gestures: Path, tmp_path: Path) -> None:
    rows = [row.split(",") for row in gestures.read_text().splitlines()[1:]]
    (tmp_path / "other.csv").write_text("path,label\n" + "".join(f"{row[0]},{row[1]}\n" for row in rows[:5]))
    wrong_root = vidclf("evaluate", tiny_run, "--manifest", tmp_path / "other.csv")
    assert wrong_root.code == 2
    done = vidclf(
        "evaluate",
        tiny_run,
        "--manifest",
        tmp_path / "other.csv",
        "--root",
        gestures.parent,
        "--json",
        tmp_path / "s",
    )
    assert done.code == 0, done.err
    assert json.loads((tmp_path / "s").read_text())["num_clips"] == 5

    tree = tmp_path / "tree"
    for name, label, *_ in rows[:3]:
        (tree / label).mkdir(parents=True, exist_ok=True)
        shutil.copy(gestures.parent / name, tree / label)
    done = vidclf("evaluate", tiny_run, "--manifest", tree, "--json", tmp_path / "s")
    assert done.code == 0, done.err
    assert json.loads((tmp_path / "s").read_text())["num_clips"] == 3


def test_classes_the_model_does_not_know_are_refused(tiny_run: Path, clip: Path, tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text(f"path,label\n{clip},[bold]jump\n{clip},none\n")
    done = vidclf("evaluate", tiny_run, "--manifest", tmp_path / "m.csv")
    assert done.code == 2
    assert "does not know [bold]jump" in done.err
    assert "swipe_left" in done.err


def test_a_broken_clip_is_named_and_the_others_scored(tiny_run: Path, clip: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.mp4").write_bytes(clip.read_bytes()[:200])
    (tmp_path / "m.csv").write_text(f"path,label\n{clip},none\nbroken.mp4,none\nrtsp://u:hunter2@h/x,none\n")
    done = vidclf("evaluate", tiny_run, "--manifest", tmp_path / "m.csv", "--json", tmp_path / "s.json")
    assert done.code == 1
    assert "broken.mp4" in done.out
    text = (tmp_path / "s.json").read_text()
    assert "hunter2" not in text + done.out + done.err
    scores = json.loads(text)
    assert scores["num_clips"] == 1
    assert scores["num_failed"] == 2
    assert scores["failures"][0]["path"] == "broken.mp4"
    assert "broken.mp4" in scores["failures"][0]["error"]


def test_where_not_one_clip_can_be_read_there_is_no_score(tiny_run: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.mp4").write_bytes(b"no video")
    (tmp_path / "m.csv").write_text("path,label\nbroken.mp4,none\n")
    done = vidclf("evaluate", tiny_run, "--manifest", tmp_path / "m.csv", "--json", tmp_path / "s.json")
    assert done.code == 1
    assert "broken.mp4" in done.err
    assert not (tmp_path / "s.json").exists()


def test_scores_that_cannot_be_written_are_printed_still(tiny_run: Path, tmp_path: Path) -> None:
    done = vidclf("evaluate", tiny_run, "--json", tmp_path)
    assert done.code == 4
    assert "accuracy" in done.out
    assert str(tmp_path) in done.err


def test_a_model_alone_needs_other_clips_named(tiny_run: Path, gestures: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny_run / "model", tmp_path / "model")
    done = vidclf("evaluate", tmp_path)
    assert done.code == 2
    assert "--manifest" in done.err
    assert vidclf("evaluate", tmp_path, "--manifest", gestures).code == 0


def test_clips_that_moved_are_found_by_root(tiny_run: Path, gestures: Path, tmp_path: Path) -> None:
    run, data = tmp_path / "run", tmp_path / "data"
    shutil.copytree(tiny_run, run)
    shutil.copytree(gestures.parent, data)
    config = RunFolder(run).config
    config.write_text(config.read_text().replace(str(gestures), str(tmp_path / "gone.csv")))
    lost = vidclf("evaluate", run, "--root", tmp_path / "elsewhere")
    assert lost.code == 2
    assert "elsewhere" in lost.err
    assert vidclf("evaluate", run, "--root", data).code == 0
