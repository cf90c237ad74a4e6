"""What a killed training needs to go on: tensors in safetensors, the rest in JSON, written whole or not at all.

All draws of a training depend on its seed, the epoch and the clip, so no random state has to be kept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy.typing as npt
import torch

from vidclf.errors import RunError
from vidclf.package import read_json, read_tensors, write_json, write_tensors

_TENSOR = "__tensor__"
_NAME = re.compile(r"epoch-(\d+)\.json")


def save_state(folder: Path, epoch: int, tree: Mapping[str, Any]) -> None:
    """Write the state after an epoch, then drop those of earlier epochs.

    Args:
        folder: the run's `state` folder.
        epoch: how many epochs are done.
        tree: nested dicts and lists of tensors and plain values.
    """
    tensors: dict[str, npt.NDArray[Any]] = {}
    plain = _without_tensors(tree, "", tensors)
    write_tensors(folder / f"epoch-{epoch}.safetensors", tensors)
    # The JSON comes last: where it stands, the tensors stand too.
    write_json(folder / f"epoch-{epoch}.json", plain)
    for file in folder.glob("epoch-*"):
        if file.stem != f"epoch-{epoch}":
            file.unlink()


def last_epoch(folder: Path) -> int | None:
    """How many epochs the newest state has done; None where there is no state."""
    epochs = [int(match[1]) for file in folder.glob("epoch-*.json") if (match := _NAME.fullmatch(file.name))]
    return max(epochs, default=None)


def load_state(folder: Path) -> dict[str, Any]:
    """Read the newest state.

    Raises:
        RunError: there is none, or it is damaged.
    """
    epoch = last_epoch(folder)
    if epoch is None:
        raise RunError(f"{folder}: there is no state to resume from; the training had not finished an epoch.")
    plain = read_json(folder / f"epoch-{epoch}.json")
    tree = _with_tensors(plain, read_tensors(folder / f"epoch-{epoch}.safetensors"))
    assert isinstance(tree, dict)
    return tree


def _without_tensors(node: Any, path: str, tensors: dict[str, npt.NDArray[Any]]) -> Any:
    if isinstance(node, torch.Tensor):
        tensors[path] = node.detach().cpu().contiguous().numpy()
        return {_TENSOR: path}
    if isinstance(node, Mapping):
        return {str(key): _without_tensors(value, f"{path}/{key}", tensors) for key, value in node.items()}
    if isinstance(node, list | tuple):
        return [_without_tensors(value, f"{path}/{key}", tensors) for key, value in enumerate(node)]
    return node


def _with_tensors(node: Any, tensors: Mapping[str, npt.NDArray[Any]]) -> Any:
    if isinstance(node, dict):
        if _TENSOR in node:
            return torch.from_numpy(tensors[node[_TENSOR]].copy())
        # JSON has no numbers as keys, and an optimizer's state is kept by number.
        return {int(key) if key.isdigit() else key: _with_tensors(value, tensors) for key, value in node.items()}
    if isinstance(node, list):
        return [_with_tensors(value, tensors) for value in node]
    return node
