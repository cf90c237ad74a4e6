"""The training of a classifier: what is trained, and how the outcome is scored and written."""

from __future__ import annotations

import logging

import torch
from torch import nn

from vidclf.config import Config
from vidclf.data import Augmentation, ClipDataset, ClipReader, Manifest, split_hash, suggest_flip_labels
from vidclf.features import make_reader
from vidclf.infer import Evaluation, Predictor, explain, load, predict_entries, save, summarise
from vidclf.models import ClipClassifier, initial_classifier, make_classifier
from vidclf.package import RunFolder, write_json
from vidclf.prep import Preprocessing
from vidclf.progress import Track
from vidclf.training.calibration import calibrate
from vidclf.training.leaks import warn_if_seen
from vidclf.training.loop import Progress
from vidclf.training.report import Scored, write_run_report
from vidclf.training.tasks import Classify
from vidclf.training.work import resumed

logger = logging.getLogger(__name__)


class ClassifierWork:
    """A classifier of the manifest's labels; see `Work`.

    Args:
        config: the settings.
        run: the run folder.
        manifest: the clips, each in its split.
        device: where it computes.
        resume: begin with what the run folder's state holds.
    """

    def __init__(
        self, config: Config, run: RunFolder, manifest: Manifest, device: torch.device, *, resume: bool
    ) -> None:
        self.config = config
        self.run = run
        self.manifest = manifest
        self.network, self.preprocessing = _network(config, run, manifest, resume=resume)
        self.reader = make_reader(config, self.network, self.preprocessing, device)
        augmentation = Augmentation(config.augment, manifest.classes)
        _say_what_mirrors(config, manifest)
        self.predictor = Predictor(
            self.network,
            self.reader.preprocessing,
            manifest.classes,
            device,
            mirror_labels=augmentation.mirror_labels if config.prep.mirror else None,
        )
        train = manifest.of_split("train")
        self.dataset = ClipDataset(train, manifest.classes, self.reader, augmentation, seed=config.train.seed)
        labels = [entry.label for entry in train]
        self.task = Classify(config, self.predictor, self.reader, labels, manifest.of_split("val"))
        self.facts = {"split_hash": split_hash(manifest.entries), "seed": config.train.seed}

    def keep(self, network: nn.Module) -> None:
        """See `Work`."""
        save(self.run.model, self.predictor.around(network, self.preprocessing), self.config.model, self.facts)

    def finish(self, progress: Progress, split: str, track: Track) -> Evaluation | None:
        """See `Work`."""
        scored = None
        if split:
            best = load(self.run.path, device=self.predictor.device.type)
            scored = self._score(best, split, track)
            figures = {**scored.evaluation.to_json(), **self.facts, "split": split}
            write_json(self.run.metrics, figures)
            shown = {key: figures[key] for key in ("split", "accuracy", "macro_f1", "auc", "ci95", "num_clips")}
            facts = {**self.facts, "metrics": shown, "best_epoch": progress.best_epoch}
            save(self.run.model, best, self.config.model, facts)
        unread = (*self.dataset.known_bad.values(), *(scored.evaluation.failures if scored else ()))
        if unread:
            logger.warning("%d clips could not be read and were left out:", len(unread))
            for bad in unread:
                logger.warning("  %s", bad.reason)
        write_run_report(self.run, self.config, self.manifest, progress, split, scored, unread)
        return scored.evaluation if scored else None

    def _score(self, best: Predictor, split: str, track: Track) -> Scored:
        """Score a model on a split, after its temperature is set on the validation clips."""
        batch, reader, config = self.config.train.batch, self.reader, self.config
        # From features that are kept, the head alone gives what the whole network gives from frames.
        answering = best.around(best.network, reader.preprocessing)
        temperature = calibrate(answering, self.manifest.of_split("val"), reader, batch=batch)
        best.temperature = temperature.value
        results = predict_entries(answering, self.manifest.of_split(split), reader, batch=batch, track=track)
        evaluation = summarise(results, best.classes, seed=config.train.seed)
        kept = config.data.cache == "features"
        pictures = ClipReader(best.preprocessing, config.data.on_truncated) if kept else reader
        return Scored(evaluation, lambda entry: explain(best, pictures.prepared(entry)), temperature.in_words(split))


def _network(
    config: Config, run: RunFolder, manifest: Manifest, *, resume: bool
) -> tuple[ClipClassifier, Preprocessing]:
    """The network that a training begins or goes on with, and its preprocessing."""
    if not resume:
        warn_if_seen(config, manifest)
        return initial_classifier(config.model, config.prep, manifest.classes)
    return resumed(*make_classifier(config.model.untrained(), config.prep, len(manifest.classes)), run)


def _say_what_mirrors(config: Config, manifest: Manifest) -> None:
    suggested = suggest_flip_labels(manifest.classes)
    if suggested and config.augment.flip_labels is None and config.data.cache != "features":
        logger.info(
            "by their names, some classes are mirror images of each other; if that is so, "
            "'augment.flip_labels={%s}' trains on mirrored clips as well",
            ", ".join(f"{label}: {mirrored}" for label, mirrored in suggested.items()),
        )
