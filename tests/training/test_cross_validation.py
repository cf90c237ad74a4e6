"""A training a fold, and one figure over all of them."""

from __future__ import annotations

import csv
import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vidclf.config import Config, make_config
from vidclf.data import read_folds
from vidclf.errors import ConfigError, ManifestError, UsageError
from vidclf.evaluate import evaluate_run
from vidclf.package import RunFolder
from vidclf.training import cross_validate, train
from vidclf.training.folds import make_folds


def _config(manifest: Path, out: Path, cv: str, **changes: Any) -> Config:
    tree = {
        "data": {"manifest": str(manifest), "max_bad_share": 0.2, "split": {"val": 0}},
        "prep": {"frames": 4, "size": 24},
        "model": {"hidden": 8, "head": "mean"},
        "train": {"epochs": 1, "batch": 6},
        "cv": cv,
        "device": "cpu",
        "out": str(out),
    }
    return make_config(tree, [f"{key}={value}" for key, value in changes.items()])


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open() as table:
        return list(csv.DictReader(table))


@pytest.fixture(scope="module")
def data(clips: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The rendered clips and one that is no video: the manifest."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "broken.mp4").write_text("a failed download")
    rows = _rows(clips / "manifest.csv")
    lines = [f"{clips / row['path']},{row['label']},{row['group']}" for row in rows]
    lines.insert(7, f"broken.mp4,push,{rows[0]['group']}")
    (folder / "manifest.csv").write_text("\n".join(["path,label,group", *lines]))
    return folder / "manifest.csv"


@pytest.fixture(scope="module")
def finished(data: Path, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A cross-validation over two folds; not to be changed."""
    run = RunFolder(tmp_path_factory.mktemp("runs") / "two")
    crossed = cross_validate(_config(data, run.path, "group:2"))
    assert crossed.path == run.path
    assert crossed.pooled is not None
    assert crossed.pooled.scores.num_clips == 18
    assert set(crossed.folds) == {"fold_0", "fold_1"}
    return run


@pytest.fixture
def copied(finished: RunFolder, tmp_path: Path) -> RunFolder:
    return RunFolder(Path(shutil.copytree(finished.path, tmp_path / "copy")))


def test_every_clip_is_predicted_by_the_model_that_saw_none_of_its_group(finished: RunFolder, data: Path) -> None:
    rows = _rows(finished.predictions)
    assert Counter(row["path"] for row in rows) == Counter(row["path"] for row in _rows(data))
    for name in ("fold_0", "fold_1"):
        learnt = [row for row in _rows(finished.path / name / "split.csv") if row["split"] != "test"]
        tested = {row["group"] for row in rows if f"fold_{row['fold']}" == name}
        assert learnt
        assert tested
        assert tested.isdisjoint(row["group"] for row in learnt)

        scored = evaluate_run(finished.path / name, root=data.parent).evaluation
        said = {row["path"]: row for row in rows}
        for result in scored.results:
            assert result.probabilities is not None
            row = said[result.entry.name]
            assert row["predicted"] == result.predicted(scored.scores.classes)
            shares = np.array([float(row[f"p_{label}"]) for label in scored.scores.classes])
            np.testing.assert_allclose(shares, result.probabilities, atol=1e-5)


def test_the_figures_are_of_the_pooled_predictions(finished: RunFolder) -> None:
    rows = [row for row in _rows(finished.predictions) if row["predicted"]]
    metrics = json.loads(finished.metrics.read_text())
    assert metrics["num_clips"] == len(rows) == 18
    assert metrics["accuracy"] == pytest.approx(np.mean([row["predicted"] == row["label"] for row in rows]))
    assert metrics["ci95_over"] == "groups"
    assert metrics["cv"] == "group:2"
    for name, fold in metrics["folds"].items():
        its = [row for row in rows if f"fold_{row['fold']}" == name]
        assert fold["num_clips"] == len(its)
        assert fold["groups"] == sorted({row["group"] for row in its})
        assert fold["accuracy"] == pytest.approx(np.mean([row["predicted"] == row["label"] for row in its]))
    for group, score in metrics["per_group"].items():
        its = [row for row in rows if row["group"] == group]
        assert score["clips"] == len(its)
        assert score["accuracy"] == pytest.approx(np.mean([row["predicted"] == row["label"] for row in its]))
    assert {"top5", "macro_f1", "auc", "per_class", "confusion", "classes", "split_hash", "seed"} <= metrics.keys()


def test_a_clip_that_cannot_be_read_is_a_row_with_a_reason(finished: RunFolder) -> None:
    (bad,) = (row for row in _rows(finished.predictions) if row["path"] == "broken.mp4")
    assert bad["predicted"] == bad["p_push"] == ""
    assert "broken.mp4" in bad["error"]
    metrics = json.loads(finished.metrics.read_text())
    assert [failure["path"] for failure in metrics["failures"]] == ["broken.mp4"]


def test_there_is_one_page_and_one_picture(finished: RunFolder) -> None:
    page = finished.report.read_text()
    assert "2 folds (group:2)" in page
    assert "fold_1" in page
    assert "broken.mp4" in page
    assert 'src="http' not in page
    assert finished.confusion.stat().st_size > 0


def test_the_folds_can_be_given_to_another_training(finished: RunFolder, data: Path, tmp_path: Path) -> None:
    same = make_folds(_config(data, tmp_path, f"file:{finished.folds}"))
    assert same == make_folds(_config(data, tmp_path, "group:2"))


def test_leaving_one_group_out_leaves_out_each(data: Path, tmp_path: Path) -> None:
    folds = make_folds(_config(data, tmp_path, "leave-one-group-out"))
    groups = [{entry.group for entry in fold.held_out} for fold in folds]
    assert [len(its) for its in groups] == [1] * 6
    assert len(set.union(*groups)) == 6


def test_what_is_validated_on_is_taken_from_what_would_be_trained_on(data: Path, tmp_path: Path) -> None:
    for fold in make_folds(_config(data, tmp_path, "group:3", **{"data.split.val": 0.3, "data.split.test": 0.5})):
        groups = [{entry.group for entry in fold.manifest.of_split(split)} for split in ("train", "val", "test")]
        assert [len(its) for its in groups] == [3, 1, 2]
        assert len(set.union(*groups)) == 6
    for fold in make_folds(_config(data, tmp_path, "group:3")):
        assert not fold.manifest.of_split("val")


def test_folds_that_let_a_model_be_tested_on_what_it_saw_are_refused(data: Path, tmp_path: Path) -> None:
    config = _config(data, tmp_path, f"file:{tmp_path / 'folds.csv'}")
    names = [row["path"] for row in _rows(data)]

    def given(numbers: list[int]) -> None:
        lines = [f"{name},{number}" for name, number in zip(names, numbers, strict=False)]
        (tmp_path / "folds.csv").write_text("\n".join(["path,fold", *lines]))

    given([place % 2 for place in range(len(names))])
    with pytest.raises(ManifestError, match=r"groups are in more than one fold: .* \(0, 1\)"):
        make_folds(config)
    given([1] * len(names))
    with pytest.raises(ManifestError, match="all clips are in one fold"):
        make_folds(config)
    given([1] * (len(names) - 1))
    with pytest.raises(ManifestError, match="1 of 19 clips have no fold"):
        make_folds(config)


def test_without_groups_none_can_be_left_out(data: Path, tmp_path: Path) -> None:
    lines = [",".join([*line.split(",")[:2], ""]) for line in data.read_text().splitlines()[1:]]
    (tmp_path / "m.csv").write_text("\n".join(["path,label,group", *lines]))
    with pytest.raises(ManifestError, match="19 of 19 have none"):
        make_folds(_config(tmp_path / "m.csv", tmp_path, "leave-one-group-out"))


def test_a_split_column_plays_no_part_and_that_is_said(
    data: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    lines = [f"{data.parent / line},train" for line in data.read_text().splitlines()[1:]]
    (tmp_path / "m.csv").write_text("\n".join(["path,label,group,split", *lines]))
    folds = make_folds(_config(tmp_path / "m.csv", tmp_path, "group:3"))
    assert sum(len(fold.held_out) for fold in folds) == 19
    assert "plays no part" in caplog.text


def test_one_training_is_no_cross_validation(data: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cross_validate"):
        train(_config(data, tmp_path / "run", "group:2"))


def test_only_what_is_missing_is_trained_when_it_is_resumed(
    copied: RunFolder, finished: RunFolder, data: Path
) -> None:
    """A fold whose predictions are kept stays as it is; another is trained as it would have been."""
    whole = finished.predictions.read_text()
    lines = whole.splitlines(keepends=True)
    fold = lines[0].split(",").index("fold")
    kept = [row for row in csv.reader(lines) if row[fold] != "1"]
    with copied.predictions.open("w", newline="") as table:
        csv.writer(table, lineterminator="\n").writerows(kept)
    shutil.rmtree(copied.path / "fold_1")
    copied.metrics.unlink()
    weights = copied.path / "fold_0" / "model" / "model.safetensors"
    before = weights.stat().st_mtime_ns

    cross_validate(_config(data, copied.path, "group:2"), resume=True)
    assert weights.stat().st_mtime_ns == before
    assert copied.predictions.read_text() == whole
    again, first = (json.loads(run.metrics.read_text()) for run in (copied, finished))
    assert again == first


def test_what_is_resumed_must_be_what_was_begun(copied: RunFolder, data: Path, tmp_path: Path) -> None:
    for config, words in (
        (_config(data, copied.path, "group:3"), "resuming needs the folds it began with"),
        (_config(data, copied.path, "group:2", **{"train.lr": 0.5}), r"train\.lr=0\.5"),
        (_config(data, tmp_path / "nothing", "group:2"), "no cross-validation to resume"),
    ):
        with pytest.raises(UsageError, match=words):
            cross_validate(config, resume=True)

    assert "lr: 0.5" not in copied.config.read_text()

    table = data.read_text()
    try:
        data.write_text(table.replace("swipe_left,performer_000", "push,performer_000"))
        with pytest.raises(UsageError, match="resuming needs the clips it began with"):
            cross_validate(_config(data, copied.path, f"file:{copied.folds}"), resume=True)
    finally:
        data.write_text(table)
    copied.predictions.write_text(copied.predictions.read_text().replace(",push,", ",swipe_left,"))
    with pytest.raises(UsageError, match="not what was said of the clips"):
        cross_validate(_config(data, copied.path, "group:2"), resume=True)


def test_nothing_is_replaced_unless_asked(copied: RunFolder, data: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"--resume.*--overwrite"):
        cross_validate(_config(data, copied.path, "group:2"))
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "holiday.jpg").write_bytes(b"dear")
    with pytest.raises(UsageError, match="no run"):
        cross_validate(_config(data, tmp_path / "photos", "group:2"), overwrite=True)

    (copied.path / "fold_1" / "mine.txt").write_text("kept")
    numbers = [0 if fold == 1 else 7 for fold in read_folds(copied.folds).values()]
    lines = [f"{name},{number}" for name, number in zip(read_folds(copied.folds), numbers, strict=True)]
    (tmp_path / "folds.csv").write_text("\n".join(["path,fold", *lines]))
    cross_validate(_config(data, copied.path, f"file:{tmp_path / 'folds.csv'}"), overwrite=True)
    assert [path.name for path in sorted(copied.path.glob("fold_*"))] == ["fold_0", "fold_1", "fold_7"]
    assert [path.name for path in (copied.path / "fold_1").iterdir()] == ["mine.txt"]
    assert {row["fold"] for row in _rows(copied.predictions)} == {"0", "7"}
