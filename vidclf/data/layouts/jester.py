"""20BN-Jester: a folder of numbered frames a clip, and `;`-separated lists of clips and labels.

    20bn-jester-v1/1/00001.jpg ...
    jester-v1-train.csv, jester-v1-validation.csv    34870;Drumming Fingers
    jester-v1-test.csv                               1420        (without labels)
    jester-v1-labels.csv                             Swiping Left

Source: Materzynska et al., The Jester Dataset, ICCV Workshops 2019. The lists may lie in a folder of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from vidclf.data.layouts.folders import subfolders
from vidclf.data.layouts.layout import SPLIT_NAMES, Layout, Request, Skipped, clip_entry
from vidclf.data.layouts.lists import beside, lines_of
from vidclf.data.manifest import ClipEntry

_LIST = re.compile(r"jester-v\d+-(train|validation|test)\.csv")


def _read(request: Request) -> Iterator[ClipEntry | Skipped]:
    lists = _lists(request.path)
    labels = {label for path in beside(lists[0].parent, "jester-v*-labels.csv") for _, label in lines_of(path)}
    rows = [(_split(path), where, *line.partition(";")) for path in lists for where, line in lines_of(path)]
    frames = _frames(request.root, {number for _, _, number, _, _ in rows})
    for split, where, number, _, label in rows:
        if not label:
            yield Skipped(number, "it has no label, as is usual in the test list", broken=split != "test")
        elif labels and label not in labels:
            yield Skipped(f"{where}: {label}", "its class is not in the list of labels")
        elif frames is None or not (frames / number).is_dir():
            yield Skipped(number, f"there is no folder of frames for it below {request.root}")
        else:
            yield clip_entry(frames / number, request.root, label, split=split)


def _frames(root: Path, numbers: set[str]) -> Path | None:
    """The folder that holds the clips' folders: the root, or one right in it."""
    if _holds(root, numbers):
        return root
    return next((folder for folder in subfolders(root) if _holds(folder, numbers)), None)


def _holds(folder: Path, numbers: set[str]) -> bool:
    return any(inner.name in numbers and inner.is_dir() for inner in folder.iterdir())


def _split(path: Path) -> str:
    match = _LIST.fullmatch(path.name)
    return SPLIT_NAMES[match[1]] if match else ""


def _lists(path: Path) -> list[Path]:
    found = [path] if path.is_file() else beside(path, "jester-v*-*.csv")
    return [file for file in found if _LIST.fullmatch(file.name)]


LAYOUT = Layout("jester", "lists named like jester-v1-train.csv", lambda path: bool(_lists(path)), _read)
