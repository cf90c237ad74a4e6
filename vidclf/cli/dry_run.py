"""`vidclf train --dry-run`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table

from vidclf.cli.console import output
from vidclf.cli.data.show import show_counts

if TYPE_CHECKING:
    from vidclf.config import Config


def show_dry_run(config: Config) -> None:
    """Print the settings, the clips, the layers, and what a step costs; write a sheet of inputs."""
    from vidclf.config import dump_config
    from vidclf.engines import describe_device, pick_device
    from vidclf.training.dry_run import draw_inputs, in_words, measure
    from vidclf.training.run import read_data

    manifest = read_data(config)
    output.print(dump_config(config))
    show_counts(manifest)
    layers, estimate = measure(config, manifest)
    table = Table("layer", "kind", "out", "weights", box=None)
    for layer in layers:
        table.add_row(layer.name, layer.kind, layer.shape, f"{layer.parameters:,}")
    output.print(table)
    sheet = Path(f"{config.out}-inputs.png")
    draw_inputs(config, manifest, sheet)
    output.print(
        f"on {describe_device(pick_device(config.device))}: {in_words(estimate.step_seconds)} a step, "
        f"{in_words(estimate.read_seconds)} to read its clips, about {in_words(estimate.epoch_seconds)} an epoch "
        f"({in_words(estimate.epoch_seconds * config.train.epochs)} in all"
        + (", less with clips kept in memory)" if config.data.cache == "memory" else ")")
        + f", {estimate.memory_bytes / 2**30:.1f} GiB"
    )
    output.print(f"inputs as the network gets them: {sheet}")
