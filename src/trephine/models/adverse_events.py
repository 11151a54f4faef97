"""What harvest and injection do to patients: rates pooled over sources of one sort.

A passive reporter and a trial that asks never share a rate: between them stands a factor on the
odds, see :func:`reporting`. What is told is the chance in another clinic, see :func:`pooled`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln
from scipy.stats import binom

from trephine.catalogue.safety import Counted, Safety
from trephine.core.units import Unit

Odds = Annotated[float, Unit("1", "1", gt=0)]
Deviation = Annotated[float, Unit("1", "1", gt=0, le=3)]

THETA = np.arange(-16.0, 8.0, 0.025)
"""Log odds on which densities stand, (theta,); from one in nine million to nearly all."""
CENTRE = np.arange(-14.0, 6.0, 0.1)
"""Log odds of the middle clinic, (eta,)."""
SPREADS = 12
"""Values of the spread between clinics, from next to none to three times the prior's scale."""
INTERVAL = (0.025, 0.975)
"""Shares of the distribution below the ends of an interval of 95 %."""


@dataclass(frozen=True)
class AdverseEventParameters:
    r"""How counts of harm become rates; each field's record says what it is.

    Parameters
    ----------
    between_sources
        Scale :math:`s_0` of the spread of the log odds between clinics.
    reporting_factor, reporting_spread
        Factor :math:`f_0` on the odds between asking and not asking, and the standard deviation
        :math:`\sigma_0` of its logarithm, before any count.
    between_events
        Standard deviation of the log factor from event to event.
    """

    SECTION: ClassVar[str] = "adverse_events"

    between_sources: Deviation
    reporting_factor: Odds
    reporting_spread: Deviation
    between_events: Deviation


@dataclass(frozen=True)
class Rate:
    """What is known of the chance of an event, as a density over its log odds.

    Parameters
    ----------
    weights
        Weight of each of :data:`THETA`, (theta,); they sum to 1.
    """

    weights: NDArray[np.float64]

    def of_some(self, times: int = 1) -> tuple[float, float, float]:
        """Return mean and ends of the 95 % interval of the chance of it in so many times.

        Each time is taken as luck of its own.

        Parameters
        ----------
        times
            How often it could happen.
        """
        share = -np.expm1(-times * np.logaddexp(0.0, THETA))
        below = np.cumsum(self.weights) - 0.5 * self.weights
        low, high = np.interp(INTERVAL, below, share)
        return float(self.weights @ share), float(low), float(high)

    def shifted(self, by: float, deviation: float = 0.0) -> Rate:
        """Return the rate with its log odds moved, by an amount that may itself be unsure.

        Parameters
        ----------
        by, deviation
            Mean and standard deviation of what is added to the log odds.
        """
        to = THETA + by
        if deviation == 0.0:
            return Rate(_normed(np.interp(THETA, to, self.weights, left=0.0, right=0.0)))
        kernel = np.exp(-0.5 * ((THETA[:, None] - to[None, :]) / deviation) ** 2)
        return Rate(_normed(kernel @ self.weights))

    def among(self, people: int) -> tuple[int, int]:
        """Return the ends of the 95 % interval of how many of some people have the event.

        Parameters
        ----------
        people
            How many are treated, all by one clinic.
        """
        chances = 1.0 / (1.0 + np.exp(-THETA))
        some = np.arange(people + 1)
        below = np.cumsum(binom.pmf(some[:, None], people, chances[None, :]) @ self.weights)
        low, high = (int(np.searchsorted(below, end)) for end in INTERVAL)
        return low, high


def pooled(counts: Sequence[tuple[int, int]], p: AdverseEventParameters) -> Rate:
    r"""Return what another clinic of the same sort would see of an event.

    .. math::

       k_i \sim \mathrm{Binomial}(n_i, p_i), \qquad
       \mathrm{logit}\, p_i \sim \mathcal{N}(\eta, s), \qquad s \sim \mathcal{N}^+(0, s_0)

    with Jeffreys' prior on :math:`\eta`; told is :math:`p` of another clinic.

    Parameters
    ----------
    counts
        Events and total of each source, at least one.
    p
        The spread between clinics.

    Raises
    ------
    ValueError
        If there is no source.
    """
    if not counts:
        raise ValueError("no count, so no rate; say that there is none")
    spreads, kernel = _clinics(p.between_sources)
    jeffreys = -0.5 * (np.logaddexp(0.0, CENTRE) + np.logaddexp(0.0, -CENTRE))
    prior = jeffreys[:, None] - 0.5 * (spreads[None, :] / p.between_sources) ** 2
    logs = prior.ravel()
    for events, total in counts:
        fits = np.exp(_log_binomial(events, total))
        logs = logs + np.log(np.maximum(kernel @ fits, 1e-300))
    return Rate(_normed(np.exp(logs - logs.max()) @ kernel))


@cache
def _clinics(scale: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return spreads, and the density of a clinic's log odds for each middle and spread."""
    spreads = np.linspace(0.1, 3.0, SPREADS) * scale
    away = (THETA[None, None, :] - CENTRE[:, None, None]) / spreads[None, :, None]
    density = np.exp(-0.5 * away**2).reshape(-1, THETA.size)
    return spreads, density / density.sum(axis=1, keepdims=True)


def _log_binomial(events: int, total: int) -> NDArray[np.float64]:
    ways = gammaln(total + 1) - gammaln(events + 1) - gammaln(total - events + 1)
    none = np.logaddexp(0.0, THETA)
    return np.asarray(ways + events * THETA - total * none)


def _normed(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(weights / weights.sum())


def tallies(counts: Iterable[Counted]) -> list[tuple[int, int]]:
    """Return events and total of each source; groups of one source are added up.

    A count of which the total is not told takes no part.
    """
    by_source: dict[str, tuple[int, int]] = {}
    for one in counts:
        if one.total is None:
            continue
        events, total = by_source.get(one.harm.source, (0, 0))
        by_source[one.harm.source] = (events + one.events, total + one.total)
    return list(by_source.values())


@dataclass(frozen=True)
class Reporting:
    """How much more a trial that asks finds than a passive reporter is told.

    Parameters
    ----------
    log_factor, deviation
        Mean and standard deviation of the logarithm of the factor on the odds, for an event that
        only one of the two has counted.
    matched
        Factor of each event that both have counted, by name.
    """

    log_factor: float
    deviation: float
    matched: tuple[tuple[str, float], ...]

    @property
    def factor(self) -> tuple[float, float, float]:
        """Median and ends of the 95 % interval of the factor for another event [-]."""
        reach = 1.959964 * self.deviation
        return (
            float(np.exp(self.log_factor)),
            float(np.exp(self.log_factor - reach)),
            float(np.exp(self.log_factor + reach)),
        )


def reporting(known: Safety, p: AdverseEventParameters) -> Reporting:
    r"""Return the reporting factor after the events that both sorts of reporters have counted.

    .. math:: \log f \mid d \sim \mathcal{N}(m, v), \qquad
       v = \Bigl(\sigma_0^{-2} + \sum_j (v_j + \tau^2)^{-1}\Bigr)^{-1}

    with the log odds ratio :math:`d_j` of an event, its variance :math:`v_j` (of the counts, and
    of two clinics that differ) and :math:`\tau` between events; for another event
    :math:`\tau^2` is added to :math:`v`.
    """
    precision = p.reporting_spread**-2
    weighted = precision * np.log(p.reporting_factor)
    matched = []
    for name, event in known.events.items():
        told = tallies(known.counted(name, asks=False))
        asked = tallies(known.counted(name, asks=True))
        if event.found != "by asking" or not told or not asked:
            continue
        few, some = (_log_odds(*map(sum, zip(*side, strict=True))) for side in (told, asked))
        between = p.between_sources**2 * (1 / len(told) + 1 / len(asked))
        weight = 1.0 / (few[1] + some[1] + between + p.between_events**2)
        matched.append((name, float(np.exp(some[0] - few[0]))))
        precision += weight
        weighted += weight * (some[0] - few[0])
    deviation = float(np.sqrt(1.0 / precision + p.between_events**2))
    return Reporting(float(weighted / precision), deviation, tuple(matched))


def _log_odds(events: int, total: int) -> tuple[float, float]:
    """Return the log odds of a count and its variance."""
    some, none = events + 0.5, total - events + 0.5
    return float(np.log(some / none)), 1.0 / some + 1.0 / none
