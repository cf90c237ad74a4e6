"""The command line: one file a verb, each parses, calls and prints.

Exit codes: 0 done; 1 done, but some inputs failed; 2 wrong usage or config; 3 a gallery that belongs to
another embedder; 4 stopped by something named; 130 stopped by the user. Results go to stdout, everything else to
stderr.
"""

from __future__ import annotations

import sys

import typer

from vidclf.cli import (
    cache,
    compare,
    config,
    data,
    doctor,
    enroll,
    ensemble,
    evaluate,
    live,
    predict,
    synth,
    train,
    tune,
)
from vidclf.cli.console import set_up_logging, tell_error
from vidclf.errors import StoppedError, UsageError, VidclfError

app = typer.Typer(
    name="vidclf",
    help="Recognise what happens in video: train on your own clips, evaluate, predict.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.command("train")(train.train_command)
app.command("compare")(compare.compare_command)
app.command("tune")(tune.tune_command)
app.command("evaluate")(evaluate.evaluate_command)
app.command("ensemble")(ensemble.ensemble_command)
app.command("predict")(predict.predict_command)
app.command("live")(live.live_command)
app.command("tune-live")(live.tune_live_command)
app.add_typer(enroll.app, name="enroll")
app.add_typer(data.app, name="data")
app.add_typer(cache.app, name="cache")
app.add_typer(synth.app, name="synth")
app.add_typer(config.app, name="config")
app.command("doctor")(doctor.doctor_command)

_STOPPED_BY_USER = 130  # Typer's own code for it


def main() -> None:
    """Run the command line and exit with its code."""
    set_up_logging()
    sys.exit(_run())


def _run() -> int:
    try:
        if "" in sys.argv[1:]:  # a path would mean the working folder
            raise UsageError("an argument is empty; is a variable of the shell not set?")
        code = int(app(standalone_mode=False) or 0)
    except typer.TyperException as error:  # wrong words; Typer would print a password among them as it is
        if words := error.format_message():  # none where a verb is missing and the help was shown
            tell_error(f"{words.rstrip('.')}. See vidclf --help, or the --help of its commands.")
        return error.exit_code
    except VidclfError as error:
        tell_error(str(error))
        return error.exit_code
    except OSError as error:  # what the system refuses anywhere: a full disk, a folder that may not be written to
        tell_error(f"{error.filename}: {error.strerror}." if error.filename else f"{error}.")
        return StoppedError.exit_code
    except MemoryError as error:
        tell_error(f"the memory is used up. {error}".strip())
        return StoppedError.exit_code
    if code == _STOPPED_BY_USER:
        tell_error("stopped; what was finished is kept")
    return code
