"""The other commands, and what all have in common."""

from __future__ import annotations

import filecmp
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.command_line import python, vidclf
from vidclf.config import describe_schema


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nonsense"], "nonsense"),
        (["train", "--wrong", "x.yaml"], "--wrong"),
        (["train"], "CONFIG_OR_DATA"),
        (["predict", "run"], "paths"),
        (["data", "shwo"], "shwo"),
        (["synth", "gestures", "--out", "x", "--seed", "many"], "seed"),
        (["synth", "gestures", "--out", "x", "--seed", "-1"], "seed"),
        (["synth", "gestures", "--out", "x", "--clips-per-class", "2", "--performers", "3"], "performers"),
    ],
)
def test_wrong_words_are_said_in_a_line(tmp_path: Path, words: list[str], said: str) -> None:
    done = vidclf(*words, cwd=tmp_path)
    assert done.code == 2
    assert done.out == ""
    assert done.err.startswith("error: ")
    assert len(done.err.splitlines()) == 1
    assert said in done.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", [[], ["data"], ["synth"], ["config"]])
def test_without_a_verb_the_help_is_shown(words: list[str]) -> None:
    done = vidclf(*words)
    assert done.code == 2
    assert "Usage" in done.out + done.err
    assert "error" not in done.err


def test_help_is_no_error() -> None:
    done = python("-m", "vidclf", "--help")
    assert done.code == 0
    assert all(verb in done.out for verb in ("train", "evaluate", "predict", "data", "synth", "config", "doctor"))


def test_a_config_is_checked_as_a_whole(tmp_path: Path) -> None:
    config = tmp_path / "my [red]config.yaml"
    config.write_text(
        "dta: {manifest: x.csv}\nprep: {sampling: unifrm, sizes: 64}\nmodel: {backbone: resnet19}\n"
        "train: {epochs: many, lr: -1}\n"
    )
    done = vidclf("train", config, "train.epohcs=3", "augment", "device=gpu")
    assert done.code == 2
    assert str(config) in done.err
    problems = [line for line in done.err.splitlines() if line.startswith("  - ")]
    assert len(problems) == 9
    for words in ("data", "uniform", "size", "resnet18", "epochs", "key=value", "cpu"):
        assert any(words in problem for problem in problems), words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("data:\n\tmanifest: x\n", "line 2"),
        ("data: !!python/object/apply:os.system ['touch pwned']\n", "python/object"),
        ("- a\n- b\n", "list"),
        ("just words", "str"),
        ("data: {manifest: 'x", "YAML"),
    ],
)
def test_a_config_that_is_none_is_explained(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "c.yaml").write_text(text)
    done = vidclf("train", "c.yaml", cwd=tmp_path)
    assert done.code == 2
    assert words in done.err
    assert [path.name for path in tmp_path.iterdir()] == ["c.yaml"]


@pytest.mark.parametrize("target", ["missing.yaml", "missing.csv", "missing", "."])
def test_a_target_that_is_no_data_is_named(tmp_path: Path, target: str) -> None:
    done = vidclf("train", target, cwd=tmp_path)
    assert done.code == 2
    assert target in done.err


def test_wrong_settings_are_said_before_the_data_are_read(gestures: Path) -> None:
    done = vidclf("train", gestures, "train.epochs=0", "nothing.such=1")
    assert done.code == 2
    assert "settings for" not in done.err
    assert "train.epochs" in done.err
    assert "nothing" in done.err


def test_the_schema_lists_every_setting() -> None:
    done = vidclf("config", "schema")
    assert done.code == 0
    listed = re.findall(r"^([\w.]+): ", done.out, flags=re.MULTILINE)
    assert listed == [key for key, *_ in describe_schema()]
    assert "train.epochs: 30\n    int\n" in done.out
    assert max(map(len, done.out.splitlines())) < 400


def test_a_reader_that_leaves_is_no_accident() -> None:
    """As in `vidclf config schema | head`."""
    command = [sys.executable, "-m", "vidclf", "config", "schema"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert "Traceback" not in process.stderr.read()


def test_doctor_names_versions_and_what_is_missing() -> None:
    done = vidclf("doctor")
    assert done.code == 0, done.err
    for word in (
        "vidclf 0.1.0",
        "Python 3",
        "torch 2",
        "av 18",
        "jinja2 ",
        "h264",
        "device: ",
        "extras: ",
        "cameras:",
    ):
        assert word in done.out, word
    assert "cannot do without" not in done.out


def test_data_show_counts_clips_and_draws_inputs(gestures: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "deep" / "sheet.png"
    done = vidclf("data", "show", gestures, "prep.size=32", "--sheet", sheet)
    assert done.code == 0, done.err
    assert re.search(r"class +train +val +test", done.out)
    for label in ("none", "swipe_left", "swipe_right"):
        assert re.search(rf"{label} +4 +1 +1", done.out)
    assert re.search(r"groups +4 +1 +1", done.out)
    assert re.search(r"split hash [0-9a-f]{16}", done.out)
    assert sheet.read_bytes().startswith(b"\x89PNG")


def test_names_of_classes_are_shown_as_they_are(clip: Path, tmp_path: Path) -> None:
    labels = ["[red]x[/red]", "[/b]", ":smile:", "50 %", "<b>"]
    rows = "".join(f"{clip},{label},{n}\n" for label in labels for n in range(3))
    (tmp_path / "m.csv").write_text(f"path,label,group\n{rows}", encoding="utf-8-sig")
    done = vidclf("data", "show", tmp_path / "m.csv", "data.split={val: 0, test: 0}")
    assert done.code == 0, done.err
    assert [label for label in labels if re.search(rf"^ *{re.escape(label)} +3", done.out, re.MULTILINE)] == labels


def test_a_sheet_that_cannot_be_written_is_named(gestures: Path, tmp_path: Path) -> None:
    done = vidclf("data", "show", gestures, "prep.size=32", "--sheet", tmp_path)
    assert done.code == 4
    assert str(tmp_path) in done.err


def test_rendering_gives_the_same_bytes_again(tmp_path: Path) -> None:
    for name in ("a", "b"):
        done = vidclf("synth", "gestures", "--out", name, "--clips-per-class", "1", "--performers", "1", cwd=tmp_path)
        assert done.code == 0, done.err
        assert f"{name}/manifest.csv" in done.out
    files = [path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*") if path.is_file()]
    assert len([path for path in files if path.suffix == ".mp4"]) >= 10
    same, _, _ = filecmp.cmpfiles(tmp_path / "a", tmp_path / "b", map(str, files), shallow=False)
    assert len(same) == len(files)


def test_rendering_into_a_folder_of_others_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").touch()
    done = vidclf("synth", "gestures", "--out", tmp_path)
    assert done.code == 2
    assert "not empty" in done.err
