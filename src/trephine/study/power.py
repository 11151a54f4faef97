"""Designing a trial: its chance of a finding, the patients it needs, and counterfactuals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, stdtr

from trephine.case.trial import Design
from trephine.core.rng import Streams
from trephine.study.outcomes import Pool
from trephine.study.sampling import values
from trephine.study.survival import log_rank
from trephine.study.trial import WEEK, TrialResult

Array = NDArray[np.float64]
P = Callable[[int, np.random.Generator], Array]
"""Gives the p-values of many trials with so many patients in each arm."""

TRIALS = 1000
"""Trials that are drawn for each power; its own error is then at most 1.6 %."""
MOST = 2000
"""Patients of an arm beyond which no size is looked for."""


@dataclass(frozen=True)
class Power:
    """What trials of one size would find.

    Parameters
    ----------
    n
        Patients in each arm.
    power
        Share of the trials that find a difference [-].
    right
        Share that find one in favour of the side that the virtual patients favour [-].
    false
        Share that would find one if both arms had the comparator's plan [-].
    """

    n: int
    power: float
    right: float
    false: float


@dataclass(frozen=True)
class Designed:
    """A design under one scenario.

    Parameters
    ----------
    design, scenario
        Which.
    shown
        What all virtual patients of both arms show: share, mean, or share by the last visit.
    powers
        For each size asked for.
    needed
        Patients in each arm for the power that is aimed at; None where more than :data:`MOST`.
    pairs
        The same virtual patients in both arms: how many are united in both, in the first alone,
        in the second alone, in neither.
    difference
        Mean of the differences patient by patient, and its 90 % interval; None where no patient
        has a value in both.
    """

    design: Design
    scenario: str
    shown: tuple[float | None, float | None]
    powers: tuple[Power, ...]
    needed: int | None
    pairs: tuple[int, int, int, int]
    difference: tuple[float, float, float] | None


def designs(result: TrialResult) -> list[Designed]:
    """Return every design of a trial under every scenario.

    Trials are drawn from the virtual patients, each arm its own, as if these were all there are:
    few virtual patients give a power that is as rough as they are few.
    """
    trial = result.asked.trial
    names = ["", *(scenario.name for scenario in trial.scenarios)]
    return [
        _designed(result, design, name, Streams(result.asked.seed).within("design", number, name))
        for number, design in enumerate(trial.designs)
        for name in names
    ]


def _designed(result: TrialResult, design: Design, scenario: str, streams: Streams) -> Designed:
    pools = [result.pool(arm, scenario) for arm in design.arms]
    week = float(pools[0].week[-1]) if design.time is None else design.time / WEEK
    found = [values(pool, design, week) for pool in pools]
    test, null = (
        _tests(design, pools, week, first) for first in (0, 1)
    )  # the comparator against itself
    powers = []
    for n in design.n:
        both = test(n, streams.named("power", n))
        p, side = both[0], both[1]
        favoured = np.sign(_mean(found[0]) - _mean(found[1]))
        alike = null(n, streams.named("false", n))[0]
        powers.append(
            Power(
                n,
                float(np.mean(p < design.alpha)),
                float(np.mean((p < design.alpha) & (side == favoured))),
                float(np.mean(alike < design.alpha)),
            )
        )
    united = [pool.seen_week <= week + 1e-9 for pool in pools]
    pairs = tuple(
        int(np.sum((united[0] == one) & (united[1] == other)))
        for one, other in ((True, True), (True, False), (False, True), (False, False))
    )
    return Designed(
        design=design,
        scenario=scenario,
        shown=(_told(_mean(found[0])), _told(_mean(found[1]))),
        powers=tuple(powers),
        needed=_needed(design, test, streams),
        pairs=(pairs[0], pairs[1], pairs[2], pairs[3]),
        difference=_paired(found[0] - found[1], streams.named("paired")),
    )


def _mean(found: Array) -> float:
    known = found[np.isfinite(found)]
    return float(known.mean()) if known.size else np.nan


def _told(number: float) -> float | None:
    return number if np.isfinite(number) else None


def _paired(differences: Array, rng: np.random.Generator) -> tuple[float, float, float] | None:
    """Return the mean of paired differences and its interval by resampling patients."""
    known = differences[np.isfinite(differences)]
    if not known.size:
        return None
    means = known[rng.integers(known.size, size=(2000, known.size))].mean(axis=1)
    low, high = np.quantile(means, (0.05, 0.95))
    return float(known.mean()), float(low), float(high)


def _needed(design: Design, test: P, streams: Streams) -> int | None:
    """Return the fewest patients of an arm that reach the power, found by halving."""

    def reaches(n: int) -> bool:
        return bool(np.mean(test(n, streams.named("size", n))[0] < design.alpha) >= design.power)

    low, high = 2, 4
    while not reaches(high):
        low, high = high, 2 * high
        if low >= MOST:
            return None
    while high - low > max(1, low // 50):
        middle = (low + high) // 2
        low, high = (low, middle) if reaches(middle) else (middle, high)
    return high if high <= MOST else None


def _tests(design: Design, pools: list[Pool], week: float, first: int) -> P:
    """Return what gives p-values and sides of trials, (2, trial), of one pool against the last."""
    ours, theirs = pools[first], pools[1]

    def p(n: int, rng: np.random.Generator) -> Array:
        rows = _rows(ours, theirs, n, rng)
        if design.test == "curve":
            united = [
                np.where(pool.seen_week <= week + 1e-9, pool.seen_week, np.inf)[r]
                for pool, r in zip((ours, theirs), rows, strict=True)
            ]
            last = [
                np.minimum(pool.last_week, week)[r]
                for pool, r in zip((ours, theirs), rows, strict=True)
            ]
            shares = [np.isfinite(u).mean(axis=1) for u in united]
            chances = log_rank((united[0], united[1]), (last[0], last[1]))
            return np.stack([chances, np.sign(shares[0] - shares[1])])
        found = [
            values(pool, design, week)[r] for pool, r in zip((ours, theirs), rows, strict=True)
        ]
        if design.test == "share":
            events = [np.nansum(f, axis=1).astype(int) for f in found]
            sides = np.sign(events[0] - events[1])
            return np.stack([fisher(events[0], events[1], n), sides])
        return welch(found[0], found[1])

    return p


def _rows(ours: Pool, theirs: Pool, n: int, rng: np.random.Generator) -> list[NDArray[np.int64]]:
    """Return who comes into each arm of many trials, (trial, patient); of one replicate each."""
    which = rng.integers(ours.replicate.max() + 1, size=TRIALS)
    rows = []
    for pool in (ours, theirs):
        first = np.searchsorted(pool.replicate, which)
        count = np.searchsorted(pool.replicate, which, side="right") - first
        rows.append(first[:, None] + rng.integers(count[:, None], size=(TRIALS, n)))
    return rows


def fisher(first: NDArray[np.int64], second: NDArray[np.int64], n: int) -> Array:
    """Return the two-sided p-values of Fisher's exact test for two arms of one size, (trial,).

    All tables with the same margins that are no more probable than the one seen count.

    Parameters
    ----------
    first, second
        Events in each arm, (trial,).
    n
        Patients in each arm.
    """
    found = np.empty(first.size)
    pairs, inverse = np.unique(np.stack([first, second], axis=1), axis=0, return_inverse=True)
    chances = np.empty(len(pairs))
    for number, (a, b) in enumerate(pairs):
        total = int(a + b)
        k = np.arange(max(0, total - n), min(n, total) + 1)
        logs = _log_choose(n, k) + _log_choose(n, total - k) - _log_choose(2 * n, total)
        here = logs[int(a) - k[0]]
        chances[number] = min(1.0, float(np.exp(logs[logs <= here + 1e-7]).sum()))
    found[:] = chances[inverse.reshape(-1)]
    return found


def _log_choose(n: int, k: NDArray[np.int64] | int) -> Array:
    return np.asarray(gammaln(n + 1.0) - gammaln(np.asarray(k) + 1.0) - gammaln(n - k + 1.0))


def welch(first: Array, second: Array) -> Array:
    """Return the two-sided p-values and sides of Welch's test, (2, trial); what is missing is left.

    Parameters
    ----------
    first, second
        Values in each arm, (trial, patient); not a number where missing.
    """
    means, errors, freedoms = [], [], []
    for found in (first, second):
        known = np.isfinite(found)
        count = np.maximum(known.sum(axis=1), 2)
        mean = np.where(known, found, 0.0).sum(axis=1) / count
        spread = np.where(known, (found - mean[:, None]) ** 2, 0.0).sum(axis=1) / (count - 1)
        means.append(np.where(known.sum(axis=1) >= 2, mean, np.nan))
        errors.append(spread / count)
        freedoms.append(count - 1)
    error = errors[0] + errors[1]
    some = error > 0
    safe = np.where(some, error, 1.0)
    freedom = safe**2 / np.maximum(
        errors[0] ** 2 / freedoms[0] + errors[1] ** 2 / freedoms[1], 1e-300
    )
    difference = means[0] - means[1]
    known = np.isfinite(difference)
    t = np.where(known, difference, 0.0) / np.sqrt(safe)
    chances = np.where(some & known, 2.0 * stdtr(np.where(some, freedom, 1.0), -np.abs(t)), 1.0)
    return np.stack([chances, np.sign(np.where(known, difference, 0.0))])
