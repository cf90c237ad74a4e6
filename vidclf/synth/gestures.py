"""A data set of rendered gestures: real encoded videos of a drawn hand."""

from __future__ import annotations

import csv
import difflib
import io
import json
import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

from vidclf.errors import StoppedError, UsageError
from vidclf.progress import Track, untracked
from vidclf.synth.clip import ClipPlan
from vidclf.synth.motion import GESTURES
from vidclf.video.write import write_video

# To be raised with every change that draws other pictures, so that one folder never holds two kinds.
RENDERER_VERSION = 1

_SMALLEST_SIDE = 48
_CRF = 24  # at write_video's own choice, most of the bytes would be sensor noise
_ABOUT, _MANIFEST, _README = "synth.json", "manifest.csv", "README.md"


def render_gestures(
    out: str | Path,
    *,
    clips_per_class: int,
    performers: int,
    seed: int = 0,
    classes: Sequence[str] | None = None,
    size: tuple[int, int] = (96, 128),
    workers: int | None = None,
    track: Track = untracked,
) -> Path:
    """Render gestures of a drawn hand into mp4 files, with a manifest.

    Writes `clips/<performer>/<label>_<number>.mp4`, `manifest.csv` (path, label, group, fps, num_frames,
    seconds, rendered; the group is the performer), `README.md` and `synth.json` (what was asked for). The same
    seed gives the same bytes, whatever the number of workers; with more performers or clips, or fewer classes,
    the clips that stay are the same. Called again with the same settings, it renders only what is missing. The
    worker processes are spawned: a script calls this under `if __name__ == "__main__":`.

    Args:
        out: the folder; made if it is not there, and otherwise empty or of the same settings.
        clips_per_class: clips of each class in all, spread evenly over the performers (the first ones get one
            more where the division leaves a rest).
        performers: number of performers, at most `clips_per_class`.
        seed: not below 0; another seed gives other performers and other clips.
        classes: some of `GESTURES`; all by default.
        size: (height, width) of the videos, pixels.
        workers: number of processes; one for each CPU by default.
        track: shows the clips as they are rendered.

    Returns:
        Path of the manifest.

    Raises:
        UsageError: settings that cannot be, or a folder that holds something else.
        StoppedError: the disk is full or may not be written to.
    """
    data_set = GestureSet(clips_per_class, performers, seed, tuple(GESTURES if classes is None else classes), size)
    workers = _num_cpus() if workers is None else workers
    if workers < 1:
        raise UsageError(f"workers must be at least 1, not {workers}.")
    out = Path(out)
    _claim(out, data_set)
    plans = list(data_set.plans())
    missing = [plan for plan in plans if not (out / _clip_path(plan)).exists()]
    for _ in track(_rendered(out, missing, workers), total=len(missing), what="rendering"):
        pass
    _write(out / _MANIFEST, _manifest(plans))
    return out / _MANIFEST


@dataclass(frozen=True)
class GestureSet:
    """What `render_gestures` was asked for, checked."""

    clips_per_class: int
    performers: int
    seed: int
    classes: tuple[str, ...]
    size: tuple[int, int]

    def __post_init__(self) -> None:
        if self.clips_per_class < 1:
            raise UsageError(f"clips_per_class must be at least 1, not {self.clips_per_class}.")
        if not 1 <= self.performers <= self.clips_per_class:
            raise UsageError(
                f"performers must be between 1 and clips_per_class ({self.clips_per_class}), so that each performs "
                f"every class, not {self.performers}."
            )
        if self.seed < 0:
            raise UsageError(f"seed must not be below 0, but is {self.seed}.")
        if len(self.size) != 2 or min(self.size) < _SMALLEST_SIDE:
            raise UsageError(f"size must be (height, width), each at least {_SMALLEST_SIDE} pixels, not {self.size}.")
        if not self.classes:
            raise UsageError("classes names no class; leave it out for all.")
        for name in self.classes:
            if name not in GESTURES:
                nearest = difflib.get_close_matches(name, GESTURES, n=1, cutoff=0)[0]
                raise UsageError(
                    f"'{name}' is no rendered gesture; did you mean '{nearest}'? There are: {', '.join(GESTURES)}."
                )
        if len(set(self.classes)) < len(self.classes):
            raise UsageError(f"classes names a class twice: {', '.join(self.classes)}.")

    def plans(self) -> Iterator[ClipPlan]:
        """The clips, performer by performer."""
        each, more = divmod(self.clips_per_class, self.performers)
        for performer in range(self.performers):
            for label in self.classes:
                for number in range(each + (performer < more)):
                    yield ClipPlan(self.seed, performer, label, number, self.size)

    def as_json(self) -> str:
        """What is kept beside the clips, to know them again."""
        about = {"renderer_version": RENDERER_VERSION, **vars(self)}
        return json.dumps(about, indent=2) + "\n"


def _claim(out: Path, data_set: GestureSet) -> None:
    """Make the folder ours, or refuse one that holds anything but this very data set."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        about = out / _ABOUT
        if about.exists():
            if about.read_text(encoding="utf-8") != data_set.as_json():
                raise UsageError(
                    f"{out} holds rendered gestures of other settings (see {about}). "
                    "Two data sets are not mixed: give another folder, or remove this one first."
                )
        elif any(out.iterdir()):
            raise UsageError(f"{out} is not empty. Give a new or an empty folder for the rendered gestures.")
    except OSError as error:
        raise StoppedError(f"{out}: the folder cannot be used: {error.strerror or error}.") from error
    _write(out / _ABOUT, data_set.as_json())
    _write(out / _README, _readme(data_set))


def _rendered(out: Path, plans: Sequence[ClipPlan], workers: int) -> Iterator[ClipPlan]:
    """Render clips in this process or in several; gives each one when it is written."""
    if workers == 1 or len(plans) < 2:
        yield from (_render(out, plan) for plan in plans)
        return
    # Spawned, not forked: a fork would copy the threads' locks of whatever the caller has loaded.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(workers, len(plans)), mp_context=context) as pool:
        try:
            yield from pool.map(_render, [out] * len(plans), plans, chunksize=2)
        except BrokenProcessPool as error:
            raise StoppedError(
                "A process that renders ended unexpectedly. In a script, call render_gestures under "
                "`if __name__ == '__main__':`; if memory was short, give fewer workers."
            ) from error


def _render(out: Path, plan: ClipPlan) -> ClipPlan:
    write_video(out / _clip_path(plan), plan.frames(), fps=plan.path.fps, crf=_CRF)
    return plan


def _clip_path(plan: ClipPlan) -> Path:
    return Path("clips", plan.performer.name, f"{plan.label}_{plan.number:03d}.mp4")


def _manifest(plans: Sequence[ClipPlan]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["path", "label", "group", "fps", "num_frames", "seconds", "rendered"])
    for plan in plans:
        path = plan.path
        seconds = f"{path.num_frames / path.fps:.3f}"
        facts = (f"{path.fps:g}", path.num_frames, seconds, "yes")
        writer.writerow([_clip_path(plan).as_posix(), plan.label, plan.performer.name, *facts])
    return text.getvalue()


def _readme(data_set: GestureSet) -> str:
    return f"""# Rendered gestures

Everything here is **rendered**: a program drew these hands, arms, people and rooms. No camera recorded
anything, and no person is shown. A figure measured on these clips says nothing about real recordings.

- {len(data_set.classes)} classes: {", ".join(data_set.classes)}
- {data_set.clips_per_class} clips a class by {data_set.performers} performers (`group` in `manifest.csv`)
- seed {data_set.seed}, renderer version {RENDERER_VERSION}; the same settings give the same clips again
"""


def _write(path: Path, text: str) -> None:
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(path)
    except OSError as error:
        raise StoppedError(f"{path}: cannot be written: {error.strerror or error}.") from error


def _num_cpus() -> int:
    """CPUs that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
