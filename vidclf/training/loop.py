"""The training loop, to be read from top to bottom."""

from __future__ import annotations

import csv
import io
import logging
import math
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import gather_object
from torch import nn
from torch.utils.data import DataLoader, Sampler

from vidclf.config import Config
from vidclf.data import BadClip, ClipDataset
from vidclf.draw import EpochRow
from vidclf.errors import NanLossError, OutOfMemoryError, TooManyBadClipsError
from vidclf.models import ClipClassifier
from vidclf.package import RunFolder
from vidclf.progress import Track
from vidclf.training.averaging import averaged
from vidclf.training.optimizers import lr_factor, make_optimizer, set_lr
from vidclf.training.stages import backbone_is_trained, set_training_mode
from vidclf.training.state import load_state, save_state
from vidclf.training.tasks import Classify

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
    task: Classify,
    dataset: ClipDataset,
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
        task: the loss, and the score on the validation clips.
        dataset: the training clips.
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
        TooManyBadClipsError: more clips than `data.max_bad_share` cannot be read.
    """
    settings = config.train
    sampler = _EpochShuffle(len(dataset), settings.seed)
    loader = accelerator.prepare(_loader(dataset, sampler, config, pin=accelerator.device.type == "cuda"))
    optimizer = make_optimizer(network, settings)
    average = averaged(network, settings.ema) if settings.ema else None
    progress = Progress()
    if resume:
        progress = _restore(load_state(run.state), network, optimizer, average, dataset)
    prepared_optimizer = accelerator.prepare(optimizer)
    steps_per_epoch = math.ceil(len(loader) / settings.accumulate)
    wrapped: nn.Module | None = None

    for epoch in range(progress.epoch + 1, settings.epochs + 1):
        dataset.epoch = sampler.epoch = epoch
        torch.manual_seed(_seed(settings.seed, epoch, accelerator.process_index))
        set_training_mode(network, config, epoch)
        if wrapped is None or backbone_is_trained(config, epoch) != backbone_is_trained(config, epoch - 1):
            # Which weights are exchanged between processes is settled when the network is wrapped.
            wrapped = accelerator.prepare_model(accelerator.unwrap_model(network, keep_fp32_wrapper=False))
        tally = _Tally()

        for batch in track(loader, total=len(loader), what=f"epoch {epoch}/{settings.epochs}"):
            set_lr(
                optimizer,
                lr_factor(
                    progress.step,
                    steps=settings.epochs * steps_per_epoch,
                    warmup_steps=round(settings.warmup * steps_per_epoch),
                    schedule=settings.schedule,
                ),
            )
            with accelerator.accumulate(wrapped), _memory_watched(config):
                outcome = task.step(wrapped, batch)
                loss = float(accelerator.reduce(outcome.loss.detach(), reduction="mean"))
                if not math.isfinite(loss):
                    raise NanLossError(_nan_sentence(progress.step, optimizer.param_groups[-1]["lr"], config, run))
                accelerator.backward(outcome.loss)
                if accelerator.sync_gradients and settings.clip:
                    accelerator.clip_grad_norm_(wrapped.parameters(), settings.clip)
                prepared_optimizer.step()
                prepared_optimizer.zero_grad()
            if accelerator.sync_gradients:
                progress.step += 1
                if average is not None:
                    average.update_parameters(network)
            tally.add(loss, float(outcome.hits), float(outcome.clips))
            _note_bad_clips(dataset, batch.bad, config)

        _note_bad_clips(dataset, _from_all(list(dataset.known_bad.values()), accelerator), config)
        kept = network if average is None else average.module
        evaluation = task.validate(kept, accelerator)
        row = EpochRow(
            epoch=epoch,
            train_loss=tally.loss,
            train_accuracy=tally.accuracy,
            val_loss=evaluation.loss if evaluation else None,
            val_accuracy=evaluation.scores.accuracy if evaluation else None,
            lr=optimizer.param_groups[-1]["lr"],
        )
        progress.epoch = epoch
        progress.history.append(row)
        # Without validation the newest model is the one that is kept.
        score = (evaluation.scores.accuracy, -evaluation.loss) if evaluation else (float(epoch), 0.0)
        better = score > progress.best
        if better:
            progress.best, progress.best_epoch = score, epoch
        if accelerator.is_main_process:
            if better:
                on_better(kept)
            _write_history(run, progress.history)
            save_state(run.state, epoch, _state(progress, network, optimizer, average, dataset, config))
            on_epoch(row)
        accelerator.wait_for_everyone()
        if settings.early_stop and epoch - progress.best_epoch >= settings.early_stop:
            logger.info("no better epoch since epoch %d: stopped early", progress.best_epoch)
            break
    return progress


class _EpochShuffle(Sampler[int]):
    """An order of the clips that depends on the seed and the epoch alone."""

    def __init__(self, length: int, seed: int) -> None:
        self.length = length
        self.seed = seed
        self.epoch = 0

    def __len__(self) -> int:
        return self.length

    def __iter__(self) -> Iterator[int]:
        yield from np.random.default_rng((self.seed, self.epoch)).permutation(self.length).tolist()


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


def _loader(dataset: ClipDataset, sampler: _EpochShuffle, config: Config, *, pin: bool) -> DataLoader[Any]:
    return DataLoader(
        dataset,
        batch_size=config.train.batch,
        sampler=sampler,
        num_workers=config.data.workers,
        collate_fn=dataset.collate,
        pin_memory=pin,
        # A fork of a process that decodes or computes in threads can hang.
        multiprocessing_context="spawn" if config.data.workers else None,
    )


def _seed(*parts: int) -> int:
    return int(np.random.SeedSequence(parts).generate_state(1, np.uint64)[0] >> 1)


def _note_bad_clips(dataset: ClipDataset, bad: tuple[BadClip, ...] | list[BadClip], config: Config) -> None:
    """Remember bad clips so that they are not tried again, say each once, stop when they are too many."""
    for clip in bad:
        if clip.name not in dataset.known_bad:
            dataset.known_bad[clip.name] = clip
            logger.warning("left out: %s", clip.reason)
    if len(dataset.known_bad) > config.data.max_bad_share * len(dataset):
        reasons = "\n  ".join(clip.reason for clip in list(dataset.known_bad.values())[:5])
        raise TooManyBadClipsError(
            f"{len(dataset.known_bad)} of {len(dataset)} training clips cannot be read, more than "
            f"data.max_bad_share={config.data.max_bad_share:g} allows. The first:\n  {reasons}\n"
            "Mend or remove them, or raise data.max_bad_share."
        )


def _from_all(bad: list[BadClip], accelerator: Accelerator) -> list[BadClip]:
    return gather_object(bad) if accelerator.num_processes > 1 else bad


class _memory_watched:  # noqa: N801 (reads as a with-statement's words)
    """Turns the running out of memory into a sentence with the batch to try."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        out_of_memory = isinstance(error, torch.OutOfMemoryError | MemoryError) or (
            isinstance(error, RuntimeError) and "allocate memory" in str(error)
        )
        if out_of_memory:
            batch, accumulate = self.config.train.batch, self.config.train.accumulate
            raise OutOfMemoryError(
                f"the memory is used up with train.batch={batch}. Try train.batch={max(1, batch // 2)} "
                f"train.accumulate={accumulate * 2}, which learns the same, or a smaller prep.size or prep.frames."
            ) from None


def _nan_sentence(step: int, lr: float, config: Config, run: RunFolder) -> str:
    kept = "the last good model and state are kept in " + str(run.path) if step else "nothing was learned yet"
    advice = f"train.lr={config.train.lr / 10:g}" + ("" if config.train.amp == "no" else " or train.amp=no")
    return f"the loss is no finite number at step {step + 1}, learning rate {lr:.3g}; {kept}. Try {advice}."


def _write_history(run: RunFolder, history: list[EpochRow]) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(asdict(history[0])), lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(row) for row in history)
    run.history.write_text(text.getvalue(), encoding="utf-8")


def _state(
    progress: Progress,
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    average: nn.Module | None,
    dataset: ClipDataset,
    config: Config,
) -> dict[str, Any]:
    return {
        "progress": asdict(progress),
        "network": network.state_dict(),
        "optimizer": optimizer.state_dict(),
        "average": average.state_dict() if average is not None else None,
        "bad": [asdict(clip) for clip in dataset.known_bad.values()],
        "config": config.model_dump(mode="json"),
    }


def _restore(
    state: dict[str, Any],
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    average: nn.Module | None,
    dataset: ClipDataset,
) -> Progress:
    network.load_state_dict(state["network"])
    optimizer.load_state_dict(state["optimizer"])
    if average is not None:
        average.load_state_dict(state["average"])
    dataset.known_bad = {bad["name"]: BadClip(**bad) for bad in state["bad"]}
    progress = state["progress"]
    history = [EpochRow(**row) for row in progress["history"]]
    return Progress(**{**progress, "history": history, "best": tuple(progress["best"])})
