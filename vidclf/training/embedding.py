"""The training of an embedder: what is trained, and how the outcome is scored and written."""

from __future__ import annotations

import logging
from typing import Any

import torch
from torch import nn

from vidclf.config import Config, dump_config
from vidclf.data import Augmentation, ClipDataset, Manifest, StillDataset, split_hash
from vidclf.draw import Failure, Figure, Report, plot_curves, write_report
from vidclf.features import make_reader
from vidclf.infer.loading import versions
from vidclf.infer.trained_embedder import TrainedEmbedder, save_embedder
from vidclf.models import ClipEmbedder, initial_embedder, make_embedder
from vidclf.package import RunFolder, write_json
from vidclf.prep import Preprocessing
from vidclf.progress import Track
from vidclf.training.leaks import warn_if_seen
from vidclf.training.loop import Progress
from vidclf.training.tasks import Embed, TrainingClips
from vidclf.training.tasks.embed import EmbeddingScores, draw_val_episodes
from vidclf.training.work import resumed

logger = logging.getLogger(__name__)


class EmbedderWork:
    """An embedder of the identities that the manifest labels; see `Work`.

    Args:
        config: the settings.
        run: the run folder.
        manifest: the clips, each in its split.
        device: where it computes.
        resume: begin with what the run folder's state holds.

    Raises:
        ConfigError: the clips that are held out do not allow the episodes that are asked for.
    """

    def __init__(
        self, config: Config, run: RunFolder, manifest: Manifest, device: torch.device, *, resume: bool
    ) -> None:
        self.config = config
        self.run = run
        self.manifest = manifest
        self.device = device
        val = manifest.of_split("val")
        if val:
            draw_val_episodes(val, config)  # which says before the training what would stop it after
        self.network, self.preprocessing = _network(config, run, manifest, resume=resume)
        self.network.to(device)
        self.reader = make_reader(config, self.network, self.preprocessing, device)
        self.dataset = self._dataset()
        self.task = Embed(config, 1 + max(self.dataset.labels), self.reader, val)
        self.facts = {"split_hash": split_hash(manifest.entries), "seed": config.train.seed}

    def keep(self, network: nn.Module) -> None:
        """See `Work`."""
        save_embedder(self.run.model, network, self.preprocessing, self.config.model, self.facts)

    def finish(self, progress: Progress, split: str, track: Track) -> None:  # noqa: ARG002
        """See `Work`; what an embedder comes to is no `Evaluation`, and stands in `metrics.json`."""
        scores = None
        if split:
            best = TrainedEmbedder.load(self.run.path, self.device.type)
            scores = self.task.score(best.network, self.manifest.of_split(split))
            figures = {**self._figures(scores), **self.facts, "split": split}
            write_json(self.run.metrics, figures)
            said = {"metrics": figures, "threshold": scores.threshold, "best_epoch": progress.best_epoch}
            facts = {**self.facts, **said}
            save_embedder(self.run.model, best.network, self.preprocessing, self.config.model, facts)
            logger.info(
                "%s split: %.1f %% of %d-way one-shot trials wrong (%d trials)",
                split,
                100 * figures["error"],
                figures["ways"],
                figures["num_trials"],
            )
        self._report(progress, split, scores)

    def _dataset(self) -> TrainingClips:
        train, seed, augment = self.manifest.of_split("train"), self.config.train.seed, self.config.augment
        identities = sorted({entry.label for entry in train})
        if self.config.embeds_stills:
            return StillDataset(train, identities, self.reader, augment, seed=seed)
        return ClipDataset(train, identities, self.reader, Augmentation(augment, identities), seed=seed)

    def _figures(self, scores: EmbeddingScores) -> dict[str, Any]:
        episodes, count = scores.episodes, scores.episodes.right.size
        return {
            "error": 1 - episodes.accuracy,
            "accuracy": episodes.accuracy,
            "ci95": list(episodes.interval(self.config.train.seed)),
            "loss": episodes.loss,
            "ways": self.config.embed.val_ways,
            "threshold": scores.threshold,
            "num_trials": count,
            "num_failed": len(scores.failures),
        }

    def _report(self, progress: Progress, split: str, scores: EmbeddingScores | None) -> None:
        plot_curves(progress.history, self.run.curves)
        ways = self.config.embed.val_ways
        name = f"{ways}-way one-shot accuracy"
        figure = Figure(name, None, note="nothing was held out")
        if scores:
            interval = scores.episodes.interval(self.config.train.seed)
            note = f"95 % bootstrap over episodes, {scores.episodes.right.size} trials"
            figure = Figure(name, scores.episodes.accuracy, interval, note=note)
        unread = (*self.dataset.known_bad.values(), *(scores.failures if scores else ()))
        page = Report(
            title=self.run.path.name,
            subtitle=f"{split or 'no'} split, best of {len(progress.history)} epochs: {progress.best_epoch}",
            figures=(figure,),
            notes=("Training accuracy is the share of clips whose nearest of their batch is of their own identity.",),
            history=progress.history,
            failures=[Failure(bad.name, bad.reason) for bad in unread],
            config=dump_config(self.config),
            environment=versions(),
        )
        write_report(self.run.report, page)


def _network(
    config: Config, run: RunFolder, manifest: Manifest, *, resume: bool
) -> tuple[ClipEmbedder, Preprocessing]:
    """The network that a training begins or goes on with, and its preprocessing."""
    if not resume:
        warn_if_seen(config, manifest)
        return initial_embedder(config.model, config.prep)
    return resumed(*make_embedder(config.model.untrained(), config.prep), run)
