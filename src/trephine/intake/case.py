"""Owns the way from a CT to a case: read, tell the bone, find or place the gap, cut, write."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from trephine.case.case import Case
from trephine.case.document import validate
from trephine.case.site import Gap
from trephine.core.errors import InputError
from trephine.intake import case_files, ct
from trephine.intake.landmarks import End, Measures, Side, check_level, measure, oriented
from trephine.intake.parameters import parameters
from trephine.intake.placing import place_virtual_gap, seen_gap, take
from trephine.intake.scan_anatomy import check_nail, outlines, radii
from trephine.intake.sections import sections
from trephine.intake.segmentation import SanityReport, segment
from trephine.intake.tissues import tissues

BoneName = Literal["femur", "tibia", "humerus"]

HALF_LENGTH = 0.045
"""Length kept on each side of the gap unless told otherwise [m]."""


@dataclass(frozen=True)
class Intake:
    """What an intake gave.

    Parameters
    ----------
    case
        The case file it wrote.
    notices
        What a reader of any result must know.
    sanity
        How the segmentation went.
    level
        Where the gap is between the ends of the bone, 0 at the end towards the head [-].
    measures
        The intact shaft in a slice of the scan at a virtual gap, told by the fixed threshold;
        None at a real one.
    gap
        Width along the shaft and tilt of the gap, and whether it is virtual.
    centre
        Middle of the gap in the patient, LPS [m].
    axis
        Direction of the shaft towards the head, LPS [-].
    outer_diameter, canal_diameter
        Of the shaft at the gap, on the grid along it, the surface in the middle of its blurred
        edge [m]; so they differ from ``measures`` by up to a voxel of the scan.
    """

    case: Path
    notices: tuple[str, ...]
    sanity: SanityReport
    level: float
    measures: Measures | None
    gap: Gap
    centre: tuple[float, float, float]
    axis: tuple[float, float, float]
    outer_diameter: float
    canal_diameter: float

    def as_document(self) -> dict[str, Any]:
        """Return plain data in SI units, for a report."""
        return {
            **asdict(self),
            "case": self.case.name,
            "gap": {"width": self.gap.width, "tilt": self.gap.tilt, "virtual": self.gap.virtual},
        }


def intake(
    path: str | Path,
    *,
    template: Case,
    out: str | Path,
    name: str,
    file_name: str | None = None,
    lender: str | None = None,
    bone: BoneName,
    side: Side,
    level: float | None = None,
    gap_width: float | None = None,
    tilt: float = 0.0,
    nail_diameter: float | None = None,
    head_at: End | None = None,
    near: tuple[float, float, float] | None = None,
    half_length: float = HALF_LENGTH,
    without_air: bool = False,
) -> Intake:
    """Make a case of a CT; write its case file and the two files it needs to a folder.

    Messages name the options of ``trephine intake``: ``--gap`` is ``gap_width`` here, and the
    rest are called alike.

    With ``gap_width`` and ``level`` the bone is taken as intact and a virtual gap is placed in
    it, which the case records. Without them the bone must be in two fragments; the gap
    between them is found and measured.

    Parameters
    ----------
    path
        NIfTI file, folder of DICOM slices, or zip of one.
    template
        Case from which patient, plan, diagnosis, fixation and biology are copied; a CT does
        not show them.
    out
        Folder to write to; made if needed.
    name
        Name of the new case, never a patient's.
    file_name
        What its files are called after; the name where not given.
    lender
        What the template is called where the case tells its origin; ``the case 'NAME'`` where
        not given.
    bone, side
        Which bone it is, and of which side.
    level
        Where a virtual gap is placed, 0 at the end of the bone towards the head, 1 at the other.
    gap_width
        Width of a virtual gap along the shaft [m].
    tilt
        Tilt of a virtual gap about the x axis [rad].
    nail_diameter
        Diameter of the nail [m]; that of the template where not given.
    head_at
        ``"low"`` if the end of the bone towards the head lies at low z, against the header.
    near
        A point in or next to the bone, LPS [m], where several are in view.
    half_length
        Length kept on each side of the gap [m].
    without_air
        Whether the person vouches that the field of view holds no air.

    Returns
    -------
    Intake
        The case file and what was found.

    Raises
    ------
    InputError
        If the scan does not pass the import gate, the arguments do not fit it, or the files
        cannot be written; files that exist are left alone.
    """
    p = parameters()
    files = case_files.free_places(Path(out), _file_name(file_name or name))
    _check(level, gap_width, tilt, half_length)
    lent = _lent(lender or f"the case '{template.name}'", has_own_nail=nail_diameter is not None)

    def written(gap: dict[str, Any], scan: dict[str, str]) -> Case:
        data = template.as_written()
        fixation = data["site"]["fixation"]
        if nail_diameter is not None:
            fixation = {**fixation, "nail_diameter": f"{nail_diameter * 1e3:.12g} mm"}
        site = {k: v for k, v in data["site"].items() if k not in {"shaft", "scan"}}
        changed = {"bone": bone, "side": side, "fixation": fixation, "gap": gap, "scan": scan}
        data |= {"name": name, "about": _about(scan["source"], lent), "site": site | changed}
        return validate(Case, data, name)

    # a wrong argument is told before minutes are spent on the scan
    gap = {"width": f"{gap_width or 1e-3} m", "tilt": f"{tilt} rad", "virtual": True}
    written(gap, dict.fromkeys(("density", "labels", "contents", "source"), ""))

    volume = ct.read(path, without_air=without_air, p=p)
    found = segment(volume, p, near=near, broken=gap_width is None)
    volume, found = oriented(volume, found, p, name=bone, side=side, head_at=head_at)
    placed = (
        place_virtual_gap(volume, found, p, level=level, width=gap_width, tilt=tilt)
        if gap_width is not None and level is not None
        else seen_gap(volume, found, p)
    )
    kept, notices = take(volume, found, placed, half_length, p)
    shape = outlines(kept, placed.gap, tissues())
    outer, canal = (2 * radius for radius in radii(kept, shape, placed.gap))
    nail = nail_diameter or template.site.fixation.nail_diameter
    check_nail(None if shape.metal.any() else nail, canal)
    table = sections(volume, found.mask)
    top, bottom = table.height[-1], table.height[0]
    where = float((top - placed.frame.origin[2]) / (top - bottom))
    notices = (*volume.notices, *placed.notices, *notices)
    # site.gap.virtual says that a gap is virtual; the source does not say it again
    source = "; ".join([f"{volume.source}, cut at {100 * where:.0f} % of the bone", *notices])
    made = [
        f"virtual gap of {placed.gap.width * 1e3:.3g} mm placed by the program in an intact shaft"
    ]
    case_files.write(
        files, kept, lambda scan: written(placed.gap.as_written(), {**scan, "source": source})
    )
    return Intake(
        case=files.case,
        notices=(*(made if placed.gap.virtual else []), *notices, lent),
        sanity=found.report,
        level=where,
        measures=measure(volume, found, where, p) if placed.gap.virtual else None,
        gap=placed.gap,
        centre=_triple(placed.frame.origin),
        axis=_triple(placed.frame.axes[:, 2]),
        outer_diameter=outer,
        canal_diameter=canal,
    )


def _triple(vector: np.ndarray[Any, Any]) -> tuple[float, float, float]:
    x, y, z = (float(value) for value in vector)
    return x, y, z


def _file_name(name: str) -> str:
    """Return what the files of a case are called."""
    short = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    if not short:
        raise InputError(f"'{name}' holds no letter or digit; give the case a name")
    return short


def _about(source: str, lent: str) -> str:
    """Return the description of a case made from a scan."""
    return f"From a scan: {source.split('; ', maxsplit=1)[0]}. {lent}."


def _lent(lender: str, *, has_own_nail: bool) -> str:
    """Return what the case did not take from the scan, and from where it has it."""
    nail = " but the nail's diameter" if has_own_nail else ""
    return (
        f"Patient, plan, fixation{nail} and biology are those of {lender}; change them in the "
        "case file"
    )


def _check(level: float | None, width: float | None, tilt: float, half_length: float) -> None:
    """Refuse arguments that do not go together, before the scan is read."""
    if (level is None) != (width is None):
        raise InputError(
            "a virtual gap needs both --gap and --level; for a bone that is broken in the scan "
            "give neither"
        )
    if width is None and tilt:
        raise InputError("--tilt belongs to a virtual gap; that of a real one is measured")
    if level is not None:
        check_level(level)
    if width is not None and not 0 < width <= half_length:
        raise InputError(
            f"--gap ({width * 1e3:.3g} mm) must be positive and at most --half-length "
            f"({half_length * 1e3:.3g} mm)"
        )
    if not 0.015 <= half_length <= 0.15:
        raise InputError(
            f"--half-length ({half_length * 1e3:.3g} mm) must lie between 15 and 150 mm"
        )
