"""`vidclf data cluster`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vidclf.cli.console import output, tell_error, track
from vidclf.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vidclf.data import ClipEntry
    from vidclf.features.describing import Describe


def cluster_command(
    source: Annotated[Path, typer.Argument(metavar="DIR_OR_MANIFEST", help="A folder of videos, or a CSV table.")],
    out: Annotated[Path, typer.Option(help="Folder for the page, the picture and the tables.")],
    clusters: Annotated[
        int | None, typer.Option(min=2, help="How many. Default: the square root of half the clips.")
    ] = None,
    run: Annotated[Path | None, typer.Option(help="A run folder: by the features of its backbone.")] = None,
    backbone: Annotated[str, typer.Option(help="With --weights: the torchvision network.")] = "mobilenet_v2",
    weights: Annotated[
        str | None, typer.Option(help="By a published network's features: its weights file, or default.")
    ] = None,
    apply: Annotated[
        Path | None, typer.Option(help="A labels.csv with labels typed in: write OUT/manifest.csv from it.")
    ] = None,
    root: Annotated[Path | None, typer.Option(help="Folder that the table's paths start from.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
) -> None:
    """Put clips that look alike into clusters, to be labelled a cluster at a time.

    Alike in motion, where neither --run nor --weights names a network.
    """
    entries = _entries(source, root)
    if apply:
        _apply(apply, entries, out)
        return
    if run and weights:
        raise UsageError("--run and --weights: the features are those of one of them; leave one out.")
    _cluster(source, entries, out, clusters, _describe(run, backbone, weights, device), _how(run, backbone, weights))


def _entries(source: Path, root: Path | None) -> Sequence[ClipEntry]:
    from vidclf.data import read_manifest
    from vidclf.features.describing import clips_below

    return clips_below(source) if source.is_dir() else read_manifest(source, root=root).entries


def _describe(run: Path | None, backbone: str, weights: str | None, device: str) -> Describe:
    from vidclf.data.cache import cache_folder
    from vidclf.engines import pick_device
    from vidclf.features.describing import by_backbone, by_motion, published_backbone
    from vidclf.infer import load
    from vidclf.models import ClipClassifier

    cache = cache_folder()
    if run:
        model = load(run, device=device)
        if not isinstance(model.network, ClipClassifier):
            raise UsageError(f"{run}: this is an ensemble, which has several backbones. Name one of its runs.")
        return by_backbone(model.network.backbone, model.preprocessing, cache, device=model.device, changes=False)
    if weights:
        network, preprocessing = published_backbone(backbone, weights)
        return by_backbone(network, preprocessing, cache, device=pick_device(device), changes=True)
    return by_motion(cache)


def _how(run: Path | None, backbone: str, weights: str | None) -> str:
    if run:
        return f"Clips that the network of {run.name} sees alike."
    if weights:
        return f"Clips whose motion {backbone} sees alike."
    return "Clips in which something moves alike: where, when and which way."


def _cluster(
    source: Path, entries: Sequence[ClipEntry], out: Path, count: int | None, describe: Describe, how: str
) -> None:
    from vidclf.draw.clusters import write_cluster_page, write_cluster_sheet
    from vidclf.features.clustering import cluster_clips
    from vidclf.features.contact import shown_clusters
    from vidclf.features.describing import describe_clips
    from vidclf.features.tables import read_labels, write_clusters, write_labels

    labels = out / "labels.csv"
    if labels.exists() and read_labels(labels):
        raise UsageError(
            f"{labels}: labels were typed into it, and other clusters would make them wrong. Use them with "
            f"--apply {labels}, or name another folder with --out."
        )
    described = describe_clips(entries, describe, track=track)
    clustering = cluster_clips(described.features, count)
    shown = shown_clusters(described.entries, clustering, track=track)
    out.mkdir(parents=True, exist_ok=True)
    write_clusters(out / "clusters.csv", described.entries, clustering)
    write_labels(labels, clustering.count)
    write_cluster_sheet(out / "clusters.png", shown)
    write_cluster_page(out / "clusters.html", f"Clusters of {source.name or source}", shown, how=how)
    output.print(f"{len(described.entries)} clips in {clustering.count} clusters")
    output.print(f"look at {out / 'clusters.html'} (or {out / 'clusters.png'})")
    output.print(f"type labels into {labels}, then add --apply {labels}")
    for error in described.bad:
        tell_error(str(error))
    if described.bad:
        raise typer.Exit(1)


def _apply(labels: Path, entries: Sequence[ClipEntry], out: Path) -> None:
    from vidclf.data import write_csv
    from vidclf.features.tables import labelled

    rows = labelled(entries, out / "clusters.csv", labels, root=out)
    manifest = out / "manifest.csv"
    write_csv(manifest, rows)
    output.print(f"{len(rows)} of {len(entries)} clips have a label now: {manifest}")
