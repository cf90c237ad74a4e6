"""Every picture or clip of identities compared with every other: same or not?"""

from __future__ import annotations

from vidclf.evaluate.people import embed_people
from vidclf.evaluate.recognition import Question, Recognition
from vidclf.evaluate.verification import curve_of, score_pairs
from vidclf.infer.embedder import Embedder


def evaluate_verify(embedder: Embedder, question: Question) -> Recognition:
    """Score all pairs.

    The threshold is that of equal error on other people (`question.threshold_from`), else the embedder's own, else
    that of equal error on the scored pairs.

    Raises:
        ManifestError: the data hold fewer than two identities, or one picture of each.
        NoFramesError: not one file could be used.
    """
    threshold = embedder.threshold
    if question.threshold_from is not None:
        others = embed_people(embedder, question.threshold_from, question).evidence(seed=question.seed)
        threshold = curve_of(others, str(question.threshold_from)).eer_threshold
    people = embed_people(embedder, question.data, question)
    evidence = people.evidence(seed=question.seed)
    return score_pairs(evidence, people.failures, question, threshold=threshold)
