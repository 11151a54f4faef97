"""Who gives the marrow: facts that move the yield, and the luck between donors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from trephine.case.patient import Patient
from trephine.models.aspiration_parameters import AspirationParameters, Values

Flags: TypeAlias = bool | NDArray[np.bool_]
"""Yes or no, or an array of answers."""


@dataclass(frozen=True)
class Facts:
    """What the yield depends on, of one patient or of many at once.

    Every field is one value or an array ``(sample,)``.

    Parameters
    ----------
    age
        Age [s].
    female
        Whether female.
    body_mass_index
        Body mass index [kg/m^2]; None where not known.
    smoker, osteonecrosis_risk, earlier_harvest
        As in the patient's document.
    blood_nucleated
        White cells in blood [1/m^3]; None where not measured.
    mass
        Body mass [kg]; None where not known.
    anticoagulated
        As in the patient's document.
    """

    age: Values
    female: Flags = False
    body_mass_index: Values | None = None
    smoker: Flags = False
    osteonecrosis_risk: Flags = False
    earlier_harvest: Flags = False
    blood_nucleated: Values | None = None
    mass: Values | None = None
    anticoagulated: Flags = False

    @classmethod
    def of(cls, patient: Patient) -> Self:
        """Return the facts of one patient."""
        return cls(
            age=patient.age,
            female=patient.sex == "female",
            body_mass_index=patient.body_mass_index,
            smoker=patient.smoker,
            osteonecrosis_risk=patient.osteonecrosis_risk,
            earlier_harvest=patient.earlier_harvest,
            blood_nucleated=patient.blood_nucleated,
            mass=patient.mass,
            anticoagulated=patient.anticoagulated,
        )


@dataclass(frozen=True)
class Donor:
    """The luck of a donor, the same for every harvest of one patient.

    Both fields are one value or an array ``(sample,)``.

    Parameters
    ----------
    ln_nucleated
        Logarithm of the donor's factor on nucleated cells, ``T`` of equation H6 [-].
    ln_progenitors
        Logarithm of the further factor on progenitors, ``P`` of equation H6 [-].
    """

    ln_nucleated: Values
    ln_progenitors: Values

    @classmethod
    def mean(cls) -> Self:
        """Return the donor whose marrow holds the population's mean densities."""
        return cls(0.0, 0.0)

    @classmethod
    def median(cls, p: AspirationParameters) -> Self:
        """Return the donor in the middle of the population, below the mean in both."""
        return cls.of(p, 0.0, 0.0)

    @classmethod
    def of(cls, p: AspirationParameters, nucleated: Values, prevalence: Values) -> Self:
        r"""Return the donor of two standard normal deviates, the mean preserved (H6).

        .. math:: T = -s_T^2/2 + s_T z_T, \qquad P = -s_P^2/2 + s_P z_P

        The means of :math:`e^T` and :math:`e^P` over donors are 1.
        """
        spread_n, spread_p = p.donor_spread_nucleated, p.donor_spread_prevalence
        return cls(
            -(spread_n**2) / 2 + spread_n * nucleated,
            -(spread_p**2) / 2 + spread_p * prevalence,
        )


def draw_donor(p: AspirationParameters, rng: np.random.Generator) -> Donor:
    """Return one donor by luck, with the population's mean preserved (H6)."""
    nucleated, prevalence = rng.standard_normal(2)
    return Donor.of(p, float(nucleated), float(prevalence))


def patient_factors(patient: Patient | Facts, p: AspirationParameters) -> tuple[Values, Values]:
    r"""Return the factors of facts on nucleated cells and on progenitors (H6).

    The slopes of progenitors are those of their density as a whole, not on top of the slope of
    nucleated cells. Below the adult age the excess of childhood fades in its logarithm from
    ``age_child`` to ``age_adult``. Sex has no effect of its own, and body mass none on
    progenitors.

    Parameters
    ----------
    patient
        One patient, or the facts of many.
    p
        Slopes and factors, each one value or ``(sample,)``.

    Returns
    -------
    tuple of Values
        Factors on nucleated cells and on progenitors per volume of undiluted marrow, one value
        each or ``(sample,)`` [-].
    """
    facts = Facts.of(patient) if isinstance(patient, Patient) else patient
    slope = np.where(facts.female, p.age_slope_progenitors_female, p.age_slope_progenitors_male)
    ln_nucleated: Any = p.age_slope_nucleated * (facts.age - p.age_reference)
    ln_progenitors: Any = slope * (np.maximum(facts.age, p.age_adult) - p.age_reference)
    youth = (p.age_adult - facts.age) / (p.age_adult - p.age_child)
    ln_progenitors = ln_progenitors + np.log(p.child_gain) * np.clip(youth, 0.0, 1.0)
    if facts.body_mass_index is not None:
        above = facts.body_mass_index - p.body_mass_index_reference
        ln_nucleated = ln_nucleated + p.body_mass_index_slope * above
    again = np.where(facts.earlier_harvest, np.log(p.repeat_harvest), 0.0)
    ln_nucleated = ln_nucleated + np.where(facts.smoker, np.log(p.smoking_nucleated), 0.0) + again
    ln_progenitors = (
        ln_progenitors
        + np.where(facts.smoker, p.smoking_progenitors, 0.0)
        + np.where(facts.osteonecrosis_risk, np.log(p.osteonecrosis_progenitors), 0.0)
        + again
    )
    return np.exp(ln_nucleated), np.exp(ln_progenitors)
