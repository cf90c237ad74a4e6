"""The training loop, to be read from top to bottom."""

from __future__ import annotations

import csv
import io
import logging
import math
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import gather_object, send_to_device
from torch import nn

from vidclf.config import Config
from vidclf.data import BadClip
from vidclf.draw import EpochRow
from vidclf.models import ClipClassifier
from vidclf.package import RunFolder
from vidclf.progress import Track
from vidclf.training.averaging import averaged
from vidclf.training.compiling import compile_backbone, compiler_watched, uncompiled
from vidclf.training.guards import memory_watched, note_bad_clips, stop_at_nan
from vidclf.training.loader import EpochLoader
from vidclf.training.optimizers import lr_factor, make_optimizer, set_lr
from vidclf.training.stages import backbone_is_trained, set_training_mode
from vidclf.training.state import load_state, save_state
from vidclf.training.tasks import Task, TrainingClips

logger = logging.getLogger(__name__)


@dataclass
class Progress:
    """How far a training is.

    Attributes:
        epoch: epochs done.
        step: steps of the optimizer done.
        history: one row an epoch.
        best: score of the best epoch: accuracy, then the smaller loss.
        best_epoch: its number, from 1; 0 before the first.
    """

    epoch: int = 0
    step: int = 0
    history: list[EpochRow] = field(default_factory=list)
    best: tuple[float, float] = (-math.inf, -math.inf)
    best_epoch: int = 0


def fit(
    network: ClipClassifier,
    task: Task,
    dataset: TrainingClips,
    config: Config,
    accelerator: Accelerator,
    run: RunFolder,
    *,
    resume: bool,
    on_better: Callable[[nn.Module], None],
    on_epoch: Callable[[EpochRow], None],
    track: Track,
) -> Progress:
    """Train a network.

    Args:
        network: trained in place.
        task: what a batch is, the loss, and the score on the validation clips.
        dataset: what to train on.
        config: the settings.
        accelerator: devices, processes and mixed precision.
        run: where the state and the history go.
        resume: go on from the state in the run folder.
        on_better: called in the main process with each network that scores better than all before it.
        on_epoch: called in the main process after each epoch.
        track: shows the batches of an epoch as they pass.

    Raises:
        NanLossError: the loss is no number any more; the last good model and state are kept.
        OutOfMemoryError: the device's memory is used up.
        StoppedError: `train.compile` finds no compiler.
        TooManyBadClipsError: more clips than `data.max_bad_share` cannot be read.
    """
    settings = config.train
    loader = EpochLoader(
        dataset,
        task.order(dataset, accelerator.num_processes),
        workers=config.data.workers,
        batch=settings.batch,
        process=accelerator.process_index,
        pinned=accelerator.device.type == "cuda",
    )
    criterion = task.criterion.to(accelerator.device)
    optimizer = make_optimizer(network, settings, criterion)
    average = averaged(network, settings.ema) if settings.ema else None
    progress = Progress()
    if resume:
        progress = _restore(load_state(run.state), network, criterion, optimizer, average, dataset)
    if settings.compile:
        compile_backbone(network)
    scaled_optimizer = accelerator.prepare(optimizer)  # scales gradients where the precision needs it
    steps_per_epoch = math.ceil(len(loader) / settings.accumulate)
    wrapped: nn.Module | None = None

    for epoch in range(progress.epoch + 1, settings.epochs + 1):
        torch.manual_seed(_seed(settings.seed, epoch, accelerator.process_index))
        set_training_mode(network, config, epoch)
        thaws = backbone_is_trained(config, epoch) != backbone_is_trained(config, epoch - 1)
        if wrapped is None or (thaws and accelerator.num_processes > 1):
            # Which weights are exchanged between processes is settled when the network is wrapped.
            wrapped = accelerator.prepare_model(accelerator.unwrap_model(network, keep_fp32_wrapper=False))
        tally = _Tally()

        batches = track(loader.epoch(epoch), total=len(loader), what=f"epoch {epoch}/{settings.epochs}")
        for number, batch in enumerate(batches, start=1):
            set_lr(
                optimizer,
                lr_factor(
                    progress.step,
                    steps=settings.epochs * steps_per_epoch,
                    warmup_steps=round(settings.warmup * steps_per_epoch),
                    schedule=settings.schedule,
                ),
            )
            steps_now = number % settings.accumulate == 0 or number == len(loader)
            exchange = nullcontext() if steps_now else accelerator.no_sync(wrapped)
            compiler = compiler_watched() if settings.compile else nullcontext()
            with memory_watched(config), exchange, compiler:
                outcome = task.step(wrapped, send_to_device(batch, accelerator.device, non_blocking=True))
                # Every clip counts the same, also where the processes' shares of a batch differ in size.
                counts = torch.stack([outcome.weight, outcome.hits, outcome.clips])
                total, hits, clips = accelerator.reduce(counts, reduction="sum")
                loss = outcome.loss_sum * accelerator.num_processes / total.clamp(min=1e-6)
                mean_loss = float(accelerator.reduce(loss.detach(), reduction="mean"))
                lr = optimizer.param_groups[-1]["lr"]
                stop_at_nan(mean_loss, step=progress.step, lr=lr, config=config, run=run)
                accelerator.backward(loss / settings.accumulate)
                if steps_now:
                    if settings.clip:
                        learned = (*wrapped.parameters(), *criterion.parameters())
                        accelerator.clip_grad_norm_(learned, settings.clip)
                    scaled_optimizer.step()
                    scaled_optimizer.zero_grad()
            if steps_now:
                progress.step += 1
                if average is not None:
                    average.update_parameters(network)
            tally.add(mean_loss, float(hits), float(clips))
            note_bad_clips(dataset, batch.bad, config)

        note_bad_clips(dataset, _from_all(list(dataset.known_bad.values()), accelerator), config)
        kept = network if average is None else average.module
        with uncompiled() if settings.compile else nullcontext():
            validated = task.validate(kept, accelerator)
        if epoch == 1 and validated:
            for bad in validated.failures:
                logger.warning("not validated on: %s", bad.reason)
        row = EpochRow(
            epoch=epoch,
            train_loss=tally.loss,
            train_accuracy=tally.accuracy,
            val_loss=validated.loss if validated else None,
            val_accuracy=validated.accuracy if validated else None,
            lr=optimizer.param_groups[-1]["lr"],
        )
        progress.epoch = epoch
        progress.history.append(row)
        # Without validation the newest model is the one that is kept.
        score = (validated.accuracy, -validated.loss) if validated else (float(epoch), 0.0)
        better = score > progress.best
        if better:
            progress.best, progress.best_epoch = score, epoch
        if accelerator.is_main_process:
            if better:
                on_better(kept)
            _write_history(run, progress.history)
            save_state(run.state, epoch, _state(progress, network, criterion, optimizer, average, dataset))
            on_epoch(row)
        accelerator.wait_for_everyone()
        if settings.early_stop and epoch - progress.best_epoch >= settings.early_stop:
            logger.info("no better epoch since epoch %d: stopped early", progress.best_epoch)
            break
    return progress


@dataclass
class _Tally:
    """Running means of an epoch."""

    losses: list[float] = field(default_factory=list)
    hits: float = 0.0
    clips: float = 0.0

    def add(self, loss: float, hits: float, clips: float) -> None:
        self.losses.append(loss)
        self.hits += hits
        self.clips += clips

    @property
    def loss(self) -> float:
        return float(np.mean(self.losses))

    @property
    def accuracy(self) -> float:
        return self.hits / max(1.0, self.clips)


def _seed(*parts: int) -> int:
    return int(np.random.SeedSequence(parts).generate_state(1, np.uint64)[0] >> 1)


def _from_all(bad: list[BadClip], accelerator: Accelerator) -> list[BadClip]:
    return gather_object(bad) if accelerator.num_processes > 1 else bad


def _write_history(run: RunFolder, history: list[EpochRow]) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(asdict(history[0])), lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(row) for row in history)
    run.history.write_text(text.getvalue(), encoding="utf-8")


def _state(
    progress: Progress,
    network: nn.Module,
    criterion: nn.Module,
    optimizer: torch.optim.Optimizer,
    average: nn.Module | None,
    dataset: TrainingClips,
) -> dict[str, Any]:
    return {
        "progress": asdict(progress),
        "network": network.state_dict(),
        "criterion": criterion.state_dict(),
        "optimizer": optimizer.state_dict(),
        "average": average.state_dict() if average is not None else None,
        "bad": [asdict(clip) for clip in dataset.known_bad.values()],
    }


def _restore(
    state: dict[str, Any],
    network: nn.Module,
    criterion: nn.Module,
    optimizer: torch.optim.Optimizer,
    average: nn.Module | None,
    dataset: TrainingClips,
) -> Progress:
    network.load_state_dict(state["network"])
    criterion.load_state_dict(state.get("criterion", {}))  # which the first versions did not keep
    optimizer.load_state_dict(state["optimizer"])
    if average is not None:
        average.load_state_dict(state["average"])
    dataset.known_bad = {bad["name"]: BadClip(**bad) for bad in state["bad"]}
    progress = state["progress"]
    history = [EpochRow(**row) for row in progress["history"]]
    return Progress(**{**progress, "history": history, "best": tuple(progress["best"])})
