"""Options that several verbs have."""

from __future__ import annotations

from typing import Annotated

import typer

from vidclf.parallel import Where

On = Annotated[
    Where, typer.Option("--on", help="local: this machine; ray: a Ray cluster, whose nodes see the same files.")
]
