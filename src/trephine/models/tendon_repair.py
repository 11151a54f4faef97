"""Sewn tendons that stay whole: counts of a series, and how fast whole ones are lost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trephine.catalogue.cohorts import Arm, Endpoint
from trephine.catalogue.printed import days
from trephine.catalogue.vocabulary import Outcome
from trephine.core.errors import CatalogueError

Floats = NDArray[np.float64]
YEAR = 365.25


@dataclass(frozen=True)
class Counted:
    """Whole tendons of one group at two visits.

    Parameters
    ----------
    first, last
        Whole tendons then [-].
    total
        Tendons that were sewn [-].
    first_year, last_year
        Years since the operation.
    """

    first: int
    last: int
    total: int
    first_year: float
    last_year: float


def counted(arm: Arm) -> Counted:
    """Return the first and the last count of whole tendons of an arm.

    Raises
    ------
    CatalogueError
        If the arm does not tell two counts of the same tendons at two times.
    """
    seen = [e for e in arm.endpoints.values() if e.outcome == Outcome.TENDON and e.events]
    seen.sort(key=_when)
    if len(seen) < 2 or seen[0].total is None or seen[0].total != seen[-1].total:
        raise CatalogueError(f"{arm.label}: no two counts of the same tendons")
    first, last = (sum(e.events) for e in (seen[0], seen[-1]))
    return Counted(first, last, seen[0].total, _when(seen[0]) / YEAR, _when(seen[-1]) / YEAR)


def whole(of: Counted, year: Floats, luck: np.random.Generator, draws: int) -> Floats:
    r"""Return the share of whole tendons over time, (draw, time) [-].

    .. math:: s(t) = s_1\,e^{-r (t - t_1)}, \qquad r = -\ln(p) / (t_2 - t_1)

    with :math:`s_1` the share at the first count and :math:`p` that of the whole ones that are
    whole at the last, both from their counts with Jeffreys' prior.

    Parameters
    ----------
    of
        Counts.
    year
        Years since the operation, from the first count on (time,).
    luck
        Luck of the draws.
    draws
        How many.
    """
    share = luck.beta(of.first + 0.5, of.total - of.first + 0.5, (draws, 1))
    return np.asarray(share * np.exp(-lost_by_year(of, luck, draws) * (year - of.first_year)))


def lost_by_year(of: Counted, luck: np.random.Generator, draws: int) -> Floats:
    """Return the rate at which whole tendons are lost, (draw, 1) [1/year]."""
    kept = luck.beta(of.last + 0.5, of.first - of.last + 0.5, (draws, 1))
    return np.asarray(-np.log(kept) / (of.last_year - of.first_year))


def _when(value: Endpoint) -> float:
    time = days(value.time)
    if time is None:
        raise CatalogueError(f"{value.what}: told at no one time")
    return time
