"""Reading video: sources, clips, sampling in time, the one resize."""

from vidclf.video import sampling
from vidclf.video.capture import Capture
from vidclf.video.damage import OnTruncated
from vidclf.video.limits import Limits
from vidclf.video.reader import Sampling, open_source, read_clip
from vidclf.video.resize import Resizer, resize_frames
from vidclf.video.sampling import Picked
from vidclf.video.source import VideoSource
from vidclf.video.write import write_video

__all__ = [
    "Capture",
    "Limits",
    "OnTruncated",
    "Picked",
    "Resizer",
    "Sampling",
    "VideoSource",
    "open_source",
    "read_clip",
    "resize_frames",
    "sampling",
    "write_video",
]
