"""Local pages: they call and show, and never compute.

`app.py` puts pages together, `guard.py` says who may see them, `server.py` runs them on the loopback. A page is a
router; what a page needs beside it lives in a folder of its name.
"""

from vidclf.errors import MissingExtraError

try:
    import fastapi  # noqa: F401
    import uvicorn  # noqa: F401
except ImportError as error:
    raise MissingExtraError(f"the local pages need {error.name}: pip install 'vidclf[web]'.") from None
