"""Templates of the pages."""

from __future__ import annotations

from starlette.templating import Jinja2Templates

from vidclf.draw.templating import make_environment

templates = Jinja2Templates(env=make_environment("vidclf.web"))
