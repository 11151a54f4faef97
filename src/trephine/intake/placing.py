"""Owns where the gap is in a scan, virtual or real, and the cut around it that a case keeps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from trephine.case.site import Gap
from trephine.core.errors import InputError
from trephine.intake.fracture import find_gap
from trephine.intake.frame import Cut, Frame, cut
from trephine.intake.landmarks import LOCAL, axis_at, check_slope, height_of
from trephine.intake.lesion import centred_grid
from trephine.intake.parameters import IntakeParameters
from trephine.intake.scan import BONE, CANAL, METAL, Kept
from trephine.intake.sections import Sections, centre_line, filled_sections, sections
from trephine.intake.segmentation import Bone
from trephine.intake.tissues import tissues
from trephine.intake.volume import Volume

STEEPEST_GAP = np.radians(60.0)
"""Greatest tilt that a case can hold [rad]."""
SIDEWAYS = np.radians(10.0)
"""Tilt about the y axis from which a reader is told that it was left out [rad]."""


@dataclass(frozen=True)
class Placed:
    """Where the gap is.

    Parameters
    ----------
    frame
        Axes along the shaft, their origin in the middle of the gap.
    gap
        Width, tilt, and whether it is virtual.
    notices
        What a reader of any result must know.
    """

    frame: Frame
    gap: Gap
    notices: tuple[str, ...]


def place_virtual_gap(
    volume: Volume, bone: Bone, p: IntakeParameters, *, level: float, width: float, tilt: float
) -> Placed:
    """Return a virtual gap in an intact shaft, on the line of its canal.

    Parameters
    ----------
    volume, bone
        The scan and the bone in it, the end towards the head at high z.
    p
        Bounds.
    level
        Position between the ends of the bone, 0 at the end towards the head [-].
    width, tilt
        Width along the shaft [m] and tilt about the x axis [rad].

    Raises
    ------
    InputError
        If the shaft there cannot be followed.
    """
    table = sections(volume, bone.mask)
    height = height_of(table, level)
    notices: list[str] = []
    ends = [side for side in bone.report.touches if side in {"foot", "head"}]
    if ends:
        notices.append(
            f"the bone leaves the scan at the {' and the '.join(ends)} end, so the level is that "
            "of the part in view"
        )
    gap = Gap(width=f"{width} m", tilt=f"{tilt} rad", virtual=True)
    return Placed(Frame.along(axis_at(table, height, p), height), gap, tuple(notices))


def seen_gap(volume: Volume, bone: Bone, p: IntakeParameters) -> Placed:
    """Return the gap that a scan shows between two fragments, on the line of their canals.

    Raises
    ------
    InputError
        If the fragments do not face each other, or the gap is tilted too far.
    """
    low, high = _fragments(volume, bone)
    bottom, top = sorted((float(low.height[-1]), float(high.height[0])))
    table = sections(volume, bone.mask)
    whole = table.where((table.height < bottom - 2e-3) | (table.height > top + 2e-3))
    line = centre_line(whole.within(bottom - LOCAL, top + LOCAL), of_canal=True)
    check_slope(line, p)
    radius = float(np.sqrt(np.median(whole.within(bottom - LOCAL, top + LOCAL).outline) / np.pi))
    grid = centred_grid(
        (1.5 * radius, 1.5 * radius, (top - bottom) / 2 + 2 * radius), p.cut_spacing
    )
    frame = Frame.along(line, (bottom + top) / 2)
    found = find_gap(cut(volume, bone, frame, grid, p))
    if abs(found.tilt) > STEEPEST_GAP:
        raise InputError(
            f"the gap is tilted by {np.degrees(found.tilt):.0f} degrees, a case holds at most "
            f"{np.degrees(STEEPEST_GAP):.0f}; so oblique a fracture cannot be treated as a gap"
        )
    notices: list[str] = []
    if abs(found.sideways) > SIDEWAYS:
        notices.append(
            f"the gap is also tilted by {np.degrees(found.sideways):.0f} degrees about the y "
            "axis, which the case leaves out"
        )
    gap = Gap(width=f"{found.width} m", tilt=f"{found.tilt} rad")
    return Placed(frame.moved(z=found.height), gap, tuple(notices))


def _fragments(volume: Volume, bone: Bone) -> tuple[Sections, Sections]:
    """Return the sections of the lower and of the upper fragment."""
    parts, _ = ndimage.label(bone.mask)
    first, second = (sections(volume, parts == number) for number in (1, 2))
    if first.height.mean() > second.height.mean():
        first, second = second, first
    return first, second


def take(
    volume: Volume, bone: Bone, placed: Placed, half_length: float, p: IntakeParameters
) -> tuple[Kept, tuple[str, ...]]:
    """Return what a case keeps of a scan around a gap, and what must be said of it.

    Parameters
    ----------
    volume, bone
        The scan and the bone in it.
    placed
        Where the gap is.
    half_length
        Length kept on each side of it [m].
    p
        Bounds.

    Raises
    ------
    InputError
        If the bone or the scan ends too near to the gap.
    """
    middle = float(placed.frame.origin[2])
    table = sections(volume, bone.mask).within(middle - half_length, middle + half_length)
    half = 1.2 * float(np.sqrt(table.outline.max() / np.pi)) + p.cut_margin
    grid = centred_grid((half, half, half_length), p.cut_spacing)
    part = cut(volume, bone, placed.frame, grid, p)
    _check_ends(part, placed.gap)
    outline = filled_sections(part.bone)
    if outline[[0, -1]].any() or outline[:, [0, -1]].any():
        raise InputError(
            "the bone is too wide for a cut along the shaft there; give a --level on the shaft, or "
            "a shorter --half-length"
        )
    notices = _said(part, bone, outline)
    labels = np.zeros(grid.shape, dtype=np.uint8)
    labels[outline] = CANAL
    labels[part.bone] = BONE
    labels[part.metal] = METAL
    return Kept(grid, part.hounsfield, labels), notices


def _check_ends(part: Cut, gap: Gap) -> None:
    """Refuse a cut that runs beyond the end of the bone."""
    z = part.grid.axis(2)
    reach = float(np.abs(part.grid.axis(1)).max())
    apart = np.abs(z) > gap.width / 2 + (0 if gap.virtual else reach * np.tan(abs(gap.tilt)))
    empty = apart & ~part.bone.any(axis=(0, 1))
    if empty.any():
        side, room = ("head", z[empty].min()) if z[empty].min() > 0 else ("foot", z[empty].max())
        raise InputError(
            f"the bone ends {abs(room) * 1e3:.0f} mm from the gap towards the {side}, and "
            f"{z[-1] * 1e3:.0f} mm are to be kept; move --level or shorten --half-length"
        )


def _said(
    part: Cut, bone: Bone, outline: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
) -> tuple[str, ...]:
    """Return what must be said of a cut; refuse one whose callus the scan does not show."""
    reach = tissues().callus_reach
    away = ndimage.distance_transform_edt(~outline) * part.grid.spacing
    if (part.outside & (away <= reach)).any():
        raise InputError(
            f"the scan ends less than {reach * 1e3:.0f} mm from the bone near the gap; give a scan "
            "with the soft tissue around the shaft"
        )
    notices = []
    if part.outside.any():
        notices.append(
            f"{100 * part.outside.mean():.2g} % of the cut lie outside the scan and were read as "
            "air"
        )
    if bone.report.metal:
        notices.append(
            f"{bone.report.metal * 1e6:.2g} mL of metal are in the scan; CT numbers near it are "
            "not to be trusted"
        )
    return tuple(notices)
