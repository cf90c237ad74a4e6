"""ONNX Runtime sessions, on the CPU."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from vidclf.errors import MissingExtraError, WeightsError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

_ERRORS_ONLY = 3


def open_onnx(model: Path | bytes, *, threads: int = 0) -> InferenceSession:
    """A session that computes a graph.

    Args:
        model: a file, or its content.
        threads: how many compute; 0: as many as there are cores.

    Raises:
        MissingExtraError: ONNX Runtime is not installed.
        WeightsError: there is no such file, or it holds no graph that ONNX Runtime reads.
    """
    try:
        import onnxruntime
    except ImportError:
        raise MissingExtraError("this needs ONNX Runtime: pip install 'vidclf[onnx]'.") from None
    if isinstance(model, Path) and not model.is_file():
        raise WeightsError(f"{model}: there is no such weights file.")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = _ERRORS_ONLY
    content = model if isinstance(model, bytes) else str(model)
    try:
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its classes of errors are not public
        name = model if isinstance(model, Path) else "the graph"
        raise WeightsError(f"{name}: ONNX Runtime cannot read it ({str(error).splitlines()[0]}).") from None
