"""Which clips there are, who may see them, and how they become batches.

Names are loaded when they are first used: processes that only read files do without PyTorch and scikit-learn.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vidclf.data.augmentation import Augmentation, suggest_flip_labels
    from vidclf.data.batches import BadClip, Batch, ClipDataset, pad_clips
    from vidclf.data.identities import makers_of, read_identities
    from vidclf.data.layouts import read_manifest, write_csv
    from vidclf.data.manifest import ClipEntry, Manifest
    from vidclf.data.reader import ClipReader
    from vidclf.data.splits import decided, folds_by_group, read_folds, split_by_group, split_hash
    from vidclf.data.stills import StillDataset

_HOME = {
    "Augmentation": "vidclf.data.augmentation",
    "BadClip": "vidclf.data.batches",
    "Batch": "vidclf.data.batches",
    "ClipDataset": "vidclf.data.batches",
    "ClipEntry": "vidclf.data.manifest",
    "ClipReader": "vidclf.data.reader",
    "Manifest": "vidclf.data.manifest",
    "StillDataset": "vidclf.data.stills",
    "decided": "vidclf.data.splits",
    "folds_by_group": "vidclf.data.splits",
    "makers_of": "vidclf.data.identities",
    "pad_clips": "vidclf.data.batches",
    "read_folds": "vidclf.data.splits",
    "read_identities": "vidclf.data.identities",
    "read_manifest": "vidclf.data.layouts",
    "split_by_group": "vidclf.data.splits",
    "split_hash": "vidclf.data.splits",
    "suggest_flip_labels": "vidclf.data.augmentation",
    "write_csv": "vidclf.data.layouts",
}

__all__ = [
    "Augmentation",
    "BadClip",
    "Batch",
    "ClipDataset",
    "ClipEntry",
    "ClipReader",
    "Manifest",
    "StillDataset",
    "decided",
    "folds_by_group",
    "makers_of",
    "pad_clips",
    "read_folds",
    "read_identities",
    "read_manifest",
    "split_by_group",
    "split_hash",
    "suggest_flip_labels",
    "write_csv",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'vidclf.data' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)
