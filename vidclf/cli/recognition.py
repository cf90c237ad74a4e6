"""`vidclf evaluate --embedder`: what of it is not of a classifier."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from vidclf.cli.console import output, track
from vidclf.errors import UsageError

if TYPE_CHECKING:
    from vidclf.evaluate import Recognition

_FAILURES_SHOWN = 20


def evaluate_recognition(
    embedder: Path,
    protocol: str | None,
    data: Path | None,
    settings: Mapping[str, Any],
    *,
    device: str,
    json: Path | None,
    out: Path | None,
) -> None:
    """Score an embedder by a protocol, print and write what it came to.

    Args:
        embedder: a run folder, or a YAML file.
        protocol: one of `PROTOCOLS`.
        data: what it is scored on.
        settings: those of `Question` that were given, by name.
        device: `auto`, `cpu`, `cuda` or `mps`.
        json: file for the scores.
        out: folder for the plots.

    Raises:
        UsageError: there is no such protocol, or it knows no such setting.
    """
    from vidclf.evaluate import PROTOCOLS, TAKES, Question, write_plots
    from vidclf.infer import load_embedder
    from vidclf.package import write_json

    if protocol not in PROTOCOLS:
        found = "no protocol is named" if protocol is None else f"there is no protocol {protocol}"
        raise UsageError(f"{found}; --protocol takes {', '.join(PROTOCOLS)}.")
    if data is None:
        raise UsageError(f"--protocol {protocol} needs the data to score on: --data PATH.")
    for name in settings.keys() - TAKES[protocol] - {"seed", "views"}:
        raise UsageError(f"--protocol {protocol} knows no --{name.replace('_', '-')}.")
    model = load_embedder(embedder, device=device)
    scores = PROTOCOLS[protocol](model, Question(data, track=track, **settings))
    _print(scores)
    if json:
        write_json(json, scores.to_json())
    if out and scores.evidence is None:
        raise UsageError(f"--protocol {protocol} draws no plots; leave out --out.")
    if out and scores.evidence is not None:
        write_plots(model, scores.evidence, out)
        output.print(f"plots in {out}")
    if scores.num_failed:
        raise typer.Exit(1)


def _print(scores: Recognition) -> None:
    low, high = scores.ci95
    interval = f"95 % interval {low:.2%} to {high:.2%}"
    if scores.accuracy is not None:
        output.print(
            f"accuracy {scores.accuracy:.2%} ({interval}), error {scores.error:.2%}, {scores.num_trials} trials"
        )
    else:
        output.print(f"{scores.num_trials} trials ({interval})")
    if scores.auc is not None and scores.eer is not None:
        output.print(f"AUC {scores.auc:.4f}, equal error rate {scores.eer:.2%}")
    for rate, share in scores.tar_at_far.items():
        output.print(f"  true accept rate {share:.2%} at a false accept rate of {float(rate):.2%}")
    for rate, share in scores.dir_at_fpir.items():
        output.print(
            f"  known ones named {share:.2%} at a false positive rate of {float(rate):.0%}, "
            f"realised {scores.realised_fpir[rate]:.2%}"
        )
    if scores.threshold is not None:
        output.print(f"threshold {scores.threshold:.3f}")
    for reason in list(scores.details.get("failures", ()))[:_FAILURES_SHOWN]:
        output.print(f"could not be used: {reason}")
    if scores.num_failed:
        output.print(f"{scores.num_failed} could not be used")
