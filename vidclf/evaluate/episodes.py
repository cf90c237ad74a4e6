"""N-way K-shot episodes over pictures or clips of identities that the embedder has not learned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from vidclf.data import ClipEntry, makers_of, read_identities
from vidclf.errors import ManifestError
from vidclf.evaluate.embedding import embed_files
from vidclf.evaluate.recognition import Question, Recognition
from vidclf.infer.embedder import Embedder
from vidclf.metrics import EpisodeScores, draw_episodes, score_episodes
from vidclf.types import Float32Array


def evaluate_episodes(embedder: Embedder, question: Question) -> Recognition:
    """Draw episodes and give each clip that asks to the nearest identity.

    Where each identity belongs to one group (an alphabet), the figures are of episodes within a group, and those
    across all groups stand beside them under `across_groups`. Where groups show the same identities (performers
    showing gestures), examples and clips that ask come from different ones.

    Raises:
        ManifestError: the data hold no such episodes.
        NoFramesError: not one file could be used.
    """
    entries = read_identities(question.data).entries
    found = embed_files(embedder, [entry.path for entry in entries], views=question.views, track=question.track)
    usable = found.usable
    entries = tuple(entry for entry, good in zip(entries, usable, strict=True) if good)
    vectors = found.vectors[usable]
    across = _scores(vectors, entries, question, within_groups=False)
    within = _scores(vectors, entries, question, within_groups=True) if _of_one_group_each(entries) else None
    figures = within or across
    return Recognition(
        ci95=figures.interval(question.seed),
        num_trials=figures.right.size,
        num_failed=len(found.reasons),
        accuracy=figures.accuracy,
        details={
            "ways": question.ways,
            "shots": question.shots,
            "episodes": question.episodes,
            "seed": question.seed,
            "views": question.views,
            "across_groups": _summary(across, question) if within else None,
        },
    )


def _scores(
    vectors: Float32Array, entries: Sequence[ClipEntry], question: Question, *, within_groups: bool
) -> EpisodeScores:
    try:
        episodes = draw_episodes(
            [entry.label for entry in entries],
            groups=[entry.group for entry in entries] if within_groups else None,
            makers=makers_of(entries),
            ways=question.ways,
            shots=question.shots,
            count=question.episodes,
            seed=question.seed,
        )
    except ValueError as error:
        raise ManifestError(f"{question.data}: {error}. Ask for fewer ways or shots.") from None
    return score_episodes(vectors, episodes)


def _of_one_group_each(entries: Sequence[ClipEntry]) -> bool:
    """Whether there are several groups, and no identity is in two of them, nor a group for each identity."""
    pairs = {(entry.label, entry.group) for entry in entries}
    labels, groups = {label for label, _ in pairs}, {group for _, group in pairs}
    return len(pairs) == len(labels) and 1 < len(groups) < len(labels)


def _summary(scores: EpisodeScores, question: Question) -> dict[str, Any]:
    return {
        "error": 1 - scores.accuracy,
        "accuracy": scores.accuracy,
        "ci95": list(scores.interval(question.seed)),
        "num_trials": scores.right.size,
    }
