"""Owns the numbers of the import gate and of the segmentation."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import ClassVar

from trephine.catalogue.load import catalogue
from trephine.core.units import Angle, Fraction, Length, Number, Volume
from trephine.models.reading import Reading


@dataclass(frozen=True)
class IntakeParameters:
    """What a CT must fulfil, and how bone is told from the rest; each number a record.

    Parameters
    ----------
    air, air_tolerance
        CT number of air and how far a scan may be off [HU].
    air_share
        Least share of a scan that must be air for that check [-].
    skin
        CT number below which a voxel lies outside the body [HU].
    spacing_tolerance
        Greatest relative variation of the distance between slices [-].
    shear_tolerance
        Greatest departure of the axes from right angles [rad].
    coarsest_spacing
        Largest accepted voxel edge [m].
    bone_threshold, metal_threshold
        CT numbers from which a voxel counts as bone and as metal [HU].
    least_bone
        Least volume of a bone [m^3].
    rival_share
        Relative size of the second largest part from which the choice is unclear [-].
    fragment_share
        Least relative size of the other fragment of a broken bone [-].
    head_offset
        Offset of the end of a femur that shows it to be the hip's [m].
    whole_bone
        Least length in view at which the ends may be told apart [m].
    steepest_shaft
        Greatest angle between shaft and scan [rad].
    cut_spacing, cut_margin
        Voxel edge and soft tissue kept of a scan [m].
    """

    SECTION: ClassVar[str] = "intake"

    air: Number
    air_tolerance: Number
    air_share: Fraction
    skin: Number
    spacing_tolerance: Fraction
    shear_tolerance: Angle
    coarsest_spacing: Length
    bone_threshold: Number
    metal_threshold: Number
    least_bone: Volume
    rival_share: Fraction
    fragment_share: Fraction
    head_offset: Length
    whole_bone: Length
    steepest_shaft: Angle
    cut_spacing: Length
    cut_margin: Length


@cache
def parameters() -> IntakeParameters:
    """Return the numbers of the catalogue as printed."""
    return Reading(catalogue()).fill(IntakeParameters)
