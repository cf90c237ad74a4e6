from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest
import torch

from vidclf.config import dump_config, make_config
from vidclf.data import decided, read_manifest, split_hash, write_csv
from vidclf.errors import ManifestError, NoFramesError, RunError, TruncatedVideoWarning
from vidclf.evaluate import evaluate_run
from vidclf.infer import Predictor, save
from vidclf.models import make_classifier
from vidclf.package import RunFolder
from vidclf.video import write_video

CLASSES = ("dark", "light")
Item = TypeVar("Item")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve plain clips by six people: the manifest."""
    folder = tmp_path_factory.mktemp("data")
    rows = ["path,label,group"]
    rng = np.random.default_rng(0)
    for number in range(12):
        label = CLASSES[number % 2]
        low = 0 if label == "dark" else 128
        frames = rng.integers(low, low + 128, (6, 32, 48, 3)).astype(np.uint8)
        write_video(folder / f"{number}.mp4", frames, fps=10)
        rows.append(f"{number}.mp4,{label},{number // 2}")
    (folder / "manifest.csv").write_text("\n".join(rows))
    return folder / "manifest.csv"


def make_run(folder: Path, manifest: Path, **settings: object) -> Path:
    """An untrained run: all that evaluation looks at."""
    tree = {
        "data": {"manifest": str(manifest), **settings},
        "prep": {"size": 16, "frames": 3},
        "model": {"hidden": 4},
    }
    config = make_config(tree)
    torch.manual_seed(0)
    network, preprocessing = make_classifier(config.model, config.prep, len(CLASSES))
    clips = decided(read_manifest(manifest), config.data.split)
    predictor = Predictor(network, preprocessing, CLASSES, torch.device("cpu"))
    save(RunFolder(folder).model, predictor, config.model, {"seed": 3, "split_hash": split_hash(clips.entries)})
    RunFolder(folder).config.write_text(dump_config(config))
    write_csv(RunFolder(folder).split, clips.entries)
    return folder


@pytest.fixture(scope="module")
def run(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_run(tmp_path_factory.mktemp("run"), data)


def test_a_run_is_scored_on_its_test_clips(run: Path) -> None:
    scored = evaluate_run(run)
    assert {result.entry.split for result in scored.evaluation.results} == {"test"}
    assert scored.seed == 3
    model = json.loads((run / "model" / "model.json").read_text())
    assert scored.split_hash == model["split_hash"]
    plain = scored.to_json()
    assert json.loads(json.dumps(plain)) == json.loads(json.dumps(plain))
    assert plain["num_clips"] == len(scored.evaluation.results)
    assert plain["auc"] is not None


def test_each_group_has_its_own_accuracy(run: Path, data: Path, tmp_path: Path) -> None:
    lines = data.read_text().splitlines()
    (tmp_path / "m.csv").write_text("\n".join([*lines[:9], "9.mp4,light,", "gone.mp4,dark,9"]))
    evaluation = evaluate_run(run, manifest=tmp_path / "m.csv", root=data.parent).evaluation
    per_group = evaluation.to_json()["per_group"]
    assert {group: score["clips"] for group, score in per_group.items()} == dict.fromkeys("0123", 2)
    right = {result.entry.name: result.predicted(CLASSES) == result.entry.label for result in evaluation.results}
    for group, score in per_group.items():
        assert score["accuracy"] == (right[f"{2 * int(group)}.mp4"] + right[f"{2 * int(group) + 1}.mp4"]) / 2


def test_without_test_clips_those_of_validation_are_scored(data: Path, tmp_path: Path) -> None:
    run = make_run(tmp_path, data, split={"val": 0.3, "test": 0})
    assert {result.entry.split for result in evaluate_run(run).evaluation.results} == {"val"}


def test_where_nothing_was_held_out_a_split_must_be_named(data: Path, tmp_path: Path) -> None:
    run = make_run(tmp_path, data, split={"val": 0, "test": 0})
    with pytest.raises(ManifestError, match="test or val; there are train"):
        evaluate_run(run)
    assert evaluate_run(run, split="train").evaluation.scores.num_clips == 12


def test_of_other_clips_all_are_scored_unless_a_split_is_named(run: Path, data: Path, tmp_path: Path) -> None:
    assert evaluate_run(run / "model", manifest=data).evaluation.scores.num_clips == 12
    with pytest.raises(ManifestError, match="no splits"):
        evaluate_run(run, manifest=data, split="test")
    (tmp_path / "m.csv").write_text("path,label,split\n0.mp4,dark,val\n1.mp4,light,test\n")
    scored = evaluate_run(run, manifest=tmp_path / "m.csv", root=data.parent, split="val")
    assert [result.entry.name for result in scored.evaluation.results] == ["0.mp4"]


def test_the_batch_does_not_change_the_scores(run: Path, data: Path) -> None:
    one, many = (evaluate_run(run, manifest=data, batch=batch).evaluation for batch in (1, 12))
    assert one.loss == pytest.approx(many.loss, abs=1e-5)
    assert one.scores.confusion == many.scores.confusion


def test_clips_pass_by_whoever_tracks_them(run: Path, data: Path) -> None:
    seen = []

    def track(items: Iterable[Item], *, total: int, what: str) -> Iterator[Item]:
        seen.append((total, what))
        yield from items

    evaluate_run(run, manifest=data, track=track)
    assert seen == [(12, "predicting")]


def test_a_label_the_model_was_not_taught_is_refused(run: Path, data: Path, tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("path,label\n0.mp4,dark\n1.mp4,dusk\n")
    with pytest.raises(ManifestError, match="does not know dusk; it knows dark, light"):
        evaluate_run(run, manifest=tmp_path / "m.csv", root=data.parent)


def test_a_model_alone_does_not_know_its_clips(run: Path) -> None:
    with pytest.raises(RunError, match="--manifest"):
        evaluate_run(run / "model")


def test_damaged_clips_count_as_they_did_in_training(data: Path, tmp_path: Path) -> None:
    """A run that kept the good part of its damaged clips is scored on those too."""
    shutil.copytree(data.parent, tmp_path / "data")
    table = tmp_path / "data" / "manifest.csv"
    strict, lenient = (
        make_run(tmp_path / on_truncated, table, on_truncated=on_truncated) for on_truncated in ("error", "keep")
    )
    damaged = evaluate_run(strict).evaluation.results[0].entry.path
    content = bytearray(damaged.read_bytes())
    middle = content.index(b"moov") - 500  # within the last pictures
    content[middle : middle + 400] = bytes(400)
    damaged.write_bytes(content)
    assert len(evaluate_run(strict).evaluation.failures) == 1
    with pytest.warns(TruncatedVideoWarning, match=damaged.name):
        assert evaluate_run(lenient).evaluation.failures == ()


def test_secrets_stay_out_of_what_is_written(run: Path, data: Path, tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("path,label\n0.mp4,dark\nrtsp://user:hunter2@h/x,dark\n")
    scores = evaluate_run(run, manifest=tmp_path / "m.csv", root=data.parent).to_json()
    assert scores["num_failed"] == 1
    assert scores["failures"][0]["path"] == "rtsp://***@h/x"
    assert "hunter2" not in json.dumps(scores)


def test_of_nothing_readable_there_is_no_score(run: Path, tmp_path: Path) -> None:
    (tmp_path / "0.mp4").touch()
    (tmp_path / "m.csv").write_text("path,label\n0.mp4,dark\n")
    with pytest.raises(NoFramesError, match=r"0\.mp4"):
        evaluate_run(run, manifest=tmp_path / "m.csv")
