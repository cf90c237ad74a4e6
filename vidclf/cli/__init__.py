"""The command line: one file a verb, each parses, calls and prints.

Exit codes: 0 done; 1 done, but some inputs failed; 2 wrong usage or config; 4 stopped by something named;
130 stopped by the user. Results go to stdout, everything else to stderr.
"""

from __future__ import annotations

import sys

import typer

from vidclf.cli import config, data, doctor, evaluate, predict, synth, train
from vidclf.cli.console import set_up_logging, tell_error
from vidclf.errors import VidclfError

app = typer.Typer(
    name="vidclf",
    help="Recognise what happens in video: train on your own clips, evaluate, predict.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.command("train")(train.train_command)
app.command("evaluate")(evaluate.evaluate_command)
app.command("predict")(predict.predict_command)
app.add_typer(data.app, name="data")
app.add_typer(synth.app, name="synth")
app.add_typer(config.app, name="config")
app.command("doctor")(doctor.doctor_command)


def main() -> None:
    """Run the command line and exit with its code."""
    set_up_logging()
    try:
        app()
    except VidclfError as error:
        tell_error(str(error))
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        tell_error("stopped; what was finished is kept")
        sys.exit(130)
