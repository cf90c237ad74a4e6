"""The protocols of recognition by the names that `vidclf evaluate --protocol` takes; one file each."""

from vidclf.evaluate.episodes import evaluate_episodes
from vidclf.evaluate.identify import evaluate_identify
from vidclf.evaluate.lake_runs import evaluate_lake_runs
from vidclf.evaluate.open_set import evaluate_open_set
from vidclf.evaluate.pairs import evaluate_pairs
from vidclf.evaluate.recognition import Protocol
from vidclf.evaluate.verify import evaluate_verify

PROTOCOLS: dict[str, Protocol] = {
    "lake-runs": evaluate_lake_runs,
    "episodes": evaluate_episodes,
    "pairs": evaluate_pairs,
    "verify": evaluate_verify,
    "identify": evaluate_identify,
    "open-set": evaluate_open_set,
}

# The settings of a question that mean something to a protocol, beside data, seed and views.
TAKES: dict[str, frozenset[str]] = {
    "lake-runs": frozenset(),
    "episodes": frozenset({"ways", "shots", "episodes"}),
    "pairs": frozenset({"threshold_from"}),
    "verify": frozenset({"threshold_from"}),
    "identify": frozenset({"ways", "shots", "episodes"}),
    "open-set": frozenset({"ways", "shots", "episodes", "threshold_from"}),
}
