"""The temperature of a trained model, from clips that it was not trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vidclf.data import ClipEntry
from vidclf.infer import Predictor, predict_entries
from vidclf.infer.predictor import EntryReader
from vidclf.metrics import fit_temperature


@dataclass(frozen=True)
class Temperature:
    """What a model's probabilities are brought to.

    Attributes:
        value: 1 leaves them as they are.
        clips: how many validation clips it was fitted on; 0 where it was not.
    """

    value: float = 1.0
    clips: int = 0

    def in_words(self, split: str) -> str:
        """A sentence beside scores of a split: where the temperature comes from."""
        if not self.clips:
            return "Temperature 1: none was fitted, as there are no validation clips that tell."
        these = ": these, so the error looks smaller than it is" if split == "val" else ""
        return (
            f"Temperature {self.value:.2f}, fitted on the {self.clips} validation clips that also picked the "
            f"epoch{these}."
        )


def calibrate(predictor: Predictor, val: Sequence[ClipEntry], reader: EntryReader, *, batch: int) -> Temperature:
    """Bring a model to the temperature that suits its validation clips best, or to 1 where none can be fitted.

    There may be no such clips, or no mistakes among them; see `fit_temperature`. These clips also picked the epoch,
    so the model is a little better on them than on others.

    Args:
        predictor: the trained model; its temperature is set.
        val: the clips, never those that the model is tested on.
        reader: reads them.
        batch: clips that are computed together.
    """
    predictor.temperature = 1.0
    results = predict_entries(predictor, val, reader, batch=batch)
    rows = [(result.probabilities, result.entry) for result in results if result.probabilities is not None]
    fitted = None
    if rows:
        labels = np.array([predictor.classes.index(entry.label) for _, entry in rows])
        fitted = fit_temperature(np.stack([probabilities for probabilities, _ in rows]), labels)
    found = Temperature() if fitted is None else Temperature(fitted, clips=len(rows))
    predictor.temperature = found.value
    return found
