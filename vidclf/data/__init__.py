"""Which clips there are, who may see them, and how they become batches."""

from vidclf.data.augmentation import Augmentation
from vidclf.data.batches import BadClip, Batch, ClipDataset, pad_clips
from vidclf.data.layouts import read_manifest, write_csv
from vidclf.data.manifest import ClipEntry, Manifest
from vidclf.data.reader import ClipReader
from vidclf.data.splits import decided, split_by_group, split_hash

__all__ = [
    "Augmentation",
    "BadClip",
    "Batch",
    "ClipDataset",
    "ClipEntry",
    "ClipReader",
    "Manifest",
    "decided",
    "pad_clips",
    "read_manifest",
    "split_by_group",
    "split_hash",
    "write_csv",
]
