"""What a terminal shows: a progress bar where there is one, plain lines elsewhere; never a secret."""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Iterable, Iterator
from io import TextIOWrapper
from typing import TypeVar

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from vidclf.errors import VidclfError
from vidclf.secrets import redact

Item = TypeVar("Item")

# What is printed holds paths and class names: brackets and colons in them are no markup and no emoji.
errors = Console(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True)
output = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)


def set_up_logging() -> None:
    """Send what the package says, and its warnings, to stderr as plain sentences."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a file's name need not be text the terminal knows
    handler = logging.StreamHandler(_Stderr())
    handler.setFormatter(_Redacting("%(message)s"))
    root = logging.getLogger("vidclf")
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    root.propagate = False
    warnings.showwarning = _show_warning


def tell_error(message: str) -> None:
    """Print an error for the user."""
    errors.print(f"error: {redact(message)}", style="red" if errors.is_terminal else None)


def track(items: Iterable[Item], *, total: int, what: str) -> Iterator[Item]:
    """Show a bar while items pass, on a terminal; elsewhere show nothing."""
    if not errors.is_terminal:
        yield from items
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=errors, transient=True) as progress:
        yield from progress.track(items, total=total, description=what)


def run_tool(app: typer.Typer) -> None:
    """Run a script of tools or demos, and exit with the codes of `vidclf`."""
    set_up_logging()
    try:
        app()
    except VidclfError as error:
        tell_error(str(error))
        sys.exit(error.exit_code)


class _Stderr:
    """Writes to the console, above a progress bar where one stands."""

    def write(self, text: str) -> int:
        errors.print(text, end="")
        return len(text)

    def flush(self) -> None:
        sys.stderr.flush()


class _Redacting(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


def _show_warning(message: Warning | str, category: type[Warning], *_: object, **__: object) -> None:
    # The user's own warnings are sentences; those of libraries are for developers.
    if category.__module__.startswith("vidclf"):
        logging.getLogger("vidclf").warning("warning: %s", message)
