"""Several models that answer as one: the mean of their probabilities."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields

import numpy as np
from torch import nn

from vidclf.data import ClipEntry, ClipReader
from vidclf.infer.over_time import OverTime, mean_of_members
from vidclf.infer.predictor import Predictor, Source
from vidclf.prep import Prepared, Preprocessing
from vidclf.types import Float64Array
from vidclf.video import OnTruncated


@dataclass(frozen=True, eq=False)
class PreparedForEach(Prepared):
    """A clip as each member of an ensemble wants it; its own attributes are what the first one wants.

    Attributes:
        parts: by preprocessing, so that members with the same one share a part.
    """

    parts: Mapping[Preprocessing, Prepared] = field(kw_only=True)


@dataclass(frozen=True)
class EnsembleReader:
    """Reads a manifest's rows as the members of an ensemble take them."""

    readers: Mapping[Preprocessing, ClipReader]

    def prepared(self, entry: ClipEntry) -> PreparedForEach:
        """One row for each member.

        Raises:
            DecodeError: it cannot be read.
        """
        return _for_each(self.readers, lambda preprocessing: self.readers[preprocessing].prepared(entry))


class EnsemblePredictor(Predictor):
    """Members that share their classes; a clip is read once for each different preprocessing among them.

    Args:
        members: at least one, all on one device.

    Source:
        Hansen and Salamon, Neural network ensembles, PAMI 12 (1990); here the mean of the probabilities.
    """

    def __init__(self, members: Sequence[Predictor]) -> None:
        first = members[0]
        networks = nn.ModuleList([member.network for member in members])
        super().__init__(networks, first.preprocessing, first.classes, first.device)
        self.members = tuple(members)

    def reader(self, on_truncated: OnTruncated = "error") -> EnsembleReader:
        """Reads a manifest's rows as this ensemble takes them."""
        return EnsembleReader(
            {member.preprocessing: ClipReader(member.preprocessing, on_truncated) for member in self.members}
        )

    def probabilities(self, clips: Sequence[Prepared]) -> Float64Array:
        """Mean of the members' probabilities (B, K) of clips that were prepared for each; each row sums to 1."""
        parts = [clip.parts for clip in clips if isinstance(clip, PreparedForEach)]
        answers = [
            member.probabilities([part[member.preprocessing] for part in parts]) for member in self.members
        ]  # M of (B, K)
        mean: Float64Array = np.mean(answers, axis=0)
        return mean

    def prepared_over_time(self, clip: Prepared) -> OverTime:
        """The mean of what the members say of a clip that was prepared for each."""
        assert isinstance(clip, PreparedForEach)
        said = [member.prepared_over_time(clip.parts[member.preprocessing]) for member in self.members]
        return mean_of_members(said, self._prediction(clip, self.probabilities([clip])[0]))

    def prepare(
        self,
        source: Source,
        *,
        start_seconds: float | None = None,
        end_seconds: float | None = None,
        fps: float = 25.0,
        on_truncated: OnTruncated = "error",
    ) -> Prepared:
        """One clip as each member takes it.

        Raises:
            DecodeError: the source cannot be read.
        """
        member_of = {member.preprocessing: member for member in self.members}
        return _for_each(
            member_of,
            lambda preprocessing: member_of[preprocessing].prepare(
                source, start_seconds=start_seconds, end_seconds=end_seconds, fps=fps, on_truncated=on_truncated
            ),
        )


def _for_each(
    preprocessings: Iterable[Preprocessing], prepare: Callable[[Preprocessing], Prepared]
) -> PreparedForEach:
    parts = {preprocessing: prepare(preprocessing) for preprocessing in preprocessings}
    first = next(iter(parts.values()))
    return PreparedForEach(**{field.name: getattr(first, field.name) for field in fields(Prepared)}, parts=parts)
