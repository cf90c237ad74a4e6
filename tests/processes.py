"""Processes that tests start: forked from one that has imported the heavy libraries once.

There is one such server for a whole run of tests. It is told once, here, what to import: told again, it forgets, and
every process of every test takes the seconds that importing PyTorch takes.
"""

from __future__ import annotations

import multiprocessing

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(
    ["vidclf.cli", "vidclf.training", "vidclf.training.dry_run", "vidclf.evaluate", "vidclf.gallery"]
)
