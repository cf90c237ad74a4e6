"""One training from settings to a run folder."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState

from vidclf.config import Config, dump_config
from vidclf.data import Manifest, decided, read_manifest, write_csv
from vidclf.draw import EpochRow
from vidclf.engines import check_process_count, core_left_for_reading, describe_device, pick_device
from vidclf.errors import ConfigError
from vidclf.infer import Evaluation
from vidclf.progress import Track, untracked
from vidclf.training.classifying import ClassifierWork
from vidclf.training.embedding import EmbedderWork
from vidclf.training.events import event_writer
from vidclf.training.folder import check_folder, check_same_clips, run_folder
from vidclf.training.loop import fit
from vidclf.training.stages import count_parameters, describe_stages
from vidclf.training.work import Work

logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class TrainedRun:
    """What a training left behind.

    Attributes:
        path: the run folder, which `vidclf.load` takes.
        split: the held-out split that was scored: `test`, else `val`; empty where nothing was held out.
        evaluation: the scores on it, of the best epoch's model; None where nothing was held out or scored, and of an
            embedder, whose figures stand in `metrics.json`.
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
    """Train a classifier or an embedder, score it on held-out clips, and write a run folder.

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
    manifest = read_data(config) if manifest is None else _checked(manifest, config)
    if resume and accelerator.is_main_process:
        check_same_clips(run, manifest)
    torch.manual_seed(config.train.seed)  # the weights that a training starts from
    work: Work = _WORK[config.task](config, run, manifest, accelerator.device, resume=resume)
    train_entries, val_entries = manifest.of_split("train"), manifest.of_split("val")
    logger.info(
        "%d classes, %d clips to train on, %d to validate on; %.2f million parameters, %s",
        len({entry.label for entry in train_entries}) if config.task == "embed" else len(manifest.classes),
        len(train_entries),
        len(val_entries),
        count_parameters(work.network) / 1e6,
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
        for _ in track(work.reader.fill(wanted), total=len(wanted), what="reading clips"):
            pass
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
            work.network,
            work.task,
            work.dataset,
            config,
            accelerator,
            run,
            resume=resume,
            on_better=work.keep,
            on_epoch=told,
            track=track,
        )
    split = next((name for name in ("test", "val") if manifest.of_split(name)), "")
    if not (score and accelerator.is_main_process):
        return TrainedRun(run.path, split, None)
    return TrainedRun(run.path, split, work.finish(progress, split, track))


# One row a task: what it trains, and what it does with the outcome.
_WORK: dict[str, type[ClassifierWork] | type[EmbedderWork]] = {"classify": ClassifierWork, "embed": EmbedderWork}


def read_data(config: Config) -> Manifest:
    """The clips that a config names, each in its split.

    Raises:
        ConfigError: it names none.
        ManifestError: they cannot be used as they stand.
    """
    manifest = read_clips(config)
    if config.task == "embed":
        # Identities that no group holds together are told apart in validation only if they were not learned.
        grouped = (replace(entry, group=entry.group or entry.label) for entry in manifest.entries)
        manifest = replace(manifest, entries=tuple(grouped))
    return _checked(decided(manifest, config.data.split), config)


def read_clips(config: Config) -> Manifest:
    """The clips that a config names, as their manifest has them.

    Raises:
        ConfigError: it names none, or a class that there is not.
        ManifestError: they cannot be used as they stand.
    """
    if config.data.manifest is None:
        raise ConfigError(["data.manifest: it must name a CSV table or a folder of clips"])
    manifest = read_manifest(config.data.manifest, root=config.data.root)
    if config.data.classes is None:
        return manifest
    if unknown := sorted(set(config.data.classes) - set(manifest.classes)):
        raise ConfigError([f"data.classes: no clip shows {', '.join(unknown)}"])
    return replace(manifest, entries=tuple(e for e in manifest.entries if e.label in config.data.classes))


def _checked(manifest: Manifest, config: Config) -> Manifest:
    untaught = sorted(set(manifest.classes) - {entry.label for entry in manifest.of_split("train")})
    if untaught and config.task == "classify":
        logger.warning("no training clip shows %s, so it will never be recognised", ", ".join(untaught))
    if len(manifest.classes) < 2:
        raise ConfigError([f"data.manifest: there is one class only ({manifest.classes[0]}); two are needed"])
    return manifest


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
