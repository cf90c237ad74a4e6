"""Score a trained classifier on clips with known labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from vidclf.config import load_config
from vidclf.data import ClipEntry, Manifest, read_manifest, split_hash
from vidclf.errors import ManifestError, RunError
from vidclf.infer import Evaluation, describe_model, load, predict_entries, summarise
from vidclf.package import RunFolder
from vidclf.progress import Track, untracked
from vidclf.video import OnTruncated


@dataclass(frozen=True, eq=False)
class ScoredRun:
    """Scores, and what they are of.

    Attributes:
        evaluation: the scores.
        split_hash: fingerprint of the scored manifest, with its splits.
        seed: of the interval's resampling.
    """

    evaluation: Evaluation
    split_hash: str
    seed: int

    def to_json(self) -> dict[str, Any]:
        """The keys of `vidclf evaluate --json`."""
        return {**self.evaluation.to_json(), "split_hash": self.split_hash, "seed": self.seed}


def evaluate_run(
    run: str | Path,
    *,
    manifest: str | Path | None = None,
    root: str | Path | None = None,
    split: str | None = None,
    device: str = "auto",
    batch: int = 8,
    track: Track = untracked,
) -> ScoredRun:
    """Score a run on its own held-out clips, or on others.

    Args:
        run: the run folder, or its `model` folder together with a manifest.
        manifest: a CSV table or a folder per class; default: the clips that the run was made with.
        root: what the paths of the table start from; default: the table's folder, or the run's `data.root`.
        split: which split to score; default: of the run's own clips `test`, else `val`; of others all.
        device: `auto`, `cpu`, `cuda` or `mps`.
        batch: clips that are computed together.
        track: shows the clips as they pass.

    Raises:
        RunError: there is no model, or it does not know its clips.
        ManifestError: the clips cannot be used, or show classes the model does not know.
        DecodeError: not one clip could be read.
    """
    predictor = load(run, device=device)
    seed = int(describe_model(run).get("seed", 0))
    on_truncated: OnTruncated = "error"
    if manifest is None:
        clips, on_truncated = _own_clips(Path(run), root)
    else:
        clips = read_manifest(manifest, root=root)
    entries = _chosen(clips, split, own=manifest is None)
    unknown = sorted({entry.label for entry in entries} - set(predictor.classes))
    if unknown:
        raise ManifestError(
            f"{clips.source}: the model does not know {', '.join(unknown)}; it knows {', '.join(predictor.classes)}."
        )
    results = predict_entries(predictor, entries, predictor.reader(on_truncated), batch=batch, track=track)
    return ScoredRun(summarise(results, predictor.classes, seed=seed), split_hash(clips.entries), seed)


def _own_clips(path: Path, root: str | Path | None) -> tuple[Manifest, OnTruncated]:
    """The clips that a run was made with, and what it made of damaged ones."""
    run = RunFolder(path)
    if not run.split.is_file() or not run.config.is_file():
        raise RunError(f"{path}: it has no split.csv, so its own clips are not known. Name clips with --manifest.")
    data = load_config(run.config).data
    if root is None:
        where = Path(data.manifest or ".")
        root = data.root or (where if where.is_dir() else where.parent)
    manifest = read_manifest(run.split.resolve(), root=root)
    # The fingerprint must be the one that was written beside the model, which knew where the clips lie.
    return replace(manifest, source=run.split), data.on_truncated


def _chosen(manifest: Manifest, split: str | None, *, own: bool) -> Sequence[ClipEntry]:
    if split is None and not own:
        return manifest.entries
    wanted = [split] if split else ["test", "val"]
    for name in wanted:
        if entries := manifest.of_split(name):
            return entries
    present = sorted({entry.split for entry in manifest.entries if entry.split})
    there = ", ".join(present) or "no splits"
    raise ManifestError(f"{manifest.source}: no clip is in split {' or '.join(wanted)}; there are {there}.")
