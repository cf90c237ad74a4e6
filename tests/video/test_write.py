from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest

from vidclf.errors import NotAVideoError, StoppedError, UsageError
from vidclf.video.write import write_video


def decode(path: Path) -> tuple[np.ndarray, list[float]]:
    with av.open(str(path)) as container:
        frames = [(frame.to_ndarray(format="rgb24"), float(frame.time)) for frame in container.decode(video=0)]
    return np.stack([picture for picture, _ in frames]), [time for _, time in frames]


@pytest.fixture
def patches() -> np.ndarray:
    """Ten times one picture of 4 x 4 patches of strong colours, 96 x 128."""
    colours = np.random.default_rng(0).integers(0, 256, (4, 4, 3)).astype(np.uint8)
    picture = colours.repeat(24, axis=0).repeat(32, axis=1)
    return np.repeat(picture[None], 10, axis=0)


def moving(count: int = 8, height: int = 48, width: int = 64) -> np.ndarray:
    frames = np.full((count, height, width, 3), 40, dtype=np.uint8)
    for index in range(count):
        frames[index, 10:20, 5 * index : 5 * index + 10] = 220
    return frames


def test_colours_read_back_as_written(tmp_path: Path, patches: np.ndarray) -> None:
    write_video(tmp_path / "a.mp4", patches, fps=10, crf=5)
    read, _ = decode(tmp_path / "a.mp4")
    at_centres = np.s_[:, 12::24, 16::32]
    assert np.abs(read[at_centres].astype(int) - patches[at_centres]).max() <= 4
    with av.open(str(tmp_path / "a.mp4")) as container:
        context = container.streams.video[0].codec_context
        assert (context.pix_fmt, int(context.colorspace), int(context.color_range)) == ("yuv420p", 5, 1)


@pytest.mark.parametrize("fps", [10.0, 12.5, 24000 / 1001, 30.0])
def test_constant_rate(tmp_path: Path, fps: float) -> None:
    write_video(tmp_path / "a.mp4", moving(), fps=fps)
    read, times = decode(tmp_path / "a.mp4")
    assert read.shape == (8, 48, 64, 3)
    assert times == pytest.approx([index / fps for index in range(8)], abs=1e-4)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_times_of_their_own(tmp_path: Path, suffix: str) -> None:
    times = [0.1, 0.15, 0.3, 0.31, 0.9, 1.4, 1.5, 4.0]
    write_video(tmp_path / f"a{suffix}", iter(moving()), pts_seconds=times)
    assert decode(tmp_path / f"a{suffix}")[1] == pytest.approx(times, abs=1e-3)


def test_single_frame_with_a_time(tmp_path: Path) -> None:
    write_video(tmp_path / "a.mp4", moving(1), pts_seconds=[0.0])
    assert decode(tmp_path / "a.mp4")[1] == [0.0]


def test_odd_sizes_repeat_the_last_row_and_column(tmp_path: Path, patches: np.ndarray) -> None:
    odd = patches[:, :95, :127]
    write_video(tmp_path / "a.mp4", odd, fps=10, crf=5)
    read, _ = decode(tmp_path / "a.mp4")
    assert read.shape[1:3] == (96, 128)
    assert np.abs(read[:, 95, :120].astype(int) - odd[:, 94, :120]).mean() < 4


def test_the_same_frames_give_the_same_bytes(tmp_path: Path) -> None:
    # Noise, small, and often: x264's lookahead differed about once in 60 times.
    rng = np.random.default_rng(0)
    frames = np.clip(moving(40) + rng.normal(0, 6, (40, 48, 64, 3)), 0, 255).astype(np.uint8)
    written = set()
    for number in range(60):
        write_video(tmp_path / "deeper" / "a.mp4", frames, fps=25)
        written.add((tmp_path / "deeper" / "a.mp4").read_bytes())
        rng.integers(0, 255, 1000 * (number + 1))  # leave other things in freed memory
    assert len(written) == 1


def test_x264_says_nothing(tmp_path: Path) -> None:
    code = (
        "import numpy as np; from vidclf.video.write import write_video;"
        f"write_video({str(tmp_path / 'a.mp4')!r}, np.zeros((3, 32, 32, 3), np.uint8), fps=5)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == done.stderr == ""


@pytest.mark.parametrize(
    ("frames", "settings", "said"),
    [
        (moving(), {}, "give fps"),
        (moving(), {"fps": 10, "pts_seconds": range(8)}, "not both"),
        (moving(), {"fps": 0}, "between 0.01 and 1000"),
        (moving(), {"fps": float("nan")}, "between 0.01 and 1000"),
        (moving(), {"pts_seconds": [0, 1]}, "more frames than the 2 times"),
        (moving(), {"pts_seconds": range(9)}, "8 frames came for the 9 times"),
        (moving(), {"pts_seconds": [0, 1, 1, 2, 3, 4, 5, 6]}, "frame 2 at 1 follows 1"),
        (moving(), {"pts_seconds": [-1, 0, 1, 2, 3, 4, 5, 6]}, "not below 0"),
        ([], {"fps": 10}, "no frame to write"),
        (moving().astype(float), {"fps": 10}, "frame 0 is float64"),
        ([moving()[0], moving()[1, :20]], {"fps": 10}, "frame 1 is 64x20 and the first was 64x48"),
        (moving(), {"fps": 10, "codec": "nonsense"}, "no video encoder 'nonsense'"),
        (moving(), {"fps": 10, "codec": "aac"}, "no video encoder 'aac'"),
        (moving(), {"fps": 10, "preset": "fats"}, "'fats' is no preset"),
        (moving(), {"fps": 10, "crf": 60}, "crf must be between"),
        (moving(), {"fps": 10, "codec": "gif"}, "FFmpeg cannot write"),
    ],
)
def test_wrong_use_is_a_sentence_and_leaves_nothing(
    tmp_path: Path, frames: object, settings: dict, said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        write_video(tmp_path / "a.mp4", frames, **settings)
    assert list(tmp_path.iterdir()) == []


def test_unknown_container(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no container for the suffix '\.foo'"):
        write_video(tmp_path / "a.foo", moving(), fps=10)


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoppedError, match="cannot be written"):
        write_video(tmp_path / "file" / "a.mp4", moving(), fps=10)


def test_an_error_of_the_frames_passes_and_keeps_the_older_file(tmp_path: Path) -> None:
    def broken():
        yield from moving(4)
        raise NotAVideoError("b.mp4", "a web page")

    write_video(tmp_path / "a.mp4", moving(), fps=10)
    before = (tmp_path / "a.mp4").read_bytes()
    with pytest.raises(NotAVideoError):
        write_video(tmp_path / "a.mp4", broken(), fps=10)
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]
    assert (tmp_path / "a.mp4").read_bytes() == before
