"""Trials of a given size drawn from virtual patients, and the numbers that each would give."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtrit

from trephine.case.trial import SHARES, Looking
from trephine.models.delayed_union import definition
from trephine.models.dose_beliefs import DoseBeliefs
from trephine.study.dose import laboratory
from trephine.study.outcomes import Pool

Array = NDArray[np.float64]

TRIALS = 2000
"""Trials that are drawn for an interval."""
PLENTY = 20_000
"""Virtual patients beyond which their number leaves nothing open that an interval could show."""
SERIES = {
    "callus volume": "callus_volume",
    "RUST": "rust",
    "mRUST": "mrust",
    "callus stiffness": "stiffness",
}
CELLS = {
    "progenitors": "progenitors",
    "progenitors per volume": "progenitors per volume",
    "nucleated cells": "nucleated",
    "volume aspirated": "volume",
}


def values(pool: Pool, looked: Looking, week: float) -> Array:
    """Return what each virtual patient shows, (sample,); not a number where nothing is seen.

    Who has no outcome, or is lost before union was seen, is not united.
    """
    united = pool.seen_week <= week + 1e-9
    if looked.outcome == "delayed union":
        # Who has no outcome, or is lost, reaches no score: a failure counts as one.
        found = 1.0 - np.asarray(pool.at("rust", week) >= definition().delayed_union_score, float)
    elif looked.outcome in SHARES:
        found = united.astype(float)
        found = found if looked.outcome == "union" else 1.0 - found
    elif looked.outcome == "time to union":
        found = np.where(united, pool.seen_week, np.nan)
    elif looked.outcome in SERIES:
        found = pool.at(SERIES[looked.outcome], week)
    else:
        found = dose(pool, looked)
    if looked.of == "all":
        return found
    return np.where((united == (looked.of == "united")) & ~pool.failed, found, np.nan)


def dose(pool: Pool, looked: Looking) -> Array:
    """Return the dose that an endpoint counts, (sample,), by its laboratory [-, 1/m^3 or m^3]."""
    kind = CELLS.get(looked.outcome, looked.dose)
    place = "drawn" if looked.outcome == "volume aspirated" else looked.counted
    if not pool.dose:
        return np.full(len(pool), np.nan)
    factor = laboratory(DoseBeliefs.printed(), looked.assay) if "progenitors" in kind else 1.0
    return np.asarray(pool.cells(kind, place) * factor)


def measured(
    pool: Pool, looked: Looking, week: float, size: int | None, rng: np.random.Generator
) -> Array:
    """Return the number an arm gives: of all virtual patients, (1,), or of trials, (trial,).

    Parameters
    ----------
    pool
        Virtual patients.
    looked
        What is looked at.
    week
        When [wk].
    size
        Patients of each trial; None for all that there are.
    rng
        Luck of who comes into which trial.
    """
    found = values(pool, looked, week)
    if size is not None and looked.outcome in SHARES and looked.of == "all":
        return shares(found, pool.replicate, size, rng)
    rows = np.arange(len(pool))[None, :] if size is None else drawn(pool, size, rng)
    statistic = STATISTICS[looked.measure == "correlation", looked.statistic]
    told = statistic(found[rows], dose(pool, looked)[rows])
    if size is None or looked.measure == "correlation":
        return told
    return widened(told, found, pool.replicate, pool.replicate[rows[:, 0]])


def widened(
    told: Array, found: Array, replicate: NDArray[np.int64], which: NDArray[np.int64]
) -> Array:
    r"""Return levels of trials as far apart as so few virtual patients leave open, (trial,).

    Trials that are drawn from :math:`P` virtual patients know neither mean nor spread of those who
    were not drawn. They are moved from the mean of their replicate by

    .. math:: k = \frac{t_{0.95, P-1}}{z_{0.95}} \sqrt{\frac{P + 1}{P - 1}},

    which makes the interval of 90 % that of Student for one further trial, of whatever size. One
    patient tells no interval: the values are then not numbers. No level is negative.

    Parameters
    ----------
    told
        Level of each trial, (trial,).
    found, replicate
        What each virtual patient shows, and its replicate, (sample,).
    which
        Replicate of each trial, (trial,).
    """
    known = np.isfinite(found)
    size = np.bincount(replicate, weights=known)
    sums = np.bincount(replicate, weights=np.where(known, found, 0.0))
    middle = np.where(size > 0, sums / np.maximum(size, 1), np.nan)
    factor = np.full(size.shape, np.nan)
    several = size > 1
    least = size[several]
    factor[several] = stdtrit(least - 1, 0.95) / ndtri(0.95) * np.sqrt((least + 1) / (least - 1))
    return np.maximum(middle[which] + factor[which] * (told - middle[which]), 0.0)


def shares(
    found: Array, replicate: NDArray[np.int64], size: int, rng: np.random.Generator
) -> Array:
    r"""Return the share of trials of a size, with how little a finite pool tells of it, (trial,).

    .. math:: p \sim \mathrm{Beta}(k + \tfrac12, P - k + \tfrac12), \qquad
              x \sim \mathrm{Binomial}(n, p) / n

    of :math:`k` among :math:`P` virtual patients of one replicate, which is drawn first.
    """
    which = rng.integers(replicate.max() + 1, size=TRIALS)
    pooled = np.bincount(replicate)
    events = np.bincount(replicate, weights=found)
    p = rng.beta(events[which] + 0.5, pooled[which] - events[which] + 0.5)
    return np.asarray(rng.binomial(size, p) / size)


def drawn(
    pool: Pool, size: int, rng: np.random.Generator, count: int = TRIALS
) -> NDArray[np.int64]:
    """Return who comes into each of many trials, (trial, patient).

    A trial takes its patients from one replicate, with weights of its own (Bayesian bootstrap), so
    that the interval holds the luck of the trial and the fewness of the virtual patients alike.
    """
    members = [np.flatnonzero(pool.replicate == r) for r in range(pool.replicate.max() + 1)]
    which = rng.integers(len(members), size=count)
    rows = np.empty((count, size), dtype=np.int64)
    for trial, replicate in enumerate(which):
        own = members[replicate]
        if own.size > PLENTY:
            rows[trial] = own[rng.integers(own.size, size=size)]
            continue
        ends = np.cumsum(rng.standard_exponential(own.size))
        rows[trial] = own[np.searchsorted(ends, rng.random(size) * ends[-1], side="right")]
    return rows


def _mean(found: Array, _: Array) -> Array:
    known = np.isfinite(found)
    count = known.sum(axis=1)
    total = np.where(known, found, 0.0).sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _median(found: Array, _: Array) -> Array:
    ordered = np.sort(np.where(np.isfinite(found), found, np.inf), axis=1)
    count = np.isfinite(found).sum(axis=1)
    rows = np.arange(len(found))
    low, high = np.maximum((count - 1) // 2, 0), np.minimum(count // 2, found.shape[1] - 1)
    middle = (ordered[rows, low] + ordered[rows, high]) / 2
    return np.where(count > 0, middle, np.nan)


def _correlation(found: Array, doses: Array) -> Array:
    """Return Spearman's rank correlation in each row; not a number under three patients."""
    from scipy.stats import rankdata  # noqa: PLC0415  (slow to import)

    known = np.isfinite(found) & np.isfinite(doses)
    ranks = []
    for given in (found, doses):
        rank = np.nan_to_num(
            rankdata(np.where(known, given, np.nan), axis=1, nan_policy="omit"), nan=0.0
        )
        count = np.maximum(known.sum(axis=1, keepdims=True), 1)
        ranks.append(np.where(known, rank - rank.sum(axis=1, keepdims=True) / count, 0.0))
    both = (ranks[0] * ranks[1]).sum(axis=1)
    size = np.sqrt((ranks[0] ** 2).sum(axis=1) * (ranks[1] ** 2).sum(axis=1))
    enough = (known.sum(axis=1) >= 3) & (size > 0)
    return np.where(enough, both / np.where(size > 0, size, 1.0), np.nan)


STATISTICS: dict[tuple[bool, str], Callable[[Array, Array], Array]] = {
    (False, "mean"): _mean,
    (False, "median"): _median,
    (True, "mean"): _correlation,
    (True, "median"): _correlation,
}
"""How values of patients become one number, by whether it is a correlation, and the statistic."""
