"""Reading clips that the tests make themselves."""

from __future__ import annotations

import gc
import io
import logging
import os
import socket
import threading
from contextlib import suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from tests.video.drawing import number_of, numbered, write_video
from vidclf.errors import (
    DamagedVideoError,
    MixedSizesError,
    NoFramesError,
    NotAVideoError,
    NoVideoStreamError,
    SourceNotFoundError,
    SourceRefusedError,
    TruncatedVideoWarning,
    UnreadablePictureError,
    UsageError,
)
from vidclf.types import Float64Array
from vidclf.video import Picked, open_source, read_clip, resize_frames, sampling


@pytest.fixture(scope="module")
def clip_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """40 numbered frames at 25 fps with B-frames."""
    path = tmp_path_factory.mktemp("clips") / "clip.mp4"
    return write_video(path, [numbered(k) for k in range(40)], options={"g": "12", "bf": "2"})


def test_a_clip_holds_all_frames_in_order_with_their_times(clip_path: Path) -> None:
    clip = read_clip(clip_path)
    assert [number_of(frame) for frame in clip.frames] == list(range(40))
    assert clip.pts_seconds == pytest.approx(np.arange(40) / 25)
    assert clip.valid.all()
    assert clip.source == str(clip_path)


def test_sampling_gets_the_times_and_chooses(clip_path: Path) -> None:
    seen: list[Float64Array] = []

    def last_two(pts: Float64Array) -> Picked:
        seen.append(pts)
        return Picked(np.array([len(pts) - 2, len(pts) - 1]), np.ones(2, np.bool_))

    clip = read_clip(clip_path, sampling=last_two)
    assert [number_of(frame) for frame in clip.frames] == [38, 39]
    assert seen[0] == pytest.approx(np.arange(40) / 25)


def test_the_window_holds_its_start_and_not_its_end(clip_path: Path) -> None:
    clip = read_clip(clip_path, start_seconds=0.4, end_seconds=0.6)
    assert [number_of(frame) for frame in clip.frames] == [10, 11, 12, 13, 14]
    picked = read_clip(clip_path, start_seconds=0.4, sampling=lambda pts: sampling.uniform(pts, 3))
    assert picked.pts_seconds[0] >= 0.4


def test_an_empty_window_is_an_error_that_says_what_there_is(clip_path: Path) -> None:
    with pytest.raises(NoFramesError, match=r"from 0\.000 to 1\.560"):
        read_clip(clip_path, start_seconds=5)
    with pytest.raises(UsageError, match="must be before"):
        read_clip(clip_path, start_seconds=2, end_seconds=1)


def test_padding_is_marked(clip_path: Path) -> None:
    clip = read_clip(clip_path, end_seconds=0.08, sampling=lambda pts: sampling.uniform(pts, 4))
    assert clip.valid.tolist() == [True, True, False, False]
    assert [number_of(frame) for frame in clip.frames] == [0, 1, 1, 1]


def test_frames_that_are_not_asked_for_are_not_converted(clip_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from vidclf.video import rgb

    converted: list[av.VideoFrame] = []
    convert = rgb.RgbConverter.convert

    def counting(self: rgb.RgbConverter, frame: av.VideoFrame, orientation: object) -> object:
        converted.append(frame)
        return convert(self, frame, orientation)  # type: ignore[arg-type]

    monkeypatch.setattr(rgb.RgbConverter, "convert", counting)
    read_clip(clip_path, sampling=lambda pts: sampling.uniform(pts, 4))
    assert len(converted) == 4
    with open_source(clip_path) as source:
        source.pts_seconds()
    assert len(converted) == 4


def test_size_is_the_one_resize_of_the_full_picture(clip_path: Path) -> None:
    whole = read_clip(clip_path)
    assert np.array_equal(read_clip(clip_path, size=(20, 30)).frames, resize_frames(whole.frames, (20, 30)))
    assert read_clip(clip_path, size=24).frames.shape == (40, 24, 24, 3)


def test_a_file_and_a_folder_of_its_frames_give_the_same_numbers(clip_path: Path, tmp_path: Path) -> None:
    clip = read_clip(clip_path)
    for number, frame in enumerate(clip.frames):
        Image.fromarray(frame).save(tmp_path / f"{number}.png")
    from_folder = read_clip(tmp_path, picture_fps=25)
    assert np.array_equal(from_folder.frames, clip.frames)
    assert from_folder.pts_seconds == pytest.approx(clip.pts_seconds)

    def choose(pts: Float64Array) -> Picked:
        return sampling.uniform(pts, 7)

    small, small_folder = (read_clip(path, sampling=choose, size=(33, 21)) for path in (clip_path, tmp_path))
    assert np.array_equal(small.frames, small_folder.frames)


def test_a_source_reads_frames_in_any_order_and_more_than_once(clip_path: Path) -> None:
    with open_source(clip_path) as source:
        frames = source.read([30, 2, 2, 17])
        assert [number_of(frame) for frame in frames] == [30, 2, 2, 17]
        assert len(source.pts_seconds()) == 40
        with pytest.raises(IndexError, match="frame 40 was asked for; it has 40"):
            source.read([40])
        with pytest.raises(IndexError, match="0 or more"):
            source.read([-1])


def test_a_source_is_gone_through_again_from_its_start(clip_path: Path) -> None:
    with open_source(clip_path) as source:
        first = next(iter(source))
        again = list(source)
    assert number_of(first.image) == 0
    assert [(frame.index, number_of(frame.image)) for frame in again] == [(k, k) for k in range(40)]
    assert [frame.pts_seconds for frame in again] == pytest.approx(np.arange(40) / 25)


def test_irregular_times_are_kept(tmp_path: Path) -> None:
    ticks = [0, 40, 45, 200, 210, 900, 905, 3000]
    images = [numbered(k) for k in range(8)]
    for name in ("vfr.mp4", "vfr.mkv"):
        path = write_video(tmp_path / name, images, ticks=ticks, ticks_per_second=1000)
        clip = read_clip(path)
        assert clip.pts_seconds == pytest.approx(np.array(ticks) / 1000, abs=1e-3)
        held = read_clip(path, sampling=lambda pts: sampling.at_rate(pts, 2))
        assert [number_of(frame) for frame in held.frames][:6] == [0, 4, 6, 6, 6, 6]


@pytest.mark.parametrize("suffix", [".avi", ".mkv", ".mov", ".ts", ".mp4", ".h264"])
def test_every_container_gives_the_same_frames(tmp_path: Path, suffix: str) -> None:
    path = write_video(tmp_path / f"clip{suffix}", [numbered(k) for k in range(12)])
    clip = read_clip(path, sampling=lambda pts: sampling.uniform(pts, 4))
    assert [number_of(frame) for frame in clip.frames] == [1, 4, 7, 10]


def test_an_animated_gif_is_a_video_and_a_picture_a_clip_of_one(tmp_path: Path) -> None:
    pages = [Image.fromarray(numbered(k)) for k in range(5)]
    pages[0].save(tmp_path / "a.gif", save_all=True, append_images=pages[1:], duration=100)
    clip = read_clip(tmp_path / "a.gif")
    assert [number_of(frame) for frame in clip.frames] == list(range(5))
    assert clip.pts_seconds == pytest.approx(np.arange(5) / 10)
    for name in ("one.png", "one.jpg", "one.bmp", "one %02d.png"):
        pages[3].save(tmp_path / name)
        assert [number_of(frame) for frame in read_clip(tmp_path / name).frames] == [3]


def test_ten_bit_colour_and_odd_sizes(tmp_path: Path) -> None:
    path = write_video(tmp_path / "ten.mkv", [numbered(7, 63, 95)] * 3, codec="ffv1", pix_fmt="yuv444p10le")
    clip = read_clip(path)
    assert clip.frames.shape == (3, 63, 95, 3)
    assert np.abs(clip.frames[0].astype(int) - numbered(7, 63, 95)).mean() < 2


# Folders of pictures


def test_pictures_come_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for number in (1, 2, 10, 9, 100):
        Image.fromarray(numbered(number)).save(tmp_path / f"frame{number}.png")
    Image.fromarray(numbered(5)).save(tmp_path / ".hidden.png")
    (tmp_path / "notes.txt").write_text("no picture")
    (tmp_path / "folder.png").mkdir()
    clip = read_clip(tmp_path, picture_fps=10)
    assert [number_of(frame) for frame in clip.frames] == [1, 2, 9, 10, 100]
    assert clip.pts_seconds == pytest.approx(np.arange(5) / 10)


def test_a_folder_without_pictures_says_so(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no picture")
    with pytest.raises(NoFramesError, match="holds no pictures"):
        read_clip(tmp_path)


def test_a_broken_picture_is_named(tmp_path: Path) -> None:
    for number in range(3):
        Image.fromarray(numbered(number)).save(tmp_path / f"{number}.png")
    broken = tmp_path / "1.png"
    broken.write_bytes(broken.read_bytes()[:-200])
    with pytest.raises(UnreadablePictureError, match=r"1\.png"):
        read_clip(tmp_path)


def test_pictures_of_two_sizes_need_a_size(tmp_path: Path) -> None:
    Image.fromarray(numbered(0)).save(tmp_path / "0.png")
    Image.fromarray(numbered(1, 80, 120)).save(tmp_path / "1.png")
    with pytest.raises(MixedSizesError, match="120x80"):
        read_clip(tmp_path)
    assert [number_of(frame) for frame in read_clip(tmp_path, size=(64, 96)).frames] == [0, 1]


# What cannot be read


def test_what_is_not_there_is_not_found(tmp_path: Path) -> None:
    for name in ("missing.mp4", "concat:a.mp4|b.mp4", "subfile,,start,0,end,9,,:a.mp4", "a\0b"):
        with pytest.raises(SourceNotFoundError):
            read_clip(tmp_path / name)
        with pytest.raises(SourceNotFoundError):
            read_clip(name)


@pytest.mark.parametrize("content", [b"", b"hello\n" * 50, b"<html><body>404</body></html>", os.urandom(5000)])
def test_what_is_no_video_is_not_taken_for_one(tmp_path: Path, content: bytes) -> None:
    for name in ("a.mp4", "a.avi", "a.txt", "a.ans", "a.bin"):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(NotAVideoError):
            read_clip(tmp_path / name)


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    with pytest.raises(NotAVideoError, match="pipe"):
        read_clip(tmp_path / "pipe.mp4")


@pytest.fixture(scope="module")
def lists(clip_path: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Texts that FFmpeg's own program opens, and that refer to a film which is there, or to an address."""
    ts = write_video(tmp_path_factory.mktemp("parts") / "part.ts", [numbered(k) for k in range(5)])
    hls = "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:1,\n{}\n#EXT-X-ENDLIST\n"
    mpd = (
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" profiles="urn:mpeg:dash:profile:full:2011" '
        f'type="static"><Period><AdaptationSet><Representation id="1"><BaseURL>{clip_path}</BaseURL>'
        "</Representation></AdaptationSet></Period></MPD>"
    )
    return {
        "m3u8": hls.format(ts),
        "m3u8 of subfile": hls.format(f"subfile,,start,0,end,9999,,:{ts}"),
        "m3u8 of concat": hls.format(f"concat:{ts}|{ts}"),
        "m3u8 of crypto": hls.format(f"crypto+file:{ts}"),
        "m3u8 of data": hls.format("data:video/mp2t;base64,R0AREABC8CUAAQ=="),
        "m3u8 of http": hls.format("http://127.0.0.1:9/part.ts"),
        "ffconcat": f"ffconcat version 1.0\nfile '{clip_path}'\n",
        "ffconcat of subfile": f"ffconcat version 1.0\nfile 'subfile,,start,0,end,9999,,:{clip_path}'\n",
        "mpd": mpd,
        "sdp": "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nc=IN IP4 127.0.0.1\r\nm=video 5004 RTP/AVP 96\r\n",
        "concat:": f"concat:{ts}|{ts}",
        "subfile:": f"subfile,,start,0,end,9999,,:{clip_path}",
        "imf": '<?xml version="1.0"?><CompositionPlaylist xmlns="http://www.smpte-ra.org/schemas/2067-3/2016"/>',
        "svg": f'<svg xmlns="http://www.w3.org/2000/svg"><image href="{clip_path}"/></svg>',
        "rtsp redirect": "RTSPtext\nrtsp://127.0.0.1:9/live\n",
    }


_LISTS = (
    *("m3u8", "m3u8 of subfile", "m3u8 of concat", "m3u8 of crypto", "m3u8 of data", "m3u8 of http"),
    *("ffconcat", "ffconcat of subfile", "mpd", "sdp", "concat:", "subfile:", "imf", "svg"),
    "rtsp redirect",
)


@pytest.mark.parametrize("kind", _LISTS)
def test_lists_that_refer_to_other_files_are_refused_whatever_their_name(
    lists: dict[str, str], tmp_path: Path, kind: str
) -> None:
    for name in ("a.mp4", "a.mkv", "a.ts", "a.m3u8", "a.ffconcat", "a.mpd", "a.sdp", "a.svg", "a"):
        (tmp_path / name).write_text(lists[kind])
        with pytest.raises(NotAVideoError):
            read_clip(tmp_path / name)


def test_a_name_that_is_a_pattern_elsewhere_is_a_name_here(clip_path: Path, tmp_path: Path) -> None:
    odd = tmp_path / "odd name %02d #1 [a]*?.mp4"
    odd.write_bytes(clip_path.read_bytes())
    assert len(read_clip(odd)) == 40


def test_sound_alone_is_no_video(tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), format="s16", layout="mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with pytest.raises(NoVideoStreamError, match="audio"):
        read_clip(path)


def test_a_stream_that_is_not_there_is_named(clip_path: Path) -> None:
    with pytest.raises(NoVideoStreamError, match="stream 3 was asked for, but it has 1"):
        read_clip(clip_path, stream=3)


@pytest.mark.parametrize("suffix", [".mkv", ".webm", ".avi", ".ts", ".gif"])
@pytest.mark.parametrize("share", [0.5, 0.61, 0.8])
def test_a_cut_file_is_never_read_in_part_in_silence(tmp_path: Path, suffix: str, share: float) -> None:
    codec = {".webm": "libvpx-vp9", ".gif": "gif"}.get(suffix, "libx264")
    noise = np.random.default_rng(1).integers(0, 80, (64, 96, 3), dtype=np.uint8)
    images = [np.maximum(numbered(k), np.roll(noise, k, 1)) for k in range(30)]
    pix_fmt = "rgb8" if codec == "gif" else "yuv420p"
    options = {"g": "5"} if codec == "libx264" else {}
    whole = write_video(
        tmp_path / f"whole{suffix}", images, codec=codec, pix_fmt=pix_fmt, options=options
    ).read_bytes()
    path = tmp_path / f"cut{suffix}"
    size = int(len(whole) * share)
    # Between two packets of a transport stream a cut leaves no trace.
    path.write_bytes(whole[: size + (1 if size % 188 == 0 else 0)])
    with pytest.raises(DamagedVideoError) as caught:
        read_clip(path)
    assert caught.value.decoder_said
    with pytest.warns(TruncatedVideoWarning):
        clip = read_clip(path, on_truncated="keep")
    assert 0 < len(clip) < 30


def test_the_second_of_two_equally_damaged_files_is_noticed_too(tmp_path: Path) -> None:
    whole = write_video(tmp_path / "a.mkv", [numbered(k) for k in range(30)]).read_bytes()
    for name in ("b.mkv", "c.mkv"):
        (tmp_path / name).write_bytes(whole[: len(whole) // 2])
        with pytest.raises(DamagedVideoError):
            read_clip(tmp_path / name)


# Addresses


def test_addresses_of_other_kinds_are_refused() -> None:
    for address in ("concat://a", "data://x", "unix:///tmp/socket", "crypto://a", "ftp://host/a.mp4"):
        with pytest.raises(SourceRefusedError):
            open_source(address)


def test_a_password_stays_out_of_everything_that_is_said(capfd: pytest.CaptureFixture[str]) -> None:
    logged: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: logged.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger().addHandler(handler)
    try:
        for address in ("rtsp://admin:hunter2@127.0.0.1:9/live", "http://u:hunter2@127.0.0.1:9/a.mp4?token=hunter2"):
            with pytest.raises(SourceNotFoundError) as caught:
                open_source(address, timeout_seconds=2)
            said = [str(caught.value), repr(caught.value), str(caught.value.__cause__), str(caught.value.__context__)]
            assert not any("hunter2" in text for text in said)
            assert "127.0.0.1" in said[0]
    finally:
        logging.getLogger().removeHandler(handler)
    assert not any("hunter2" in text for text in logged)
    assert "".join(capfd.readouterr()) == ""


def test_a_missing_camera_is_missing() -> None:
    with pytest.raises(SourceNotFoundError, match="camera 87"):
        open_source(87)


def test_a_stream_is_gone_through_once_and_has_no_end_to_read_up_to(tmp_path: Path) -> None:
    content = write_video(tmp_path / "clip.ts", [numbered(k) for k in range(30)]).read_bytes()
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"

        def serve() -> None:
            for _ in range(2):
                connection, _ = server.accept()
                with connection, suppress(OSError):
                    connection.sendall(content)

        threading.Thread(target=serve, daemon=True).start()
        with open_source(address, timeout_seconds=5) as source:
            assert [number_of(frame.image) for frame in source] == list(range(30))
        with pytest.raises(UsageError, match="has no end"):
            read_clip(address)


def test_a_sampling_that_chooses_what_is_not_there_is_told_so(clip_path: Path) -> None:
    for indices in ([], [40], [-1]):
        picked = Picked(np.array(indices, np.int64), np.ones(len(indices), np.bool_))
        with pytest.raises(ValueError, match="sampling must choose from the 40 frames"):
            read_clip(clip_path, sampling=lambda _, picked=picked: picked)


def test_a_file_behind_an_http_address_is_a_file(tmp_path: Path) -> None:
    whole = write_video(tmp_path / "clip.mkv", [numbered(k) for k in range(30)])
    (tmp_path / "cut.mkv").write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    handler = partial(_QuietHandler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        clip = read_clip(f"{address}/clip.mkv", sampling=lambda pts: sampling.uniform(pts, 3))
        assert [number_of(frame) for frame in clip.frames] == [5, 15, 25]
        with pytest.raises(DamagedVideoError):
            read_clip(f"{address}/cut.mkv")
        with pytest.raises(SourceNotFoundError):
            read_clip(f"{address}/missing.mkv")
        server.shutdown()


class _QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


class _LengthlessHandler(_QuietHandler):
    """Answers without saying how long the answer is, as programs that make films on the fly do."""

    def do_GET(self) -> None:
        if self.path == "/camera":
            return self._send_for_ever(numbered(3))
        content = (Path(self.directory) / self.path[1:]).read_bytes()
        self.send_response(200)
        self.end_headers()
        with suppress(OSError):
            self.wfile.write(content)
        return None

    def _send_for_ever(self, image: np.ndarray) -> None:
        picture = io.BytesIO()
        Image.fromarray(image).save(picture, "JPEG")
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=next")
        self.end_headers()
        with suppress(OSError):
            while True:
                self.wfile.write(b"--next\r\nContent-Type: image/jpeg\r\n")
                self.wfile.write(b"Content-Length: %d\r\n\r\n%s\r\n" % (picture.tell(), picture.getvalue()))


def test_an_http_answer_of_unsaid_length_ends_where_it_ends(tmp_path: Path) -> None:
    images = [numbered(k) for k in range(30)]
    for name in ("clip.ts", "clip.mkv"):
        write_video(tmp_path / name, images, options={"g": "10"})
    content = (tmp_path / "clip.mkv").read_bytes()
    (tmp_path / "cut.mkv").write_bytes(content[: len(content) // 2])
    handler = partial(_LengthlessHandler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        for name in ("clip.ts", "clip.mkv"):
            assert [number_of(frame) for frame in read_clip(f"{address}/{name}").frames] == list(range(30))
            few, here = (
                read_clip(f"{where}/{name}", sampling=lambda pts: sampling.uniform(pts, 2))
                for where in (address, tmp_path)
            )
            assert np.array_equal(few.frames, here.frames)
        with pytest.raises(DamagedVideoError):
            read_clip(f"{address}/cut.mkv")
        with pytest.raises(UsageError, match="has no end to read up to; go through it with open_source"):
            read_clip(f"{address}/camera")
        with open_source(f"{address}/camera") as camera:
            assert [number_of(frame.image) for _, frame in zip(range(3), camera, strict=False)] == [3, 3, 3]
        server.shutdown()


# Resources


def test_nothing_stays_open_and_nothing_is_printed(clip_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    if not Path("/proc/self/fd").is_dir():
        pytest.skip("needs /proc")

    def handles() -> int:
        gc.collect()
        return len(list(Path("/proc/self/fd").iterdir()))

    broken = clip_path.with_name("broken.mkv")
    broken.write_bytes(write_video(clip_path.with_name("a.mkv"), [numbered(k) for k in range(9)]).read_bytes()[:1500])
    before = handles()
    for _ in range(3):
        read_clip(clip_path, sampling=lambda pts: sampling.uniform(pts, 2))
        with open_source(clip_path) as source:
            next(iter(source))
        with open_source(clip_path):
            pass
        with pytest.raises(DamagedVideoError):
            read_clip(broken)
    assert handles() == before
    assert "".join(capfd.readouterr()) == ""


def test_threads_do_not_hear_each_others_damage(clip_path: Path) -> None:
    broken = clip_path.with_name("broken2.mkv")
    broken.write_bytes(write_video(clip_path.with_name("b.mkv"), [numbered(k) for k in range(9)]).read_bytes()[:1500])
    outcomes: dict[int, list[str]] = {}

    def work(thread: int) -> None:
        outcomes[thread] = []
        for _ in range(15):
            try:
                read_clip(broken if thread % 2 else clip_path)
                outcomes[thread].append("good")
            except DamagedVideoError:
                outcomes[thread].append("damaged")

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert {thread: set(seen) for thread, seen in outcomes.items()} == {
        0: {"good"},
        1: {"damaged"},
        2: {"good"},
        3: {"damaged"},
    }
