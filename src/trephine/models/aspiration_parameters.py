"""The numbers of harvest, each with its unit, as the catalogue fills them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, TypeAlias

import numpy as np
from numpy.typing import NDArray

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
