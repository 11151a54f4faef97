"""Owns intervals of a share: of how many among how many something befell.

Each takes the events k among n, a count or what a printed percentage makes of one, and a level, and
returns the low and the high end, both between 0 and 1.
"""

from __future__ import annotations

import math
from statistics import NormalDist

LEVEL = 0.95
"""Level of an interval unless another is asked for."""


def wilson(events: float, of: float, level: float = LEVEL) -> tuple[float, float]:
    r"""Return the interval of Wilson: the shares whose score test does not reject what was seen.

    .. math:: \frac{\hat p + z^2/2n \pm z\sqrt{\hat p(1-\hat p)/n + z^2/4n^2}}{1 + z^2/n}

    Parameters
    ----------
    events, of
        Events :math:`k = \hat p n`, and among how many :math:`n > 0`.
    level
        The level, between 0 and 1.

    Notes
    -----
    Wilson 1927, Journal of the American Statistical Association 22:209.
    """
    share, square = events / of, _deviate(level) ** 2
    middle = share + square / (2 * of)
    half = math.sqrt(square * (share * (1 - share) / of + square / (4 * of**2)))
    scale = 1 + square / of
    low = 0.0 if events == 0 else (middle - half) / scale
    high = 1.0 if events == of else (middle + half) / scale
    return low, high


def clopper_pearson(events: float, of: float, level: float = LEVEL) -> tuple[float, float]:
    r"""Return the interval of Clopper and Pearson, which holds the share at least as often as told.

    .. math:: B^{-1}(\tfrac{\alpha}{2}; k, n - k + 1), \quad
              B^{-1}(1 - \tfrac{\alpha}{2}; k + 1, n - k)

    Parameters
    ----------
    events, of
        Events :math:`k`, and among how many :math:`n \ge 0`; of none it is from 0 to 1.
    level
        The level :math:`1 - \alpha`.

    Notes
    -----
    Clopper and Pearson 1934, Biometrika 26:404.
    """
    return _of_beta(events, of, level, (0.0, 1.0), (1.0, 0.0))


def jeffreys(events: float, of: float, level: float = LEVEL) -> tuple[float, float]:
    r"""Return the interval of Jeffreys: the middle of what an uninformative prior leaves.

    .. math:: B^{-1}(\tfrac{\alpha}{2}; k + \tfrac12, n - k + \tfrac12), \quad
              B^{-1}(1 - \tfrac{\alpha}{2}; k + \tfrac12, n - k + \tfrac12)

    It begins at 0 where nothing was seen, and ends at 1 where nothing else was.

    Parameters
    ----------
    events, of
        Events :math:`k`, and among how many :math:`n \ge 0`.
    level
        The level :math:`1 - \alpha`.

    Notes
    -----
    Brown, Cai and DasGupta 2001, Statistical Science 16:101.
    """
    return _of_beta(events, of, level, (0.5, 0.5), (0.5, 0.5))


def _deviate(level: float) -> float:
    """Return the normal deviate of a two-sided interval."""
    return NormalDist().inv_cdf(0.5 + 0.5 * level)


def _of_beta(
    events: float,
    of: float,
    level: float,
    below: tuple[float, float],
    above: tuple[float, float],
) -> tuple[float, float]:
    """Return quantiles of beta laws with what each end adds to events and to the others."""
    from scipy.special import betaincinv  # noqa: PLC0415  (most commands do without)

    tail, others = 0.5 * (1.0 - level), of - events
    low = 0.0 if events == 0 else float(betaincinv(events + below[0], others + below[1], tail))
    high = (
        1.0 if events == of else float(betaincinv(events + above[0], others + above[1], 1 - tail))
    )
    return low, high
