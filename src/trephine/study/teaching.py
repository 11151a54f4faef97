"""Owns what the emulator learns of runs: growth of callus, week of union, amounts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky
from scipy.special import ndtr

from trephine.study import smoothness
from trephine.study.coordinates import coordinates
from trephine.study.courses import Runs
from trephine.study.designed import WEEKS
from trephine.study.gaussian_process import Chance, Smoothness, Values

Array = NDArray[np.floating[Any]]

ROUNDS = 4
"""Rounds in which the weeks of those that unite after the last visit are expected anew."""
LATEST = 3.0
"""Most that such a week may lie beyond the last visit, in spreads of the logarithm of weeks."""
BEFORE = 0.5
"""A union that is seen at a visit came half a week before it, in the mean [wk]."""


class Learned(NamedTuple):
    """How smooth the emulator's three functions are: all that is learned besides the runs.

    Parameters
    ----------
    growth
        Of the log odds that callus grows at all.
    week
        Of the logarithm of the week of union where it grows.
    amounts
        Of the amounts where it grows.
    """

    growth: Smoothness
    week: Smoothness
    amounts: Smoothness

    def as_arrays(self) -> dict[str, Array]:
        """Return its numbers by name."""
        return {
            f"{part}/{name}": value
            for part, smooth in self._asdict().items()
            for name, value in smooth.as_arrays().items()
        }

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, Array]) -> Learned:
        """Return what :meth:`as_arrays` told."""

        def part(start: str) -> Smoothness:
            names = Smoothness._fields
            return Smoothness.of_arrays({name: arrays[f"{start}/{name}"] for name in names})

        return cls(*(part(name) for name in cls._fields))


class Answers(NamedTuple):
    """What is known of courses.

    Parameters
    ----------
    growth
        Chance that callus grows at all, (sample,) [-].
    middle, spread
        Mean and spread of the logarithm of the week of union if it grows, (sample,).
    amounts, amounts_spread
        Mean and spread of the amounts if it grows, (sample, amount).
    """

    growth: Array
    middle: Array
    spread: Array
    amounts: Array
    amounts_spread: Array

    def united_by(self, week: float) -> Array:
        r"""Return the chance of union by a week, (sample,) [-].

        .. math:: P(T \le w) = \pi\,\Phi\!\left(\frac{\ln w - m}{s}\right)
        """
        return np.asarray(self.growth * ndtr((np.log(week) - self.middle) / self.spread))


class Knowledge:
    """The emulator's three functions, made of runs and their smoothness.

    Parameters
    ----------
    runs
        What was learned from.
    learned
        How smooth the functions are.
    """

    def __init__(self, runs: Runs, learned: Learned) -> None:
        x, grew = coordinates(runs.values), runs.grew
        week = Values(x[grew], _weeks(runs)[grew][:, None], learned.week)
        expected, self.week = _expected_weeks(week, runs, learned.week)
        self.amounts = Values(x[grew], runs.amounts[grew], learned.amounts)
        self.growth = Chance(x, grew, learned.growth)
        self.ties = self._ties(expected)

    def _ties(self, weeks: Array) -> Array:
        """Return a root of the correlations of week and amounts, left over where a run is left out.

        The week comes first, so its own deviate is the first of a sample's.
        """
        mean, spread = self.week.left_out()
        off = [(weeks - mean) / spread]
        mean, spread = self.amounts.left_out()
        truth = self.amounts.of.centre + self.amounts.of.width * self.amounts.y
        off.append((truth - mean) / spread)
        whole = np.hstack(off)
        whole = whole - whole.mean(axis=0)
        size = np.sqrt((whole**2).mean(axis=0))
        whole = whole / np.where(size > 1e-9, size, 1.0)
        # A whisker on the diagonal keeps what never varies, or varies alike, from being singular.
        correlation = whole.T @ whole / len(whole)
        correlation[np.diag_indices_from(correlation)] = 1.0 + 1e-6
        return np.asarray(cholesky(correlation, lower=True))

    def answers(self, values: Mapping[str, Any]) -> Answers:
        """Return what is known of courses of given inputs."""
        x = coordinates(values)
        middle, spread = self.week.at(x)
        return Answers(self.growth.at(x), middle[:, 0], spread[:, 0], *self.amounts.at(x))


def taught(runs: Runs, *, steps: int = smoothness.STEPS) -> Learned:
    """Return how smooth the functions are that runs make likeliest.

    Where callus grew but no union was seen by the last visit, the week is learned as expected
    given that it came later, in turn with its smoothness.

    Parameters
    ----------
    runs
        Courses of the engine.
    steps
        Most steps of each search.

    Raises
    ------
    ValueError
        If callus grows in all courses, or none unites.
    """
    grew = runs.grew
    if grew.all() or not np.isfinite(runs.union).any():
        raise ValueError("there is nothing to learn where all courses grow callus, or none unites")
    x = coordinates(runs.values)
    weeks = _weeks(runs)[grew][:, None]
    smooth = smoothness.of_values(x[grew], weeks, steps)
    expected, _ = _expected_weeks(Values(x[grew], weeks, smooth), runs, smooth)
    return Learned(
        smoothness.of_chance(x, grew, steps),
        smoothness.of_values(x[grew], expected, steps),
        smoothness.of_values(x[grew], runs.amounts[grew], steps),
    )


def _weeks(runs: Runs) -> Array:
    """Return the logarithm of the week of union, that of the last visit where none was seen."""
    united = np.isfinite(runs.union)
    return np.asarray(np.log(np.where(united, runs.union - BEFORE, WEEKS)))


def _expected_weeks(known: Values, runs: Runs, smooth: Smoothness) -> tuple[Array, Values]:
    r"""Return the logarithm of each week, as expected where it came after the last visit.

    .. math:: \operatorname{E}[t \mid t > t_\mathrm{last}] =
              m + s\,\frac{\varphi(z)}{1 - \Phi(z)}, \qquad z = \frac{t_\mathrm{last} - m}{s}

    of the mean and spread by all other runs, some rounds over. A week expected so is then learned
    from like one that was seen, so where many unite late the spread is told too small.
    """
    x = known.scale.centre + known.scale.width * known.x
    first = _weeks(runs)[runs.grew][:, None]
    late = ~np.isfinite(runs.union[runs.grew])[:, None]
    most = first + LATEST * first.std()
    weeks = first
    for _ in range(ROUNDS):
        mean, spread = known.left_out()
        z = (first - mean) / spread
        density = np.exp(-0.5 * z**2) / np.sqrt(2.0 * np.pi)
        beyond = mean + spread * density / np.maximum(ndtr(-z), 1e-12)
        weeks = np.where(late, np.clip(beyond, first, most), first)
        known = Values(x, weeks, smooth)
    return weeks, known
