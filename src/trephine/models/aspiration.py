"""Laws of the draw: depots diluted by blood, donor, needle, overlap and colony assay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from trephine.case.patient import Patient
from trephine.core.units import (
    Duration,
    Fraction,
    Length,
    Number,
    NumberDensity,
    Positive,
    Unit,
    Volume,
)

Values: TypeAlias = float | NDArray[np.floating[Any]]
"""A number or an array of them; arrays broadcast."""
AgeSlope = Annotated[float, Unit("1/s", "1/year")]
MassIndex = Annotated[float, Unit("kg/m^2", "kg/m^2", gt=0)]
MassIndexSlope = Annotated[float, Unit("m^2/kg", "m^2/kg")]


@dataclass(frozen=True)
class HarvestSite:
    """What a bone yields, relative to the posterior iliac crest.

    Parameters
    ----------
    density
        Factor on the cells per volume of undiluted marrow [-].
    depot
        Factor on the depot volume [-].
    """

    SECTION: ClassVar[str] = "harvest_sites"

    density: Positive
    depot: Positive


@dataclass(frozen=True)
class AspirationParameters:
    """The numbers of harvest; each field's record says what it is and where it comes from."""

    SECTION: ClassVar[str] = "aspiration"

    theta_progenitors: Volume
    theta_nucleated: Volume
    depot_spread: Positive
    marrow_nucleated: NumberDensity
    marrow_progenitors: NumberDensity
    blood_nucleated: NumberDensity
    blood_haematocrit_female: Fraction
    blood_haematocrit_male: Fraction
    blood_platelets: NumberDensity
    marrow_displacement: Fraction
    donor_spread_nucleated: Positive
    donor_spread_prevalence: Positive
    laboratory_spread: Positive
    position_spacing: Length
    overlap_length: Length
    needle_gain: Positive
    needle_wide: Positive
    needle_narrow: Positive
    needle_reference: Positive
    side_hole_gain: Positive
    age_reference: Duration
    age_adult: Duration
    age_child: Duration
    child_gain: Positive
    age_slope_nucleated: AgeSlope
    age_slope_progenitors_female: AgeSlope
    age_slope_progenitors_male: AgeSlope
    smoking_progenitors: Number
    smoking_nucleated: Positive
    body_mass_index_slope: MassIndexSlope
    body_mass_index_reference: MassIndex
    osteonecrosis_progenitors: Positive
    repeat_harvest: Positive
    sites: Mapping[str, HarvestSite]


@dataclass(frozen=True)
class Donor:
    """The luck of a donor, the same for every harvest of one patient.

    Parameters
    ----------
    ln_nucleated
        Logarithm of the donor's factor on nucleated cells, ``T`` of equation H6 [-].
    ln_progenitors
        Logarithm of the further factor on progenitors, ``P`` of equation H6 [-].
    """

    ln_nucleated: float
    ln_progenitors: float

    @classmethod
    def mean(cls) -> Self:
        """Return the donor whose marrow holds the population's mean densities."""
        return cls(0.0, 0.0)

    @classmethod
    def median(cls, p: AspirationParameters) -> Self:
        """Return the donor in the middle of the population, below the mean in both."""
        return cls(-(p.donor_spread_nucleated**2) / 2, -(p.donor_spread_prevalence**2) / 2)


def draw_donor(p: AspirationParameters, rng: np.random.Generator) -> Donor:
    r"""Return a donor by luck, with the population's mean preserved (H6).

    .. math:: T \sim N(-s_T^2/2,\, s_T), \qquad P \sim N(-s_P^2/2,\, s_P)

    The means of :math:`e^T` and :math:`e^P` are 1.
    """
    middle = Donor.median(p)
    nucleated, prevalence = rng.standard_normal(2)
    return Donor(
        middle.ln_nucleated + p.donor_spread_nucleated * float(nucleated),
        middle.ln_progenitors + p.donor_spread_prevalence * float(prevalence),
    )


def marrow_share(volume: Values, theta: Values, before: Values = 0.0) -> Values:
    r"""Return the mean share of marrow in a draw that starts where earlier ones ended (H1, H5).

    .. math:: D = \frac{\theta}{V} \ln\frac{\theta + v_0 + V}{\theta + v_0}

    A position drains depots of many sizes mixed with the blood of the sinusoids; after a volume
    :math:`v` the stream is marrow to the share :math:`1/(1 + v/\theta)`.

    Parameters
    ----------
    volume
        Volume drawn :math:`V`, more than zero [m^3].
    theta
        Depot volume :math:`\theta`, more than zero [m^3].
    before
        Volume :math:`v_0` the position has already given [m^3].

    Returns
    -------
    Values
        Share, between 0 and 1 [-].
    """
    share: Values = theta / volume * np.log1p(volume / (theta + before))
    return share


def drained_before(
    volumes: NDArray[np.floating[Any]], spacing: float, length: float
) -> NDArray[np.float64]:
    r"""Return what earlier draws already took from the depot at each position (H5).

    .. math:: v_{0,j} = \sum_{i<j} V_i\, e^{-(j-i)\, s/\lambda}

    Positions lie in a row, ``spacing`` apart. Far apart every draw starts fresh; at zero
    spacing all draws are one long draw.

    Parameters
    ----------
    volumes
        Draws in the order they are made, (..., draw) [m^3].
    spacing
        Distance :math:`s` between neighbours [m].
    length
        Distance :math:`\lambda` over which the memory falls by a factor e [m].

    Returns
    -------
    NDArray
        (..., draw) [m^3].
    """
    kept = float(np.exp(-spacing / length))
    before = np.zeros_like(volumes, dtype=np.float64)
    for j in range(1, np.size(volumes, -1)):
        before[..., j] = kept * (before[..., j - 1] + volumes[..., j - 1])
    return before


def nucleated_concentration(share: Values, marrow: Values, blood: Values) -> Values:
    r"""Return nucleated cells per volume of a draw (H2).

    .. math:: C_N = C_b + (C_{mN} - C_b)\, D

    Parameters
    ----------
    share
        Share of marrow :math:`D` [-].
    marrow, blood
        Nucleated cells per volume of undiluted marrow and of blood [1/m^3].
    """
    return blood + (marrow - blood) * share


def progenitor_concentration(share: Values, marrow: Values) -> Values:
    r"""Return progenitors per volume of a draw; blood holds none (H3).

    .. math:: C_P = C_{mP}\, D
    """
    return marrow * share


def blood_component(share: Values, blood: Values, displacement: Values) -> Values:
    r"""Return red cells or platelets per volume of a draw (H4).

    .. math:: C = C_b\, (1 - \varepsilon_m D)
    """
    return blood * (1.0 - displacement * share)


def needle_factor(gauge: float, p: AspirationParameters, *, side_holes: bool) -> float:
    r"""Return the factor of the needle on the cells of undiluted marrow.

    .. math:: m = g^{(G_\mathrm{ref} - G)/(G_\mathrm{narrow} - G_\mathrm{wide})}

    The logarithm is linear in the gauge between the two needles compared.
    """
    span = p.needle_narrow - p.needle_wide
    factor = p.needle_gain ** ((p.needle_reference - gauge) / span)
    return float(factor * (p.side_hole_gain if side_holes else 1.0))


def patient_factors(patient: Patient, p: AspirationParameters) -> tuple[float, float]:
    r"""Return the factors of a patient's facts on nucleated cells and on progenitors (H6).

    The slopes of progenitors are those of their density as a whole, not on top of the slope of
    nucleated cells. Below the adult age the excess of childhood fades in its logarithm from
    ``age_child`` to ``age_adult``. Sex has no effect of its own, and body mass none on
    progenitors.
    """
    female = patient.sex == "female"
    slope = p.age_slope_progenitors_female if female else p.age_slope_progenitors_male
    ln_nucleated = p.age_slope_nucleated * (patient.age - p.age_reference)
    ln_progenitors = slope * (max(patient.age, p.age_adult) - p.age_reference)
    youth = (p.age_adult - patient.age) / (p.age_adult - p.age_child)
    ln_progenitors += float(np.log(p.child_gain)) * min(1.0, max(0.0, youth))
    if patient.body_mass_index is not None:
        above = patient.body_mass_index - p.body_mass_index_reference
        ln_nucleated += p.body_mass_index_slope * above
    if patient.smoker:
        ln_nucleated += float(np.log(p.smoking_nucleated))
        ln_progenitors += p.smoking_progenitors
    if patient.osteonecrosis_risk:
        ln_progenitors += float(np.log(p.osteonecrosis_progenitors))
    if patient.earlier_harvest:
        ln_nucleated += float(np.log(p.repeat_harvest))
        ln_progenitors += float(np.log(p.repeat_harvest))
    return float(np.exp(ln_nucleated)), float(np.exp(ln_progenitors))


def draw_laboratory(p: AspirationParameters, rng: np.random.Generator) -> float:
    """Return a laboratory's factor on colony counts, 1 in the reference laboratory (H7)."""
    return float(np.exp(p.laboratory_spread * rng.standard_normal()))


def count_colonies(
    prevalence: Values, plated: Values, laboratory: Values, rng: np.random.Generator
) -> NDArray[np.int64]:
    r"""Return the colonies a dish shows (H7).

    .. math:: n \sim \mathrm{Poisson}(\text{plated} \cdot \text{prevalence} \cdot E)

    Parameters
    ----------
    prevalence
        Progenitors per nucleated cell, as the reference laboratory counts them [-].
    plated
        Nucleated cells plated [-].
    laboratory
        Plating efficiency :math:`E` relative to the reference laboratory [-].
    rng
        Luck of the dish.
    """
    expected = np.asarray(plated) * np.asarray(prevalence) * np.asarray(laboratory)
    return np.asarray(rng.poisson(expected), dtype=np.int64)
