"""What a necrotic head did over time: the product of its model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from trephine.core.types import Series, Voxels, frozen_array

HIP_FIELDS = {
    "necrotic": "dead bone that no vessel has reached [-]",
    "integrity": "how whole the bone is [-]",
    "cavity": "resorbed bone not yet filled [-]",
    "new_bone": "new bone, soft and hard [-]",
    "crushed": "crushed bone [-]",
    "damage": "fatigue damage; one crushes [-]",
    "stress": "effective stress under a step of walking [MPa]",
}
"""Fields of a course, (time, x, y, z)."""


class HipEnding(Enum):
    """How the course of a hip ended."""

    KEPT_ROUND = "Not collapsed: the head is round and shows no fracture at the last visit."
    FRACTURED = (
        "Fractured: the bone below the joint broke; the head is flattened by less than 2 mm."
    )
    COLLAPSED = "Collapsed: the head is flattened by 2 mm or more."


@dataclass(frozen=True)
class HipCourse:
    """Fields and series over time; all arrays read-only.

    Parameters
    ----------
    day
        Time of each visit, (time,) [d].
    fields
        By name of :data:`HIP_FIELDS`, (time, x, y, z).
    stage
        ARCO stage, (time,): 1 is I, 2 is II, 3 is the early and 4 the late part of III.
    lesion_volume
        Dead bone that no vessel has reached, (time,) [m^3].
    flattening
        How much the head is flattened, (time,) [m].
    unsupported
        Largest patch of joint surface above crushed bone, (time,) [m^2].
    weakest
        Least integrity of bone of the head that is not crushed nor drilled, (time,) [-].
    stiffness
        Force over the motion of the socket, (time,) [N/m].
    force
        Peak force of a step of walking, (time,) [N].
    replaced
        Share of such hips that are replaced by then, (time,) [-].
    fracture_day, collapse_day
        When the stages IIIA and IIIB began [d]; None if they did not, and the first day if they
        were there at the start.
    ending
        How it ended.
    """

    day: Series
    fields: Mapping[str, Voxels]
    stage: NDArray[np.int64]
    lesion_volume: Series
    flattening: Series
    unsupported: Series
    weakest: Series
    stiffness: Series
    force: Series
    replaced: Series
    fracture_day: float | None
    collapse_day: float | None
    ending: HipEnding

    def __post_init__(self) -> None:
        """Freeze the arrays."""
        for name in (
            "day",
            "stage",
            "lesion_volume",
            "flattening",
            "unsupported",
            "weakest",
            "stiffness",
            "force",
            "replaced",
        ):
            object.__setattr__(self, name, frozen_array(getattr(self, name)))
        fields = {name: frozen_array(values) for name, values in self.fields.items()}
        object.__setattr__(self, "fields", MappingProxyType(fields))
