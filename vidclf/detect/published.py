"""Where a detector's weights are published."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from vidclf.weights import fetch_weights


@dataclass(frozen=True)
class Published:
    """A file in the net.

    Attributes:
        url: where it is.
        sha256: its hash in hexadecimal.
    """

    url: str
    sha256: str

    def fetch(self) -> Path:
        """The local copy, beside those of torchvision.

        Raises:
            WeightsError: it is not there and cannot be downloaded, or its hash differs.
        """
        import torch

        folder = Path(torch.hub.get_dir()) / "checkpoints"
        otherwise = "Or name a file that you have: prep.detector_weights=FILE."
        return fetch_weights(self.url, folder, sha256=self.sha256, otherwise=otherwise)
