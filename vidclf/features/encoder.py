"""A frozen backbone that encodes frames, by the fastest engine there is."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from vidclf.data.cache import EntryStore, entry_key
from vidclf.engines import open_onnx
from vidclf.errors import WeightsError
from vidclf.features.graph import FEATURES, FRAMES, export_backbone
from vidclf.types import Float32Array

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

logger = logging.getLogger(__name__)

_FRAMES_AT_ONCE = 32
# Largest difference from PyTorch's features, as a share of the largest feature.
_TOLERANCE = 1e-4


class FrozenEncoder:
    """Encodes frames by a backbone that is not trained any more; may be called from several threads.

    On a CPU a graph of ONNX Runtime computes, which is several times faster there, if it is installed and gives
    PyTorch's features within 1e-4 of the largest; elsewhere PyTorch does.

    Args:
        backbone: (N, C, h, w) -> (N, D); put into evaluation mode and onto the device.
        shape: (C, h, w) of a frame.
        device: where it computes.
        graphs: keeps exported graphs, as exporting takes long; None exports anew.

    Attributes:
        identity: a hash of the backbone's layers and weights.
        engine: `onnxruntime` or `torch`.
    """

    def __init__(
        self,
        backbone: nn.Module,
        shape: tuple[int, int, int],
        *,
        device: torch.device,
        graphs: EntryStore | None = None,
    ) -> None:
        self._backbone = backbone.eval().to(device)
        self._device = device
        self.identity = _identity(backbone)
        self._encode: Callable[[Float32Array], Float32Array] = self._by_torch
        self.engine = "torch"
        session = self._checked_session(shape, graphs) if device.type == "cpu" else None
        if session is not None:
            self._encode = lambda frames: _by_onnx(session, frames)
            self.engine = "onnxruntime"

    def __call__(self, frames: Float32Array) -> Float32Array:
        """Encode float32 frames (N, C, h, w), N at least 1, as features float32 (N, D)."""
        parts = [
            self._encode(frames[first : first + _FRAMES_AT_ONCE]) for first in range(0, len(frames), _FRAMES_AT_ONCE)
        ]
        return np.concatenate(parts)

    @torch.inference_mode()
    def _by_torch(self, frames: Float32Array) -> Float32Array:
        pictures = torch.from_numpy(frames).to(self._device).contiguous(memory_format=torch.channels_last)
        features: Float32Array = self._backbone(pictures).float().cpu().numpy()
        return features

    def _checked_session(self, shape: tuple[int, int, int], graphs: EntryStore | None) -> InferenceSession | None:
        """A session that gives PyTorch's features; None where there is none."""
        try:
            import onnxruntime  # noqa: F401  # before an export that would be in vain

            session = open_onnx(self._graph(shape, graphs))
            frames = np.random.default_rng(0).normal(size=(3, *shape)).astype(np.float32)
            expected, given = self._by_torch(frames), _by_onnx(session, frames)
        except (ImportError, WeightsError) as error:
            logger.info("features are computed by PyTorch (%s); with pip install 'vidclf[onnx]' it is faster", error)
            return None
        except Exception as error:  # neither library has one class for what it cannot export or run
            logger.info(
                "features are computed by PyTorch; it could not export the network (%s)", type(error).__name__
            )
            return None
        if not np.abs(expected - given).max() <= _TOLERANCE * np.abs(expected).max():
            logger.warning("features are computed by PyTorch: ONNX Runtime gives others for this network")
            return None
        return session

    def _graph(self, shape: tuple[int, int, int], graphs: EntryStore | None) -> bytes:
        key = entry_key(backbone=self.identity, shape=shape, torch=torch.__version__)
        if graphs is not None and (kept := graphs.get(key)):
            return kept["onnx"].tobytes()
        logger.info("exporting the backbone for ONNX Runtime, once for these weights")
        graph = export_backbone(self._backbone, shape)
        if graphs is not None:
            graphs.put(key, {"onnx": np.frombuffer(graph, np.uint8)})
        return graph


def _by_onnx(session: InferenceSession, frames: Float32Array) -> Float32Array:
    (features,) = session.run([FEATURES], {FRAMES: frames})
    return np.asarray(features, dtype=np.float32)


def _identity(backbone: nn.Module) -> str:
    digest = hashlib.sha256(repr(backbone).encode())
    for name, tensor in backbone.state_dict().items():
        array = tensor.detach().cpu().contiguous().numpy()
        digest.update(f"{name} {array.dtype} {array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()
