"""Decoding only what the wanted frames need gives what a full decode gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import av
import numpy as np
import pytest

from tests.video.drawing import number_of, numbered, write_video
from vidclf.errors import DamagedVideoError
from vidclf.types import Clip, Float64Array
from vidclf.video import Picked, files, open_source, read_clip, sampling, selective


@dataclass(frozen=True)
class Stream:
    """A kind of file to render; `selects` where no full decode should be needed for a few frames."""

    codec: str
    suffix: str
    options: dict[str, str] = field(default_factory=dict)
    pix_fmt: str = "yuv420p"
    selects: bool = True

    def __str__(self) -> str:
        return "-".join([self.codec, self.suffix.strip("."), *(f"{k}{v}" for k, v in self.options.items())])


_LONG = {"g": "60", "bf": "3", "x264-params": "b-pyramid=normal:scenecut=0"}
_OPEN = {"g": "12", "bf": "2", "x264-params": "open-gop=1:scenecut=0"}
_STREAMS = [
    Stream("libx264", ".mp4", _LONG),
    Stream("libx264", ".mkv", _LONG),
    Stream("libx264", ".ts", _LONG),
    Stream("libx264", ".flv", _LONG),
    Stream("libx264", ".mp4", {"g": "5", "bf": "0"}),
    Stream("libx264", ".mp4", _OPEN),
    # These keep the times of coding, which number the wrong frames.
    Stream("libx264", ".avi", _LONG, selects=False),
    Stream("libx264", ".asf", _LONG, selects=False),
    Stream("libx265", ".mp4", {"x265-params": "keyint=20:bframes=3:log-level=none"}),
    Stream("libx265", ".mkv", {"x265-params": "keyint=12:open-gop=1:bframes=3:log-level=none"}),
    Stream("mpeg2video", ".ts", {"g": "12", "bf": "2"}),
    Stream("mpeg2video", ".mkv", {"g": "12", "bf": "2"}),
    Stream("mpeg4", ".avi", {"g": "12", "bf": "2"}, selects=False),
    Stream("mjpeg", ".avi", pix_fmt="yuvj420p"),
    Stream("mjpeg", ".mkv", pix_fmt="yuvj420p"),
    Stream("libvpx-vp9", ".webm", {"g": "12"}, selects=False),
    Stream("libsvtav1", ".mp4", {"g": "12", "svtav1-params": "lp=1"}, selects=False),
]
_COUNT = 120


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("streams")


def _render(stream: Stream, folder: Path) -> Path:
    path = folder / f"{stream}{stream.suffix}"
    if path.exists():
        return path
    noise = np.random.default_rng(0).integers(0, 60, (64, 96, 3), dtype=np.uint8)
    images = [np.maximum(numbered(k), np.roll(noise, (k, 2 * k), (0, 1))) for k in range(_COUNT)]
    return write_video(path, images, codec=stream.codec, options=stream.options, pix_fmt=stream.pix_fmt)


def _middle(pts: Float64Array, count: int = 16) -> Picked:
    start = (len(pts) - count) // 2
    return Picked(np.arange(start, start + count), np.ones(count, np.bool_))


def _only(*numbers: int) -> Picked:
    return Picked(np.array(numbers), np.ones(len(numbers), np.bool_))


def _assert_same(part: Clip, whole: Clip, indices: np.ndarray) -> None:
    assert np.array_equal(part.pts_seconds, whole.pts_seconds[indices])
    assert np.array_equal(part.frames, whole.frames[indices])


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many frames each call of a decoder gave."""
    counts: list[int] = []
    decode = selective.decode

    def counting(decoder: object, packet: object) -> object:
        outcome = decode(decoder, packet)  # type: ignore[arg-type]
        counts.append(len(outcome.frames))
        return outcome

    for module in (selective, files):
        monkeypatch.setattr(module, "decode", counting)
    return counts


@pytest.mark.parametrize("stream", _STREAMS, ids=str)
def test_chosen_frames_are_those_of_the_whole_clip(folder: Path, stream: Stream) -> None:
    path = _render(stream, folder)
    whole = read_clip(path)
    assert [number_of(frame) for frame in whole.frames] == list(range(_COUNT))
    for count in (1, 3, 16):
        part = read_clip(path, sampling=lambda pts, count=count: sampling.uniform(pts, count))
        _assert_same(part, whole, sampling.uniform(whole.pts_seconds, count).indices)
    _assert_same(read_clip(path, sampling=_middle), whole, _middle(whole.pts_seconds).indices)
    for first, stop in ((0, 7), (23, 31), (55, 66), (_COUNT - 4, _COUNT)):
        times = whole.pts_seconds
        window = read_clip(path, start_seconds=times[first], end_seconds=times[stop] if stop < _COUNT else None)
        _assert_same(window, whole, np.arange(first, stop))


@pytest.mark.slow
@pytest.mark.parametrize("stream", _STREAMS, ids=str)
def test_each_single_frame_is_that_of_the_whole_clip(folder: Path, stream: Stream) -> None:
    path = _render(stream, folder)
    whole = read_clip(path)
    with open_source(path) as source:
        for number in range(_COUNT):
            assert np.array_equal(source.read([number])[0], whole.frames[number]), number


@pytest.mark.parametrize("stream", _STREAMS, ids=str)
def test_no_more_is_decoded_than_needed(folder: Path, stream: Stream, decoded: list[int]) -> None:
    read_clip(_render(stream, folder), sampling=lambda _: _only(2))
    assert (sum(decoded) < 8) == stream.selects


def test_frames_that_nothing_refers_to_are_not_decoded(folder: Path, decoded: list[int]) -> None:
    read_clip(_render(_STREAMS[0], folder), sampling=lambda pts: _only(0, len(pts) - 1))
    assert sum(decoded) < 0.75 * _COUNT


def test_a_size_that_changes_is_scaled_to_the_first_frames(tmp_path: Path) -> None:
    parts = [
        write_video(tmp_path / f"{height}.ts", [numbered(k, height, 96) for k in numbers], options={"g": "4"})
        for height, numbers in ((64, range(10)), (48, range(10, 20)))
    ]
    joined = tmp_path / "joined.ts"
    _join(parts, joined)
    assert read_clip(joined, sampling=lambda _: _only(15)).frames.shape == (1, 64, 96, 3)
    _assert_same(read_clip(joined, sampling=lambda _: _only(15)), read_clip(joined), np.array([15]))


def _join(parts: list[Path], joined: Path) -> None:
    """One after the other, with times that go on."""
    with av.open(str(joined), "w") as output:
        stream, shift = None, 0
        for part in parts:
            with av.open(str(part)) as container:
                source = container.streams.video[0]
                stream = stream or output.add_stream_from_template(source)
                latest = 0
                for packet in container.demux(source):
                    if packet.dts is None:
                        continue
                    latest = max(latest, packet.dts + packet.duration)
                    packet.pts, packet.dts, packet.stream = packet.pts + shift, packet.dts + shift, stream
                    output.mux(packet)
                shift = latest


def test_fields_that_are_a_packet_each_are_not_taken_for_frames(tmp_path: Path) -> None:
    images = [numbered(k) for k in range(24)]
    path = write_video(tmp_path / "fields.ts", images, options={"g": "8", "bf": "0", "flags": "+ilme+ildct"})
    _assert_same(read_clip(path, sampling=lambda _: _only(3, 17)), read_clip(path), np.array([3, 17]))


def test_damage_is_told_where_it_is_decoded_and_only_there(tmp_path: Path) -> None:
    """A clip of some frames says nothing of the rest of its file."""
    path = tmp_path / "whole.mp4"
    noise = np.random.default_rng(0).integers(0, 200, (60, 64, 96, 3), dtype=np.uint8)
    # In this coding nonsense is soon noticed.
    _write(path, noise, {"g": "20", "bf": "0", "sc_threshold": "0", "coder": "vlc"})
    with av.open(str(path)) as container:
        hurt = [p for p in container.demux(video=0) if p.size][30]
    assert hurt.pos is not None
    content = bytearray(path.read_bytes())
    content[hurt.pos + hurt.size // 2 : hurt.pos + hurt.size // 2 + 100] = np.random.default_rng(1).bytes(100)
    damaged = tmp_path / "damaged.mp4"
    damaged.write_bytes(content)
    for numbers in ((5,), (29,), (45, 50)):
        part = read_clip(damaged, sampling=lambda _, numbers=numbers: _only(*numbers))
        _assert_same(part, read_clip(path), np.array(numbers))
    for numbers in ((30,), (5, 33)):
        with pytest.raises(DamagedVideoError):
            read_clip(damaged, sampling=lambda _, numbers=numbers: _only(*numbers))
    with pytest.raises(DamagedVideoError):
        read_clip(damaged)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts", ".flv"])
def test_a_cut_file_is_refused_whatever_is_asked_of_it(tmp_path: Path, suffix: str) -> None:
    # In an mp4 the index stands first, or nothing could be opened.
    options = {"g": "10", "bf": "2", **({"movflags": "faststart"} if suffix == ".mp4" else {})}
    noise = np.random.default_rng(0).integers(0, 200, (60, 64, 96, 3), dtype=np.uint8)
    whole = tmp_path / f"whole{suffix}"
    _write(whole, noise, options)
    content = whole.read_bytes()
    (tmp_path / f"cut{suffix}").write_bytes(content[: len(content) * 7 // 10 // 188 * 188 + 77])
    with pytest.raises(DamagedVideoError):
        read_clip(tmp_path / f"cut{suffix}", sampling=lambda _: _only(0))


def _write(path: Path, images: np.ndarray, options: dict[str, str]) -> None:
    container_options = {key: options[key] for key in options if key == "movflags"}
    with av.open(str(path), "w", container_options=container_options) as container:
        stream = container.add_stream(
            "libx264", rate=25, options={k: v for k, v in options.items() if k != "movflags"}
        )
        stream.height, stream.width = images.shape[1:3]
        stream.pix_fmt = "yuv420p"
        for image in images:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode(None))
