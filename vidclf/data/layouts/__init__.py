"""How data sets lie on disk; one file a layout, each giving rows of the one manifest.

To add one: a file with a `LAYOUT`, and its place in the table of `importing.py`.
"""

from vidclf.data.layouts.importing import (
    Imported,
    detect_layout,
    expanded,
    import_clips,
    read_manifest,
    write_imported,
)
from vidclf.data.layouts.layout import Skipped, summary
from vidclf.data.layouts.table import read_csv, write_csv

__all__ = [
    "Imported",
    "Skipped",
    "detect_layout",
    "expanded",
    "import_clips",
    "read_csv",
    "read_manifest",
    "summary",
    "write_csv",
    "write_imported",
]
