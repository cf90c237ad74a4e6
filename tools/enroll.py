"""Enrol people, and ask who somebody is: `vidclf enroll` as a tool of its own.

    python tools/enroll.py add anna anna.jpg --embedder faces.yaml --gallery people.db
    python tools/enroll.py identify party.jpg --embedder faces.yaml --gallery people.db

Nothing here checks for a living person: a photograph of somebody passes for them. It is not a lock.
"""

from __future__ import annotations

import sys

from vidclf.cli import main

if __name__ == "__main__":
    sys.argv[1:1] = ["enroll"]
    main()
