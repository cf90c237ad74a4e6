"""From crops and their vectors to what is said of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from vidclf.gallery.decisions import Ranked, decide
from vidclf.gallery.memory import Memory
from vidclf.types import Crop, Float32Array, Match

# People that are looked at for each crop at least: the nearest may be ruled out.
_LEAST_CANDIDATES = 8


def identify(
    memory: Memory, crops: Sequence[Crop], vectors: Float32Array, threshold: float, top_k: int
) -> list[Ranked]:
    """Say who each crop shows; see `Gallery.identify`.

    Args:
        memory: who is known.
        crops: what to name.
        vectors: float32 (N, D), of the crops without problems, in their order.
        threshold: least cosine of a match.
        top_k: how many people to give at least in `Ranked.nearest`.
    """
    found = iter(memory.candidates(vectors, max(top_k, _LEAST_CANDIDATES)))
    candidates = [[] if crop.problems else next(found) for crop in crops]
    answers = [Ranked("unusable", None, None, threshold, reasons=crop.problems) for crop in crops]
    for frame in _frames(crops):
        decided = decide([candidates[place] for place in frame], threshold)
        for place, answer in zip(frame, decided, strict=True):
            answers[place] = answer
    return answers


def check_claim(memory: Memory, person: int, vector: Float32Array, threshold: float) -> Match:
    """Say whether a vector, float32 (D,), shows a person."""
    candidate = memory.candidate(vector, person)
    return decide([[candidate] if candidate else []], threshold)[0]


def compare(vectors: Float32Array, threshold: float) -> Match:
    """Say whether two vectors, float32 (2, D), are of one identity."""
    similarity = float(vectors[0] @ vectors[1])
    if similarity >= threshold:
        return Match("match", None, similarity, threshold)
    return Match("stranger", None, similarity, threshold, reasons=("the two are not similar enough",))


def _frames(crops: Sequence[Crop]) -> list[list[int]]:
    """Places of the usable crops, those cut from one frame together. A whole picture or clip is alone in its."""
    frames: dict[object, list[int]] = defaultdict(list)
    for place, crop in enumerate(crops):
        if not crop.problems:
            frame = place if crop.box is None else (crop.source, float(crop.pts_seconds[0]))
            frames[frame].append(place)
    return list(frames.values())
