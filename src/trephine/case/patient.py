"""The patient: facts that move yield, load and host biology."""

from __future__ import annotations

from typing import Annotated, Literal

from trephine.case.document import Document, Flag
from trephine.core.units import Unit

Age = Annotated[float, Unit("s", "year", ge=0, le=120 * 365.25 * 86400)]
Height = Annotated[float, Unit("m", "cm", ge=0.4, le=2.6)]
BodyMass = Annotated[float, Unit("kg", "kg", ge=5, le=400)]
WhiteCells = Annotated[float, Unit("1/m^3", "1/mL", ge=1e11, le=1e15)]
"""From next to none to leukaemia; a count per microlitre written as one per mL lies below."""

Platelets = Annotated[float, Unit("1/m^3", "1/mL", ge=1e12, le=5e15)]
"""From next to none to more than any disease brings; 250 per nanolitre is 2.5e8 per mL."""


class Patient(Document):
    """Who is treated; no name and no identifier, ever.

    Parameters
    ----------
    age
        Age at day 0 [s], written for example ``"47 year"``.
    sex
        For the priors on yield.
    mass
        Body mass [kg]; sets the load on the bone.
    height
        Body height [m], if known; with the mass it gives the body mass index.
    smoker
        Whether the patient smokes now.
    diabetes
        Whether the patient has diabetes of either type.
    osteonecrosis_risk
        Whether steroid, alcohol or known osteonecrosis lowers the yield.
    earlier_harvest
        Whether the same crest was aspirated within a year.
    anticoagulated
        Whether the patient takes aspirin or an anticoagulant, or has few platelets; more bleeding
        at the harvest.
    blood_nucleated
        White cells in blood [1/m^3], if measured.
    platelets
        Platelets in blood [1/m^3], if measured; not measured does not mean normal.
    infection
        Whether there is an infection, at the site, at the harvest or elsewhere; not stated unless
        given.
    cancer
        Whether the patient has cancer or is treated for it; not stated unless given.
    pregnant
        Whether the patient is pregnant; not stated unless given.
    bleeding_disorder
        Whether blood does not clot as it should, from birth or acquired; not stated unless given.
    """

    age: Age
    sex: Literal["female", "male"]
    mass: BodyMass
    height: Height | None = None
    smoker: Flag = False
    diabetes: Flag = False
    osteonecrosis_risk: Flag = False
    earlier_harvest: Flag = False
    anticoagulated: Flag = False
    blood_nucleated: WhiteCells | None = None
    platelets: Platelets | None = None
    infection: Flag | None = None
    cancer: Flag | None = None
    pregnant: Flag | None = None
    bleeding_disorder: Flag | None = None

    @property
    def age_years(self) -> float:
        """Age [year]."""
        return self.age / (365.25 * 86400)

    @property
    def body_mass_index(self) -> float | None:
        """Body mass index [kg/m^2], where the height is known."""
        return None if self.height is None else self.mass / self.height**2
