"""Time to union: the product-limit estimate, its variance, and the log-rank test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Curve:
    """The share that has not united over time, by the product-limit estimate.

    Parameters
    ----------
    week
        Times at which somebody united, in order, (time,) [wk].
    waiting
        Share that still waits just after each, (time,) [-].
    variance
        Greenwood's variance of that share, (time,) [-].
    """

    week: Array
    waiting: Array
    variance: Array

    def at(self, week: Any) -> Any:  # noqa: ANN401  (a number or an array)
        """Return the share that has not united by a time."""
        steps = np.concatenate([[1.0], self.waiting])
        return steps[np.searchsorted(self.week, week, side="right")]

    @property
    def median(self) -> float | None:
        """Time by which half have united [wk]; None where fewer ever do."""
        reached = np.flatnonzero(self.waiting <= 0.5 + 1e-12)
        return float(self.week[reached[0]]) if reached.size else None


def curve(united: Array, last: Array) -> Curve:
    r"""Return the product-limit estimate of who still waits for union.

    .. math:: S(t) = \prod_{t_i \le t} \left(1 - \frac{d_i}{n_i}\right), \qquad
              \mathrm{var}\,S = S^2 \sum_{t_i \le t} \frac{d_i}{n_i (n_i - d_i)}

    Parameters
    ----------
    united
        Visit at which union was seen, (sample,); infinite where it was not [wk].
    last
        Last visit of each, (sample,); who has not united is censored there [wk].

    Returns
    -------
    Curve
        At every time of union; who is censored at one is still at risk there.
    """
    is_event = np.isfinite(united)
    ends = np.where(is_event, united, last)
    times = np.unique(ends[is_event])
    if not times.size:
        nothing = np.zeros(0)
        return Curve(nothing, nothing, nothing)
    risk = at_risk(united, last, times)
    events = np.bincount(np.searchsorted(times, ends[is_event]), minlength=times.size)
    waiting = np.asarray(np.cumprod(1.0 - events / risk), dtype=np.float64)
    left = risk - events
    terms = np.where(left > 0, events / (risk * np.maximum(left, 1)), 0.0)
    variance = np.asarray(waiting**2 * np.cumsum(terms), dtype=np.float64)
    return Curve(times, waiting, variance)


def at_risk(united: Array, last: Array, weeks: Array) -> NDArray[np.int64]:
    """Return how many still wait and are still seen just before each time, (time,)."""
    ends = np.where(np.isfinite(united), united, last)
    return np.asarray((ends[:, None] >= weeks[None, :] - 1e-9).sum(axis=0))


def log_rank(united: tuple[Array, Array], last: tuple[Array, Array]) -> Array:
    r"""Return the p-value of the log-rank test between two arms, for many trials at once.

    .. math:: \chi^2 = \frac{(\sum_i d_{1i} - d_i n_{1i}/n_i)^2}
              {\sum_i d_i \frac{n_{1i} n_{2i}}{n_i^2} \frac{n_i - d_i}{n_i - 1}}

    Parameters
    ----------
    united
        Visits at which union was seen, each (trial, patient); infinite where it was not [wk].
    last
        Last visits, each (trial, patient) [wk].

    Returns
    -------
    Array
        Two-sided, (trial,) [-]; 1 where nobody united.
    """
    ends = [np.where(np.isfinite(u), u, e) for u, e in zip(united, last, strict=True)]
    found = np.concatenate([u[np.isfinite(u)] for u in united])
    difference = np.zeros(ends[0].shape[0])
    variance = np.zeros(ends[0].shape[0])
    for week in np.unique(found):
        events = [(u == week).sum(axis=1) for u in united]
        risk = [(e >= week).sum(axis=1) for e in ends]
        d, n = events[0] + events[1], risk[0] + risk[1]
        some = n > 0
        whole = np.where(some, n, 1)
        difference += np.where(some, events[0] - d * risk[0] / whole, 0.0)
        share = risk[0] * risk[1] / whole**2
        variance += np.where(n > 1, d * share * (n - d) / np.maximum(n - 1, 1), 0.0)
    chi = np.where(variance > 0, difference**2 / np.where(variance > 0, variance, 1.0), 0.0)
    return np.asarray(chdtrc(1, chi))
