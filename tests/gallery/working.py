"""A program that enrols and removes until it is killed, and says what was acknowledged. Run in a process of its own.

python -m tests.gallery.working GALLERY NAME [COUNT]
"""

from __future__ import annotations

import sys

from tests.gallery.projecting import Projection, crop
from vidclf.gallery import Gallery


def main(path: str, worker: str, count: int) -> None:
    """Enrol people of two templates each, and remove every third again; a line before and after each."""
    with Gallery.open(path, Projection()) as gallery:
        for number in range(count):
            name = f"{worker}{number}"
            print("enrol", name, flush=True)
            gallery.enrol(name, [crop(number, 0), crop(number, 1)])
            print("enrolled", name, flush=True)
            if number % 3 == 2:
                name = f"{worker}{number - 1}"
                print("remove", name, flush=True)
                gallery.remove(name)
                print("removed", name, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 1_000_000)
