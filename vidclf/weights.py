"""Weight files: found by name and checked by hash, downloaded where there is a network, never executed."""

from __future__ import annotations

import pickle
import re
import shutil
import urllib.request
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError

from vidclf.errors import WeightsError
from vidclf.files import appearing, hash_file

if TYPE_CHECKING:
    from torch import Tensor

_WRAPPERS = ("state_dict", "model_state_dict", "model")


def fetch_weights(
    url: str, folder: Path, *, sha256: str, otherwise: str = "Or train without: model.weights=none."
) -> Path:
    """The local copy of a published weights file, downloaded when it is not there yet.

    Args:
        url: where it is published.
        folder: where local copies lie.
        sha256: the hash of the file in hexadecimal, or the first digits of it.
        otherwise: what a user can do who cannot get the file.

    Raises:
        WeightsError: it is not there and cannot be downloaded, or its hash differs.
    """
    path = folder / url.rpartition("/")[2]
    if path.exists():
        _check_hash(path, sha256, f"{path}: the file", f"delete it, and it is downloaded again from {url}")
    else:
        with appearing(path) as part:
            _download(url, part, path, sha256, otherwise)
            _check_hash(part, sha256, f"{path.name}: what came from {url}", "try again")
    return path


def read_state_dict(path: str | Path) -> dict[str, Tensor]:
    """Read a state_dict from a safetensors or a PyTorch file; nothing in it is executed.

    Raises:
        WeightsError: there is no such file, or it holds no state_dict.
    """
    import torch
    from safetensors.torch import load_file

    path = Path(path)
    if not path.is_file():
        raise WeightsError(f"{path}: there is no such weights file. Check model.weights.")
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        content: Any = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # each PyTorch, and each kind of damage, raises another class
        raise WeightsError(f"{path}: {_why_unreadable(error)}") from None
    for wrapper in _WRAPPERS:
        if isinstance(content, dict) and isinstance(content.get(wrapper), dict):
            content = content[wrapper]
    if not (isinstance(content, dict) and content and all(isinstance(v, torch.Tensor) for v in content.values())):
        raise WeightsError(f"{path}: it holds no state_dict (names with tensors).")
    return content


def _check_hash(path: Path, sha256: str, what: str, advice: str) -> None:
    digest = hash_file(path)
    if not digest.startswith(sha256):
        raise WeightsError(
            f"{what} has the sha256 {digest}, but {_hash_words(sha256)} was expected. It may be cut off; {advice}."
        )


def _download(url: str, part: Path, path: Path, sha256: str, otherwise: str) -> None:
    try:
        with urllib.request.urlopen(url, timeout=30) as response, part.open("wb") as file:
            shutil.copyfileobj(response, file)
    except (OSError, HTTPException) as error:  # URLError is an OSError
        reason = getattr(error, "reason", None) or error
        if isinstance(error, HTTPError):
            error.close()  # it is the server's answer as well, and holds the connection
        raise WeightsError(
            f"{path.name} is needed and could not be downloaded from {url} ({reason}). Download it on a machine "
            f"with a network and put it at {path}; {_hash_words(sha256)}. {otherwise}"
        ) from None


def _hash_words(sha256: str) -> str:
    return f"sha256 {sha256}" if len(sha256) == 64 else f"a sha256 that begins with {sha256}"


def _why_unreadable(error: Exception) -> str:
    # PyTorch's own words advise to execute the file after all; the name of what it refused is what is of use.
    if refused := re.search(r"Unsupported global: GLOBAL (\S+)", str(error)):
        return (
            f"it holds more than tensors ({refused[1]}), and vidclf does not execute what is in a file. "
            "Save its state_dict alone, best as safetensors."
        )
    if isinstance(error, pickle.UnpicklingError):
        return "it cannot be read as weights (it is no file of PyTorch's)."
    first_line = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return f"it cannot be read as weights ({first_line.rstrip('.')})."
