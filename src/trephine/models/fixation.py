"""From an implant to its stiffness, and from a load to the movement of the bone ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

from trephine.core.units import Unit


@dataclass(frozen=True)
class FixationParameters:
    """Stiffness of implants with their anchorage along the shaft.

    Parameters
    ----------
    axial_stiffness
        By kind of implant [N/m].
    gravity
        Standard acceleration of free fall, to turn body mass into weight [m/s^2].
    """

    SECTION: ClassVar[str] = "fixation"
    axial_stiffness: Annotated[Mapping[str, float], Unit("N/m", "N/mm", gt=0)]
    gravity: Annotated[float, Unit("m/s^2", "m/s^2", gt=0)]
