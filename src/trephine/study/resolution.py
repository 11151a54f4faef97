"""Owns how fine the voxels of a patient in a trial are: as asked, or finer where the gap is."""

from __future__ import annotations

from typing import Any

from trephine.case.case import Case
from trephine.case.settings import Settings

FINER = (2.0, 1.5, 1.2, 1.0, 0.9, 0.75, 0.6, 0.5)
"""Edges of voxels for gaps narrower than the voxel that was asked [mm]; few, so that patients share
compiled programs."""


def fitting(case: Case, settings: Settings) -> dict[str, Any]:
    """Return the numerics of a patient as plain data, with a voxel that the gap allows.

    A voxel wider than the gap cannot show how it heals. Where the voxel that was asked is wider,
    the widest of :data:`FINER` that fits the gap takes its place. This follows from the patient
    alone, whoever else is in the trial. A gap under the finest keeps what was asked, and its run
    says why it cannot be computed.

    Parameters
    ----------
    case
        The patient.
    settings
        Numerics that the trial was asked for.
    """
    document, gap_mm = settings.as_written(), case.site.gap.width * 1e3 * (1 + 1e-9)
    if settings.voxel * 1e3 > gap_mm:
        fit = [edge for edge in FINER if edge <= gap_mm]
        document |= {"voxel": f"{fit[0]:g} mm"} if fit else {}
    return document
