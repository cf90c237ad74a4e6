"""The check of a whole data set: each file decoded once, then every kind of finding."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

from vidclf.config import PrepConfig
from vidclf.data.check.class_balance import find_class_balance
from vidclf.data.check.evidence import Evidence
from vidclf.data.check.findings import Finding, Kind
from vidclf.data.check.frame_count import find_frame_count
from vidclf.data.check.frame_rate import find_frame_rate
from vidclf.data.check.giveaway import Guessed, find_giveaway, guess_labels
from vidclf.data.check.pairs import find_pairs
from vidclf.data.check.same_moments import find_same_moments
from vidclf.data.check.split_leak import find_split_leak
from vidclf.data.check.survey import Survey, survey_file
from vidclf.data.check.too_short import find_too_short
from vidclf.data.check.unreadable import find_unreadable
from vidclf.data.layouts import read_manifest
from vidclf.data.manifest import ClipEntry, Manifest, TornGroupsError
from vidclf.data.splits import folds_of
from vidclf.parallel import Lost, Where, map_clips
from vidclf.progress import Track, untracked

_FINDERS: tuple[Callable[[Evidence], Iterable[Finding]], ...] = (
    find_unreadable,
    find_too_short,
    find_frame_count,
    find_frame_rate,
    find_same_moments,
    find_split_leak,
    find_class_balance,
)


@dataclass(frozen=True)
class Report:
    """What a check found.

    Attributes:
        source: the manifest.
        classes: clips by class.
        num_files: how many different files the rows name.
        findings: faults and notes, kind by kind.
        guessed: how well each property of the files alone predicts the label.
    """

    source: Path
    classes: Mapping[str, int]
    num_files: int
    findings: tuple[Finding, ...]
    guessed: tuple[Guessed, ...]

    @property
    def faults(self) -> tuple[Finding, ...]:
        """What is wrong."""
        return tuple(finding for finding in self.findings if finding.fault)

    @property
    def notes(self) -> tuple[Finding, ...]:
        """What is only good to know."""
        return tuple(finding for finding in self.findings if not finding.fault)

    def to_json(self) -> dict[str, Any]:
        """Plain values for JSON; these keys are always there.

        - `manifest`, `clips`, `files`: what was checked, and how many.
        - `ok`: whether there is no fault.
        - `faults`, `notes`: for each kind (of `Kind`) a list, empty where nothing was found, of `paths`, `sentence`
          and the finding's own numbers.
        - `classes`: clips by class.
        - `properties`: for each `name` the `accuracy` with which it alone predicts the label, `low` and `high` of
          its 95 % interval over groups, `chance`, the `threshold`, and whether it `gives_away` the label.
        """
        return {
            "manifest": str(self.source),
            "clips": sum(self.classes.values()),
            "files": self.num_files,
            "ok": not self.faults,
            "faults": _by_kind(self.faults),
            "notes": _by_kind(self.notes),
            "classes": dict(self.classes),
            "properties": [{**vars(guess), "gives_away": guess.gives_away} for guess in self.guessed],
        }


def check(
    manifest: str | Path,
    *,
    root: str | Path | None = None,
    folds: Mapping[str, int] | None = None,
    prep: PrepConfig | None = None,
    workers: int | None = None,
    on: Where = "local",
    track: Track = untracked,
) -> Report:
    """Look for whatever makes clips a bad thing to learn from, or to measure with.

    Files are decoded in several processes (see `map_clips`); none that is bad stops the check.

    Args:
        manifest: a table or folder, as for `read_manifest`; here groups may stand in two splits.
        root: where the clips lie, as for `read_manifest`.
        folds: the fold of each file, as `read_folds` gives; what stands in two folds is found too.
        prep: how clips will be sampled; None: as by default.
        workers: how many processes; None: one for each core.
        on: `local`, processes of this machine, or `ray`; see `map_clips`.
        track: shows what passes.

    Raises:
        ManifestError: it cannot be read, or a clip has no fold.
        MissingExtraError: Ray is not installed.
        StoppedError: the processes cannot be started, or there is no such cluster.
    """
    entries, source = _rows(manifest, root)
    whole = Manifest(tuple(replace(entry, split="") for entry in entries), source)
    sides: dict[str, tuple[str, ...]] = {}
    if any(entry.split for entry in entries):
        sides["split"] = tuple(entry.split for entry in entries)
    if folds is not None:
        sides["fold"] = tuple(map(str, folds_of(whole, folds)))
    surveys = _surveys(entries, workers, on, track)
    evidence = Evidence(entries, surveys, find_pairs(entries, surveys), sides, prep or PrepConfig(), source)
    guessed = guess_labels(evidence)
    findings = [finding for find in _FINDERS for finding in find(evidence)]
    return Report(
        source=source,
        classes=dict(sorted(Counter(entry.label for entry in entries).items())),
        num_files=len(surveys),
        findings=(*findings, *find_giveaway(guessed)),
        guessed=guessed,
    )


def _rows(manifest: str | Path, root: str | Path | None) -> tuple[tuple[ClipEntry, ...], Path]:
    try:
        read = read_manifest(manifest, root=root)
    except TornGroupsError as error:
        return error.entries, Path(manifest)
    return read.entries, read.source


def _surveys(entries: Iterable[ClipEntry], workers: int | None, on: Where, track: Track) -> dict[Path, Survey]:
    paths = list(dict.fromkeys(entry.path for entry in entries))
    surveyed = track(map_clips(survey_file, paths, workers=workers, on=on), total=len(paths), what="checking")
    return {
        path: Survey("unreadable", f"{path}: while it was read, {found.reason}.")
        if isinstance(found, Lost)
        else found
        for path, found in surveyed
    }


def _by_kind(findings: Iterable[Finding]) -> dict[str, list[dict[str, Any]]]:
    kinds: dict[str, list[dict[str, Any]]] = {kind: [] for kind in get_args(Kind)}
    for finding in findings:
        kinds[finding.kind].append({"paths": finding.paths, "sentence": finding.sentence, **finding.details})
    return kinds
