"""A finished lengthening: its fields, its visits, its force, and where the numbers came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trephine.case.anatomy import Anatomy
from trephine.case.course import HealingCourse
from trephine.case.regenerate import RegenerateCase
from trephine.case.run import Treatment
from trephine.case.settings import Settings
from trephine.core.provenance import Provenance
from trephine.core.types import Ending, Series, frozen_array

FROZEN = (
    "day", "length", "slices", "share", "bone", "filled", "soft", "cortex_score", "bridged",
    "radiograph_ap", "radiograph_lateral",
)  # fmt: skip


@dataclass(frozen=True)
class Consolidation:
    """What the visits showed of the tissue between two bone ends; all arrays read-only.

    Parameters
    ----------
    day
        Time of each visit, from the cut or from the docking, (time,) [d].
    length
        Distance between the bone ends, (time,) [m].
    slices, share
        Slices of the grid that it takes, and the share of a voxel that the middle one takes,
        (time,) [-].
    bone
        Mineralised new bone between the ends, (time,) [m^3].
    filled
        The same over the cortex that is missing there, (time,) [-].
    soft
        Width of the zone in the middle without mineral, (time,) [m].
    cortex_score
        Score of each cortex, 1 to 4, (time, 4); 1 until the distraction has ended [-].
    bridged
        Number of cortices bridged, (time,) [-].
    radiograph_ap, radiograph_lateral
        Films, (time, row, column) [-].
    pixel
        Edge of a pixel of the films [m].
    consolidated
        First visit from which at least three cortices stay bridged [d], or None.
    ending
        How it ended.
    """

    day: Series
    length: Series
    slices: Series
    share: Series
    bone: Series
    filled: Series
    soft: Series
    cortex_score: Series
    bridged: Series
    radiograph_ap: Series
    radiograph_lateral: Series
    pixel: float
    consolidated: float | None
    ending: Ending

    def __post_init__(self) -> None:
        """Freeze the arrays."""
        for name in FROZEN:
            object.__setattr__(self, name, frozen_array(getattr(self, name)))


@dataclass(frozen=True)
class Pull:
    """The force of the distraction, step by step; all arrays read-only.

    Parameters
    ----------
    day
        Day of each step from the osteotomy, (step,) [d].
    peak, residual
        Force right after a step, and what is left when it has relaxed, (step,) [N].
    """

    day: Series
    peak: Series
    residual: Series

    def __post_init__(self) -> None:
        """Freeze the arrays."""
        for name in ("day", "peak", "residual"):
            object.__setattr__(self, name, frozen_array(getattr(self, name)))


@dataclass(frozen=True)
class RegenerateRun:
    """Everything that came out of a lengthening.

    Parameters
    ----------
    case, settings
        What was asked.
    anatomy
        The site at its longest, on the grid on which every visit lies.
    treatments
        The injections in the order of their days.
    course
        What the tissue did; its fields lie on the grid as the bone stood at each visit.
    regenerate
        What the visits showed of it.
    docking
        The same where a transported segment docks, from that day on; None where none does.
    force
        The force of the distraction.
    provenance, used, provisional, notices
        As of every run.
    """

    case: RegenerateCase
    settings: Settings
    anatomy: Anatomy
    treatments: tuple[Treatment, ...]
    course: HealingCourse
    regenerate: Consolidation
    docking: Consolidation | None
    force: Pull
    provenance: Provenance
    used: Mapping[str, float]
    provisional: tuple[str, ...]
    notices: tuple[str, ...]

    def __repr__(self) -> str:
        """Return the outcome in a line."""
        index = self.healing_index
        told = "not consolidated" if index is None else f"{index:.0f} d/cm"
        return f"<RegenerateRun '{self.case.name}': {told}, seed {self.provenance.seed}>"

    @property
    def gained(self) -> float:
        """Length gained [m]."""
        return self.case.distraction.length

    @property
    def healing_index(self) -> float | None:
        """Days from the osteotomy to consolidation for each centimetre gained, if it came."""
        day = self.regenerate.consolidated
        return None if day is None else day / (self.gained * 100.0)

    @property
    def ending(self) -> str:
        """How it ended, in a sentence."""
        index = self.healing_index
        if index is None:
            last = self.regenerate.day[-1] / 7.0
            said = (
                f"The regenerate had not consolidated by week {last:g}: "
                f"{int(self.regenerate.bridged[-1])} of four cortices were bridged."
            )
        else:
            said = (
                f"The regenerate of {self.gained * 1e3:.0f} mm consolidated by day "
                f"{self.regenerate.consolidated:.0f}: {index:.0f} days for each centimetre."
            )
        if self.docking is None:
            return said
        day = self.docking.consolidated
        docked = "has not united" if day is None else f"united {day:.0f} days after it met"
        return f"{said} The docking site {docked}."

    def summary(self) -> dict[str, Any]:
        """Return the outcome in plain data."""
        seen = self.regenerate
        docking = None if self.docking is None else self.docking.consolidated
        return {
            "name": self.case.name,
            "ending": seen.ending.name,
            "sentence": self.ending,
            "length_mm": self.gained * 1e3,
            "consolidated_day": seen.consolidated,
            "healing_index_d_per_cm": self.healing_index,
            "bridged_cortices": int(seen.bridged[-1]),
            "bone_mL": float(seen.bone[-1] * 1e6),
            "docks": self.docking is not None,
            "docking_united_after_days": docking,
            "peak_force_N": float(self.force.peak.max()),
            "tissue_stiffness_N_per_mm": float(self.course.stiffness[-1] * 1e-3),
            "progenitors_retained": [t.graft.funnel[-1].progenitors for t in self.treatments],
            "largest_imbalance": max(b.imbalance for b in self.course.budgets),
            "provisional_records": len(self.provisional),
            "seed": self.provenance.seed,
            "version": self.provenance.version,
            "catalogue_digest": self.provenance.catalogue_digest,
        }
