"""Clips to vectors that tell who or what is the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import gather_object
from torch import Tensor, nn

from vidclf.config import Config
from vidclf.data import BadClip, Batch, ClipEntry, ClipReader, makers_of
from vidclf.errors import ConfigError
from vidclf.infer.trained_embedder import Embedded, embed_entries
from vidclf.metrics import Episodes, EpisodeScores, draw_episodes, score_episodes
from vidclf.models import SiameseNetwork, euclidean_distances
from vidclf.training.gathering import gathered, process_count
from vidclf.training.losses import EmbeddingLoss, every_other
from vidclf.training.order import Identities, Order
from vidclf.training.tasks.task import StepOutcome, TrainingClips, Validated

# The threshold of an embedder that nobody has calibrated: so many pairs of different identities are above it, of as
# many clips as make pairs enough.
_FALSE_SHARE, _PAIRED = 0.01, 2000


@dataclass(frozen=True, eq=False)
class EmbeddingScores:
    """How well identities that a network has not learned are told apart.

    Attributes:
        episodes: each clip that asks, given to the nearest of N identities with one example each.
        threshold: the cosine that one in a hundred pairs of different identities reaches; None without such pairs.
        failures: clips that could not be read.
    """

    episodes: EpisodeScores
    threshold: float | None
    failures: tuple[BadClip, ...]


class Embed:
    """A loss over the vectors of a whole batch, validated by one-shot episodes on the validation clips.

    Args:
        config: the loss, what a batch holds, the episodes.
        num_identities: how many identities there are to train on.
        reader: reads the clips to validate on.
        val: the rows to validate on.
    """

    def __init__(self, config: Config, num_identities: int, reader: ClipReader, val: Sequence[ClipEntry]) -> None:
        self.config = config
        self.reader = reader
        self.val = tuple(val)
        self.criterion: nn.Module = EmbeddingLoss(config, num_identities)
        self._drawn: tuple[tuple[ClipEntry, ...], Episodes] | None = None

    def order(self, clips: TrainingClips, processes: int) -> Order:
        """So many clips of so many identities, of a few groups where the config says so."""
        return Identities(
            clips.labels, clips.groups, self.config.embed, processes=processes, seed=self.config.train.seed
        )

    def step(self, network: Callable[[Tensor, Tensor], Tensor], batch: Batch) -> StepOutcome:
        """Loss of the whole batch, of which each process answers for an equal share.

        Every process sees all vectors and comes to the same loss; what flows back to the vectors of one is then the
        sum over all of them.
        """
        left = every_other(batch.labels)
        if self.config.model.loss == "contrastive":
            vectors = _of_two_legs(network, batch, left)
        else:
            vectors = network(batch.frames, batch.lengths)  # (B, D)
        counts = gathered(batch.weights) > 0
        everyones, labels = gathered(vectors)[counts], gathered(batch.labels)[counts]
        clips = counts.sum() / process_count()
        if len(labels) < 2:  # next to nothing of the batch could be read
            return StepOutcome(vectors.sum() * 0, clips, 0 * clips, clips)
        mean = self.criterion(everyones, labels, gathered(left.long()).bool()[counts])
        hits = nearest_is_own(everyones.detach(), labels).sum() / process_count()
        return StepOutcome(mean * clips, clips, hits, clips)

    def validate(self, network: nn.Module, accelerator: Accelerator) -> Validated | None:
        """Score a network by one-shot episodes; each process embeds a part of the clips."""
        if not self.val:
            return None
        scores = self.score(network, self.val, accelerator)
        return Validated(scores.episodes.accuracy, scores.episodes.loss, scores.failures)

    def score(
        self, network: nn.Module, entries: Sequence[ClipEntry], accelerator: Accelerator | None = None
    ) -> EmbeddingScores:
        """How well a network tells identities apart, over all processes where an accelerator is given.

        Raises:
            ConfigError: the clips do not allow episodes as `embed` describes them.
        """
        mine = entries if accelerator is None else entries[accelerator.process_index :: accelerator.num_processes]
        device, batch = next(network.parameters()).device, self.config.train.batch
        embedded = embed_entries(network, mine, self.reader, self.reader.preprocessing, device, batch=batch)
        if accelerator is not None and accelerator.num_processes > 1:
            embedded = _in_order(gather_object([embedded]), entries)
        episodes = score_episodes(embedded.vectors, self._episodes(embedded.entries), scale=self.config.embed.scale)
        return EmbeddingScores(episodes, _threshold(embedded), embedded.failures)

    def _episodes(self, entries: tuple[ClipEntry, ...]) -> Episodes:
        """The same each time, as long as the same clips can be read."""
        if self._drawn is None or self._drawn[0] != entries:
            self._drawn = entries, draw_val_episodes(entries, self.config)
        return self._drawn[1]


def draw_val_episodes(entries: Sequence[ClipEntry], config: Config) -> Episodes:
    """One-shot episodes as `embed` describes them.

    Raises:
        ConfigError: the clips do not allow a single one.
    """
    settings = config.embed
    try:
        return draw_episodes(
            [entry.label for entry in entries],
            groups=[entry.group for entry in entries] if settings.groups else None,
            makers=makers_of(entries),
            ways=settings.val_ways,
            shots=1,
            count=settings.val_episodes,
            seed=config.train.seed,
        )
    except ValueError as error:
        raise ConfigError([f"embed.val_ways: {error}, and the held-out clips have too few; lower it"]) from None


def nearest_is_own(vectors: Tensor, labels: Tensor) -> Tensor:
    """Bool (B,), whose nearest other vector is of the same identity."""
    distances = euclidean_distances(vectors, vectors).fill_diagonal_(torch.inf)
    return labels[distances.argmin(dim=1)] == labels


def _of_two_legs(network: Callable[[Tensor, Tensor], Tensor], batch: Batch, left: Tensor) -> Tensor:
    """The vectors (B, D) that the two legs give, in the order of the batch."""
    siamese = SiameseNetwork(network)
    one, other = siamese.legs(batch.frames[left], batch.lengths[left], batch.frames[~left], batch.lengths[~left])
    places = torch.cat([left.nonzero()[:, 0], (~left).nonzero()[:, 0]])
    return torch.cat([one, other])[places.argsort()]


def _in_order(parts: Sequence[Embedded], entries: Sequence[ClipEntry]) -> Embedded:
    """What all processes embedded, in the order that one would have."""
    place = {entry: number for number, entry in enumerate(entries)}
    members = [entry for part in parts for entry in part.entries]
    order = sorted(range(len(members)), key=lambda row: place[members[row]])
    vectors = np.concatenate([part.vectors for part in parts if len(part.vectors)])[order]
    failures = tuple(failure for part in parts for failure in part.failures)
    return Embedded(tuple(members[row] for row in order), vectors, failures)


def _threshold(embedded: Embedded) -> float | None:
    """The cosine that one in a hundred pairs of different identities reaches."""
    some = np.linspace(0, len(embedded.entries) - 1, min(len(embedded.entries), _PAIRED)).round().astype(int)
    labels = np.array([embedded.entries[row].label for row in some.tolist()])
    vectors = embedded.vectors[some]
    different = (vectors @ vectors.T)[labels[:, None] != labels]
    return float(np.quantile(different, 1 - _FALSE_SHARE)) if different.size else None
