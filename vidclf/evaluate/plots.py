"""Plots of a comparison: ROC, similarities, a map of the vectors, and the pairs that mislead the most."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from vidclf.draw import SheetRow, contact_sheet, film_strip, plot_roc, plot_similarities, plot_vector_map, save_png
from vidclf.errors import DecodeError
from vidclf.evaluate.evidence import Evidence
from vidclf.infer.embedder import Embedder
from vidclf.metrics import roc
from vidclf.types import Float32Array, Float64Array, IntArray, UInt8Array
from vidclf.video import Resizer

_CONFUSIONS = 12  # of each kind
_IN_A_ROW = 4
_SHOWN_SIDE = 128
_MOST_MAPPED = 1000
# A neighbourhood of t-SNE, which must be smaller than what there is.
_PERPLEXITY = 30.0


def write_plots(embedder: Embedder, evidence: Evidence, folder: Path) -> None:
    """Write `roc.png`, `similarities.png`, `map.png` and `confusions.png`; the folder is made.

    Args:
        embedder: cuts out again what is shown of the confusions.
        evidence: what was compared; pairs of both kinds.
        folder: where to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    similarities, same = evidence.similarities, evidence.pairs.same
    plot_roc(roc(similarities, same), folder / "roc.png")
    plot_similarities(similarities, same, folder / "similarities.png", threshold=evidence.threshold)
    chosen = _mapped(evidence.identities)
    plot_vector_map(
        _laid_out(evidence.vectors[chosen]), evidence.identities[chosen], evidence.names, folder / "map.png"
    )
    save_png(folder / "confusions.png", _confusions(embedder, evidence, similarities))


def _mapped(identities: IntArray) -> IntArray:
    """Places of all vectors; of too many, those of some whole identities, evenly chosen by their numbers."""
    numbers = np.unique(identities)
    share = max(1, -(-len(identities) // _MOST_MAPPED))
    return np.flatnonzero(np.isin(identities, numbers[::share]))


def _laid_out(vectors: Float32Array) -> dict[str, Float64Array]:
    """Places (N, 2) by PCA, and by t-SNE where there are enough vectors."""
    from sklearn.decomposition import PCA  # slow to import, and plots are seldom wanted
    from sklearn.manifold import TSNE

    places = {"PCA": PCA(2, random_state=0).fit_transform(vectors)}
    if len(vectors) > 3:
        perplexity = min(_PERPLEXITY, (len(vectors) - 1) / 3)
        places["t-SNE"] = TSNE(2, perplexity=perplexity, init="pca", random_state=0).fit_transform(vectors)
    return places


def _confusions(embedder: Embedder, evidence: Evidence, similarities: Float32Array) -> UInt8Array:
    """A sheet of the different ones that are most alike, and of the same that are least."""
    same = evidence.pairs.same
    order = np.argsort(similarities, kind="stable")
    kinds = {
        "different ones that look most alike": order[~same[order]][::-1][:_CONFUSIONS],
        "the same that look least alike": order[same[order]][:_CONFUSIONS],
    }
    rows = []
    for kind, pairs in kinds.items():
        for first in range(0, len(pairs), _IN_A_ROW):
            shown = pairs[first : first + _IN_A_ROW].tolist()
            pictures = np.stack([_side_by_side(embedder, evidence, pair) for pair in shown])
            captions = [f"{similarities[pair]:.2f} {_names(evidence, pair)}" for pair in shown]
            rows.append(SheetRow("" if first else kind, film_strip(pictures, height=_SHOWN_SIDE, captions=captions)))
    return contact_sheet(rows)


def _names(evidence: Evidence, pair: int) -> str:
    paths = (evidence.paths[place] for place in _places(evidence, pair))
    return " ".join(f"{path.parent.name}/{path.stem}" for path in paths)


def _side_by_side(embedder: Embedder, evidence: Evidence, pair: int) -> UInt8Array:
    return np.concatenate([_shown(embedder, evidence.paths[place]) for place in _places(evidence, pair)], axis=1)


def _places(evidence: Evidence, pair: int) -> tuple[int, int]:
    return int(evidence.pairs.first[pair]), int(evidence.pairs.second[pair])


def _shown(embedder: Embedder, path: Path) -> UInt8Array:
    """The middle frame of what was embedded of a file, (side, side, 3)."""
    try:
        pixels = embedder.crops(path)[0].pixels
    except (DecodeError, IndexError):  # it could be read a moment ago, and need not be shown
        return np.full((_SHOWN_SIDE, _SHOWN_SIDE, 3), 128, np.uint8)
    return Resizer().resize(pixels[len(pixels) // 2], (_SHOWN_SIDE, _SHOWN_SIDE))
