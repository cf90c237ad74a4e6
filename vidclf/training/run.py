"""One training from settings to a run folder."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from torch import nn

from vidclf.config import Config, dump_config
from vidclf.data import (
    Augmentation,
    ClipDataset,
    ClipReader,
    Manifest,
    decided,
    read_manifest,
    split_hash,
    suggest_flip_labels,
    write_csv,
)
from vidclf.draw import EpochRow
from vidclf.engines import check_process_count, core_left_for_reading, describe_device, pick_device
from vidclf.errors import ConfigError
from vidclf.features import make_reader
from vidclf.infer import Evaluation, Predictor, explain, load, predict_entries, save, summarise
from vidclf.models import ClipClassifier, described_statistics, initial_classifier, make_classifier
from vidclf.package import RunFolder, read_description, write_json
from vidclf.prep import Preprocessing
from vidclf.progress import Track, untracked
from vidclf.training.calibration import calibrate
from vidclf.training.events import event_writer
from vidclf.training.folder import check_folder, check_same_clips, run_folder
from vidclf.training.leaks import warn_if_seen
from vidclf.training.loop import fit
from vidclf.training.report import Scored, write_run_report
from vidclf.training.stages import count_parameters, describe_stages
from vidclf.training.state import load_state
from vidclf.training.tasks import Classify

logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class TrainedRun:
    """What a training left behind.

    Attributes:
        path: the run folder, which `vidclf.load` takes.
        split: the held-out split that was scored: `test`, else `val`; empty where nothing was held out.
        evaluation: the scores on it, of the best epoch's model; None where nothing was held out or scored.
    """

    path: Path
    split: str
    evaluation: Evaluation | None


def train(
    config: Config,
    *,
    manifest: Manifest | None = None,
    resume: bool = False,
    overwrite: bool = False,
    score: bool = True,
    on_epoch: Callable[[EpochRow], None] | None = None,
    track: Track = untracked,
) -> TrainedRun:
    """Train a classifier, score it on held-out clips, and write a run folder.

    Args:
        config: all settings; `data.manifest` must be set, and `cv` be none.
        manifest: the clips, each in its split; default: those that the config names.
        resume: go on with the training that stands in the run folder.
        overwrite: replace what stands in the run folder.
        score: say how good the model is in the end, in `metrics.json` and the report; left out by searches.
        on_epoch: called after each epoch; what it raises ends the training.
        track: shows what passes.

    Raises:
        ConfigError: the settings do not go together, or not with the data.
        ManifestError: the clips cannot be used as they stand.
        StoppedError: NaN, out of memory, too many bad clips, missing weights, a full disk.
    """
    if config.cv != "none":
        raise ConfigError([f"cv: {config.cv} is more than one training; use vidclf.training.cross_validate"])
    run = run_folder(config)
    accelerator = _accelerator(config)
    if accelerator.is_main_process:
        check_folder(run, config, resume=resume, overwrite=overwrite)
    logger.info(
        "device=%s, %d process%s",
        describe_device(accelerator.device),
        accelerator.num_processes,
        "es" if accelerator.num_processes > 1 else "",
    )
    manifest = read_data(config) if manifest is None else _checked(manifest)
    if resume and accelerator.is_main_process:
        check_same_clips(run, manifest)
    network, preprocessing = _network(config, run, manifest, resume=resume)
    reader = make_reader(config, network, preprocessing, accelerator.device)
    augmentation = Augmentation(config.augment, manifest.classes)
    _say_what_mirrors(config, manifest)
    predictor = Predictor(
        network,
        reader.preprocessing,
        manifest.classes,
        accelerator.device,
        mirror_labels=augmentation.mirror_labels if config.prep.mirror else None,
    )
    train_entries, val_entries = manifest.of_split("train"), manifest.of_split("val")
    dataset = ClipDataset(train_entries, manifest.classes, reader, augmentation, seed=config.train.seed)
    facts = {"split_hash": split_hash(manifest.entries), "seed": config.train.seed}
    logger.info(
        "%d classes, %d clips to train on, %d to validate on; %.2f million parameters, %s",
        len(manifest.classes),
        len(train_entries),
        len(val_entries),
        count_parameters(network) / 1e6,
        describe_stages(config),
    )
    if accelerator.is_main_process:
        if not resume:
            run.clear()
        run.path.mkdir(parents=True, exist_ok=True)
        run.config.write_text(dump_config(config), encoding="utf-8")
        write_csv(run.split, manifest.entries)
    if config.data.cache in ("memory", "features"):
        wanted = (*train_entries, *val_entries)
        for _ in track(reader.fill(wanted), total=len(wanted), what="reading clips"):
            pass

    def keep_model(kept: nn.Module) -> None:
        save(run.model, predictor.around(kept, preprocessing), config.model, facts)

    with (
        event_writer(run.events, wanted=config.train.tensorboard) as write_events,
        core_left_for_reading(accelerator.device),
    ):

        def told(row: EpochRow) -> None:
            logger.info(_epoch_sentence(row, config))
            write_events(row)
            if on_epoch is not None:
                on_epoch(row)

        progress = fit(
            network,
            Classify(config, predictor, reader, [entry.label for entry in train_entries], val_entries),
            dataset,
            config,
            accelerator,
            run,
            resume=resume,
            on_better=keep_model,
            on_epoch=told,
            track=track,
        )
    split = next((name for name in ("test", "val") if manifest.of_split(name)), "")
    if not (score and accelerator.is_main_process):
        return TrainedRun(run.path, split, None)
    scored = None
    if split:
        best = load(run.path, device=accelerator.device.type)
        scored = _score(best, manifest, split, reader, config, track)
        figures = {**scored.evaluation.to_json(), **facts, "split": split}
        write_json(run.metrics, figures)
        shown = {key: figures[key] for key in ("split", "accuracy", "macro_f1", "auc", "ci95", "num_clips")}
        save(run.model, best, config.model, {**facts, "metrics": shown, "best_epoch": progress.best_epoch})
    unread = (*dataset.known_bad.values(), *(scored.evaluation.failures if scored else ()))
    if unread:
        logger.warning("%d clips could not be read and were left out:", len(unread))
        for bad in unread:
            logger.warning("  %s", bad.reason)
    write_run_report(run, config, manifest, progress, split, scored, unread)
    return TrainedRun(run.path, split, scored.evaluation if scored else None)


def _score(
    best: Predictor, manifest: Manifest, split: str, reader: ClipReader, config: Config, track: Track
) -> Scored:
    """Score a model on a split, after its temperature is set on the validation clips."""
    # From features that are kept, the head alone gives what the whole network gives from frames.
    answering = best.around(best.network, reader.preprocessing)
    temperature = calibrate(answering, manifest.of_split("val"), reader, batch=config.train.batch)
    best.temperature = temperature.value
    results = predict_entries(answering, manifest.of_split(split), reader, batch=config.train.batch, track=track)
    evaluation = summarise(results, best.classes, seed=config.train.seed)
    pictures = ClipReader(best.preprocessing, config.data.on_truncated) if config.data.cache == "features" else reader
    return Scored(evaluation, lambda entry: explain(best, pictures.prepared(entry)), temperature.in_words(split))


def read_data(config: Config) -> Manifest:
    """The clips that a config names, each in its split.

    Raises:
        ConfigError: it names none.
        ManifestError: they cannot be used as they stand.
    """
    return _checked(decided(read_clips(config), config.data.split))


def read_clips(config: Config) -> Manifest:
    """The clips that a config names, as their manifest has them.

    Raises:
        ConfigError: it names none.
        ManifestError: they cannot be used as they stand.
    """
    if config.data.manifest is None:
        raise ConfigError(["data.manifest: it must name a CSV table or a folder of clips"])
    return read_manifest(config.data.manifest, root=config.data.root)


def _say_what_mirrors(config: Config, manifest: Manifest) -> None:
    suggested = suggest_flip_labels(manifest.classes)
    if suggested and config.augment.flip_labels is None and config.data.cache != "features":
        logger.info(
            "by their names, some classes are mirror images of each other; if that is so, "
            "'augment.flip_labels={%s}' trains on mirrored clips as well",
            ", ".join(f"{label}: {mirrored}" for label, mirrored in suggested.items()),
        )


def _checked(manifest: Manifest) -> Manifest:
    untaught = sorted(set(manifest.classes) - {entry.label for entry in manifest.of_split("train")})
    if untaught:
        logger.warning("no training clip shows %s, so it will never be recognised", ", ".join(untaught))
    if len(manifest.classes) < 2:
        raise ConfigError([f"data.manifest: there is one class only ({manifest.classes[0]}); two are needed"])
    return manifest


def _network(
    config: Config, run: RunFolder, manifest: Manifest, *, resume: bool
) -> tuple[ClipClassifier, Preprocessing]:
    """The network that a training begins or goes on with, and its preprocessing."""
    torch.manual_seed(config.train.seed)  # the weights that a training starts from
    if not resume:
        warn_if_seen(config, manifest)
        return initial_classifier(config.model, config.prep, manifest.classes)
    # All that is needed to go on lies in the run folder; the weights that it once began with may be gone.
    network, preprocessing = make_classifier(config.model.untrained(), config.prep, len(manifest.classes))
    network.load_state_dict(load_state(run.state)["network"])
    return network, replace(preprocessing, statistics=described_statistics(read_description(run.path)))


def _accelerator(config: Config) -> Accelerator:
    device = pick_device(config.device)
    if device.type == "cpu" and config.train.amp == "fp16":
        raise ConfigError(["train.amp: fp16 needs a GPU; use bf16 or no"])
    # Accelerate keeps its settings for the life of the process; another training in it starts afresh.
    AcceleratorState._reset_state(reset_partial_state=True)
    accelerator = Accelerator(cpu=device.type == "cpu", mixed_precision=config.train.amp)
    check_process_count(accelerator.num_processes)
    return accelerator


def _epoch_sentence(row: EpochRow, config: Config) -> str:
    words = f"epoch {row.epoch}/{config.train.epochs}: "
    words += f"train loss {row.train_loss:.3f}, accuracy {row.train_accuracy:.1%}"
    if row.val_loss is not None and row.val_accuracy is not None:
        words += f"; validation loss {row.val_loss:.3f}, accuracy {row.val_accuracy:.1%}"
    return words
