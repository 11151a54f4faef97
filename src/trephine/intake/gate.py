"""Owns the import gate: what a scan must fulfil before anything is measured on it."""

from __future__ import annotations

import numpy as np

from trephine.core.errors import InputError
from trephine.intake.parameters import IntakeParameters
from trephine.intake.raw import Raw
from trephine.intake.volume import Array, Volume, canonical


def admit(raw: Raw, name: str, p: IntakeParameters, *, without_air: bool = False) -> Volume:
    """Return a scan in LPS order that passed every check.

    Parameters
    ----------
    raw
        The scan as read.
    name
        What to call it in a message.
    p
        Bounds of the checks.
    without_air
        Whether the person vouches that the field of view holds no air, so that the scale
        cannot be checked by it.

    Raises
    ------
    InputError
        Naming the fault, the numbers and the mend.
    """
    check_axes(raw.affine, name, p)
    wrong = int(np.size(raw.values) - np.isfinite(raw.values).sum())
    if wrong:
        raise InputError(
            f"{name}: {wrong} of {raw.values.size} values are not finite numbers; "
            "export the scan again"
        )
    notices = check_air(raw, name, p, without_air=without_air)
    values, affine = canonical(raw.values, raw.affine)
    return Volume(values, affine, raw.source, notices)


def check_axes(affine: Array, name: str, p: IntakeParameters) -> None:
    """Refuse a lattice that is sheared, too coarse or measured in the wrong unit."""
    edges = np.linalg.norm(affine[:3, :3], axis=0)
    shown = " x ".join(f"{edge * 1e3:.3g}" for edge in edges)
    if edges.max() > p.coarsest_spacing * (1 + 1e-6):
        raise InputError(
            f"{name}: voxels of {shown} mm are too coarse to see a cortex; at most "
            f"{p.coarsest_spacing * 1e3:.3g} mm (a wrong unit in the header looks like this too)"
        )
    cosines = affine[:3, :3] / edges
    skew = np.abs(cosines.T @ cosines - np.eye(3)).max()
    angle = float(np.arcsin(min(skew, 1.0)))
    if angle > p.shear_tolerance:
        raise InputError(
            f"{name}: the axes depart from right angles by {np.degrees(angle):.2g} degrees "
            "(shear or gantry tilt); resample the scan to a straight stack first"
        )


def check_air(raw: Raw, name: str, p: IntakeParameters, *, without_air: bool) -> tuple[str, ...]:
    """Refuse a scan whose air is not near -1000; return notices on padding and absent air.

    Padding below air is set to air in place, and said.
    """
    values = raw.values
    notices: list[str] = []
    padding = values < p.air - p.air_tolerance
    share = float(padding.mean())
    low = values[(values < p.skin) & ~padding]
    if low.size < p.air_share * values.size:
        lowest, highest = float(values.min()), float(values.max())
        if not without_air:
            raise InputError(
                f"{name}: values run from {lowest:.5g} to {highest:.5g} and no air near "
                f"{p.air:.0f} is in view; either the rescale to Hounsfield units was not applied "
                "(export again with slope and intercept), or the field of view holds no air "
                "(then vouch for it with --without-air)"
            )
        notices.append("no air is in view; the scale of the CT numbers rests on the user's word")
    else:
        middle = float(np.median(low))
        if abs(middle - p.air) > p.air_tolerance:
            raise InputError(
                f"{name}: air reads {middle:.0f} and should read {p.air:.0f} within "
                f"{p.air_tolerance:.0f}; the values are not Hounsfield units, export again with "
                "rescale slope and intercept"
            )
    if share > p.air_share:
        notices.append(
            f"{100 * share:.2g} % of the voxels lie below air (padding) and were read as air"
        )
        values[padding] = p.air
    return tuple(notices)
