"""Owns what a fit tells of its unknowns, what it cannot tell apart, and where series disagree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh
from scipy.special import expit, logit

from trephine.core.rng import Streams
from trephine.study import unknowns
from trephine.study.calibrate import Fit
from trephine.study.endpoints import WITHIN
from trephine.study.importance import Weighted
from trephine.study.likelihood import LEAST, Expected
from trephine.study.targets import Target

Array = NDArray[np.floating[Any]]

PRIOR = 20_000
"""Draws of the prior, before what is impossible is left out."""
REPLICATES = 4000
"""Series that are drawn for an interval."""
FEWEST = 50.0
"""Effective draws below which the other series are held to say nothing of one."""


@dataclass(frozen=True)
class Marginal:
    """One unknown before and after the fit.

    Parameters
    ----------
    name
        Id of its record.
    prior, posterior
        Quantiles 5 %, 50 % and 95 %, in the unit of the record.
    contraction
        Share of the variance of its deviate that the data took away [-].
    """

    name: str
    prior: tuple[float, ...]
    posterior: tuple[float, ...]
    contraction: float


@dataclass(frozen=True)
class Direction:
    """A combination of unknowns, of deviates of their priors.

    Parameters
    ----------
    told
        Share of its variance that the data took away [-].
    loadings
        What each unknown adds, by id, their squares summing to 1.
    """

    told: float
    loadings: dict[str, float]


@dataclass(frozen=True)
class Beside:
    """A published value beside what is expected of it.

    Parameters
    ----------
    target
        The value.
    prior, posterior
        Where 90 % of series of that size lie, before and after the fit, in the unit of the target.
    others
        The same after a fit to all other studies; None where they say too little.
    surprise
        Chance that a series lies as far out or farther, judged by the other studies; None as above.
    """

    target: Target
    prior: tuple[float, float]
    posterior: tuple[float, float]
    others: tuple[float, float] | None
    surprise: float | None


def prior_deviates(seed: int = 0) -> Array:
    """Return deviates of the prior, what is impossible left out, (sample, number)."""
    luck = Streams(seed).named("calibrate", "prior")
    many = luck.standard_normal((PRIOR, len(unknowns.IDENTIFIERS)))
    return np.asarray(many[unknowns.possible(unknowns.values(many))])


def marginals(fit: Fit) -> list[Marginal]:
    """Return every unknown before and after a fit."""
    deviates = prior_deviates(fit.seed)
    before, after = unknowns.values(deviates), unknowns.values(fit.law.points)
    wide, narrow = deviates.var(axis=0), np.diag(fit.law.covariance)
    ends = (0.05, 0.5, 0.95)
    return [
        Marginal(
            name,
            tuple(float(q) for q in np.quantile(before[name], ends)),
            tuple(_quantile(after[name], fit.law.weights, q) for q in ends),
            float(1.0 - narrow[number] / wide[number]),
        )
        for number, name in enumerate(unknowns.IDENTIFIERS)
    ]


def correlations(fit: Fit) -> Array:
    """Return the correlations of the deviates after a fit, (number, number)."""
    size = np.sqrt(np.diag(fit.law.covariance))
    return np.asarray(fit.law.covariance / size / size[:, None])


def directions(fit: Fit) -> list[Direction]:
    r"""Return independent combinations of unknowns, what the data tell most first.

    .. math:: C v = \lambda\, C_0 v

    with the covariance :math:`C_0` before and :math:`C` after the fit; :math:`1 - \lambda` is told.
    Those near 0 the data cannot tell at all.
    """
    before = np.cov(prior_deviates(fit.seed), rowvar=False)
    left, combined = eigh(fit.law.covariance, before)
    found = []
    for share, column in zip(left, combined.T, strict=True):
        loading = column / np.linalg.norm(column)
        loading = loading * np.sign(loading[np.abs(loading).argmax()])
        named = dict(zip(unknowns.IDENTIFIERS, loading.tolist(), strict=True))
        found.append(Direction(float(1.0 - share), named))
    return found


def beside(fit: Fit) -> list[Beside]:
    """Return each published value beside what the fit expects, and the other studies alone."""
    everything = range(len(fit.targets))
    possible = np.isfinite(fit.law.logs)
    fitted = np.where(possible, fit.log_likelihood(everything), 0.0)
    flat = Weighted(fit.law.points, fit.law.logs - fitted)
    found = []
    for number, target in enumerate(fit.targets):
        study = target.identifier.split(".")[0]
        rest = [n for n in everything if fit.targets[n].identifier.split(".")[0] != study]
        without = Weighted(flat.points, flat.logs + (fit.log_likelihood(rest) if rest else 0.0))
        luck = Streams(fit.seed).named("calibrate", "beside", target.identifier)
        prior, after, other = (
            _replicated(target, fit.expected[number], law, fit.numbers, luck)
            for law in (flat, fit.law, without)
        )
        says = without.effective >= FEWEST
        found.append(
            Beside(
                target,
                _ends(prior),
                _ends(after),
                _ends(other) if says else None,
                _surprise(other, target.value) if says else None,
            )
        )
    return found


def _replicated(
    target: Target,
    told: Expected,
    law: Weighted,
    numbers: tuple[Any, float],
    luck: np.random.Generator,
) -> Array:
    """Return what series of the size of the published one would show, (replicate,)."""
    p, laboratory = numbers
    rows = law.drawn(REPLICATES, luck)
    mean, variance, counted = told.mean[rows], told.variance[rows], told.counted[rows]
    away = luck.standard_normal(REPLICATES)
    if target.kind == "share":
        mean = np.clip(mean, LEAST, 1.0 - LEAST)
        few = variance / (counted * (mean * (1.0 - mean)) ** 2)
        chance = expit(logit(mean) + np.sqrt(p.share**2 + few) * away)
        return np.asarray(luck.binomial(target.n, chance).astype(float))
    if target.kind == "time":
        spread = np.sqrt(variance / target.n + variance / counted + (p.time * mean) ** 2)
        return np.asarray(mean + spread * away)
    own = p.dose**2 + variance / mean**2 * (1.0 / target.n + 1.0 / counted) + laboratory**2
    return np.asarray(mean * np.exp(np.sqrt(own) * away))


def _ends(values: Array) -> tuple[float, float]:
    low, high = np.quantile(values, WITHIN)
    return float(low), float(high)


def _surprise(values: Array, seen: float) -> float:
    """Return the chance of something as far out, what is equal counted half, two-sided."""
    below = np.mean(values < seen) + 0.5 * np.mean(values == seen)
    return float(2.0 * min(below, 1.0 - below))


def _quantile(values: Array, weights: Array, share: float) -> float:
    order = np.argsort(values)
    ends = np.cumsum(weights[order])
    return float(values[order][min(np.searchsorted(ends, share * ends[-1]), ends.size - 1)])


def strongest(direction: Direction, least: float = 0.25) -> Sequence[tuple[str, float]]:
    """Return what adds most to a direction, the strongest first."""
    some = [(name, load) for name, load in direction.loadings.items() if abs(load) >= least]
    return sorted(some, key=lambda one: -abs(one[1]))
