"""Virtual donors: who might be harvested, drawn from a small stated population."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from trephine.core.rng import Streams
from trephine.core.units import Duration, Fraction, Length, Positive, Unit
from trephine.models.donor import Facts

Floats = NDArray[np.float64]
Answers = NDArray[np.bool_]
MassIndex = Annotated[float, Unit("kg/m^2", "kg/m^2", gt=0)]


@dataclass(frozen=True)
class PopulationParameters:
    """The numbers of a population; each field's record says what it is and where it comes from."""

    SECTION: ClassVar[str] = "population"

    age: Duration
    age_spread: Duration
    youngest: Duration
    oldest: Duration
    women: Fraction
    height_women: Length
    height_men: Length
    height_spread: Length
    body_mass_index: MassIndex
    body_mass_index_spread: Positive
    smokers: Fraction
    osteonecrosis_risk: Fraction
    earlier_harvest: Fraction


@dataclass(frozen=True)
class VirtualDonors:
    """Facts of virtual donors, each field (sample,).

    Parameters
    ----------
    age
        Age [s].
    female
        Whether female.
    height, mass
        Body height [m] and mass [kg].
    smoker, osteonecrosis_risk, earlier_harvest
        As in the document of a patient.
    """

    age: Floats
    female: Answers
    height: Floats
    mass: Floats
    smoker: Answers
    osteonecrosis_risk: Answers
    earlier_harvest: Answers

    @property
    def body_mass_index(self) -> Floats:
        """Body mass index [kg/m^2]."""
        return self.mass / self.height**2

    def facts(self) -> Facts:
        """Return what the yield depends on; nobody's blood was measured."""
        return Facts(
            age=self.age,
            female=self.female,
            body_mass_index=self.body_mass_index,
            smoker=self.smoker,
            osteonecrosis_risk=self.osteonecrosis_risk,
            earlier_harvest=self.earlier_harvest,
        )


def virtual_donors(p: PopulationParameters, streams: Streams, count: int) -> VirtualDonors:
    r"""Return donors by luck; each fact by a stream of its own.

    .. math:: a \sim N(\bar a, s_a)\ \text{within its ends}, \qquad
              h \sim N(\bar h_\mathrm{sex}, s_h), \qquad
              \ln b \sim N(\ln \tilde b, s_b), \qquad m = b\,h^2

    Facts are independent of each other but for height, which goes by sex, and mass, which goes
    by height.

    Parameters
    ----------
    p
        The population.
    streams
        Family of streams, one for each fact.
    count
        How many donors.
    """

    def share(name: str, part: float) -> Answers:
        return streams.named(name).random(count) < part

    female = share("female", p.women)
    index = streams.named("body mass index").standard_normal(count)
    tall = streams.named("height").standard_normal(count)
    height = np.where(female, p.height_women, p.height_men) + p.height_spread * tall
    return VirtualDonors(
        age=_within(
            lambda rng, size: p.age + p.age_spread * rng.standard_normal(size),
            streams.named("age"),
            count,
            (p.youngest, p.oldest),
        ),
        female=female,
        height=height,
        mass=p.body_mass_index * np.exp(p.body_mass_index_spread * index) * height**2,
        smoker=share("smoker", p.smokers),
        osteonecrosis_risk=share("osteonecrosis risk", p.osteonecrosis_risk),
        earlier_harvest=share("earlier harvest", p.earlier_harvest),
    )


def _within(
    law: Callable[[np.random.Generator, int], Any],
    rng: np.random.Generator,
    count: int,
    ends: tuple[float, float],
) -> Floats:
    """Return samples of a law between two ends; those beyond are drawn again."""
    found: Floats = law(rng, count)
    while (wrong := np.flatnonzero((found < ends[0]) | (found > ends[1]))).size:
        found[wrong] = law(rng, wrong.size)
    return found
