"""Runs `vidclf` commands in processes of their own.

Most commands run in a process forked from one that has imported the heavy libraries already: the same code in a
fresh process, without the seconds that importing PyTorch takes each time.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.processes import CONTEXT

# A training of seconds on one core; it need not learn anything.
TINY = ("prep.size=32", "prep.frames=6", "model.hidden=8", "train.epochs=2", "train.batch=6", "data.cache=memory")

# As a plain terminal would have it, whatever the tests are run in; and no more threads than the machine can bear.
_ENVIRONMENT = {"OMP_NUM_THREADS": "1", "COLUMNS": "120", "NO_COLOR": "1", "PYTHONFAULTHANDLER": "1"}
_PATIENCE_SECONDS = 120


@dataclass(frozen=True)
class Done:
    """What a command left: its exit code, and what it wrote."""

    code: int
    out: str
    err: str


def vidclf(
    *words: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None, without: str = ""
) -> Done:
    """Run a command and wait for its end; `without` names a library to do as if it were not installed."""
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        environment = {**_ENVIRONMENT, **(env or {})}
        process = CONTEXT.Process(target=_run, args=([*map(str, words)], cwd, environment, without, out, err))
        process.start()
        process.join(_PATIENCE_SECONDS)
        if process.is_alive():
            process.kill()
            process.join()
            raise AssertionError(f"vidclf {words} did not end; it wrote {err.read_text()}")
        assert process.exitcode is not None
        return _done(process.exitcode, out.read_bytes(), err.read_bytes())


def python(*words: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> Done:
    """Run Python afresh, as a user would."""
    result = subprocess.run(
        [sys.executable, *map(str, words)],
        cwd=cwd,
        env={**os.environ, **_ENVIRONMENT, **(env or {})},
        capture_output=True,
        timeout=_PATIENCE_SECONDS,
        check=False,
    )
    return _done(result.returncode, result.stdout, result.stderr)


def _run(words: list[str], cwd: Path | None, env: Mapping[str, str], without: str, out: Path, err: Path) -> None:
    for path, stream in ((out, 1), (err, 2)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), stream)
    os.environ.update(env)
    if cwd is not None:
        os.chdir(cwd)
    if without:
        sys.modules[without] = None  # type: ignore[assignment]
    sys.argv = ["vidclf", *words]
    import torch

    from vidclf.cli import main

    torch.set_num_threads(1)
    main()


def _done(code: int, out: bytes, err: bytes) -> Done:
    done = Done(code, out.decode(errors="surrogateescape"), err.decode(errors="surrogateescape"))
    # Whatever happens, nobody is shown a stack trace.
    assert "Traceback (most recent call last)" not in done.out + done.err, done.err
    return done
