"""Qualification: every trial of a folder beside what was published, and what lies outside."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import numpy as np

from trephine.case.document import validate
from trephine.case.settings import Settings
from trephine.case.trial import Trial, read
from trephine.core.errors import InputError, Problem, TrephineError
from trephine.core.progress import Watch
from trephine.study.cells import Cell, Engine, cells, groups, voxels
from trephine.study.dose_response import Statement, dose_response
from trephine.study.endpoints import endpoints
from trephine.study.published import problems
from trephine.study.scorecard import Row, Said, keys, scored
from trephine.study.trial import Asked, TrialResult, drafted, named, run_trials


@dataclass(frozen=True)
class Qualified:
    """What came out of all trials.

    Parameters
    ----------
    rows
        Every endpoint of every trial, in the order of the files.
    results
        Of each trial by its stem; an error where no run gave an outcome.
    asked
        What each trial was asked for.
    statements
        What a trial says of its dose, by the stem of its file.
    absent
        Why a column has no prediction, by its name.
    stale
        Explanations of what is no miss.
    """

    rows: tuple[Row, ...]
    results: Mapping[str, TrialResult | TrephineError]
    asked: Mapping[str, Asked]
    statements: Mapping[str, tuple[Statement, ...]] = field(
        default_factory=lambda: MappingProxyType({})
    )
    absent: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    stale: tuple[str, ...] = ()


Predictor = Callable[[Trial], Sequence[Said] | str]
"""Gives another prediction of the endpoints of a trial, or says why there is none."""
ENGINE = "engine"
"""The column of the healing engine with the numbers of the catalogue as printed."""
FEWEST = 5
"""Patients of an arm at least, however fine their voxels."""
DEAREST = 3
"""How many times as much as others a trial may cost before it gets fewer patients."""
RISK = "risk score"
"""The column of published scores of risk, which tell trials with a baseline in place of it."""


def trials_of(folder: Path) -> dict[str, Trial]:
    """Return the trials of a folder by the stems of their files.

    Raises
    ------
    InputError
        If there are none, or one names what the catalogue does not hold.
    """
    if not folder.is_dir():
        raise InputError(f"{folder} is no folder; give one that holds trial files")
    found = {path.stem: read(path) for path in sorted(folder.glob("*.toml"))}
    if not found:
        raise InputError(f"{folder} holds no trial file (*.toml)")
    wrong = [
        Problem(f"{stem}.{problem.place}", problem.message)
        for stem, trial in found.items()
        for problem in problems(trial)
    ]
    if wrong:
        raise InputError(f"{folder} holds trials that are not valid", wrong)
    return found


def qualify(
    trials: Mapping[str, Trial],
    *,
    settings: Settings | None = None,
    seed: int = 0,
    most: int | None = None,
    engine: Engine = voxels,
    workers: int = 1,
    out: Path | None = None,
    resume: bool = False,
    others: Mapping[str, Predictor] | None = None,
    explained: Mapping[str, Mapping[str, str]] | None = None,
    watch: Watch | None = None,
) -> Qualified:
    """Return every endpoint of some trials beside what was published.

    No endpoint is left out: where a trial gave no outcome at all, or no value, its published
    values count as missed.

    Parameters
    ----------
    trials
        By name.
    settings, seed, engine, workers, resume, watch
        See :func:`trephine.study.trial.run_trial`.
    most
        Virtual patients of an arm at most, where an engine treats them, and fewer where their gaps
        ask for fine voxels (:func:`affordable`); as many as the largest arm of each trial unless
        given. A trial of the published size is predicted from them.
    out
        Folder that keeps the outcomes of each trial in a folder of its name.
    others
        Further ways of predicting, by the name of their column.
    explained
        Why endpoints are missed, by trial and key.

    Raises
    ------
    InputError
        If a trial cannot be run as it stands, the folder cannot be used, or an explanation names
        no endpoint.
    """
    settings = settings or drafted()
    asked = {
        stem: Asked(
            trial,
            settings,
            seed,
            len_of(trial)
            if trial.baseline or not most
            else affordable(trial, settings, seed, most),
            engine=named(engine),
        )
        for stem, trial in trials.items()
    }
    known = explained or {}
    _check(trials, known)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
    told = run_trials(
        list(asked.values()),
        engine=engine,
        workers=workers,
        outs=[None if out is None else out / stem for stem in asked],
        resume=resume,
        watch=watch,
    )
    results = dict(zip(asked, told, strict=True))
    rows: list[Row] = []
    absent: dict[str, dict[str, list[str]]] = {}
    for stem, trial in trials.items():
        result = results[stem]
        columns: dict[str, Sequence[Said] | None] = {
            RISK if trial.baseline else ENGINE: (
                None if isinstance(result, TrephineError) else endpoints(result)
            )
        }
        for name, predict in (others or {}).items():
            said = predict(trial)
            if isinstance(said, str):
                absent.setdefault(name, {}).setdefault(said, []).append(stem)
            else:
                columns[name] = said
        rows += scored(stem, trial, columns, known.get(stem, {}))
    return Qualified(
        rows=tuple(rows),
        results=results,
        asked=asked,
        statements={
            stem: found
            for stem, result in results.items()
            if isinstance(result, TrialResult) and (found := dose_response(result))
        },
        absent={name: _reasons(told, len(trials)) for name, told in absent.items()},
        stale=tuple(f"{row.trial}.{row.key}" for row in rows if row.why and not row.is_missed),
    )


def affordable(trial: Trial, settings: Settings, seed: int, most: int) -> int:
    r"""Return how many patients of an arm to treat, so that no trial takes most of the time.

    .. math:: \max\!\left(5, \min\!\left(m, n, 3m \Big/ \overline{(h_0/h)^4}\right)\right)

    of :math:`m` at most and :math:`n` in the largest arm. Where gaps ask for voxels of :math:`h`
    in place of :math:`h_0`, a course takes as many times longer as there are more voxels and
    shorter steps; a trial may cost three times as much as others.

    Parameters
    ----------
    trial
        The document.
    settings
        Numerics that are asked for.
    seed
        The seed of the patients.
    most
        How many are treated where the voxel fits.
    """
    count = min(most, len_of(trial))
    edges = [
        validate(Settings, dict(one.settings), "a patient").voxel
        for group in groups(trial, seed, count, 1).values()
        for one in cells(group, settings, None)
        if isinstance(one, Cell)
    ]
    dearer = np.mean([(settings.voxel / edge) ** 4 for edge in edges or [settings.voxel]])
    return max(min(FEWEST, count), min(count, int(DEAREST * most / dearer)))


def len_of(trial: Trial) -> int:
    """Return the size of the largest arm of a trial."""
    return max(arm.n for arm in trial.arms)


def _reasons(told: Mapping[str, Sequence[str]], trials: int) -> str:
    """Return why trials are not predicted: one reason for all of them, or each with its trials."""
    if len(told) == 1 and len(next(iter(told.values()))) == trials:
        return next(iter(told))
    return "; ".join(f"{', '.join(stems)}: {reason}" for reason, stems in told.items())


def _check(trials: Mapping[str, Trial], explained: Mapping[str, Mapping[str, str]]) -> None:
    """Refuse explanations of what no trial holds."""
    wrong = [
        Problem(f"{stem}.{key}", "no trial has this endpoint")
        for stem, whys in explained.items()
        for key in whys
        if stem not in trials or key not in keys(trials[stem])
    ]
    if wrong:
        raise InputError("there are explanations of what no trial holds", wrong)
