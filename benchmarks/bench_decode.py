"""How fast, and how right, video is read: vidclf against OpenCV, decord, torchcodec and a plain PyAV loop.

    python benchmarks/bench_decode.py [--quick] [--rounds N] [--json FILE]

Renders its own clips, whose frames carry their number as a bar code, so that every reader's answer is checked:
one that gives other frames than those asked for is marked "inexact". The readers take turns within a round, and
medians are compared, so that a busy machine slows all alike; CPU time of all threads stands beside wall time.
Readers that are not installed, or do not load, are reported as absent with the reason.
"""

from __future__ import annotations

import argparse
import importlib
import json
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt

from vidclf.video import Picked, open_source, read_clip, sampling

UInt8 = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]

FPS = 25
SIDE = 224
CELLS = 12


@dataclass(frozen=True)
class ClipSpec:
    """A clip to render."""

    name: str
    seconds: int
    width: int
    height: int
    key_frame_distance: int

    @property
    def frames(self) -> int:
        return self.seconds * FPS


CLIPS = (
    ClipSpec("4 s SD", 4, 640, 480, 25),
    ClipSpec("10 s HD", 10, 1280, 720, 50),
    ClipSpec("60 s HD, GOP 250", 60, 1280, 720, 250),
)
QUICK_CLIPS = (ClipSpec("1 s SD", 1, 640, 480, 12),)


@dataclass(frozen=True)
class Task:
    """What every reader is asked for; `resized` frames are SIDE x SIDE, others of full size."""

    name: str
    wanted: Callable[[ClipSpec], Ints]
    resized: bool = False


def uniform_16(spec: ClipSpec) -> Ints:
    return sampling.uniform(np.arange(spec.frames) / FPS, 16).indices


def middle_32(spec: ClipSpec) -> Ints:
    count = min(32, spec.frames)
    return np.arange(count, dtype=np.int64) + (spec.frames - count) // 2


TASKS = (
    Task(f"16 uniform at {SIDE}", uniform_16, resized=True),
    Task("32 dense, middle", middle_32),
    Task("all frames", lambda spec: np.arange(spec.frames, dtype=np.int64)),
)


@dataclass(frozen=True)
class Request:
    """What one call of a reader is to give: frames by number, resized or not; `everything` when that is all."""

    path: str
    wanted: Ints
    everything: bool
    resized: bool


# Gives the frames one by one, so that all frames of a long clip need not be held at once.
Reader = Callable[[Request], Iterable[UInt8]]


def read_vidclf(ask: Request) -> Iterable[UInt8]:
    if ask.everything:
        with open_source(ask.path) as source:
            yield from (frame.image for frame in source)
        return
    picked = Picked(ask.wanted, np.ones(len(ask.wanted), np.bool_))
    yield from read_clip(ask.path, sampling=lambda _: picked, size=SIDE if ask.resized else None).frames


def read_pyav(ask: Request) -> Iterable[UInt8]:
    """The loop from PyAV's documentation, with its automatic threads."""
    chosen = set(ask.wanted.tolist())
    side = SIDE if ask.resized else None
    with av.open(ask.path) as container:
        container.streams.video[0].thread_type = "AUTO"
        for index, frame in enumerate(container.decode(video=0)):
            if index in chosen:
                yield frame.to_ndarray(format="rgb24", width=side, height=side)  # type: ignore[misc]


def opencv_reader(cv2: Any) -> Reader:
    def read(ask: Request) -> Iterable[UInt8]:
        chosen, capture = set(ask.wanted.tolist()), cv2.VideoCapture(ask.path)
        for index in range(int(ask.wanted[-1]) + 1):
            if not capture.grab():
                break
            if index in chosen:
                image = cv2.cvtColor(capture.retrieve()[1], cv2.COLOR_BGR2RGB)
                yield cv2.resize(image, (SIDE, SIDE), interpolation=cv2.INTER_AREA) if ask.resized else image
        capture.release()

    return read


def decord_reader(decord: Any) -> Reader:
    def read(ask: Request) -> Iterable[UInt8]:
        size = {"width": SIDE, "height": SIDE} if ask.resized else {}
        video = decord.VideoReader(ask.path, **size)
        if ask.everything:
            yield from (video[index].asnumpy() for index in range(len(video)))
        else:
            yield from video.get_batch(ask.wanted.tolist()).asnumpy()

    return read


def torchcodec_reader(decoders: Any, seek_mode: str) -> Reader:
    import torch

    def read(ask: Request) -> Iterable[UInt8]:
        video = decoders.VideoDecoder(ask.path, seek_mode=seek_mode, dimension_order="NCHW")
        if ask.everything:
            yield from (frame.permute(1, 2, 0).numpy() for frame in video)
            return
        frames = video.get_frames_at(indices=ask.wanted.tolist()).data
        if ask.resized:
            frames = torch.nn.functional.interpolate(frames, (SIDE, SIDE), mode="bilinear", antialias=True)
        yield from frames.permute(0, 2, 3, 1).numpy()

    return read


def readers() -> tuple[dict[str, Reader], dict[str, str]]:
    """The readers that are there, and why the others are not."""
    found: dict[str, Reader] = {"vidclf": read_vidclf, "PyAV loop": read_pyav}
    absent: dict[str, str] = {}
    peers: dict[str, tuple[str, Callable[[Any], Reader]]] = {
        "OpenCV": ("cv2", opencv_reader),
        "decord": ("decord", decord_reader),
        "torchcodec exact": ("torchcodec.decoders", lambda module: torchcodec_reader(module, "exact")),
        "torchcodec approximate": ("torchcodec.decoders", lambda module: torchcodec_reader(module, "approximate")),
    }
    for name, (module, make) in peers.items():
        try:
            found[name] = make(importlib.import_module(module))
        except (ImportError, OSError, RuntimeError) as error:
            absent[name] = next((line.strip() for line in str(error).splitlines() if line.strip()), repr(error))
    return found, absent


def render(spec: ClipSpec, folder: Path) -> Path:
    """Encode a clip of moving texture under a bar code; once for a folder."""
    path = folder / f"{spec.width}x{spec.height}_{spec.frames}_{spec.key_frame_distance}.mp4"
    if path.exists():
        return path
    coarse = np.random.default_rng(0).integers(0, 256, (spec.height // 16, spec.width // 16, 3), dtype=np.uint8)
    texture = coarse.repeat(16, 0).repeat(16, 1)
    unfinished = path.with_suffix(".part.mp4")
    options = {"preset": "veryfast", "crf": "23", "g": str(spec.key_frame_distance), "bf": "2", "sc_threshold": "0"}
    with av.open(str(unfinished), "w") as container:
        stream = container.add_stream("libx264", rate=FPS, options=options)
        stream.width, stream.height, stream.pix_fmt = spec.width, spec.height, "yuv420p"
        for index in range(spec.frames):
            image = np.roll(texture, (index, 3 * index), (0, 1))
            draw_number(image, index)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode(None))
    return unfinished.rename(path)


def draw_number(image: UInt8, number: int) -> None:
    """White, 10 bits, black: twelve cells over the top quarter. Longer clips start again after 1024."""
    width = image.shape[1]
    for cell, bit in enumerate([1, *((number >> (9 - k)) & 1 for k in range(10)), 0]):
        image[: image.shape[0] // 4, cell * width // CELLS : (cell + 1) * width // CELLS] = 255 * bit


def number_of(image: UInt8) -> int:
    row = image[image.shape[0] // 8, :, 1]
    levels = [row[int((cell + 0.5) * len(row) / CELLS)] for cell in range(CELLS)]
    return sum(int(level > 127) << (10 - cell) for cell, level in enumerate(levels) if 1 <= cell <= 10)


@dataclass(frozen=True)
class Result:
    """Medians of one reader on one task; ratios are to vidclf's, above 1 is slower."""

    clip: str
    task: str
    reader: str
    exact: bool
    cpu_ms: float
    wall_ms: float
    cpu_ratio: float
    wall_ratio: float


def measure(spec: ClipSpec, path: Path, task: Task, found: dict[str, Reader], rounds: int) -> list[Result]:
    wanted = task.wanted(spec)
    ask = Request(str(path), wanted, len(wanted) == spec.frames, task.resized)
    cpu: dict[str, list[float]] = {name: [] for name in found}
    wall: dict[str, list[float]] = {name: [] for name in found}
    exact = dict.fromkeys(found, True)
    for _ in range(rounds):
        for name, read in found.items():
            wall_start, cpu_start = time.perf_counter(), time.process_time()
            # Reading a number touches 12 pixels: nothing beside decoding.
            numbers = [number_of(image) for image in read(ask)]
            cpu[name].append(1e3 * (time.process_time() - cpu_start))
            wall[name].append(1e3 * (time.perf_counter() - wall_start))
            exact[name] &= numbers == (wanted % 1024).tolist()
    if not exact["vidclf"]:
        raise AssertionError(f"vidclf gave other frames than asked for: {spec.name}, {task.name}")
    cpu_ms = {name: statistics.median(values) for name, values in cpu.items()}
    wall_ms = {name: statistics.median(values) for name, values in wall.items()}
    return [
        Result(
            spec.name,
            task.name,
            name,
            exact[name],
            cpu_ms[name],
            wall_ms[name],
            cpu_ms[name] / cpu_ms["vidclf"],
            wall_ms[name] / wall_ms["vidclf"],
        )
        for name in found
    ]


def show(results: list[Result], absent: dict[str, str]) -> None:
    print(f"{'clip':18}{'task':20}{'reader':24}{'CPU ms':>9}{'wall ms':>9}{'CPU x':>7}{'wall x':>7}")
    for r in results:
        mark = "" if r.exact else "  inexact"
        print(
            f"{r.clip:18}{r.task:20}{r.reader:24}{r.cpu_ms:9.0f}{r.wall_ms:9.0f}"
            f"{r.cpu_ratio:7.2f}{r.wall_ratio:7.2f}{mark}"
        )
    for name, reason in absent.items():
        print(f"{name}: absent ({reason})")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one short clip, one round: does it run at all")
    parser.add_argument("--rounds", type=int, default=5, help="how often each reader reads each clip")
    parser.add_argument("--json", type=Path, help="write the results here")
    arguments = parser.parse_args()
    folder = Path(tempfile.gettempdir()) / "vidclf_bench_decode"
    folder.mkdir(exist_ok=True)
    found, absent = readers()
    results: list[Result] = []
    for spec in QUICK_CLIPS if arguments.quick else CLIPS:
        path = render(spec, folder)
        for task in TASKS:
            results += measure(spec, path, task, found, 1 if arguments.quick else arguments.rounds)
    show(results, absent)
    if arguments.json:
        machine = {"python": platform.python_version(), "machine": platform.machine(), "pyav": av.__version__}
        report = {"machine": machine, "results": [asdict(r) for r in results], "absent": absent}
        arguments.json.write_text(json.dumps(report, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
