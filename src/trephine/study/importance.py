"""Owns adaptive importance sampling: weighted points of a law that is known up to a factor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, solve_triangular
from scipy.special import gammaln, logsumexp, ndtri

Array = NDArray[np.floating[Any]]
LogLikelihood = Callable[[Array], Array]
"""From points of standard normal deviates, (sample, dimension), to log likelihoods, (sample,);
minus infinity where a point is impossible."""

FREEDOM = 6.0
"""Degrees of freedom of a proposal: tails heavier than those of what it is aimed at."""
WIDER = 1.15
"""How much wider a proposal is than the points that it is fitted to."""
DEFENCE = 0.1
"""Share of each round that is drawn from the prior, so that no weight exceeds its inverse times
the likelihood."""
LEAST = 8
"""Effective points for each dimension that a proposal is fitted to; with fewer the likelihood is
flattened until there are as many."""
HALVINGS = 40
"""Steps by which the power is found that flattens it."""


@dataclass(frozen=True)
class Weighted:
    """Points with the weights that make a law of them.

    Parameters
    ----------
    points
        Standard normal deviates of the prior, (sample, dimension).
    logs
        Logarithms of the weights, not normalised, (sample,).
    """

    points: Array
    logs: Array

    @property
    def weights(self) -> Array:
        """The weights, their sum 1, (sample,)."""
        return np.asarray(np.exp(self.logs - logsumexp(self.logs)))

    @property
    def effective(self) -> float:
        r"""How many independent points they are worth, :math:`1/\sum w^2`."""
        return float(1.0 / np.sum(self.weights**2))

    @property
    def tail(self) -> float:
        """Shape of the tail of the weights; estimates can be trusted below 0.7."""
        return pareto_shape(self.weights)

    @property
    def mean(self) -> Array:
        """Mean, (dimension,)."""
        return np.asarray(self.weights @ self.points)

    @property
    def covariance(self) -> Array:
        """Covariance, (dimension, dimension)."""
        off = self.points - self.mean
        return np.asarray((off * self.weights[:, None]).T @ off)

    def joined(self, other: Weighted) -> Weighted:
        """Return both together; each weighs by what it says of the whole."""
        mine, theirs = len(self.logs), len(other.logs)
        logs = np.concatenate([self.logs, other.logs]) - np.log(mine + theirs)
        return Weighted(np.concatenate([self.points, other.points]), logs)

    def drawn(self, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
        r"""Return which points make a sample of equal weights, in random order, (count,).

        Systematic resampling: a point of weight :math:`w` comes :math:`\lfloor nw \rfloor` times
        or once more.
        """
        ends = np.cumsum(self.weights)
        marks = (np.arange(count) + rng.random()) / count
        chosen = np.minimum(np.searchsorted(ends, marks * ends[-1]), ends.size - 1)
        return np.asarray(rng.permutation(chosen), dtype=np.int64)


@dataclass(frozen=True)
class Proposal:
    """A broad bell from which points are drawn: Student's law, or the prior with no root.

    Parameters
    ----------
    centre
        Middle, (dimension,).
    root
        Lower root of its scale, (dimension, dimension); None for the prior.
    """

    centre: Array
    root: Array | None = None

    def log_density(self, points: Array) -> Array:
        """Return the logarithm of its density, (sample,)."""
        size = points.shape[1]
        if self.root is None:
            return np.asarray(-0.5 * (points**2).sum(axis=1) - 0.5 * size * np.log(2 * np.pi))
        away = solve_triangular(self.root, (points - self.centre).T, lower=True)
        square = (away**2).sum(axis=0)
        scale = np.log(np.diag(self.root)).sum() + 0.5 * size * np.log(FREEDOM * np.pi)
        factor = gammaln((FREEDOM + size) / 2) - gammaln(FREEDOM / 2) - scale
        return np.asarray(factor - 0.5 * (FREEDOM + size) * np.log1p(square / FREEDOM))

    def drawn(self, count: int, rng: np.random.Generator) -> Array:
        """Return points, (count, dimension): scattered evenly from the prior, else by luck."""
        size = self.centre.size
        if self.root is None:
            return _even(count, size, rng)
        stretch = np.sqrt(FREEDOM / rng.chisquare(FREEDOM, count))[:, None]
        return np.asarray(
            self.centre + stretch * (rng.standard_normal((count, size)) @ self.root.T)
        )


def sampled(
    log_likelihood: LogLikelihood,
    dimension: int,
    rng: np.random.Generator,
    *,
    first: int,
    each: int,
    rounds: int,
) -> Weighted:
    r"""Return weighted points of a posterior whose prior is the standard normal law.

    The first points are the prior's. Each round draws from a bell fitted to all points so far,
    with a share from the prior, and every point is weighed by the mixture of all rounds (adaptive
    multiple importance sampling):

    .. math:: w_i = \frac{p(z_i)\, L(z_i)}{\sum_t n_t\, q_t(z_i)/\sum_t n_t}

    A bell is fitted to weights with the likelihood to a power below 1 where the full weights rest
    on too few points.

    Parameters
    ----------
    log_likelihood
        Of points, asked once for each.
    dimension
        How many deviates.
    rng
        Luck.
    first, each, rounds
        Points of the prior, of each round, and how many rounds.

    Raises
    ------
    ValueError
        If no point is possible.
    """
    prior = Proposal(np.zeros(dimension))
    points = prior.drawn(first, rng)
    told = log_likelihood(points)
    counts, bells = [float(first)], [prior]
    for _ in range(rounds):
        bell = _fitted(points, told, _proposed(points, counts, bells), prior)
        kept = round(each * DEFENCE)
        fresh = np.concatenate([bell.drawn(each - kept, rng), prior.drawn(kept, rng)])
        points = np.concatenate([points, fresh])
        told = np.concatenate([told, log_likelihood(fresh)])
        counts += [float(each - kept), float(kept)]
        bells += [bell, prior]
    logs = prior.log_density(points) + told - _proposed(points, counts, bells)
    if not np.isfinite(logs).any():
        raise ValueError("no point of the prior is possible")
    return Weighted(points, logs)


def _even(count: int, size: int, rng: np.random.Generator) -> Array:
    """Return standard normal points that fill the space evenly (Sobol's sequence, scrambled)."""
    # Imported where needed: slow to load.
    from scipy.stats import qmc  # noqa: PLC0415

    sobol = qmc.Sobol(size, scramble=True, seed=int(rng.integers(2**32)))
    cube = sobol.random_base2(max(0, int(np.ceil(np.log2(max(count, 1))))))[:count]
    return np.asarray(ndtri(np.clip(cube, 1e-9, 1.0 - 1e-9)))


def _proposed(points: Array, counts: list[float], bells: list[Proposal]) -> Array:
    """Return the logarithm of the density of all rounds together, (sample,)."""
    shares = np.log(np.array(counts) / sum(counts))
    parts = [share + bell.log_density(points) for share, bell in zip(shares, bells, strict=True)]
    return np.asarray(logsumexp(parts, axis=0))


def _fitted(points: Array, told: Array, proposed: Array, prior: Proposal) -> Proposal:
    """Return the bell of the points, their likelihood flattened as far as is needed."""
    base = prior.log_density(points) - proposed
    possible = np.isfinite(told)
    if not possible.any():
        raise ValueError("no point of the prior is possible")
    wanted = min(LEAST * points.shape[1], 0.5 * possible.sum())

    def flattened(power: float) -> Weighted:
        with np.errstate(invalid="ignore"):
            logs = np.where(possible, base + power * told, -np.inf)
        return Weighted(points, logs)

    low, high = 0.0, 1.0
    if flattened(1.0).effective < wanted:
        for _ in range(HALVINGS):
            middle = 0.5 * (low + high)
            enough = flattened(middle).effective >= wanted
            low, high = (middle, high) if enough else (low, middle)
        high = low
    found = flattened(high)
    # A whisker on the diagonal keeps a law that hardly varies in one direction from being singular.
    scale = WIDER**2 * found.covariance + 1e-6 * np.eye(points.shape[1])
    return Proposal(found.mean, np.asarray(cholesky(scale, lower=True)))


def pareto_shape(weights: Array) -> float:
    r"""Return the shape :math:`k` of the generalised Pareto law of the largest weights.

    Of the :math:`\min(n/5,\, 3\sqrt n)` largest, by the estimate of Zhang and Stephens, drawn
    towards a half where they are few, as Vehtari and others do. Below 0.5 the variance of the
    weights is finite; up to 0.7 means can be trusted.

    Parameters
    ----------
    weights
        Weights, (sample,).
    """
    order = np.sort(weights)
    size = int(min(0.2 * order.size, 3.0 * np.sqrt(order.size)))
    if size < 5:
        raise ValueError("a tail cannot be told from so few weights")
    x = order[-size:] - order[-size - 1]
    if x[-1] <= 0.0:
        return -np.inf  # equal weights have no tail
    x = np.maximum(x, 1e-12 * x[-1])
    grid = 30 + int(np.sqrt(size))
    b = 1.0 - np.sqrt(grid / (np.arange(1, grid + 1) - 0.5))
    b = b / (3.0 * x[int(size / 4 + 0.5) - 1]) + 1.0 / x[-1]
    shape = np.log1p(-b[:, None] * x).mean(axis=1)
    likely = size * (np.log(-b / shape) - shape - 1.0)
    middle = float(np.exp(likely - logsumexp(likely)) @ b)
    found = float(np.log1p(-middle * x).mean())
    return (size * found + 5.0) / (size + 10.0)
