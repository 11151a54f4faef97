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
    MassDensity,
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
Counted = Annotated[float, Unit("1", "1", ge=0)]
DensityAboveZero = Annotated[float, Unit("1/m^3", "1/mL", gt=0)]
VolumePerMass = Annotated[float, Unit("m^3/kg", "mL/kg", gt=0)]


@dataclass(frozen=True)
class HarvestSite:
    """What a bone yields, relative to the posterior iliac crest.

    Parameters
    ----------
    density
        Factor on the cells per volume of undiluted marrow [-].
    depot
        Factor on the depot volume [-].
    depth
        Bone before the needle, which a track must not pass [m].
    """

    SECTION: ClassVar[str] = "harvest_sites"

    density: Positive
    depot: Positive
    depth: Length


@dataclass(frozen=True)
class Laboratory:
    """What a laboratory counted in marrow drawn in a known way.

    Parameters
    ----------
    counted
        CFU-F per volume of the marrow drawn, mean of its donors [1/m^3].
    draw
        Volume of each draw of it [m^3].
    """

    SECTION: ClassVar[str] = "laboratories"

    counted: DensityAboveZero
    draw: Volume


@dataclass(frozen=True)
class HarvestRiskParameters:
    """The numbers of harm; each field's record says what it is and where it comes from."""

    SECTION: ClassVar[str] = "harvest_risk"

    aspirations: Counted
    aspiration_events: Annotated[Mapping[str, float], Unit("1", "1", ge=0)]
    grafts: Counted
    graft_events: Annotated[Mapping[str, float], Unit("1", "1", ge=0)]
    prior_events: Positive
    anticoagulated: Positive
    obesity: Positive
    obese: MassIndex
    blood_per_mass: VolumePerMass
    red_cell_haemoglobin: MassDensity


@dataclass(frozen=True)
class LipoaspirationParameters:
    """The numbers of fat as drawn; each field's record says where it comes from."""

    SECTION: ClassVar[str] = "lipoaspiration"

    nucleated: NumberDensity
    prevalence: Fraction
    donor_spread: Positive
    red_cells: Fraction


@dataclass(frozen=True)
class FanParameters:
    """What one puncture reaches.

    Parameters
    ----------
    tracks
        Tracks driven through one puncture, as an operator plans them; the same in all samples [-].
    breadth
        Width over which the tip can be redirected [m].
    """

    SECTION: ClassVar[str] = "fan"

    tracks: Annotated[float, Unit("1", "1", ge=1)]
    breadth: Length


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
    heparin_gain: Positive
    clot_chance: Fraction
    clot_progenitors: Fraction
    clot_nucleated: Fraction
    crest_depth_female: Length
    crest_depth_male: Length
    sites: Mapping[str, HarvestSite]
    laboratories: Mapping[str, Laboratory]
    risk: HarvestRiskParameters
    fat: LipoaspirationParameters
    fan: FanParameters
