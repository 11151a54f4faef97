"""Owns the numbers of the necrotic femoral head, from the catalogue into the engine's units."""

from __future__ import annotations

import typing
from dataclasses import dataclass, fields
from typing import Annotated, ClassVar

from trephine.core.units import (
    Angle,
    Area,
    Duration,
    Fraction,
    Length,
    Modulus,
    NumberDensity,
    Positive,
    Pressure,
    Rate,
    Unit,
)

Speed = Annotated[float, Unit("m/s", "mm/d", ge=0)]
Spread = Annotated[float, Unit("1", "1", ge=0, le=4)]
Share = Annotated[float, Unit("1", "1", gt=0, le=0.99)]
DAY = 86400.0
ENGINE = {
    "m": 1e3,
    "m/s": 1e3 * DAY,
    "m^2": 1e6,
    "s": 1.0 / DAY,
    "1/s": DAY,
    "Pa": 1e-6,
    "1/m^3": 1e-6,
}
"""Factors from SI to millimetres, days, megapascals and cells per millilitre."""


@dataclass(frozen=True)
class NecrosisParameters:
    """The numbers of a necrotic head; each field's record says what it is and where it is from."""

    SECTION: ClassVar[str] = "necrosis"

    head_radius: Length
    modulus: Modulus
    strength: Pressure
    modulus_exponent: Positive
    strength_exponent: Positive
    poisson: Fraction
    contact_half_angle: Angle
    walking_load: Positive
    cartilage_modulus: Modulus
    cartilage_thickness: Length
    socket_modulus: Modulus
    plate_thickness: Length
    plate_density: Positive
    neck_density: Positive
    neck_tilt: Angle
    force_tilt: Angle
    neck_share: Fraction
    medial_edge: Angle
    lateral_end: Angle
    anterior_tilt: Angle
    front_speed: Speed
    front_width: Length
    resorbable: Fraction
    resorption_rate: Rate
    fill_rate: Rate
    filling: Positive
    fill_variation: Spread
    resting: Duration
    mineralisation_rate: Rate
    soft_loss: Fraction
    fatigue_exponent: Positive
    damage_rate: Rate
    repair_rate: Rate
    crushed_integrity: Fraction
    bearing_length: Length
    steady_damage: Share
    bone_strain: Fraction
    bone_strain_width: Fraction
    collapse_depth: Length
    fracture_area: Area
    fracture_depth: Length
    fractured_at_start: Length
    established: Duration
    arterial_pressure: Pressure
    drained_pressure: Pressure
    congested_pressure: Pressure
    graft_gain: Annotated[float, Unit("1", "1", ge=0)]
    graft_half: NumberDensity
    graft_time: Duration
    accessible: Fraction
    margin_variation: Spread
    front_variation: Spread
    replaced_share: Fraction
    replaced_time: Duration


def in_engine_units(p: NecrosisParameters) -> dict[str, float]:
    """Return the numbers by name in mm, d, MPa and 1/mL; angles in rad, pure numbers as they are.

    Parameters
    ----------
    p
        The numbers in SI.
    """
    found: dict[str, float] = {}
    for field, unit in zip(fields(p), _units(), strict=True):
        found[field.name] = getattr(p, field.name) * ENGINE.get(unit, 1.0)
    return found


def _units() -> list[str]:
    """Return the SI unit of each field, in their order."""
    hints = typing.get_type_hints(NecrosisParameters, include_extras=True)
    return [
        next(m.si for m in hints[field.name].__metadata__ if isinstance(m, Unit))
        for field in fields(NecrosisParameters)
    ]
