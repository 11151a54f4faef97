"""Owns what sets a foretold trial off besides luck: laboratories, and a model that is off."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from trephine.case.trial import Endpoint
from trephine.study.sampling import CELLS

Array = NDArray[np.float64]


def as_counted(
    trials: Array, looked: Endpoint, laboratory: float, luck: np.random.Generator
) -> Array:
    r"""Return what trials show whose colonies another laboratory counted, (trial,).

    .. math:: \ln d' = \ln d + \ell, \qquad \ell \sim \mathrm{Normal}(0, s_\ell^2)

    One laboratory counts both arms, so a quotient of doses or a correlation stays; so does whatever
    is no count of colonies.

    Parameters
    ----------
    trials
        Level, or difference of levels, of each trial, (trial,).
    looked
        What is looked at.
    laboratory
        Spread of the logarithm of what a laboratory counts.
    luck
        Which laboratory counts which trial.
    """
    if "progenitors" not in CELLS.get(looked.outcome, "") or looked.measure not in {
        "level",
        "difference",
    }:
        return trials
    return np.asarray(trials * np.exp(laboratory * luck.standard_normal(trials.size)))


def shifted(
    share: Array, expected: Array, odds: Array, size: int, luck: np.random.Generator
) -> Array:
    r"""Return shares of trials whose chance is shifted by log odds, (trial,).

    Of the united as many stay united as the smaller chance asks, or of the others as many unite as
    the larger one does, so that :math:`k \sim \mathrm{Binomial}(n, p)` becomes
    :math:`k' \sim \mathrm{Binomial}(n, p')`, :math:`\mathrm{logit}\,p' = \mathrm{logit}\,p + e`.

    Parameters
    ----------
    share
        Of the trials, (trial,).
    expected
        The chances they were drawn with, (trial,).
    odds
        The shifts, (trial,).
    size
        Patients of each.
    luck
        Whom the shift befalls.
    """
    p = np.clip(expected, 1e-9, 1.0 - 1e-9)
    aim = expit(logit(p) + odds)
    united = np.rint(share * size).astype(int)
    fewer = luck.binomial(united, np.minimum(aim / p, 1.0))
    more = luck.binomial(size - united, np.clip((aim - p) / (1.0 - p), 0.0, 1.0))
    return np.asarray(np.where(aim < p, fewer, united + more) / size)
