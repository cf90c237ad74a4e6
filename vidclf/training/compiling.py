"""A backbone that is compiled for its training steps; what is validated and kept is the network as it stands."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from vidclf.errors import StoppedError
from vidclf.models import ClipClassifier


def compile_backbone(network: ClipClassifier) -> None:
    """Have the backbone compiled when it next runs.

    It does most of the work and all pictures take the same way through it; heads follow the lengths of clips. The
    network is changed in place, and its tensors keep their names.

    Raises:
        StoppedError: PyTorch compiles nothing on this system or in this Python.
    """
    try:
        network.backbone.compile()
    except RuntimeError as error:
        raise _stopped(error) from None


@contextmanager
def compiler_watched() -> Iterator[None]:
    """Turn the failing of a compiler into a sentence.

    Raises:
        StoppedError: says what to install.
    """
    try:
        yield
    except RuntimeError as error:
        if not isinstance(error, torch._dynamo.exc.TorchDynamoException):
            raise
        raise _stopped(getattr(error, "inner_exception", error)) from None


@contextmanager
def uncompiled() -> Iterator[None]:
    """Leave compiled code aside, so that what is validated is what will be loaded and used."""
    with torch.compiler.set_stance("force_eager"):
        yield


def _stopped(error: Exception) -> StoppedError:
    reason = str(error).partition("\n")[0].rstrip(". ") or type(error).__name__
    return StoppedError(
        f"train.compile=true, but PyTorch cannot compile here ({reason}). Install a C++ compiler, and Triton where a "
        "GPU computes, or leave train.compile out."
    )
