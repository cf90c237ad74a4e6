"""`vidclf doctor`."""

from __future__ import annotations

import importlib.util
import platform
import re
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Literal

from vidclf.cli.console import output

_DECODERS = {
    "h264": "most mp4 files and cameras",
    "hevc": "phones and newer cameras",
    "mpeg4": "older AVI files",
    "mpeg2video": "DVDs and TV recordings",
    "mjpeg": "webcams and picture folders",
    "vp9": "webm files",
    "av1": "newer web videos",
    "gif": "animated pictures",
    "png": "picture folders",
}
_ENCODERS = {"libx264": "writing mp4 files (vidclf synth, annotated videos)"}
_EXTRAS = {
    "onnx": ("onnxruntime", "detectors (prep.detector) and features of frozen backbones"),
    "web": ("fastapi", "vidclf data label"),
    "camera": ("cv2", "the preview window of tools/record.py"),
    "tensorboard": ("tensorboard", "train.tensorboard=true"),
    "tune": ("optuna", "vidclf tune"),
    "ray": ("ray", "--on ray of vidclf predict, data check and cache build"),
    "bench": ("torchcodec", "the comparison of decoders in benchmarks/"),
}


def doctor_command() -> None:
    """Print versions, device, codecs, extras and cameras, and what is missing for what."""
    python = f"Python {platform.python_version()}"
    output.print(f"vidclf {version('vidclf')}, {python}, {platform.platform()}")
    missing = [*_versions(), *_device(), *_codecs(), *_extras(), *_cameras()]
    output.print("missing:" if missing else "nothing is missing")
    for what in missing:
        output.print(f"  {what}")


def _versions() -> Iterator[str]:
    needed = [line for line in requires("vidclf") or () if "extra ==" not in line]
    packages = sorted({re.split(r"[^\w.-]", line, maxsplit=1)[0] for line in needed})
    found = []
    for package in packages:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            yield f"{package}, which vidclf cannot do without: pip install {package}"
    output.print("packages: " + ", ".join(found))


def _device() -> Iterator[str]:
    import torch

    from vidclf.engines import describe_bf16, describe_device, pick_device

    device = pick_device("auto")
    output.print(f"device: {describe_device(device)}, bf16 {describe_bf16(device)}")
    try:
        import torchvision  # noqa: F401
    except (ImportError, RuntimeError) as error:
        yield (
            f"torchvision for PyTorch {torch.__version__} ({str(error).splitlines()[0]}): "
            "install a pair that belongs together, as in constraints.txt"
        )


def _codecs() -> Iterator[str]:
    import av

    def there(name: str, mode: Literal["r", "w"]) -> bool:
        try:
            av.Codec(name, mode)
        except av.codec.codec.UnknownCodecError:
            return False
        return True

    libavcodec = ".".join(map(str, av.library_versions["libavcodec"]))
    found = [name for name in _DECODERS if there(name, "r")]
    output.print(f"decoders: {', '.join(found)}; FFmpeg's libavcodec {libavcodec}")
    yield from (f"decoder {name}, for {use}" for name, use in _DECODERS.items() if name not in found)
    yield from (f"encoder {name}, for {use}" for name, use in _ENCODERS.items() if not there(name, "w"))


def _extras() -> Iterator[str]:
    installed = [extra for extra, (module, _) in _EXTRAS.items() if importlib.util.find_spec(module)]
    output.print(f"extras: {', '.join(installed) or 'none'}")
    for extra, (_, use) in _EXTRAS.items():
        if extra not in installed:
            yield f'extra {extra}, for {use}: pip install "vidclf[{extra}]"'


def _cameras() -> Iterator[str]:
    if not sys.platform.startswith("linux"):
        output.print("cameras: not looked for on this system")
        return
    cameras = sorted(Path("/dev").glob("video*"))
    output.print(f"cameras: {', '.join(map(str, cameras)) or 'none'}")
    if not cameras:
        yield "a camera, for live demos (files and addresses work without one)"
