"""How far two plans lie apart over the same draws: shares and mean times, with intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy.special import stdtrit

from trephine.core.shares import wilson

FEWEST = 3
"""Draws below which no interval is told."""

Interval = tuple[float, float] | None


def share_apart(own: Sequence[bool], other: Sequence[bool]) -> tuple[float, Interval]:
    r"""Return how far one paired share lies above another, with its 95 % interval.

    .. math::

       L = d - \sqrt{a^2 - 2\varphi a b + b^2}, \quad a = p_1 - l_1, \quad b = u_2 - p_2

    with Wilson's ends :math:`l, u` of each share and the correlation :math:`\varphi` of the pairs,
    and :math:`U` with the ends exchanged. It has width also where all draws agree: five of five
    against none of five is 1 (0.39 to 1).

    Parameters
    ----------
    own, other
        Whether it happened, draw by draw, (draw,).

    Returns
    -------
    tuple
        The difference, and its ends; none of fewer than :data:`FEWEST` draws.

    Notes
    -----
    Newcombe 1998, Statistics in Medicine 17:2635, method 10.
    """
    one, two = np.asarray(own, dtype=bool), np.asarray(other, dtype=bool)
    count, first, second = one.size, float(one.mean()), float(two.mean())
    apart = first - second
    if count < FEWEST:
        return apart, None
    (low, high), (low_two, high_two) = wilson(int(one.sum()), count), wilson(int(two.sum()), count)
    alike = _correlation(one, two)

    def reach(up: float, down: float) -> float:
        return math.sqrt(max(up**2 - 2.0 * alike * up * down + down**2, 0.0))

    ends = (
        apart - reach(first - low, high_two - second),
        apart + reach(high - first, second - low_two),
    )
    return apart, (max(ends[0], -1.0), min(ends[1], 1.0))


def _correlation(one: np.ndarray, two: np.ndarray) -> float:
    """Return the correlation of pairs, made smaller where it is positive; 0 where it has none."""
    both, neither = int((one & two).sum()), int((~one & ~two).sum())
    first, second = int((one & ~two).sum()), int((~one & two).sum())
    margins = (both + first) * (neither + second) * (both + second) * (neither + first)
    if margins == 0:
        return 0.0
    above = float(both * neither - first * second)
    if above > 0:
        above = max(above - one.size / 2, 0.0)
    return float(above / math.sqrt(margins))


def mean_apart(own: Sequence[float], other: Sequence[float]) -> tuple[float, Interval]:
    r"""Return how far one paired mean lies above another, with its 95 % interval.

    .. math:: \bar d \pm t_{0.975,\,n-1}\, s_d / \sqrt n

    Parameters
    ----------
    own, other
        Values draw by draw, (draw,).

    Returns
    -------
    tuple
        The difference, and its ends; none of fewer than :data:`FEWEST` draws, nor where all lie
        equally far apart, which tells nothing of how far they might.
    """
    apart = np.asarray(own, dtype=float) - np.asarray(other, dtype=float)
    middle = float(apart.mean())
    if apart.size < FEWEST or np.ptp(apart) == 0.0:
        return middle, None
    reach = float(stdtrit(apart.size - 1, 0.975) * apart.std(ddof=1) / math.sqrt(apart.size))
    return middle, (middle - reach, middle + reach)
