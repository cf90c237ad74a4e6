"""`vidclf compare`, from clips to a table of heads."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.e2e.command_line import TINY, vidclf


def test_heads_are_compared_and_a_second_call_trains_nothing(gestures: Path, tmp_path: Path) -> None:
    out = tmp_path / "out [of 1]"
    settings = [*TINY, "train.epochs=1", "data.split={val: 0.17, test: 0.33}"]
    words = ["compare", gestures, "--heads", "lstm, gru", "--seeds", "0", "--out", out, *settings]
    done = vidclf(*words)
    assert done.code == 0, done.err
    assert "gru with seed 0: training 2 of 2" in done.err
    assert done.err.count("epoch 1/1") == 2
    assert re.search(r"^lstm +\d+\.\d% +\d+\.\d% to \d+\.\d% +\d+\.\d% +[\d,]+ +\d+\.\d\d$", done.out, re.MULTILINE)
    assert re.search(r"^gru .* [+-]\d+\.\d \([+-]\d+\.\d to [+-]\d+\.\d\) ", done.out, re.MULTILINE)
    assert re.search(r"^gru (is|and)", done.out, re.MULTILINE)
    assert "bootstrap over groups" in done.out
    for name in ("comparison.png", "comparison.csv", "comparison.json"):
        assert str(out / name) in done.out
        assert (out / name).stat().st_size > 0

    again = vidclf(*words)
    assert again.code == 0, again.err
    assert "epoch 1/1" not in again.err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--heads", "lstm,attenton"], "nearest: attention"),
        (["--heads", "lstm", "--seeds", "one"], "--seeds"),
        ([], "--heads"),
    ],
)
def test_what_cannot_be_compared_is_explained(gestures: Path, tmp_path: Path, options: list[str], words: str) -> None:
    done = vidclf("compare", gestures, *options, "--out", tmp_path / "out", *TINY)
    assert done.code == 2
    assert words in done.err
    assert not (tmp_path / "out").exists()
