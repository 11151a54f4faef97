"""Laws: how a fact differs from patient to patient, as a person writes it in a population."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import NormalDist
from typing import Annotated, Any, Literal

from pydantic import Field

from trephine.case.document import Document
from trephine.core.units import Fraction, Unit

LEAST_WITHIN = 0.01
"""Part of a law that must lie within its ends; with less of it the law is not what was meant."""
Weight = Annotated[float, Unit("1", "1", ge=0)]


class Said(Document):
    """What every law may say of itself.

    Parameters
    ----------
    about
        What the numbers are, and why they were chosen where they are assumed.
    source
        Where they were read; empty for what is assumed.
    """

    about: str = ""
    source: str = ""


class Normal(Said):
    """A normal law, cut at its ends.

    Parameters
    ----------
    mean, sd
        Mean and standard deviation before the cut, with their unit.
    low, high
        Ends; those of the place itself hold besides.
    """

    law: Literal["normal"]
    mean: Any
    sd: Any
    low: Any = None
    high: Any = None


class Lognormal(Said):
    """A law whose logarithm is normal, cut at its ends.

    Either median and factor, or mean and standard deviation.

    Parameters
    ----------
    median
        Half of the patients have less.
    factor
        About two thirds of the patients lie between median / factor and median x factor [-].
    mean, sd
        Mean and standard deviation of the quantity itself before the cut, as a study prints them.
    low, high
        Ends; those of the place itself hold besides.
    """

    law: Literal["lognormal"]
    median: Any = None
    factor: Annotated[float, Unit("1", "1", gt=1, le=100)] | None = None
    mean: Any = None
    sd: Any = None
    low: Any = None
    high: Any = None


class Uniform(Said):
    """All values between two ends alike.

    Parameters
    ----------
    low, high
        Ends, with their unit.
    """

    law: Literal["uniform"]
    low: Any
    high: Any


class Choice(Said):
    """One of several values.

    Parameters
    ----------
    values
        What the case file may hold at the place: texts, quantities with their unit, whole tables.
        Their order is the one that a link goes by, from least to most.
    weights
        How often each is met, as shares or as counts of patients; all alike unless given.
    """

    law: Literal["choice"]
    values: Annotated[list[Any], Field(min_length=1)]
    weights: list[Weight] | None = None

    @property
    def shares(self) -> list[float]:
        """Share of the patients that each value has [-]."""
        weights = [1.0] * len(self.values) if self.weights is None else self.weights
        return [weight / sum(weights) for weight in weights]


class Share(Said):
    """Yes for a share of the patients, no for the others.

    Parameters
    ----------
    share
        Share with yes [-].
    """

    law: Literal["share"]
    share: Fraction


Law = Annotated[Normal | Lognormal | Uniform | Choice | Share, Field(discriminator="law")]
Measured = Normal | Lognormal | Uniform
"""Laws of quantities."""


@dataclass(frozen=True)
class Settled:
    """A law of a quantity in SI.

    Parameters
    ----------
    shape
        ``normal``; ``lognormal``, then centre and spread are those of the logarithm; or
        ``uniform``, which has neither.
    centre, spread
        Mean and standard deviation of what is normal.
    low, high
        Ends, which may be infinite.
    """

    shape: Literal["normal", "lognormal", "uniform"]
    centre: float
    spread: float
    low: float
    high: float

    def deviate(self, value: float) -> float:
        """Return how many standard deviations a value of a normal or lognormal law lies off."""
        if self.shape == "lognormal":
            value = math.log(value) if value > 0 else -math.inf
        return (value - self.centre) / self.spread

    @property
    def within(self) -> float:
        """Part of the uncut law that lies within the ends [-]."""
        if self.shape == "uniform":
            return 1.0
        ends = [_share_below(self.deviate(end)) for end in (self.low, self.high)]
        return ends[1] - ends[0]


def _share_below(deviate: float) -> float:
    return NormalDist().cdf(deviate) if math.isfinite(deviate) else float(deviate > 0)


def settled(law: Measured, unit: Unit) -> tuple[Settled | None, list[tuple[str, str]]]:
    """Return a law in SI, or None, and what is wrong with it as key and words.

    Parameters
    ----------
    law
        As written.
    unit
        Unit and bounds of the place that it is for.
    """
    wrong: list[tuple[str, str]] = []
    free, positive = Unit(unit.si, unit.shown), Unit(unit.si, unit.shown, gt=0)
    is_log = isinstance(law, Lognormal)
    told = dict(_quantities(law))
    found: dict[str, float] = {}
    for key, given in told.items():
        reader = positive if key == "sd" or is_log else free
        try:
            found[key] = reader.read(given)
            if key in {"low", "high"}:
                unit.check(found[key])
        except ValueError as error:
            wrong.append((key, str(error)))
    if isinstance(law, Lognormal) and not _is_one_way(law):
        wrong.append(("", "write either median and factor, or mean and sd"))
    if wrong:
        return None, wrong
    low = found.get("low", _least(unit))
    high = found.get("high", math.inf if unit.le is None else unit.le)
    if is_log:
        low = max(low, 0.0)
    if low >= high:
        return None, [("low", "must be less than high")]
    done = Settled(*_shape(law, found), low, high)
    if done.within < LEAST_WITHIN:
        ends = f"{unit.about(low)} and {unit.about(high)}"
        return None, [("", f"only {done.within:.2g} of the law lies between {ends}; mend the ends")]
    return done, []


def _quantities(law: Measured) -> Iterator[tuple[str, Any]]:
    """Yield the quantities that a law states, by key."""
    for key in ("mean", "sd", "median", "low", "high"):
        given = getattr(law, key, None)
        if given is not None:
            yield key, given


def _is_one_way(law: Lognormal) -> bool:
    """Return whether a lognormal law is told in one of its two ways and not in both."""
    one = (law.median is not None, law.factor is not None)
    other = (law.mean is not None, law.sd is not None)
    return (all(one) and not any(other)) or (all(other) and not any(one))


def _shape(
    law: Measured, found: dict[str, float]
) -> tuple[Literal["normal", "lognormal", "uniform"], float, float]:
    r"""Return shape, centre and spread of a law.

    A lognormal law of mean :math:`m` and standard deviation :math:`s` has

    .. math:: \sigma^2 = \ln(1 + s^2/m^2), \qquad \mu = \ln m - \sigma^2/2
    """
    if isinstance(law, Uniform):
        return "uniform", 0.0, 1.0
    if isinstance(law, Normal):
        return "normal", found["mean"], found["sd"]
    if law.factor is not None:
        return "lognormal", math.log(found["median"]), math.log(law.factor)
    square = math.log1p((found["sd"] / found["mean"]) ** 2)
    return "lognormal", math.log(found["mean"]) - square / 2, math.sqrt(square)


def _least(unit: Unit) -> float:
    bounds = [bound for bound in (unit.ge, unit.gt) if bound is not None]
    return max(bounds, default=-math.inf)
