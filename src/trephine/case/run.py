"""A finished run: what was asked, every product on the way, and where the numbers came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from trephine.case.anatomy import Anatomy
from trephine.case.aspirate import Aspirate
from trephine.case.case import Case
from trephine.case.concentrate import Concentrate
from trephine.case.course import UNITS, HealingCourse
from trephine.case.followup import FollowUp
from trephine.case.graft import Graft
from trephine.case.settings import Settings
from trephine.core.provenance import Provenance

if TYPE_CHECKING:
    import xarray


@dataclass(frozen=True)
class Treatment:
    """One injection of the plan, from needle to lesion."""

    aspirate: Aspirate
    concentrate: Concentrate
    graft: Graft


@dataclass(frozen=True)
class Run:
    """Everything that came out of a case, a plan, beliefs, settings and a seed.

    Parameters
    ----------
    case, settings
        What was asked.
    anatomy
        The site on the grid at day 0.
    treatments
        The injections in the order of their days.
    course, follow_up
        What the tissue did and what the visits showed.
    provenance
        Program, machine and digests.
    used
        Number in SI by id of the catalogue record it came from.
    provisional
        Ids of used records that no second reader has confirmed.
    notices
        What a reader of the report must be told, in sentences.
    """

    case: Case
    settings: Settings
    anatomy: Anatomy
    treatments: tuple[Treatment, ...]
    course: HealingCourse
    follow_up: FollowUp
    provenance: Provenance
    used: Mapping[str, float]
    provisional: tuple[str, ...]
    notices: tuple[str, ...]

    def __repr__(self) -> str:
        """Return the outcome in a line."""
        seen = self.follow_up
        week = "none" if seen.union_week is None else f"week {seen.union_week:g}"
        return (
            f"<Run '{self.case.name}': {seen.ending.name}, union {week}, "
            f"mRUST {seen.mrust[-1]:.0f} of 16, seed {self.provenance.seed}>"
        )

    def summary(self) -> dict[str, Any]:
        """Return the outcome in plain data: ending, week of union, scores, dose."""
        seen = self.follow_up
        return {
            "name": self.case.name,
            "ending": seen.ending.name,
            "sentence": seen.ending.value,
            "union_week": seen.union_week,
            "mrust": float(seen.mrust[-1]),
            "bridged_cortices": int(seen.bridged[-1]),
            "callus_volume_mL": float(seen.callus_volume[-1] * 1e6),
            "tissue_stiffness_N_per_mm": float(self.course.stiffness[-1] * 1e-3),
            "injections": [
                {
                    "day": t.graft.day / 86400,
                    "drawn_mL": (t.aspirate.pool.volume - t.aspirate.pool.anticoagulant) * 1e6,
                    "progenitors_drawn": t.aspirate.pool.progenitors,
                    "progenitors_product": t.concentrate.product.progenitors,
                    "progenitors_retained": t.graft.funnel[-1].progenitors,
                }
                for t in self.treatments
            ],
            "largest_imbalance": max(budget.imbalance for budget in self.budgets),
            "provisional_records": len(self.provisional),
            "seed": self.provenance.seed,
            "version": self.provenance.version,
            "catalogue_digest": self.provenance.catalogue_digest,
        }

    def _repr_html_(self) -> str:
        """Return the outcome as a small table for a notebook."""
        rows = "".join(
            f"<tr><th>{escape(key.replace('_', ' '))}</th><td>{escape(str(value))}</td></tr>"
            for key, value in self.summary().items()
            if not isinstance(value, list)
        )
        return f"<table>{rows}</table>"

    @property
    def budgets(self) -> tuple[Any, ...]:
        """Every budget of every stage."""
        cells = [
            b
            for t in self.treatments
            for p in (t.aspirate, t.concentrate, t.graft)
            for b in p.budgets
        ]
        return (*cells, *self.course.budgets)

    def to_xarray(self) -> xarray.Dataset:
        """Return the fields of the course with coordinates and units, axes (time, x, y, z)."""
        import xarray  # noqa: PLC0415  (slow to import, and few need it)

        grid = self.anatomy.grid
        coordinates: dict[str, Any] = {
            "time": ("time", self.course.day, {"units": "d", "long_name": "time since day 0"}),
        }
        for which, name, toward in ((0, "x", "left"), (1, "y", "back"), (2, "z", "head")):
            words = {"units": "mm", "long_name": f"toward the patient's {toward}"}
            coordinates[name] = (name, grid.axis(which) * 1e3, words)
        fields: dict[str, Any] = {
            name: (("time", "x", "y", "z"), values, {"units": UNITS[name]})
            for name, values in self.course.fields.items()
        }
        for name in ("bone", "metal", "canal", "gap", "callus", "hounsfield"):
            unit = "HU" if name == "hounsfield" else "1"
            fields[f"anatomy_{name}"] = (
                ("x", "y", "z"),
                getattr(self.anatomy, name),
                {"units": unit},
            )
        return xarray.Dataset(fields, coordinates, {"title": self.case.name, "frame": "LPS"})
