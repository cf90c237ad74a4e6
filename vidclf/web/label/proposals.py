"""A trained model looks through the clips in the background, and says what it takes them for."""

from __future__ import annotations

from threading import Event, Thread
from types import TracebackType
from typing import Self

from vidclf.errors import VidclfError
from vidclf.infer import Predictor
from vidclf.types import Prediction
from vidclf.web.label.session import Proposal, Session


class Proposer:
    """Works while its `with` statement lasts, or until all clips are looked at."""

    def __init__(self, session: Session, predictor: Predictor) -> None:
        self._session, self._predictor = session, predictor
        self._stop = Event()
        self._numbers = session.start_scoring()
        self._thread = Thread(target=self._look_through, name="proposals", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _look_through(self) -> None:
        paths = [self._session.item(number).entry.path for number in self._numbers]
        trouble = ""
        try:
            outcomes = self._predictor.predict_many(paths, on_error="yield")
            for number, outcome in zip(self._numbers, outcomes, strict=True):
                self._session.propose(number, _proposal(outcome) if isinstance(outcome, Prediction) else None)
                if self._stop.is_set():
                    break
        except VidclfError as error:
            trouble = f"The model stopped proposing labels: {error}"
        finally:
            self._session.stop_scoring(trouble)


def _proposal(prediction: Prediction) -> Proposal:
    first, second = sorted([*prediction.probabilities.values(), 0.0], reverse=True)[:2]
    return Proposal(prediction.label, first, first - second)
