"""Owns the numbers of the tissues at a site: CT numbers and the reach of callus."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, ClassVar

from trephine.catalogue.load import catalogue
from trephine.core.units import Length, Unit
from trephine.models.reading import Reading


@dataclass(frozen=True)
class TissueParameters:
    """What the tissues of a site look like in a CT, and where callus may form.

    Parameters
    ----------
    hounsfield
        CT number by tissue [HU].
    callus_reach
        Distance from the periosteum within which callus may form at the gap [m].
    callus_length
        Distance from the bone ends along the shaft within which callus may form [m].
    """

    SECTION: ClassVar[str] = "tissues"

    hounsfield: Annotated[Mapping[str, float], Unit("1", "1")]
    callus_reach: Length
    callus_length: Length


@cache
def tissues() -> TissueParameters:
    """Return the tissue numbers of the catalogue as printed."""
    return Reading(catalogue()).fill(TissueParameters)
