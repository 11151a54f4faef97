"""What the tissue did: the product of healing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from trephine.core.types import Budget, Series, Voxels, frozen_array

UNITS = {
    "progenitor_host": "1e6/mL",
    "progenitor_injected": "1e6/mL",
    "fibroblast": "1e6/mL",
    "chondrocyte": "1e6/mL",
    "osteoblast": "1e6/mL",
    "inert_nucleated": "1e6/mL",
    "perfusion": "1",
    "fibrous": "1",
    "cartilage": "1",
    "woven": "1",
    "lamellar": "1",
    "mineralised": "1",
    "clot": "1",
    "demineralised_bone": "1",
    "allograft": "1",
    "ceramic": "1",
    "dead_bone": "1",
    "oxygen": "mmHg",
    "signal": "1",
    "strain": "1",
    "dilatation": "1",
    "pressure": "MPa",
    "connective_matrix": "0.1 g/mL",
    "bone_matrix": "0.1 g/mL",
    "chondrogenic_factor": "100 ng/mL",
    "osteogenic_factor": "100 ng/mL",
    "age": "d",
    "fracture_surface": "1/mm",
    "periosteal_surface": "1/mm",
    "debris": "1e6/mL",
    "macrophage_resting": "1e6/mL",
    "macrophage_classical": "1e6/mL",
    "macrophage_alternative": "1e6/mL",
    "inflammatory_cytokine": "ng/mL",
    "calming_cytokine": "ng/mL",
    "progenitor": "1e6/mL",
    "bone": "g/mL",
}
"""The fields of a course and their units; fractions and densities per volume of open tissue."""


MOTIONS = ("axial", "shear_x", "shear_y", "bending_x", "bending_y", "torsion")
"""Motions of one bone end against the other: along the bone, across it, and turns."""

FROZEN = (
    "day",
    "stiffness",
    "movement",
    "force",
    "implant",
    "examined",
    "stiffness_matrix",
    "fixation_matrix",
)


@dataclass(frozen=True)
class HealingCourse:
    """Fields and series over time; all arrays read-only.

    Parameters
    ----------
    day
        Time of each snapshot, (time,) [d].
    fields
        Arrays by name, (time, x, y, z), in the units of :data:`UNITS`, per volume of open
        tissue (neither old bone nor metal).
    stiffness
        Axial stiffness of the tissue between the bone ends, without the implant, (time,) [N/m].
    movement
        Movement between the bone ends under the load of that day, (time,) [m].
    force
        Peak axial force on bone and implant, (time,) [N].
    fixation_stiffness
        Axial stiffness of the implant [N/m]; of what holds the bone at the last visit where
        operations changed it.
    examined
        Days on which the tissue was loaded in all six ways, (exam,) [d].
    stiffness_matrix
        Stiffness of the tissue between the bone ends then, about the middle of the gap, in the
        order of :data:`MOTIONS`, (exam, 6, 6) [N/m, N and N*m, per m and rad].
    fixation_matrix
        The same of the implant, (6, 6).
    spent
        Running total of what each term of the model did to each field, by
        ``"field/term"``, (time,) [1e6 cells for cells, mL for volumes].
    budgets
        One for each transported or made quantity, over the whole course.
    implant
        Axial stiffness of what holds the bone at each visit, (time,) [N/m]; empty where not told.
    """

    day: Series
    fields: Mapping[str, Voxels]
    stiffness: Series
    movement: Series
    force: Series
    fixation_stiffness: float
    examined: Series
    stiffness_matrix: NDArray[np.float64]
    fixation_matrix: NDArray[np.float64]
    spent: Mapping[str, Series]
    budgets: tuple[Budget, ...]
    implant: Series = field(default_factory=lambda: np.zeros(0))

    def __post_init__(self) -> None:
        """Freeze the arrays."""
        for name in FROZEN:
            object.__setattr__(self, name, frozen_array(getattr(self, name)))
        for name in ("fields", "spent"):
            held = getattr(self, name)
            for array in held.values():
                array.flags.writeable = False
            object.__setattr__(self, name, MappingProxyType(dict(held)))
