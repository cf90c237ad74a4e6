"""What a browser is given to play, and how its times go with the clip's."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.video.drawing import number_of, numbered, write_video
from vidclf.errors import DecodeError
from vidclf.video import read_clip
from vidclf.web.label import Previews


def test_what_browsers_play_is_played_itself(tmp_path: Path) -> None:
    clip = write_video(tmp_path / "a.mp4", [numbered(k) for k in range(10)])
    with Previews() as previews:
        preview = previews.of(clip)
        assert (preview.path, preview.media_type) == (clip, "video/mp4")
        assert preview.frame_at(0.2) == pytest.approx((0.2, 0.24))
        assert preview.frame_at(0.23) == pytest.approx((0.2, 0.24))
        assert preview.frame_at(5.0) == pytest.approx((0.36, 0.4))
        assert previews.of(clip) is preview


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("old.avi", {"codec": "mpeg4"}),
        ("deep.mp4", {"pix_fmt": "yuv422p"}),
        ("late.mp4", {"ticks": [75, 76, 80, 81, 90, 91, 92, 93, 94, 99]}),
        ("late.mkv", {"ticks": [75, 76, 80, 81, 90, 91, 92, 93, 94, 99]}),
    ],
)
def test_of_all_else_a_copy_is_made_frame_by_frame(tmp_path: Path, name: str, settings: dict[str, object]) -> None:
    clip = write_video(tmp_path / name, [numbered(k) for k in range(10)], **settings)  # type: ignore[arg-type]
    own = read_clip(clip).pts_seconds
    with Previews() as previews:
        preview = previews.of(clip)
        assert preview.path != clip
        assert preview.media_type == "video/mp4"
        copy = read_clip(preview.path)
        assert [number_of(frame) for frame in copy.frames] == list(range(10))
        assert copy.pts_seconds[0] == 0.0
        for number, seconds in enumerate(copy.pts_seconds.tolist()):
            start, end = preview.frame_at(seconds)
            assert start == own[number]
            assert end == (own[number + 1] if number < 9 else pytest.approx(own[9] + 0.04))
    assert not preview.path.exists()


def test_a_copy_is_small_and_made_on_demand_of_any_clip(tmp_path: Path) -> None:
    clip = write_video(tmp_path / "a.mp4", [numbered(k, 720, 1280) for k in range(3)])
    with Previews() as previews:
        copy = read_clip(previews.of(clip, copy=True).path)
        assert copy.frames.shape == (3, 360, 640, 3)


def test_a_clip_that_cannot_be_read_stays_so(tmp_path: Path) -> None:
    (tmp_path / "bad.mp4").write_bytes(b"nothing of the kind")
    cut = write_video(tmp_path / "cut.avi", [numbered(k) for k in range(50)], codec="mpeg4")
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size // 2])
    with Previews() as previews:
        for name in ("bad.mp4", "missing.mp4", "cut.avi", "bad.mp4"):
            with pytest.raises(DecodeError, match=name):
                previews.of(tmp_path / name)


@pytest.mark.shared
def test_of_awkward_files_each_frame_has_its_time(shared_data: Path) -> None:
    names = ("start_time_3s.mp4", "vfr.mkv", "duplicate_pts.mkv", "xvid_packed_bframes.avi", "h264_10bit.mp4")
    names += ("ts_cat_timestamps_jump_back.ts", "rot90.mp4", "size_change.mkv", "animated.gif", "raw_elementary.h264")
    with Previews() as previews:
        for name in names:
            preview = previews.of(shared_data / "decoder" / name)
            own = read_clip(shared_data / "decoder" / name).pts_seconds
            assert preview.pts_seconds == pytest.approx(own, abs=1e-6), name
            assert read_clip(preview.path).pts_seconds == pytest.approx(preview.shown_seconds, abs=1e-4), name
