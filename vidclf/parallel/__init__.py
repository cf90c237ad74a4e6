"""Work on one clip at a time, several at once: in threads, in processes that may die, or on a Ray cluster."""

from vidclf.parallel.clips import Where, map_clips, map_in_order
from vidclf.parallel.outcomes import Lost
from vidclf.parallel.processes import count_cores
from vidclf.parallel.threads import map_ahead

__all__ = ["Lost", "Where", "count_cores", "map_ahead", "map_clips", "map_in_order"]
