"""A finished run of an osteonecrotic hip."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trephine.case.head_anatomy import HeadAnatomy
from trephine.case.hip import HipCase
from trephine.case.hip_course import HipCourse
from trephine.case.run import Treatment
from trephine.case.settings import Settings
from trephine.core.provenance import Provenance


@dataclass(frozen=True)
class HipRun:
    """Everything that came out of the case of a hip, numbers, settings and a seed.

    Parameters
    ----------
    case, settings
        What was asked.
    anatomy
        The head on the grid at day 0.
    treatments
        The injections in the order of their days.
    course
        What the head did.
    person
        What tells this virtual patient from others with the same case, by name.
    provenance
        Program, machine and digests.
    used
        Number in SI by id of the catalogue record it came from.
    provisional
        Ids of used records that no second reader has confirmed.
    notices
        What a reader of the report must be told, in sentences.
    """

    case: HipCase
    settings: Settings
    anatomy: HeadAnatomy
    treatments: tuple[Treatment, ...]
    course: HipCourse
    person: Mapping[str, float]
    provenance: Provenance
    used: Mapping[str, float]
    provisional: tuple[str, ...]
    notices: tuple[str, ...]

    def summary(self) -> dict[str, Any]:
        """Return the outcome in plain data: ending, stage, volumes, days."""
        seen = self.course
        return {
            "name": self.case.name,
            "ending": seen.ending.name,
            "sentence": seen.ending.value,
            "stage": ("I", "II", "IIIA", "IIIB")[int(seen.stage[-1]) - 1],
            "fracture_day": seen.fracture_day,
            "collapse_day": seen.collapse_day,
            "flattening_mm": float(seen.flattening[-1] * 1e3),
            "lesion_volume_mL": [float(seen.lesion_volume[n] * 1e6) for n in (0, -1)],
            "necrotic_angle_deg": math.degrees(self.anatomy.necrotic_angle),
            "chance_of_replacement": float(seen.replaced[-1]),
            "pain": None,
            "hip_score": None,
            "injections": [
                {
                    "day": t.graft.day / 86400,
                    "progenitors_product": t.concentrate.product.progenitors,
                    "progenitors_retained": t.graft.funnel[-1].progenitors,
                }
                for t in self.treatments
            ],
            "provisional_records": len(self.provisional),
            "seed": self.provenance.seed,
            "version": self.provenance.version,
            "catalogue_digest": self.provenance.catalogue_digest,
        }
