"""Weight files: found by name and checked by hash, downloaded where there is a network, never executed."""

from __future__ import annotations

import hashlib
import os
import tempfile
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vidclf.errors import WeightsError

if TYPE_CHECKING:
    from torch import Tensor

_WRAPPERS = ("state_dict", "model_state_dict", "model")


def fetch_weights(url: str, folder: Path, *, sha256: str) -> Path:
    """The local copy of a published weights file, downloaded when it is not there yet.

    Args:
        url: where it is published.
        folder: where local copies lie.
        sha256: the hash of the file in hexadecimal, or the first digits of it.

    Raises:
        WeightsError: it is not there and cannot be downloaded, or its hash differs.
    """
    path = folder / url.rpartition("/")[2]
    if not path.exists():
        _download(url, path, sha256)
    digest = hash_file(path)
    if not digest.startswith(sha256):
        raise WeightsError(
            f"{path}: the file's sha256 is {digest}, but {_hash_words(sha256)} was expected. It may be cut off; "
            f"delete it, and it will be downloaded again from {url}."
        )
    return path


def read_state_dict(path: str | Path) -> dict[str, Tensor]:
    """Read a state_dict from a safetensors or a PyTorch file; nothing in it is executed.

    Raises:
        WeightsError: there is no such file, or it holds no state_dict.
    """
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    path = Path(path)
    if not path.is_file():
        raise WeightsError(f"{path}: there is no such weights file. Check model.weights.")
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        content: Any = torch.load(path, map_location="cpu", weights_only=True)
    except (SafetensorError, RuntimeError, EOFError, OSError, ValueError, KeyError, ImportError) as error:
        raise WeightsError(f"{path}: it cannot be read as weights ({_first_line(error)}).") from None
    except Exception as error:  # pickle's own error class differs between PyTorch versions
        raise WeightsError(
            f"{path}: it holds more than tensors, and vidclf does not execute what is in a file "
            f"({_first_line(error)}). Save its state_dict alone, best as safetensors."
        ) from None
    for wrapper in _WRAPPERS:
        if isinstance(content, dict) and isinstance(content.get(wrapper), dict):
            content = content[wrapper]
    if not (isinstance(content, dict) and content and all(isinstance(v, torch.Tensor) for v in content.values())):
        raise WeightsError(f"{path}: it holds no state_dict (names with tensors).")
    return content


def hash_file(path: Path) -> str:
    """The sha256 of a file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _download(url: str, path: Path, sha256: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with urllib.request.urlopen(url, timeout=30) as response, os.fdopen(handle, "wb") as file:
            while block := response.read(1 << 20):
                file.write(block)
        Path(part).replace(path)
    except (urllib.error.URLError, OSError) as error:
        reason = getattr(error, "reason", None) or error
        raise WeightsError(
            f"{path.name} is needed and could not be downloaded from {url} ({reason}). Download it on a machine "
            f"with a network and put it at {path}; {_hash_words(sha256)}. Or train without: model.weights=none."
        ) from None
    finally:
        Path(part).unlink(missing_ok=True)


def _hash_words(sha256: str) -> str:
    return f"sha256 {sha256}" if len(sha256) == 64 else f"a sha256 that begins with {sha256}"


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
