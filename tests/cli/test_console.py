from __future__ import annotations

import io
import logging
import sys
import warnings
from collections.abc import Iterator

import pytest

from vidclf.cli.console import errors, output, set_up_logging, tell_error, track
from vidclf.errors import TruncatedVideoWarning


@pytest.fixture(autouse=True)
def own_logging() -> Iterator[None]:
    """What a command sets up for its process, taken back."""
    root = logging.getLogger("vidclf")
    before = root.handlers, root.level, root.propagate, warnings.showwarning
    set_up_logging()
    yield
    root.handlers, root.level, root.propagate, warnings.showwarning = before


@pytest.mark.parametrize("text", ["[red]x[/red]", "[/b]", ":smile: :100:", "runs/a[1]", "x" * 500])
def test_what_is_printed_is_what_was_said(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    output.print(text)
    tell_error(text)
    logging.getLogger("vidclf.data").info("%s", text)
    out, err = capsys.readouterr()
    assert out == f"{text}\n"
    assert err == f"error: {text}\n{text}\n"


def test_nothing_that_is_said_holds_a_password(capsys: pytest.CaptureFixture[str]) -> None:
    address = "rtsp://user:hunter2@10.0.0.5/x?token=hunter2"
    tell_error(f"{address}: not there")
    logger = logging.getLogger("vidclf.video")
    logger.warning("could not open %s", address)
    try:
        raise OSError(address)
    except OSError:
        logger.exception("while reading")
    warnings.showwarning(TruncatedVideoWarning(address), TruncatedVideoWarning, "x.py", 1)
    out, err = capsys.readouterr()
    assert out == ""
    assert "hunter2" not in err
    assert err.count("rtsp://***@10.0.0.5/x?token=***") == 4


def test_warnings_of_libraries_are_not_for_users(capsys: pytest.CaptureFixture[str]) -> None:
    warnings.showwarning(UserWarning("tune your kernels"), UserWarning, "x.py", 1)
    warnings.showwarning(TruncatedVideoWarning("a.mp4 is cut off"), TruncatedVideoWarning, "x.py", 1)
    assert capsys.readouterr().err == "warning: a.mp4 is cut off\n"


def test_what_a_stream_cannot_write_is_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    buffer = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(buffer, encoding="ascii"))
    set_up_logging()
    output.print("grüßen \udcff")
    sys.stdout.flush()
    assert buffer.getvalue() == b"gr\\xfc\\xdfen \\udcff\n"


def test_without_a_terminal_tracking_shows_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert not errors.is_terminal
    assert list(track(iter("abc"), total=3, what="letters")) == ["a", "b", "c"]
    assert capsys.readouterr() == ("", "")
