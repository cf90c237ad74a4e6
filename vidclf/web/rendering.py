"""Templates of the pages."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.templating import Jinja2Templates

from vidclf.secrets import redact

templates = Jinja2Templates(
    env=Environment(
        loader=PackageLoader("vidclf.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # Markup is ours; any other text may hold an address with a password.
        finalize=lambda value: redact(value) if type(value) is str else value,
    )
)
