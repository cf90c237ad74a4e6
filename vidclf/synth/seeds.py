"""Random generators that depend on nothing but the names of what is drawn."""

from __future__ import annotations

import zlib

import numpy as np


def generator(seed: int, *names: int | str) -> np.random.Generator:
    """A generator of its own for a seed and a name, whatever else is drawn, and in whichever process."""
    # zlib.crc32 and not hash(): that one differs from process to process.
    keys = [zlib.crc32(str(name).encode()) for name in names]
    return np.random.default_rng(np.random.SeedSequence([seed, *keys]))
