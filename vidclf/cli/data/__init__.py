"""`vidclf data`: one file a verb."""

from __future__ import annotations

import typer

from vidclf.cli.data import show

app = typer.Typer(help="The clips.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """The clips."""


app.command("show")(show.show_command)
