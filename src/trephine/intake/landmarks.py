"""Owns where things are on a long bone: its ends, its axis, its side, its measures by level."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from trephine.core.errors import InputError
from trephine.intake.parameters import IntakeParameters
from trephine.intake.sections import Line, Sections, centre_line, sections
from trephine.intake.segmentation import Bone
from trephine.intake.volume import Array, Volume

Side = Literal["left", "right"]
End = Literal["low", "high"]

LOCAL = 0.045
"""Length of shaft on each side of a level that tells the direction of the shaft there [m]."""


@dataclass(frozen=True)
class Measures:
    """The shaft at one level, areas and diameters across its axis.

    Parameters
    ----------
    level
        Position between the ends of the bone, 0 at the end towards the head [-].
    cortical_area, medullary_area
        Area of bone and of what it encloses [m^2].
    outer_diameter, canal_diameter
        Diameters of circles of the same area [m].
    cortex_thickness
        Half their difference [m].
    cortex_hounsfield
        Median CT number of the bone [HU].
    """

    level: float
    cortical_area: float
    medullary_area: float
    outer_diameter: float
    canal_diameter: float
    cortex_thickness: float
    cortex_hounsfield: float


def height_of(table: Sections, level: float) -> float:
    """Return the height of a level on a bone whose end towards the head is at high z [m]."""
    top, bottom = float(table.height[-1]), float(table.height[0])
    return top - level * (top - bottom)


def axis_at(table: Sections, height: float, p: IntakeParameters) -> Line:
    """Return the line of the canal around a height.

    Raises
    ------
    InputError
        If too little bone is there, or the shaft lies too steeply across the scan.
    """
    line = centre_line(table.within(height - LOCAL, height + LOCAL), of_canal=True)
    check_slope(line, p)
    return line


def check_slope(line: Line, p: IntakeParameters) -> None:
    """Refuse a shaft that lies too steeply across the scan for sections to be taken."""
    angle = float(np.arccos(min(line.direction[2], 1.0)))
    if angle > p.steepest_shaft:
        raise InputError(
            f"the shaft lies {np.degrees(angle):.0f} degrees from the scan's long axis, at most "
            f"{np.degrees(p.steepest_shaft):.0f} can be measured; reformat the scan along the bone"
        )


def measure(volume: Volume, bone: Bone, level: float, p: IntakeParameters) -> Measures:
    r"""Return what the shaft measures in the slice nearest to a level.

    Areas in the slice are turned to areas across the shaft, :math:`A \cos\alpha`, with
    :math:`\alpha` the angle between shaft and scan; a diameter is :math:`2\sqrt{A/\pi}`.

    Parameters
    ----------
    volume
        The scan, the end of the bone towards the head at high z.
    bone
        The bone in it.
    level
        Position between the ends, 0 at the end towards the head, 1 at the other [-].
    p
        Bounds.

    Raises
    ------
    InputError
        If the level is not between 0 and 1 or the shaft there cannot be measured.
    """
    check_level(level)
    table = sections(volume, bone.mask)
    height = height_of(table, level)
    row = int(np.argmin(np.abs(table.height - height)))
    slope = float(axis_at(table, height, p).direction[2])
    k = round(float(volume.index(table.centre[row])[2]))
    outer, canal = (2 * np.sqrt(a[row] * slope / np.pi) for a in (table.outline, table.canal))
    return Measures(
        level=level,
        cortical_area=float(table.cortical[row]) * slope,
        medullary_area=float(table.canal[row]) * slope,
        outer_diameter=float(outer),
        canal_diameter=float(canal),
        cortex_thickness=float(outer - canal) / 2,
        cortex_hounsfield=float(np.median(volume.hounsfield[:, :, k][bone.mask[:, :, k]])),
    )


def check_level(level: float) -> None:
    """Refuse a level that is not on the bone."""
    if not 0.0 <= level <= 1.0:
        raise InputError(
            f"--level {level:g} is not on the bone; give a number from 0 (end towards the head) "
            "to 1, for example 0.55"
        )


def end_offsets(table: Sections) -> dict[End, Array]:
    """Return by how much each end of a bone stands off the line of its shaft, LPS (3,) [m]."""
    low, high = float(table.height[0]), float(table.height[-1])
    length = high - low
    line = centre_line(table.within(low + 0.3 * length, low + 0.7 * length))
    ends: tuple[tuple[End, Sections], ...] = (
        ("low", table.within(low, low + 0.07 * length)),
        ("high", table.within(high - 0.07 * length, high)),
    )
    offsets: dict[End, Array] = {}
    for name, part in ends:
        middle = (part.centre * part.outline[:, None]).sum(axis=0) / part.outline.sum()
        offsets[name] = middle - line.at(float(middle[2]))
    return offsets


def hip_end(table: Sections, p: IntakeParameters) -> End | None:
    """Return at which end of a whole femur its head lies; None where the image cannot tell."""
    if table.height[-1] - table.height[0] < p.whole_bone:
        return None
    # only sideways: the condyles of a bowed femur stand off to the back as far as the head does
    away = {end: abs(float(offset[0])) for end, offset in end_offsets(table).items()}
    hip: End = "low" if away["low"] > away["high"] else "high"
    knee: End = "high" if hip == "low" else "low"
    clear = away[hip] > p.head_offset and away[hip] > 2 * away[knee]
    return hip if clear else None


def _unchecked(name: str, head: End | None) -> str:
    """Return what nobody looked at in a bone whose ends the program cannot tell apart."""
    if head is None:
        return (
            f"that the bone is a {name} and which of its ends is towards the head are taken as "
            "stated; only a whole femur's are checked"
        )
    wrong = " and the header's z axis runs the wrong way" if head == "low" else ""
    return (
        f"the end at {head} z stands off the line of the shaft as the head of a femur does: if it "
        f"is one, --bone {name} is wrong{wrong}"
    )


def oriented(
    volume: Volume,
    bone: Bone,
    p: IntakeParameters,
    *,
    name: str,
    side: Side,
    head_at: End | None = None,
) -> tuple[Volume, Bone]:
    """Return scan and bone with the end towards the head at high z and the side checked.

    The head of a whole femur stands off the line of its shaft, towards the other leg, so it
    shows which end is which and, if the header's axes hold, which side the bone is of.
    Where the header's z axis runs the wrong way, the image may be a mirror image or
    lie head down, and the side cannot be told: the stated one is taken, and said.

    Parameters
    ----------
    volume, bone
        Scan and bone as the header has them.
    p
        Bounds.
    name
        Which bone the person says it is; only the ends of a ``"femur"`` are told apart, and a
        notice says so of any other.
    side
        Which side the person says it is of.
    head_at
        ``"low"`` if the end of the bone towards the patient's head lies at low z, against the
        header; ``"high"`` if the header is right; None to go by the header.

    Raises
    ------
    InputError
        If the image contradicts the header, the stated end or the stated side.
    """
    table = sections(volume, bone.mask)
    shown_end = hip_end(table, p)
    seen = shown_end if name == "femur" else None
    if name != "femur":
        volume = volume.noting(_unchecked(name, shown_end))
    stated: End = head_at or "high"
    if seen is not None and seen != stated:
        who = "--head-at says" if head_at else "the header says"
        raise InputError(
            f"{who} that the end towards the patient's head is at {stated} z, but the head of the "
            f"femur lies at {seen} z; give --head-at {seen} if the header is wrong"
        )
    offset = float(end_offsets(table)[seen][0]) if seen is not None else 0.0
    clear = abs(offset) > p.head_offset / 2
    if stated == "low":
        # seen with z reversed, the femoral head must still point to the other leg
        mirror = clear and (offset < 0) != (side == "left")
        axes = (0, 2) if mirror else (2,)
        notice = (
            "the z axis runs against its header and was reversed as told; the side cannot be "
            f"told from such an image, so '{side}' is taken as stated"
            + (" and the x axis was reversed with it" if mirror else "")
        )
        return volume.turned(axes, notice), bone.turned(axes)
    if not clear:
        return volume.noting(f"the side '{side}' is taken as stated; the image cannot tell"), bone
    shown: Side = "left" if offset < 0 else "right"
    if shown != side:
        raise InputError(
            f"the case says {side}, but the head of the femur points to the patient's "
            f"{'right' if shown == 'left' else 'left'}, as on a {shown} femur; correct --side"
        )
    return volume, bone
