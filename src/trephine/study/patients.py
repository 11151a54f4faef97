"""Virtual patients: facts drawn from a population, all at once, and the case of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from trephine.case.case import Case
from trephine.case.document import Document
from trephine.case.laws import Choice, Law, Settled, Share, settled
from trephine.case.places import places, unit_at, value_at
from trephine.case.population import PLAIN, Population
from trephine.core.errors import InputError, Problem, did_you_mean
from trephine.core.rng import Streams
from trephine.study.copula import factors, steps

Array = NDArray[Any]

YEAR = 365.25 * 86400.0


@dataclass(frozen=True)
class Features:
    """Facts of virtual patients; those of one do not depend on how many there are.

    Parameters
    ----------
    population
        Whom they were drawn from.
    streams
        Luck that they were drawn with.
    count
        How many there are.
    values
        What varies, by place, each (sample,): quantities in SI, ``bool``, texts; for a choice of
        tables or lists the number of the choice.
    chosen
        For each choice which of its values it is, (sample,).
    lost_at
        When follow-up ends because the patient is lost, (sample,); infinite where never [s].
    """

    population: Population
    streams: Streams
    count: int
    values: Mapping[str, Array]
    chosen: Mapping[str, Array]
    lost_at: NDArray[np.float64]

    def __getitem__(self, place: str) -> Array:
        """Return what patients have at any place of the case, or a fact, (sample,).

        What does not vary is that of the base case. Quantities are in SI.

        Raises
        ------
        InputError
            If neither case nor population knows the place, or some patients have nothing there.
        """
        if place in self.values:
            return self.values[place]
        whole = next((p for p in self.chosen if place.startswith(f"{p}.")), None)
        try:
            if whole is None:
                return self._alike(place, [self.population.base], np.zeros(self.count, dtype=int))
            return self._alike(place, self._options[whole], self.chosen[whole])
        except LookupError:
            known = {*self.values, *places(self.population.base)}
            hint = did_you_mean(place, known)
            raise InputError(f"the population knows no '{place}'; {hint}") from None

    def _alike(self, place: str, cases: list[Case], chosen: Array) -> Array:
        held = [value_at(case, place) for case in cases]
        if any(value is None or isinstance(value, (list, Document)) for value in held):
            raise InputError(f"not every patient has one value at '{place}'")
        return np.array(held)[chosen]

    @cached_property
    def _options(self) -> dict[str, list[Case]]:
        return {place: _cases(self.population, place) for place in self.chosen}

    def luck(self, index: int) -> Streams:
        """Return the luck of one patient, the same in every arm and in any order."""
        return self.streams.within("patient", index)

    def missed(self, visits: int) -> NDArray[np.bool_]:
        """Return which visits after day 0 are missed, (sample, visit)."""
        share = self.population.missed_visits
        by_visit = [
            self.streams.named("missed visit", number).random(self.count) < share
            for number in range(visits)
        ]
        return np.stack(by_visit, axis=1)


def features(population: Population, streams: Streams, count: int) -> Features:
    r"""Return facts of patients drawn from a population.

    Each fact has a stream of its own, of which the patient of a number takes the deviate of that
    number, so that a patient is the same whoever else is drawn and whatever else varies. Linked
    deviates are mixed; a law is cut at its ends, as if what lies beyond were drawn again:

    .. math:: z = L\,\zeta, \qquad u = \Phi(z), \qquad
              x = F^{-1}\bigl(F(a) + u\,[F(b) - F(a)]\bigr)

    Parameters
    ----------
    population
        Base case, laws and links.
    streams
        Luck.
    count
        How many patients.

    Raises
    ------
    InputError
        If the links contradict each other or cannot be had.
    """
    names, factor = factors(population.vary, population.link)
    own = {place: streams.named("fact", place).standard_normal(count) for place in population.vary}
    mixed = dict(own)
    for row, place in enumerate(names):
        mixed[place] = sum(
            (factor[row, column] * own[names[column]] for column in range(row + 1)),
            np.zeros(count),
        )
    values: dict[str, Array] = {}
    chosen: dict[str, Array] = {}
    for place, law in population.vary.items():
        below = ndtr(mixed[place])
        if isinstance(law, Choice):
            chosen[place] = _which(law, below)
            values[place] = _told(population, place, law)[chosen[place]]
        elif isinstance(law, Share):
            values[place] = _which(law, below) == 1
        else:
            values[place] = quantile(_law(population, place), below)
    return Features(
        population,
        streams,
        count,
        values,
        chosen,
        _lost(population.lost_per_year, streams, count),
    )


def _which(law: Law, below: Array) -> Array:
    """Return the number of the value that each patient has, (sample,)."""
    shares = steps(law)
    if shares is None:  # asked for choices and shares alone
        raise TypeError("a law without values to choose from")
    return np.searchsorted(shares[1:-1], below, side="right")


def quantile(law: Settled, below: Array) -> NDArray[np.float64]:
    """Return the values of a law below which given shares of the patients lie, (sample,).

    Parameters
    ----------
    law
        A law in SI, cut at its ends.
    below
        Shares, between 0 and 1 [-].
    """
    if law.shape == "uniform":
        plain: NDArray[np.float64] = law.low + below * (law.high - law.low)
        return plain
    low, high = (ndtr(law.deviate(end)) for end in (law.low, law.high))
    found = law.centre + law.spread * ndtri(low + below * (high - low))
    if law.shape == "lognormal":
        found = np.exp(found)
    # Only the last bit may lie beyond an end.
    ends: NDArray[np.float64] = np.clip(found, law.low, law.high)
    return ends


def _law(population: Population, place: str) -> Settled:
    law = population.vary[place]
    unit = PLAIN if place.startswith("fact.") else unit_at(population.base, place)
    if isinstance(law, Choice | Share) or unit is None:  # refused when it was read
        raise TypeError(f"{place} is no quantity")
    found, wrong = settled(law, unit)
    if found is None:
        raise TypeError(f"{place}: {wrong}")
    return found


def _cases(population: Population, place: str) -> list[Case]:
    """Return the base case with each value of a choice put in."""
    law = population.vary[place]
    values = law.values if isinstance(law, Choice) else []
    return [population.with_values({place: value}) for value in values]


def _told(population: Population, place: str, law: Choice) -> Array:
    """Return what the values of a choice are told as: quantities in SI, texts, or numbers."""
    if place.startswith("fact."):
        return np.array(law.values)
    held = [value_at(case, place) for case in _cases(population, place)]
    if any(isinstance(value, (list, Document)) for value in held):
        return np.arange(len(held))
    return np.array(held)


def _lost(share: float, streams: Streams, count: int) -> NDArray[np.float64]:
    r"""Return when patients are lost, at a constant rate, (sample,) [s].

    .. math:: t = -\ln(1 - u) / \lambda, \qquad \lambda = -\ln(1 - s)/\text{year}
    """
    if share == 0:
        return np.full(count, np.inf)
    luck = streams.named("lost to follow-up").random(count)
    return np.asarray(np.log1p(-luck) / np.log1p(-share) * YEAR)


def patient(
    population: Population,
    drawn: Features,
    index: int,
    plan: Mapping[str, Any] | None = None,
) -> Case:
    """Return the case of one patient, checked.

    Parameters
    ----------
    population
        Whom the patient was drawn from.
    drawn
        Facts of all patients.
    index
        Number of the patient, from 0.
    plan
        Keys of the plan that an arm replaces: ``{"steps": [...]}``. What varies within the plan is
        put into it afterwards, so that it varies in that arm too.

    Raises
    ------
    InputError
        If the facts together make no valid case, or an arm's plan lacks what varies.
    """
    if not 0 <= index < drawn.count:
        raise InputError(f"there is no patient {index}; known: 0 to {drawn.count - 1}")
    values: dict[str, Any] = {}
    for place, law in population.vary.items():
        if place.startswith("fact."):
            continue
        if isinstance(law, Choice):
            values[place] = law.values[int(drawn.chosen[place][index])]
            continue
        value = drawn.values[place][index].item()
        unit = unit_at(population.base, place)
        values[place] = value if unit is None else unit.write(value)
    name = f"{population.base.name[:100]}, patient {index}"
    return population.with_values(values, None if plan is None else dict(plan), name)


def check(population: Population, plan: Mapping[str, Any], place: str) -> list[Problem]:
    """Return why an arm's plan cannot be given to patients of a population.

    Parameters
    ----------
    population
        The patients.
    plan
        Keys of the plan that the arm replaces.
    place
        Where that plan stands in its file: ``arms.0.plan``.
    """
    one = features(population, Streams(0), 1)
    try:
        patient(population, one, 0, plan)
    except InputError as error:
        told = error.problems or (Problem("", error.headline),)
        return [
            Problem(f"{place}.{p.place.removeprefix('plan.')}".rstrip("."), p.message) for p in told
        ]
    return []
