"""Data sets that come as a zip are read as they are: unpacked aside for as long as the process lives."""

from __future__ import annotations

import atexit
import shutil
import tempfile
import zipfile
from functools import cache
from pathlib import Path

from vidclf.errors import ManifestError, StoppedError


def is_archive(path: Path) -> bool:
    """Whether a path is a zip, by its name and its content."""
    return path.suffix.lower() == ".zip" and zipfile.is_zipfile(path)


@cache
def unpacked(path: Path) -> Path:
    """A folder with what a zip holds, which goes when the process ends.

    Raises:
        ManifestError: it is damaged or encrypted.
        StoppedError: there is no room for it.
    """
    folder = Path(tempfile.mkdtemp(prefix="vidclf-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    try:
        with zipfile.ZipFile(path) as archive:
            needed, free = sum(info.file_size for info in archive.infolist()), shutil.disk_usage(folder).free
            if needed > free:
                raise StoppedError(
                    f"{path}: unpacked it takes {needed / 1e9:.1f} GB, and {folder.parent} has {free / 1e9:.1f} GB "
                    "free. Free some space there, or set TMPDIR to a folder elsewhere."
                )
            archive.extractall(folder)  # never writes outside of the folder, whatever the names within say
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError) as error:
        raise ManifestError(f"{path}: this zip cannot be unpacked ({error}). Copy it again, or unpack it.") from None
    except OSError as error:
        raise StoppedError(f"{folder}: {path} cannot be unpacked there ({error.strerror or error}).") from None
    return folder
