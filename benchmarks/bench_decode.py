"""How fast, and how right, video is read: vidclf against OpenCV, decord, torchcodec and a plain PyAV loop.

    python benchmarks/bench_decode.py [--quick] [--rounds N] [--json FILE]

Renders its own clips, whose frames carry their number as a bar code. Every frame of every reader is checked: its
number, its time where the reader tells it, and its pixels against those of a decode in one thread. A reader that
gives others than those asked for is marked "inexact"; vidclf has to be exact, or the benchmark fails.

The readers take turns within a round. Their CPU time (of all threads of the process) is divided by vidclf's of the
same round, and the median over the rounds is the ratio, so that a machine that slows down slows all alike. Wall
time stands beside it. Readers that are not installed, or do not load, are reported as absent with the reason. The
peak memory of reading is measured in a process of its own for each length.

The result file (--json) holds

    format_version  1
    machine         system, processor, cpu_count, load_before (1 minute), versions of what was measured
    rounds          how often each reader read each clip
    results         clip, task, reader, exact, cpu_ms, wall_ms (medians), cpu_ratio, wall_ratio (to vidclf's: above 1
                    is slower)
    targets         what, clip, task, against, measured, at_most, met: vidclf's CPU time over that of another
    memory          clip, task, peak_mib of vidclf, and of starting it alone ("nothing")
    absent          reason by reader
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import importlib.metadata
import json
import os
import platform
import resource
import statistics
import subprocess
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


# Starting up and nothing else, to tell the memory of reading from that of the libraries.
NOTHING = "nothing"
UNIFORM, DENSE, ALL = f"16 uniform at {SIDE}", "32 dense, middle", "all frames"


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
    """What every reader is asked for; `resized` frames are SIDE x SIDE, others of full size.

    `pixel_error` is the mean difference to the reference, in grey levels, that other ways of resizing may make.
    """

    name: str
    wanted: Callable[[ClipSpec], Ints]
    resized: bool = False
    pixel_error: float = 3.0


def uniform_16(spec: ClipSpec) -> Ints:
    return sampling.uniform(np.arange(spec.frames) / FPS, 16).indices


def middle_32(spec: ClipSpec) -> Ints:
    count = min(32, spec.frames)
    return np.arange(count, dtype=np.int64) + (spec.frames - count) // 2


TASKS = (
    Task(UNIFORM, uniform_16, resized=True, pixel_error=20.0),
    Task(DENSE, middle_32),
    Task(ALL, lambda spec: np.arange(spec.frames, dtype=np.int64)),
)


@dataclass(frozen=True)
class Request:
    """What one call of a reader is to give: frames by number, resized or not; `everything` when that is all."""

    path: str
    wanted: Ints
    everything: bool
    resized: bool


PYAV_LOOP = "PyAV loop, threads"

# Gives frames and their times (None where it does not tell) one by one, so that a long clip need not be held.
Answers = Iterable[tuple[UInt8, float | None]]
Reader = Callable[[Request], Answers]


def read_vidclf(ask: Request) -> Answers:
    if ask.everything:
        with open_source(ask.path) as source:
            yield from ((frame.image, frame.pts_seconds) for frame in source)
        return
    picked = Picked(ask.wanted, np.ones(len(ask.wanted), np.bool_))
    clip = read_clip(ask.path, sampling=lambda _: picked, size=SIDE if ask.resized else None)
    yield from zip(clip.frames, clip.pts_seconds.tolist(), strict=True)


def pyav_reader(thread_type: str) -> Reader:
    """The loop from PyAV's documentation, up to the last frame that is wanted."""

    def read(ask: Request) -> Answers:
        chosen, last = set(ask.wanted.tolist()), int(ask.wanted[-1])
        side = SIDE if ask.resized else None
        with av.open(ask.path) as container:
            container.streams.video[0].thread_type = thread_type  # type: ignore[assignment]
            for index, frame in enumerate(container.decode(video=0)):
                if index in chosen:
                    yield frame.to_ndarray(format="rgb24", width=side, height=side), frame.time  # type: ignore[misc]
                if index == last:
                    break

    return read


def opencv_reader(cv2: Any) -> Reader:
    def read(ask: Request) -> Answers:
        chosen, capture = set(ask.wanted.tolist()), cv2.VideoCapture(ask.path)
        for index in range(int(ask.wanted[-1]) + 1):
            if not capture.grab():
                break
            if index in chosen:
                image = cv2.cvtColor(capture.retrieve()[1], cv2.COLOR_BGR2RGB)
                yield cv2.resize(image, (SIDE, SIDE), interpolation=cv2.INTER_AREA) if ask.resized else image, None
        capture.release()

    return read


def decord_reader(decord: Any) -> Reader:
    def read(ask: Request) -> Answers:
        size = {"width": SIDE, "height": SIDE} if ask.resized else {}
        video = decord.VideoReader(ask.path, **size)
        times = video.get_frame_timestamp(ask.wanted.tolist())[:, 0].tolist()
        if ask.everything:
            images: Iterable[UInt8] = (video[index].asnumpy() for index in range(len(video)))
        else:
            images = video.get_batch(ask.wanted.tolist()).asnumpy()
        yield from zip(images, times, strict=True)

    return read


def torchcodec_reader(decoders: Any, seek_mode: str) -> Reader:
    transforms = importlib.import_module("torchcodec.transforms")

    def read(ask: Request) -> Answers:
        resize = {"transforms": [transforms.Resize((SIDE, SIDE))]} if ask.resized else {}
        video = decoders.VideoDecoder(ask.path, seek_mode=seek_mode, dimension_order="NHWC", **resize)
        if ask.everything:
            frames = (video.get_frame_at(index) for index in range(len(video)))
            yield from ((frame.data.numpy(), frame.pts_seconds) for frame in frames)
            return
        batch = video.get_frames_at(indices=ask.wanted.tolist())
        yield from zip(batch.data.numpy(), batch.pts_seconds.tolist(), strict=True)

    return read


def readers() -> tuple[dict[str, Reader], dict[str, str]]:
    """The readers that are there, and why the others are not."""
    found: dict[str, Reader] = {"vidclf": read_vidclf, PYAV_LOOP: pyav_reader("AUTO")}
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


@dataclass(frozen=True)
class Seen:
    """What is kept of a frame to check it: its number, its time, and each 16th pixel of each 16th row."""

    number: int
    seconds: float | None
    pixels: UInt8


def seen(answers: Answers) -> list[Seen]:
    # A few thousand bytes of each frame: nothing beside decoding it.
    return [Seen(number_of(image), seconds, image[8::16, 8::16].copy()) for image, seconds in answers]


def is_exact(found: list[Seen], reference: list[Seen], task: Task, wanted: Ints) -> bool:
    if [frame.number for frame in found] != (wanted % 1024).tolist():
        return False
    times = [(frame.seconds, index / FPS) for frame, index in zip(found, wanted.tolist(), strict=True)]
    if any(seconds is not None and abs(seconds - right) > 0.5 / FPS for seconds, right in times):
        return False
    errors = [
        np.abs(frame.pixels.astype(int) - right.pixels).mean() if frame.pixels.shape == right.pixels.shape else np.inf
        for frame, right in zip(found, reference, strict=True)
    ]
    return bool(max(errors) <= task.pixel_error)


def measure(spec: ClipSpec, path: Path, task: Task, found: dict[str, Reader], rounds: int) -> list[Result]:
    wanted = task.wanted(spec)
    ask = Request(str(path), wanted, len(wanted) == spec.frames, task.resized)
    reference = seen(pyav_reader("NONE")(ask))  # in one thread, which hides nothing
    cpu: dict[str, list[float]] = {name: [] for name in found}
    wall: dict[str, list[float]] = {name: [] for name in found}
    exact = dict.fromkeys(found, True)
    for _ in range(rounds):
        for name, read in found.items():
            wall_start, cpu_start = time.perf_counter(), time.process_time()
            frames = seen(read(ask))
            cpu[name].append(1e3 * (time.process_time() - cpu_start))
            wall[name].append(1e3 * (time.perf_counter() - wall_start))
            exact[name] &= is_exact(frames, reference, task, wanted)
    if not exact["vidclf"]:
        raise AssertionError(f"vidclf gave other frames than asked for: {spec.name}, {task.name}")
    return [
        Result(
            spec.name,
            task.name,
            name,
            exact[name],
            statistics.median(cpu[name]),
            statistics.median(wall[name]),
            statistics.median(x / y for x, y in zip(cpu[name], cpu["vidclf"], strict=True)),
            statistics.median(x / y for x, y in zip(wall[name], wall["vidclf"], strict=True)),
        )
        for name in found
    ]


@dataclass(frozen=True)
class Target:
    """What vidclf's CPU time is to be at most, over that of another reader."""

    what: str
    clip: str
    task: str
    against: str
    measured: float
    at_most: float
    met: bool


def targets(results: list[Result]) -> list[Target]:
    made = []
    for clip, task in dict.fromkeys((r.clip, r.task) for r in results):
        peers = [r for r in results if (r.clip, r.task) == (clip, task) and r.reader != "vidclf" and r.exact]
        if not peers:
            continue
        fastest = min(peers, key=lambda r: r.cpu_ratio)
        made.append(_target("fastest exact peer", fastest, 1.05))
        loop = next((r for r in peers if r.reader == PYAV_LOOP), None)
        if loop and (task == DENSE or (task == UNIFORM and clip == CLIPS[-1].name)):
            made.append(_target("plain loop", loop, 0.6))
    return made


def _target(what: str, peer: Result, at_most: float) -> Target:
    measured = 1 / peer.cpu_ratio
    return Target(what, peer.clip, peer.task, peer.reader, measured, at_most, measured <= at_most)


@dataclass(frozen=True)
class Memory:
    """Peak memory of a process that reads with vidclf."""

    clip: str
    task: str
    peak_mib: float


def memory(spec: ClipSpec, path: Path, task: Task | None) -> Memory:
    name = task.name if task else NOTHING
    command = [sys.executable, __file__, "--peak-of", str(path), name, str(spec.frames)]
    return Memory(spec.name, name, float(subprocess.run(command, capture_output=True, check=True).stdout))


def print_peak(path: str, task_name: str, frames: int) -> None:
    """Read in this process, and print its peak memory in MiB."""
    spec = ClipSpec("", frames // FPS, 0, 0, 0)
    for task in TASKS:
        if task.name == task_name:
            wanted = task.wanted(spec)
            for _ in read_vidclf(Request(path, wanted, len(wanted) == frames, task.resized)):
                pass
    print(peak_mib())


def peak_mib() -> float:
    """Peak resident memory of this process."""
    status = Path("/proc/self/status")
    if status.exists():  # `ru_maxrss` there is at least what the process that started this one had
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 2**10
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def machine() -> dict[str, Any]:
    versions = {"python": platform.python_version()}
    for name in ("vidclf", "av", "opencv-python", "decord", "torchcodec", "torch", "numpy"):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            versions[name] = importlib.metadata.version(name)
    return {
        "system": platform.platform(),
        "processor": processor(),
        "cpu_count": os.cpu_count(),
        "load_before": os.getloadavg()[0],
        "versions": versions,
    }


def processor() -> str:
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.exists() else []
    return next((line.split(": ")[1] for line in lines if line.startswith("model name")), platform.processor())


def show_results(results: list[Result]) -> None:
    for r in results:
        mark = "" if r.exact else "  inexact"
        print(
            f"{r.clip:18}{r.task:20}{r.reader:24}{r.cpu_ms:9.0f}{r.wall_ms:9.0f}"
            f"{r.cpu_ratio:7.2f}{r.wall_ratio:7.2f}{mark}",
            flush=True,
        )


def show_outcome(wanted: list[Target], peaks: list[Memory], absent: dict[str, str]) -> None:
    for t in wanted:
        outcome = "met" if t.met else "MISSED"
        print(f"{outcome:7}{t.measured:5.2f} (at most {t.at_most}) of {t.what}, {t.against}: {t.clip}, {t.task}")
    for m in peaks:
        print(f"{m.clip:18}{m.task:20}{m.peak_mib:7.0f} MiB at most")
    for name, reason in absent.items():
        print(f"{name}: absent ({reason})")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one short clip, one round: does it run at all")
    parser.add_argument("--rounds", type=int, default=5, help="how often each reader reads each clip")
    parser.add_argument("--json", type=Path, help="write the results here")
    parser.add_argument("--peak-of", nargs=3, metavar=("FILE", "TASK", "FRAMES"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.peak_of:
        path, task_name, frames = arguments.peak_of
        print_peak(path, task_name, int(frames))
        return 0
    rounds = 1 if arguments.quick else arguments.rounds
    folder = Path(tempfile.gettempdir()) / "vidclf_bench_decode"
    folder.mkdir(exist_ok=True)
    found, absent = readers()
    about = machine()
    results: list[Result] = []
    peaks: list[Memory] = []
    for read in found.values():  # what is loaded at first use is not timed
        seen(read(Request(str(render(QUICK_CLIPS[0], folder)), np.arange(3), everything=False, resized=True)))
    print(f"{'clip':18}{'task':20}{'reader':24}{'CPU ms':>9}{'wall ms':>9}{'CPU x':>7}{'wall x':>7}")
    for spec in QUICK_CLIPS if arguments.quick else CLIPS:
        path = render(spec, folder)
        for task in TASKS:
            measured = measure(spec, path, task, found, rounds)
            show_results(measured)
            results += measured
        peaks += [memory(spec, path, task) for task in (None, *TASKS)]
    wanted = targets(results)
    show_outcome(wanted, peaks, absent)
    if arguments.json:
        report = {
            "format_version": 1,
            "machine": about,
            "rounds": rounds,
            "results": [asdict(r) for r in results],
            "targets": [asdict(t) for t in wanted],
            "memory": [asdict(m) for m in peaks],
            "absent": absent,
        }
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        arguments.json.write_text(json.dumps(report, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
