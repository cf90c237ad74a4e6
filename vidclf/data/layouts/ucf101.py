"""UCF101: videos in a folder a class, and three published ways to divide them.

    UCF-101/ApplyEyeMakeup/v_ApplyEyeMakeup_g08_c01.avi
    ucfTrainTestlist/classInd.txt       1 ApplyEyeMakeup
    ucfTrainTestlist/trainlist01.txt    ApplyEyeMakeup/v_ApplyEyeMakeup_g08_c01.avi 1
    ucfTrainTestlist/testlist01.txt     ApplyEyeMakeup/v_ApplyEyeMakeup_g01_c01.avi

Clips of a class that share `_g08_` were cut from one recording: they are a group. The numbers of groups begin anew
in each class, so the class belongs to the group's name.

Source: Soomro et al., UCF101, CRCV-TR-12-01, 2012.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from vidclf.data.layouts.finder import ClipFinder
from vidclf.data.layouts.layout import Layout, Request, Skipped, clip_entry
from vidclf.data.layouts.lists import beside, lines_of
from vidclf.data.manifest import ClipEntry
from vidclf.errors import ManifestError

_GROUP = re.compile(r"_(g\d+)_c\d+$")


def _read(request: Request) -> Iterator[ClipEntry | Skipped]:
    lists = beside(request.path, "classInd.txt")[0].parent
    classes = dict(line.split(maxsplit=1) for _, line in lines_of(lists / "classInd.txt") if " " in line)
    finder = ClipFinder(request.root)
    for split in ("train", "test"):
        listed = lists / f"{split}list{request.official_split:02d}.txt"
        if not listed.is_file():
            raise ManifestError(
                f"{listed}: there is no such list. UCF101 has the splits 1, 2 and 3; choose one with "
                "--official-split."
            )
        for where, line in lines_of(listed):
            yield _clip(finder, where, line, split, classes)


def _clip(finder: ClipFinder, where: str, line: str, split: str, classes: dict[str, str]) -> ClipEntry | Skipped:
    name, _, number = line.partition(" ")
    label = PurePosixPath(name).parent.name
    if label not in classes.values() or (number and classes.get(number) != label):
        return Skipped(f"{where}: {line}", "it does not agree with the classes in classInd.txt")
    path = finder.find(name)
    if path is None:
        return Skipped(name, f"there is no such video below {finder.root}")
    group = _GROUP.search(PurePosixPath(name).stem)
    return clip_entry(path, finder.root, label, group=f"{label}_{group[1]}" if group else "", split=split)


def _detect(path: Path) -> bool:
    return bool(beside(path, "classInd.txt") and beside(path, "trainlist0*.txt"))


LAYOUT = Layout("ucf101", "classInd.txt and trainlist01.txt", _detect, _read)
