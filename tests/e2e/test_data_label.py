"""`vidclf data label`, from the command to the manifest."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.command_line import vidclf
from tests.web.serving import chromium
from vidclf.data import read_manifest
from vidclf.infer import load


@contextmanager
def labelling(*words: str | Path) -> Iterator[str]:
    """The command while it runs; gives the address that it prints, and ends it as a user does."""
    command = [sys.executable, "-m", "vidclf", "data", "label", *map(str, words), "--no-browser"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        # A test that itself runs in the background has it ignored, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as run:
        assert run.stdout is not None
        url = run.stdout.readline().strip()
        try:
            yield url
        finally:
            run.send_signal(signal.SIGINT)
            out, err = run.communicate(timeout=60)
        assert (run.returncode, out) == (0, "")
        assert "clips are decided" in err
        assert "Traceback" not in err
        assert url.partition("token=")[2] not in err


@pytest.fixture
def clips(gestures: Path, tmp_path: Path) -> Path:
    """Some of the rendered clips, without their manifest."""
    for entry in read_manifest(gestures).entries[:4]:
        shutil.copy(entry.path, tmp_path / f"{entry.label}_{entry.group}_{entry.path.name}")
    (tmp_path / "broken.mp4").write_bytes(b"not a video")
    return tmp_path


def test_a_run_proposes_labels_and_the_least_sure_come_first(tiny_run: Path, clips: Path) -> None:
    predicted = {path.name: load(tiny_run).predict(path) for path in clips.glob("[!b]*.mp4")}

    def margin(name: str) -> float:
        if name not in predicted:
            return 2.0
        first, second = sorted(predicted[name].probabilities.values(), reverse=True)[:2]
        return first - second

    walked = []
    with labelling(clips, "--run", tiny_run) as url, chromium() as browser:
        page = browser.new_page()
        page.goto(url)
        expect(page.locator("#name")).not_to_be_empty()
        expect(page.locator("#scoring")).to_be_hidden(timeout=60_000)
        for num_done in range(5):
            name = page.locator("#name").inner_text()
            walked.append(name)
            if name in predicted:
                expect(page.locator("#accept b")).to_have_text(predicted[name].label)
                page.keyboard.press("Enter")
            else:
                expect(page.locator("#accept")).to_be_hidden()
                page.keyboard.press("b")
            done = f"{num_done + 1} of 5 decided" if num_done < 4 else "All 5 decided"
            expect(page.locator("#progress-text")).to_have_text(done)
    # The first was on the page before the model had looked at all of them.
    assert walked[1:] == sorted(walked[1:], key=margin)
    entries = read_manifest(clips / "manifest.csv").entries
    assert {entry.name: entry.label for entry in entries} == {name: one.label for name, one in predicted.items()}


def test_labels_and_manifest_can_be_named(clips: Path, tmp_path: Path) -> None:
    out = tmp_path / "lists" / "mine.csv"
    with labelling(clips, "--labels", "wave, none", "--out", out) as url, chromium() as browser:
        page = browser.new_page()
        page.goto(url)
        expect(page.locator("#labels b")).to_have_text(["wave", "none"])
        expect(page.locator("#progress-text")).to_have_text("0 of 5 decided")
        page.keyboard.press("2")
        expect(page.locator("#progress-text")).to_have_text("1 of 5 decided")
    assert out.read_text() == "path,label\n../broken.mp4,none\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["missing"], "missing: there is no such folder"),
        (["."], "holds no videos"),
        ([".", "--run", "nothing"], "nothing"),
        ([".", "--port", "70000"], "port"),
    ],
)
def test_what_cannot_be_labelled_is_said(tmp_path: Path, words: list[str], said: str) -> None:
    done = vidclf("data", "label", *words, "--no-browser", cwd=tmp_path)
    assert done.code == 2
    assert said in done.err


def test_a_missing_library_names_its_extra(clips: Path) -> None:
    done = vidclf("data", "label", clips, "--no-browser", without="fastapi")
    assert done.code == 2
    assert "vidclf[web]" in done.err
