"""Owns the way from the site of a case to its anatomy on a grid."""

from __future__ import annotations

from trephine.case.anatomy import Anatomy
from trephine.case.settings import Settings
from trephine.case.site import Site
from trephine.intake.shaft import shaft_anatomy
from trephine.intake.tissues import tissues


def anatomy(site: Site, settings: Settings) -> Anatomy:
    """Return what fills each voxel around the gap of a site, idealised or cut from a CT.

    Parameters
    ----------
    site
        The site of a case.
    settings
        Voxel and margins of the grid.

    Returns
    -------
    Anatomy
        Fractions and CT numbers, (x, y, z), with the gap centred on the origin.

    Raises
    ------
    InputError
        If the site cannot be built as described, or its scan is missing, changed or too small.
    """
    if site.shaft is not None:
        return shaft_anatomy(site, settings, tissues())
    # Readers of scans load slowly, and an idealised shaft does without them.
    from trephine.intake.scan_anatomy import scan_anatomy  # noqa: PLC0415

    return scan_anatomy(site, settings, tissues())
