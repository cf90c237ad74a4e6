"""What was decoded or computed once, kept on disk for the next epoch, process and training."""

from vidclf.data.cache.content import content_hash
from vidclf.data.cache.entries import Arrays
from vidclf.data.cache.folder import cache_folder
from vidclf.data.cache.frames import ClipKeys, FrameCache, read_entry, read_fitted
from vidclf.data.cache.store import KINDS, EntryStore, Usage, clear, entry_key, usage

__all__ = [
    "KINDS",
    "Arrays",
    "ClipKeys",
    "EntryStore",
    "FrameCache",
    "Usage",
    "cache_folder",
    "clear",
    "content_hash",
    "entry_key",
    "read_entry",
    "read_fitted",
    "usage",
]
