"""Heads compared on the same clips, seeds and budget."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from vidclf.config import Config, make_config
from vidclf.errors import ConfigError, UsageError
from vidclf.models import make_classifier
from vidclf.package import RunFolder
from vidclf.training.comparison import compare_heads
from vidclf.training.costs import measure_costs

HEADS, SEEDS = ("lstm", "mean"), (0, 7)


@pytest.fixture
def tiny(settings: Any) -> Any:
    """Settings of one epoch; two of the six performers are held out."""

    def make(**sections: dict[str, Any]) -> Config:
        data = {"split": {"val": 0.17, "test": 0.33}, **sections.pop("data", {})}
        return settings(data=data, train={"epochs": 1, **sections.pop("train", {})}, **sections)  # type: ignore[no-any-return]

    return make


@pytest.fixture
def compared(tiny: Any, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a finished comparison, each test's own."""
    finished = tmp_path_factory.getbasetemp() / "compared"
    if not finished.exists():
        compare_heads(tiny(), HEADS, SEEDS, finished)
    return Path(shutil.copytree(finished, tmp_path / "compared"))


def rows_of(table: Path) -> list[dict[str, str]]:
    with table.open(newline="") as file:
        return list(csv.DictReader(file))


def let_it_say(run: RunFolder, right: str) -> None:
    """Change what a finished run said: `-+-` is the second of each group's clips right, `-+- +++` by group."""
    rows = rows_of(run.predictions)
    answers = {
        group: iter(of_group)
        for group, of_group in zip(sorted({row["group"] for row in rows}), right.split(), strict=True)
    }
    for row in rows:
        labels = [name.removeprefix("p_") for name in row if name.startswith("p_")]
        other = next(label for label in labels if label != row["label"])
        said = row["label"] if next(answers[row["group"]]) == "+" else other
        row.update({f"p_{label}": str(float(label == said)) for label in labels})
    with run.predictions.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def test_every_run_has_the_same_clips_and_its_own_start(compared: Path) -> None:
    runs = [RunFolder(compared / f"{head}_seed{seed}") for head in HEADS for seed in SEEDS]
    assert len({run.split.read_text() for run in runs}) == 1
    assert len({run.history.read_text() for run in runs}) == len(runs)


def test_heads_are_compared_clip_by_clip(tiny: Any, compared: Path) -> None:
    """The groups differ widely, and in each `mean` has one clip of three more than `lstm`: that much is sure."""
    for run, right in {
        "lstm_seed0": "--- ++-",
        "lstm_seed7": "--- +--",
        "mean_seed0": "-+- +++",
        "mean_seed7": "--+ +-+",
    }.items():
        let_it_say(RunFolder(compared / run), right)
    comparison = compare_heads(tiny(), HEADS, SEEDS, compared)
    lstm, mean = comparison.heads
    assert lstm.accuracy_by_seed == pytest.approx({0: 2 / 6, 7: 1 / 6})
    assert mean.accuracy_by_seed == pytest.approx({0: 4 / 6, 7: 3 / 6})
    assert (lstm.accuracy, mean.accuracy) == pytest.approx((3 / 12, 7 / 12))
    assert lstm.ci95 == pytest.approx((0, 1 / 2))
    assert mean.ci95 == pytest.approx((1 / 3, 5 / 6))
    assert mean.difference == pytest.approx(1 / 3)
    assert mean.difference_ci95 == pytest.approx((1 / 3, 1 / 3))
    assert (lstm.difference, lstm.difference_ci95) == (None, None)
    assert (comparison.compared_on, comparison.num_clips, comparison.num_groups) == ("test", 6, 2)
    assert (comparison.ci95_over, comparison.num_failed) == ("groups", 0)


def test_the_files_say_the_same(compared: Path) -> None:
    written = json.loads((compared / "comparison.json").read_text())
    assert [row["head"] for row in written["heads"]] == list(HEADS)
    assert written["heads"][1]["accuracy_by_seed"].keys() == {"0", "7"}
    table = rows_of(compared / "comparison.csv")
    for row, score in zip(table, written["heads"], strict=True):
        assert float(row["accuracy"]) == score["accuracy"]
        assert float(row["seed_7"]) == score["accuracy_by_seed"]["7"]
        assert float(row["ms_per_frame"]) == score["ms_per_frame"]
    assert [row["difference_low"] == "" for row in table] == [True, False]
    assert (compared / "comparison.png").read_bytes().startswith(b"\x89PNG")


def test_what_is_finished_is_kept_and_heads_can_be_added(tiny: Any, compared: Path) -> None:
    before = json.loads((compared / "comparison.json").read_text())
    report = RunFolder(compared / "mean_seed0").report
    finished = report.stat().st_mtime_ns
    more = compare_heads(tiny(), ["mean", "frame"], [0], compared)
    assert report.stat().st_mtime_ns == finished
    assert RunFolder(compared / "frame_seed0").predictions.is_file()
    assert more.heads[0].accuracy == before["heads"][1]["accuracy_by_seed"]["0"]


def test_a_run_that_was_stopped_goes_on(tiny: Any, compared: Path) -> None:
    run = RunFolder(compared / "mean_seed0")
    said, history = run.predictions.read_bytes(), run.history.stat().st_mtime_ns
    run.predictions.unlink()  # as if killed after the last epoch
    compare_heads(tiny(), ["mean"], [0], compared)
    assert run.predictions.read_bytes() == said
    assert run.history.stat().st_mtime_ns == history


def test_runs_of_another_budget_are_not_mixed_in(tiny: Any, compared: Path) -> None:
    with pytest.raises(UsageError, match=r"train\.lr=0\.1 \(was 0\.001\)"):
        compare_heads(tiny(train={"lr": 0.1}), HEADS, SEEDS, compared)


def test_a_folder_that_is_no_run_is_left_alone(tiny: Any, tmp_path: Path) -> None:
    (tmp_path / "mean_seed0").mkdir()
    (tmp_path / "mean_seed0" / "holiday.jpg").write_bytes(b"dear")
    with pytest.raises(UsageError, match="no run"):
        compare_heads(tiny(), ["mean"], [0], tmp_path)


def test_with_folds_the_pooled_predictions_are_compared(tiny: Any, tmp_path: Path) -> None:
    config = make_config(tiny().model_dump(mode="json"), ["cv=group:2"])
    comparison = compare_heads(config, ["mean"], [0], tmp_path)
    assert (comparison.compared_on, comparison.num_clips, comparison.num_groups) == ("group:2", 18, 6)
    report = RunFolder(tmp_path / "mean_seed0" / "fold_1").report
    finished = report.stat().st_mtime_ns
    again = compare_heads(config, ["mean"], [0], tmp_path)
    assert report.stat().st_mtime_ns == finished
    assert again.heads[0].ci95 == comparison.heads[0].ci95


def test_a_clip_that_cannot_be_read_is_left_out_and_counted(tiny: Any, clips: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.mp4").write_text("a failed download")
    rows = rows_of(clips / "manifest.csv")
    split_of = dict(zip(sorted({row["group"] for row in rows}), ("test", "val"), strict=False))
    lines = [
        f"{clips / row['path']},{row['label']},{row['group']},{split_of.get(row['group'], 'train')}" for row in rows
    ]
    held_out = sum(line.endswith(",test") for line in lines)
    manifest = tmp_path / "manifest.csv"
    manifest.write_text("\n".join(["path,label,group,split", *lines, f"{tmp_path / 'broken.mp4'},push,nobody,test"]))
    config = tiny(data={"manifest": str(manifest)})
    for _ in ("trained", "kept"):
        comparison = compare_heads(config, ["mean"], [0], tmp_path / "out")
        assert (comparison.num_clips, comparison.num_failed) == (held_out, 1)


@pytest.mark.parametrize(
    ("heads", "seeds", "words"),
    [
        (["lstm", "lstn"], [0], "model.head: 'lstn' is none of its values; nearest: lstm"),
        (["lstm"], [-1], "train.seed: should be greater than or equal to 0, not -1"),
        (["lstm", "lstm"], [0], "--heads: name at least one, and each of them once; not lstm, lstm"),
        (["lstm"], [], "--seeds: name at least one, and each of them once; not nothing"),
    ],
)
def test_what_cannot_be_compared_is_said_before_anything_is_trained(
    tiny: Any, tmp_path: Path, heads: list[str], seeds: list[int], words: str
) -> None:
    with pytest.raises(UsageError) as raised:
        compare_heads(tiny(), heads, seeds, tmp_path)
    assert words in str(raised.value)
    assert not list(tmp_path.iterdir())


def test_clips_that_chose_the_epoch_are_nothing_to_compare_on(tiny: Any, tmp_path: Path) -> None:
    config = tiny(data={"split": {"val": 0.3, "test": 0}})
    with pytest.raises(ConfigError, match=r"no test clips.*cv=group:5"):
        compare_heads(config, ["mean"], [0], tmp_path)


def test_several_processes_are_refused(tiny: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(UsageError, match="one process"):
        compare_heads(tiny(), ["mean"], [0], tmp_path)


def test_costs_are_those_of_the_network(settings: Any) -> None:
    def with_head(head: str) -> Config:
        return settings(model={"head": head, "hidden": 256})  # type: ignore[no-any-return]

    heads = ("frame", "tcn")
    costs = measure_costs([with_head(head) for head in heads], 3)
    for head, cost in zip(heads, costs, strict=True):
        config = with_head(head)
        network, _ = make_classifier(config.model, config.prep, 3)
        assert cost.parameters == sum(weight.numel() for weight in network.parameters())
    assert 0 < costs[0].ms_per_frame < costs[1].ms_per_frame
