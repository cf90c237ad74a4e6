"""`vidclf data label`."""

from __future__ import annotations

import os
import sys
import webbrowser
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from vidclf.cli.console import errors, output


def label_command(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder of videos, with folders in it or none.")],
    run: Annotated[
        Path | None, typer.Option(help="A run folder: proposes labels, the least sure clips first.")
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on this computer; 0: a free one.")] = 0,
    out: Annotated[Path | None, typer.Option(help="The manifest to write or go on with; DIR/manifest.csv.")] = None,
    labels: Annotated[str, typer.Option(help="Labels with commas between, in the order of their keys.")] = "",
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Print the address, open nothing.")] = False,
) -> None:
    """Choose labels by keys on a local page; each is saved at once, and the next start goes on from there."""
    from vidclf.infer import load
    from vidclf.web.label import LabelStore, Previews, Proposer, Session, label_page
    from vidclf.web.server import LocalServer

    predictor = load(run) if run else None
    store = LabelStore(folder, out)
    session = Session(store, labels.split(",") if labels else [], known=predictor.classes if predictor else ())
    with ExitStack() as stack:
        previews = stack.enter_context(Previews())
        server = stack.enter_context(LocalServer([label_page(session, previews, title=folder.name)], port=port))
        if predictor:
            stack.enter_context(Proposer(session, predictor))
        url = server.url("/label")
        output.print(url)
        errors.print("Open this address in a browser on this computer. Ctrl-C ends; everything chosen is saved.")
        if not no_browser and _has_display():
            webbrowser.open(url)
        server.run()
    last = session.view()
    errors.print(f"{last.num_done} of {last.num_clips} clips are decided: {store.table}")


def _has_display() -> bool:
    """Whether a browser has a window to open; without one, Python may start a browser within the terminal."""
    return sys.platform != "linux" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
