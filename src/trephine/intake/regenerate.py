"""Owns the way from a bone that is to be lengthened to its domain on a grid."""

from __future__ import annotations

import math

from trephine.case.document import validate
from trephine.case.regenerate import Regenerate
from trephine.case.settings import Settings
from trephine.case.site import Site
from trephine.intake.shaft import shaft_anatomy
from trephine.intake.tissues import tissues
from trephine.models.regenerate import Domain, RegenerateParameters


def domain(site: Regenerate, length: float, settings: Settings, p: RegenerateParameters) -> Domain:
    """Return the site at every length of its regenerate.

    The regenerate at its longest takes up an even number of whole slices, so that both ends of
    the bone lie on faces of voxels; while it is shorter, the domain is closer together.

    Parameters
    ----------
    site
        The bone.
    length
        The longest regenerate, the osteotomy included [m].
    settings
        Voxel and margins.
    p
        Width of the zone that is stretched.

    Raises
    ------
    InputError
        If the shaft cannot be built as described.
    """
    slices = 2 * math.ceil(length / settings.voxel / 2 - 1e-9)
    data = {
        "kind": "shaft",
        "bone": site.bone,
        "side": site.side,
        "diagnosis": "atrophic non-union",
        "gap": {"width": f"{slices * settings.voxel * 1e3!r} mm"},
        "fixation": site.fixation.as_written(),
        "biology": site.biology.as_written(),
        "shaft": site.shaft.as_written(),
    }
    shaft = validate(Site, data, "site")
    return Domain.of(shaft_anatomy(shaft, settings, tissues()), p.interzone)
