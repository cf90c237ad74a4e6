"""The twenty one-shot classification runs of Omniglot, as they are published.

    all_runs/run01/class_labels.txt      run01/test/item01.png run01/training/class08.png
    all_runs/run01/training/class01.png  twenty characters of one alphabet by one drawer
    all_runs/run01/test/item01.png       the same characters by another

Source: Lake, Salakhutdinov and Tenenbaum, Human-level concept learning through probabilistic program induction,
Science 350 (2015); `one-shot-classification` of https://github.com/brendenlake/omniglot.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from vidclf.data.archives import is_archive, unpacked
from vidclf.errors import ManifestError
from vidclf.evaluate.embedding import embed_files
from vidclf.evaluate.recognition import Question, Recognition
from vidclf.infer.embedder import Embedder
from vidclf.metrics import Episodes, bootstrap_interval, score_episodes

_RUN = re.compile(r"run\d+")
_LABELS = "class_labels.txt"

# One trial: the drawing that asks, and the example of the same character.
_Trial = tuple[Path, Path]


def evaluate_lake_runs(embedder: Embedder, question: Question) -> Recognition:
    """Give each test drawing of a run to the nearest training drawing of that run.

    What cannot be read counts as answered wrongly.

    Raises:
        ManifestError: the data are no such runs.
        NoFramesError: not one drawing could be used.
    """
    runs = read_runs(question.data)
    trials = [trial for run in runs.values() for trial in run]
    asking, examples = [asked for asked, _ in trials], [example for _, example in trials]
    found = embed_files(embedder, [*asking, *examples], views=question.views, track=question.track)
    first, right = 0, []
    for run in runs.values():
        query = np.arange(first, first + len(run))
        support = query + len(trials)
        scores = score_episodes(found.vectors, Episodes(support[None, :, None], query[None]))
        right.append(scores.right[0] & found.usable[query] & found.usable[support])
        first += len(run)
    accuracies = np.array([of_run.mean() for of_run in right])
    everything = np.concatenate(right)
    interval = bootstrap_interval(
        lambda drawn: drawn @ accuracies / drawn.sum(axis=1), len(accuracies), seed=question.seed
    )
    return Recognition(
        ci95=(interval.low, interval.high),
        num_trials=len(everything),
        num_failed=len(found.reasons),
        accuracy=float(everything.mean()),
        details={
            "views": question.views,
            "error_by_run": {name: 1 - float(of_run.mean()) for name, of_run in zip(runs, right, strict=True)},
        },
    )


def read_runs(path: Path) -> dict[str, list[_Trial]]:
    """The trials of each run, by its name, from a folder or a zip.

    Raises:
        ManifestError: there are none, or a run's list is malformed.
    """
    top = unpacked(path.resolve()) if is_archive(path) else path
    lists = sorted(file for file in top.rglob(_LABELS) if _RUN.fullmatch(file.parent.name)) if top.is_dir() else []
    if not lists:
        raise ManifestError(
            f"{path}: there are no runs here. A folder or zip is expected that holds run01/{_LABELS}, run01/training "
            "and run01/test."
        )
    return {file.parent.name: _trials(file) for file in lists}


def _trials(labels: Path) -> list[_Trial]:
    runs = labels.parent.parent
    trials = []
    for number, line in enumerate(labels.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        names = line.split()
        files = [runs / name for name in names]
        if len(names) != 2 or not all(file.resolve().is_relative_to(runs.resolve()) for file in files):
            raise ManifestError(
                f"{labels}, line {number}: two files of a run are expected, as in 'run01/test/item01.png "
                f"run01/training/class08.png', not '{line}'."
            )
        trials.append((files[0], files[1]))
    if len({example for _, example in trials}) < len(trials) or len(trials) < 2:
        raise ManifestError(f"{labels}: each character must have one line, and there must be two or more.")
    return trials
