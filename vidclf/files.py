"""Files: written whole or not at all, and told by their hash."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vidclf.errors import StoppedError, VidclfError


@contextmanager
def appearing(path: Path) -> Iterator[Path]:
    """Where to write a file that takes the name `path` once the block has ended without an error.

    The folder is made. After an error, or a kill, what stood at `path` before still stands there.

    Raises:
        StoppedError: the file system refuses the file (disk full, no permission).
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # A folder, so that the file within gets the permissions of any new file; mkstemp's are its owner's alone.
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
            part = Path(folder) / path.name
            yield part
            with part.open("rb") as file:
                os.fsync(file.fileno())
            part.replace(path)
    except VidclfError:
        raise  # some are OSErrors too: what is written may come from a source that is missing
    except OSError as error:
        raise StoppedError(
            f"{path}: it cannot be written ({error.strerror or error}). Free some space there, or write elsewhere."
        ) from None


def hash_file(path: Path) -> str:
    """The sha256 of a file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
