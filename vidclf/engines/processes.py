"""How many processes train together, and whether the launcher started as many as it was asked for."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

import yaml

from vidclf.errors import ProcessCountError


def check_process_count(running: int) -> None:
    """Compare the processes that run with those that the launcher was asked for.

    `accelerate launch --cpu --num_processes 2` starts one process without a word, and under torchrun without
    its CPU setting each process would believe to be alone.

    Args:
        running: how many processes know of each other.

    Raises:
        ProcessCountError: they are not as many as were asked for.
    """
    world_size = int(os.environ.get("WORLD_SIZE", "1"))
    if world_size > 1 and world_size != running:
        raise ProcessCountError(
            f"torchrun started {world_size} processes, but they do not know of each other (each sees {running}). "
            "On a CPU set device=cpu, so that they talk over gloo."
        )
    asked = _asked_of_accelerate(_parent_command())
    if asked > running:
        raise ProcessCountError(
            f"accelerate launch was asked for {asked} processes and started {running}. On a CPU it always starts "
            f"one; use torchrun --standalone --nproc-per-node {asked} -m vidclf train ... instead."
        )


def _parent_command() -> list[str]:
    try:
        content = Path(f"/proc/{os.getppid()}/cmdline").read_bytes()
    except OSError:
        return []  # not Linux: what was asked for cannot be seen
    return content.decode(errors="replace").split("\0")


def _asked_of_accelerate(command: Sequence[str]) -> int:
    """Processes that an `accelerate launch` command line, or the config file it names, asks for; else 1."""
    if not any(
        Path(word).name in ("accelerate", "accelerate-launch") or "accelerate.commands" in word for word in command
    ):
        return 1
    text = " ".join(command)
    if found := re.search(r"--num[_-]processes[= ](\d+)", text):
        return int(found[1])
    if found := re.search(r"--config[_-]file[= ](\S+)", text):
        try:
            settings = yaml.safe_load(Path(found[1]).read_text(encoding="utf-8"))
            return int(settings.get("num_processes", 1))
        except (OSError, yaml.YAMLError, AttributeError, TypeError, ValueError):
            return 1  # accelerate itself has said what is wrong with its file
    return 1
