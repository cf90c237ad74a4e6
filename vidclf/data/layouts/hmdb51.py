"""HMDB51: videos in a folder a class, and for each class three published ways to divide them.

    brush_hair/April_09_brush_hair_u_nm_np1_ba_goo_0.avi
    testTrainMulti_7030_splits/brush_hair_test_split1.txt    April_09_brush_hair_u_nm_np1_ba_goo_0.avi 1

The number says: 1 train, 2 test, 0 in neither.

Source: Kuehne et al., HMDB: a large video database for human motion recognition, ICCV 2011.
"""

from __future__ import annotations

from collections.abc import Iterator

from vidclf.data.layouts.finder import ClipFinder
from vidclf.data.layouts.layout import Layout, Request, Skipped, clip_entry
from vidclf.data.layouts.lists import beside, lines_of
from vidclf.data.manifest import ClipEntry
from vidclf.errors import ManifestError

_SPLITS = {"1": "train", "2": "test"}


def _read(request: Request) -> Iterator[ClipEntry | Skipped]:
    end = f"_test_split{request.official_split}.txt"
    lists = beside(request.path, f"*{end}")
    if not lists:
        raise ManifestError(
            f"{request.path}: there are no lists named *{end}. HMDB51 has the splits 1, 2 and 3; choose one with "
            "--official-split."
        )
    finder = ClipFinder(request.root)
    for listed in lists:
        label = listed.name.removesuffix(end)
        for where, line in lines_of(listed):
            name, _, number = line.rpartition(" ")
            if number == "0":
                yield Skipped(name, f"it is in neither part of split {request.official_split}", broken=False)
            elif number not in _SPLITS:
                yield Skipped(where, "it does not end with 0, 1 or 2")
            elif path := finder.find(f"{label}/{name.strip()}"):
                yield clip_entry(path, request.root, label, split=_SPLITS[number])
            else:
                yield Skipped(f"{label}/{name}", f"there is no such video below {request.root}")


LAYOUT = Layout(
    "hmdb51", "lists named like wave_test_split1.txt", lambda path: bool(beside(path, "*_test_split[123].txt")), _read
)
