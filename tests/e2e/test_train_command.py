"""`vidclf train`, from clips to a run folder."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from tests.e2e.command_line import TINY, vidclf
from vidclf.package import RunFolder


def rows_of(table: Path) -> list[dict[str, str]]:
    with table.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def folder_per_class(gestures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same clips, sorted into folders whose names are a trial."""
    root = tmp_path_factory.mktemp("a tree [of 100 % ünï]") / "clips"
    names = {"none": "[red]", "swipe_left": "<script>alert(1)<script>", "swipe_right": "0"}
    for number, path in enumerate(sorted(gestures.parent.rglob("*.mp4"))):
        folder = root / names[path.stem.rpartition("_")[0]]
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, folder / f"{number}.mp4")
    return root


def test_a_run_folder_holds_all_that_is_promised(tiny_run: Path) -> None:
    run = RunFolder(tiny_run)
    files = (
        run.config,
        run.split,
        run.history,
        run.curves,
        run.confusion,
        run.reliability,
        run.report,
        run.metrics,
    )
    assert all(file.stat().st_size > 0 for file in files)
    assert sorted(file.name for file in run.model.iterdir()) == ["model.json", "model.safetensors"]
    assert sorted(file.name for file in run.state.iterdir()) == ["epoch-2.json", "epoch-2.safetensors"]
    assert sorted(path.name for path in tiny_run.iterdir()) == sorted(
        path.name for path in (*files, run.model, run.state)
    )
    assert yaml.safe_load(run.config.read_text())["prep"]["size"] == 32
    assert [row["epoch"] for row in rows_of(run.history)] == ["1", "2"]


def test_the_report_needs_nothing_beside_it(tiny_run: Path) -> None:
    page = RunFolder(tiny_run).report.read_text(encoding="utf-8")
    assert page.count("data:image/png;base64,") >= 2
    assert "swipe_left" in page
    assert not re.findall(r'(?:src|href)="(?!data:|#)', page)
    assert "<script" not in page
    assert "@import" not in page


def test_a_model_says_what_it_is(tiny_run: Path) -> None:
    model = json.loads((tiny_run / "model" / "model.json").read_text())
    assert model["format_version"] == 1
    assert model["classes"] == ["none", "swipe_left", "swipe_right"]
    assert {"model", "preprocessing", "versions", "split_hash", "seed", "metrics"} <= model.keys()


def test_no_group_is_on_both_sides(tiny_run: Path) -> None:
    splits: dict[str, set[str]] = {}
    for row in rows_of(RunFolder(tiny_run).split):
        splits.setdefault(row["group"], set()).add(row["split"])
    assert len(splits) == 6
    assert all(len(of_group) == 1 for of_group in splits.values())
    assert set.union(*splits.values()) == {"train", "val", "test"}


def test_a_folder_per_class_trains_without_a_config(folder_per_class: Path, tmp_path: Path) -> None:
    run = tmp_path / "a [bold]run[/x] :100: %s"
    done = vidclf("train", folder_per_class, f"out={json.dumps(str(run))}", *TINY, "train.epochs=1")
    assert done.code == 0, done.err
    assert "prep.size=32" in done.err.splitlines()[0]
    assert "train.epochs=1 " in done.err.splitlines()[0]
    assert f"run     {run}\n" in done.out
    page = RunFolder(run).report.read_text(encoding="utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    scored = vidclf("evaluate", run)
    assert scored.code == 0, scored.err
    assert "<script>alert(1)<script>  recall" in scored.out


def test_without_held_out_clips_only_what_there_is_is_named(gestures: Path, tmp_path: Path) -> None:
    done = vidclf("train", gestures, f"out={tmp_path / 'r'}", *TINY, "train.epochs=1", "data.split={val: 0, test: 0}")
    assert done.code == 0, done.err
    assert "accuracy" not in done.out
    assert "confusion.png" not in done.out
    assert not RunFolder(tmp_path / "r").confusion.exists()
    assert vidclf("evaluate", tmp_path / "r").code == 2


def test_a_run_is_not_overwritten_unasked(gestures: Path, tiny_run: Path) -> None:
    before = (tiny_run / "model" / "model.json").read_bytes()
    done = vidclf("train", gestures, f"out={tiny_run}", *TINY)
    assert done.code == 2
    assert "--resume" in done.err
    assert "--overwrite" in done.err
    assert (tiny_run / "model" / "model.json").read_bytes() == before


def test_overwriting_removes_a_run_and_nothing_else(gestures: Path, tiny_run: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(tiny_run, run)
    (run / "notes.txt").write_text("mine")
    wrong = vidclf("train", gestures, f"out={run}", *TINY, "--overwrite", "data.root=/nowhere")
    assert wrong.code == 2
    assert RunFolder(run).report.exists(), "a start that fails must not cost the run that was there"
    done = vidclf("train", gestures, f"out={run}", *TINY, "train.epochs=1", "--overwrite")
    assert done.code == 0, done.err
    assert (run / "notes.txt").read_text() == "mine"
    assert [file.name for file in RunFolder(run).state.glob("*.json")] == ["epoch-1.json"]


def test_a_folder_that_is_no_run_is_left_alone(gestures: Path, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(f"data: {{manifest: {json.dumps(str(gestures))}}}\nout: {tmp_path}\n")
    for target in (tmp_path / "config.yaml", gestures):
        done = vidclf("train", target, f"out={target.parent}", *TINY, "--overwrite")
        assert done.code == 2
        assert "no run" in done.err
        assert target.exists()


@pytest.mark.parametrize(("out", "code"), [("file", 2), ("file/run", 4), ("/proc/run", 4)])
def test_where_nothing_can_be_written_the_place_is_named(gestures: Path, tmp_path: Path, out: str, code: int) -> None:
    (tmp_path / "file").touch()
    done = vidclf("train", gestures, f"out={tmp_path / out}", *TINY)
    assert done.code == code
    assert str(tmp_path / out) in done.err.splitlines()[-1]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (["train.lr=0.5"], "train.lr=0.5 (was"),
        (["augment.flip_labels={swipe_left: swipe_right, swipe_right: swipe_left}"], "augment.flip_labels="),
        (["augment.flip_labels={}"], "augment.flip_labels={} (was None)"),
        (["data.split.seed=1"], "data.split.seed=1 (was 0)"),
    ],
)
def test_resuming_with_other_settings_is_refused(
    gestures: Path, tiny_run: Path, changes: list[str], words: str
) -> None:
    done = vidclf("train", gestures, f"out={tiny_run}", *TINY, "--resume", *changes)
    assert done.code == 2
    assert words in done.err


def test_resuming_with_other_clips_is_refused(gestures: Path, tiny_run: Path, tmp_path: Path) -> None:
    """A clip more gives another split: what was trained on would be tested on."""
    data = tmp_path / "data"
    shutil.copytree(gestures.parent, data)
    run = tmp_path / "run"
    shutil.copytree(tiny_run, run)
    config = yaml.safe_load(RunFolder(run).config.read_text())
    config["data"]["manifest"] = str(data / "manifest.csv")
    RunFolder(run).config.write_text(yaml.safe_dump(config))
    same = [RunFolder(run).config, f"out={run}", "--resume"]
    assert vidclf("train", *same).code == 0
    with (data / "manifest.csv").open("a") as file:
        file.write("clips/performer_000/none_000.mp4,none,someone_else,25,50,2\n")
    done = vidclf("train", *same)
    assert done.code == 2
    assert "split.csv" in done.err


def test_there_must_be_something_to_resume(gestures: Path, tmp_path: Path) -> None:
    done = vidclf("train", gestures, f"out={tmp_path / 'new'}", *TINY, "--resume")
    assert done.code == 2
    assert "nothing to resume" in done.err
    assert not (tmp_path / "new").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to send")
def test_an_interrupted_training_goes_on_where_it_was(gestures: Path, tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    words = ["train", str(gestures), f"out={run.path}", *TINY, "train.epochs=20"]
    training = subprocess.Popen(
        [sys.executable, "-m", "vidclf", *words],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        # What is started in the background of a script inherits that Ctrl-C is ignored; a person's shell does not.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    try:
        deadline = time.monotonic() + 60
        while not list(run.state.glob("*.json")) and time.monotonic() < deadline:
            time.sleep(0.02)
        training.send_signal(signal.SIGINT)
        _, err = training.communicate(timeout=60)
    finally:
        training.kill()
    assert training.returncode == 130, err
    assert "stopped" in err
    assert "Traceback" not in err
    (state,) = run.state.glob("*.json")
    done = int(state.stem.partition("-")[2])
    resumed = vidclf(*words, "--resume")
    assert resumed.code == 0, resumed.err
    epochs = [int(row["epoch"]) for row in rows_of(run.history)]
    assert epochs == list(range(1, len(epochs) + 1))
    assert len(epochs) > done
    assert f"epoch {done + 1}/20" in resumed.err
    assert f"epoch {done}/20" not in resumed.err


def test_a_dry_run_shows_everything_and_trains_nothing(gestures: Path, tmp_path: Path) -> None:
    done = vidclf("train", gestures, f"out={tmp_path / 'run'}", *TINY, "--dry-run")
    assert done.code == 0, done.err
    assert "manifest:" in done.out  # the config
    assert re.search(r"swipe_left +4 +1 +1", done.out)  # clips per class and split
    assert re.search(r"head\.lstm +LSTM +6 x 6 x 8 +[\d,]+", done.out)  # layers
    assert "an epoch" in done.out
    assert "GiB" in done.out
    assert (tmp_path / "run-inputs.png").read_bytes().startswith(b"\x89PNG")
    assert [path.name for path in tmp_path.iterdir()] == ["run-inputs.png"]


def test_too_many_bad_clips_stop_a_training(gestures: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(gestures.parent, data)
    for path in sorted(data.rglob("*.mp4"))[:12]:
        path.write_bytes(b"")
    done = vidclf("train", data / "manifest.csv", f"out={tmp_path / 'run'}", *TINY)
    assert done.code == 4
    assert "data.max_bad_share" in done.err
    assert ".mp4" in done.err


def test_a_few_bad_clips_are_left_out_and_named(gestures: Path, tmp_path: Path) -> None:
    rows = gestures.read_text().splitlines()
    table = tmp_path / "m.csv"
    table.write_text(
        "\n".join([*rows, "broken.mp4,none,performer_000,25,50,2", "rtsp://u:hunter2@h/x,none,g,25,1,1"])
    )
    (tmp_path / "broken.mp4").write_bytes(b"no video")
    (tmp_path / "clips").symlink_to(gestures.parent / "clips")
    run = tmp_path / "run"
    settings = (*TINY, "train.epochs=1", "data.max_bad_share=0.5", "data.split.test=0")
    done = vidclf("train", table, f"out={run}", *settings)
    assert done.code in (0, 1), done.err  # 1 where a bad clip was drawn into the split that is scored
    said = done.err.partition("could not be read and were left out:")[2]
    assert "broken.mp4" in said
    assert "rtsp:/***@h/x" in said
    assert "hunter2" not in done.out + done.err
    for file in (RunFolder(run).report, RunFolder(run).metrics):
        assert "hunter2" not in file.read_text()
    assert "broken.mp4" in RunFolder(run).report.read_text()


def test_missing_weights_are_named(gestures: Path, tmp_path: Path) -> None:
    done = vidclf("train", gestures, f"out={tmp_path / 'run'}", *TINY, f"model.weights={tmp_path / 'w.pth'}")
    assert done.code == 4
    assert str(tmp_path / "w.pth") in done.err
    assert not (tmp_path / "run").exists()


def test_cuda_is_not_replaced_by_something_else(gestures: Path, tmp_path: Path) -> None:
    done = vidclf(
        "train", gestures, f"out={tmp_path / 'run'}", *TINY, "device=cuda", env={"CUDA_VISIBLE_DEVICES": ""}
    )
    assert done.code == 2
    assert "device=cuda" in done.err
    assert "device=auto" in done.err


def test_without_tensorboard_the_extra_is_named(gestures: Path, tmp_path: Path) -> None:
    done = vidclf("train", gestures, f"out={tmp_path / 'r'}", *TINY, "train.tensorboard=true", without="tensorboard")
    assert done.code == 2
    assert "vidclf[tensorboard]" in done.err


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("", "first line"),
        ("a.mp4,wave\nb.mp4,none\n", "first line"),
        ("path;label\na.mp4;wave\n", "first line"),
        ("path,label\n", "no clips"),
        ("path,label\na.mp4,\n", "line 2"),
        ("path,label\nnowhere.mp4,wave\n", "data.root"),
        ("path,label,group,split\n{clip},a,g,train\n{clip},b,g,test\n", "group"),
        ("path,label,group\n{clip},only,a\n{clip},only,b\n{clip},only,c\n", "one class"),
        ("path,label\n{clip},a\n{clip},b\n", "data.split.test=0"),
        ("path,label,split\n{clip},a,train\n{clip},b,\n", "split"),
        ("path,label,start_seconds\n{clip},a,soon\n", "start_seconds"),
    ],
)
def test_a_table_that_cannot_be_used_is_explained(clip: Path, tmp_path: Path, table: str, words: str) -> None:
    (tmp_path / "m.csv").write_text(table.format(clip=clip))
    done = vidclf("train", tmp_path / "m.csv", f"out={tmp_path / 'run'}", *TINY)
    assert done.code == 2
    assert words in done.err
    assert not (tmp_path / "run").exists()


def test_the_table_may_lie_in_the_root(gestures: Path, tmp_path: Path) -> None:
    done = vidclf("data", "show", "manifest.csv", f"data.root={gestures.parent}", cwd=tmp_path)
    assert done.code == 0, done.err
    assert re.search(r"all +12 +3 +3", done.out)
