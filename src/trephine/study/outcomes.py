"""What became of virtual patients: one by one as kept on disk, and all of an arm as arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from trephine.case.run import Run, Treatment

Array = NDArray[np.float64]
Plain = dict[str, Any]

PLACES = ("drawn", "product", "injected", "lesion", "stays")
"""Where cells of a dose are counted, from needle to lesion."""
LEVELS = {
    "product": "in the product",
    "injected": "through the needle",
    "lesion": "fits the room at the lesion",
    "stays": "stays after the first days",
}
"""What the funnel of a graft calls them."""
SERIES = ("mrust", "rust", "callus_volume", "stiffness", "movement")
"""What is told at every visit."""


@dataclass(frozen=True)
class Cells:
    """Cells at a place, of all injections together.

    Parameters
    ----------
    progenitors, nucleated
        How many [-].
    volume
        Volume that holds them [m^3].
    """

    progenitors: float
    nucleated: float
    volume: float


@dataclass(frozen=True)
class PatientOutcome:
    """What became of one virtual patient in one arm.

    Parameters
    ----------
    week
        Time of each visit, day 0 included, (visit,) [wk].
    union_week
        First visit from which enough cortices stay bridged [wk], or None.
    mrust, rust
        Radiographic scores, 4 to 16 and 4 to 12, (visit,) [-].
    callus_volume
        Mineralised new bone, (visit,) [m^3].
    stiffness
        Axial stiffness of the tissue between the bone ends, (visit,) [N/m].
    movement
        Movement between the bone ends under the load of the day, (visit,) [m].
    dose
        Cells at each of :data:`PLACES`; empty without an injection. A plain table, since it is
        sent between processes.
    lost_at
        When the patient was lost to follow-up [wk], or None.
    error
        Why there is no outcome, or None.
    """

    week: tuple[float, ...] = ()
    union_week: float | None = None
    mrust: tuple[float, ...] = ()
    rust: tuple[float, ...] = ()
    callus_volume: tuple[float, ...] = ()
    stiffness: tuple[float, ...] = ()
    movement: tuple[float, ...] = ()
    dose: Mapping[str, Cells] = field(default_factory=dict)
    lost_at: float | None = None
    error: str | None = None

    def as_written(self) -> Plain:
        """Return plain data that :meth:`read` takes back."""
        plain: Plain = {
            name: getattr(self, name) for name in (*SERIES, "week", "union_week", "error")
        }
        return plain | {"dose": {place: asdict(cells) for place, cells in self.dose.items()}}

    @classmethod
    def read(cls, plain: Mapping[str, Any]) -> Self:
        """Return the outcome that plain data holds."""
        series = {name: tuple(plain[name]) for name in (*SERIES, "week")}
        dose = {place: Cells(**cells) for place, cells in plain["dose"].items()}
        found: Any = {**series, "union_week": plain["union_week"], "error": plain["error"]}
        return cls(**found, dose=dose)

    @classmethod
    def of(cls, run: Run) -> Self:
        """Return what a trial keeps of a run."""
        seen, course = run.follow_up, run.course
        found: Any = {
            "week": seen.week,
            "mrust": seen.mrust,
            # The plain score knows no difference between bridging and remodelled callus.
            "rust": np.minimum(seen.cortex_score, 3).sum(axis=1),
            "callus_volume": seen.callus_volume,
            "stiffness": course.stiffness,
            "movement": course.movement,
        }
        told: Any = {name: tuple(float(x) for x in values) for name, values in found.items()}
        return cls(
            **told,
            union_week=seen.union_week,
            dose=_dose(run.treatments, run.anatomy.grid.voxel_volume),
        )


def _dose(treatments: Sequence[Treatment], voxel: float) -> dict[str, Cells]:
    """Return the cells at each place, of all injections together."""
    if not treatments:
        return {}
    told: dict[str, list[Cells]] = {place: [] for place in PLACES}
    for t in treatments:
        pool, product = t.aspirate.pool, t.concentrate.product
        told["drawn"].append(Cells(pool.progenitors, pool.nucleated, pool.volume))
        filled = float(t.graft.fill.sum()) * voxel
        levels = {level.name: level for level in t.graft.funnel}
        volumes = {"product": product.volume, "injected": filled, "lesion": filled, "stays": filled}
        for place, name in LEVELS.items():
            level = levels[name]
            told[place].append(Cells(level.progenitors, level.nucleated, volumes[place]))
    return {
        place: Cells(
            float(sum(c.progenitors for c in parts)),
            float(sum(c.nucleated for c in parts)),
            float(sum(c.volume for c in parts)),
        )
        for place, parts in told.items()
    }


@dataclass(frozen=True)
class Pool:
    """What became of all virtual patients of an arm, by patient; what a trial is drawn from.

    Parameters
    ----------
    week
        Time of each visit, day 0 included, (visit,) [wk].
    union_week
        When bridging begins to last, (sample,); infinite where it never does [wk].
    seen_week
        Visit at which union was seen, (sample,); infinite where it was not: missed visits are
        caught up at the next one, and who is lost is seen no more [wk].
    last_week
        Last visit that was kept, (sample,) [wk].
    series
        Values at the visits by name, each (sample, visit); not a number where a run failed.
    dose
        Cells by place and kind: ``dose["stays"]["progenitors"]``, (sample,).
    lost_at
        When patients are lost, (sample,); infinite where never [wk].
    missed
        Which visits are missed, (sample, visit); day 0 never is.
    failed
        Whose run gave no outcome, (sample,).
    replicate
        Which draw of the numbers each patient was computed with, (sample,).
    """

    week: Array
    union_week: Array
    seen_week: Array
    last_week: Array
    series: Mapping[str, Array]
    dose: Mapping[str, Mapping[str, Array]]
    lost_at: Array
    missed: NDArray[np.bool_]
    failed: NDArray[np.bool_]
    replicate: NDArray[np.int64]

    def __len__(self) -> int:
        """Return the number of patients."""
        return len(self.union_week)

    @classmethod
    def seen(
        cls,
        week: Array,
        union_week: Array,
        *,
        series: Mapping[str, Array],
        dose: Mapping[str, Mapping[str, Array]],
        lost_at: Array,
        missed: NDArray[np.bool_],
        failed: NDArray[np.bool_] | None = None,
        replicate: NDArray[np.int64] | None = None,
    ) -> Self:
        """Return a pool with what the visits that were kept show of union.

        A visit is kept unless it is missed or comes after the loss of the patient.
        """
        count = len(union_week)
        kept = ~missed & (week <= lost_at[:, None])
        kept[:, 0] = True
        shows = kept & (week >= union_week[:, None])
        first = np.where(shows.any(axis=1), week[shows.argmax(axis=1)], np.inf)
        last = week[len(week) - 1 - kept[:, ::-1].argmax(axis=1)]
        return cls(
            week,
            union_week,
            first,
            last,
            series,
            dose,
            lost_at,
            missed,
            np.zeros(count, bool) if failed is None else failed,
            np.zeros(count, dtype=np.int64) if replicate is None else replicate,
        )

    @classmethod
    def of(
        cls,
        outcomes: Sequence[PatientOutcome],
        lost_at: Array,
        missed: NDArray[np.bool_],
        replicate: NDArray[np.int64] | None = None,
    ) -> Self:
        """Return the pool of patients one by one.

        Parameters
        ----------
        outcomes
            Of each patient; at least one did not fail.
        lost_at
            When each is lost, (sample,) [wk].
        missed
            Which visits after day 0 each misses, (sample, visit after day 0).
        replicate
            See the class.
        """
        whole = next(one for one in outcomes if one.error is None)
        nothing = (np.nan,) * len(whole.week)
        failed = np.array([one.error is not None for one in outcomes])

        def column(place: str, kind: str) -> Array:
            return np.array(
                [np.nan if one.error else getattr(one.dose[place], kind) for one in outcomes]
            )

        kinds = ("progenitors", "nucleated", "volume")
        return cls.seen(
            np.array(whole.week),
            np.array([np.inf if one.union_week is None else one.union_week for one in outcomes]),
            series={
                name: np.array([nothing if one.error else getattr(one, name) for one in outcomes])
                for name in SERIES
            },
            dose={place: {kind: column(place, kind) for kind in kinds} for place in whole.dose},
            lost_at=lost_at,
            missed=np.concatenate([np.zeros((len(outcomes), 1), bool), missed], axis=1),
            failed=failed,
            replicate=replicate,
        )

    def at(self, name: str, week: float) -> Array:
        """Return what the last visit kept by a week shows of a series, (sample,).

        Not a number for failed runs and for patients who are lost by then.
        """
        kept = ~self.missed & (self.week <= min(week, self.week[-1]) + 1e-9)
        kept[:, 0] = True
        last = self.week.size - 1 - kept[:, ::-1].argmax(axis=1)
        values = np.take_along_axis(self.series[name], last[:, None], axis=1)[:, 0]
        gone = self.lost_at < min(week, self.week[-1]) - 1e-9
        return np.where(gone | self.failed, np.nan, values)

    def cells(self, kind: str, place: str) -> Array:
        """Return a dose, (sample,): ``progenitors``, ``nucleated``, ``volume``, or per volume."""
        here = self.dose[place]
        if kind == "progenitors per volume":
            return np.asarray(here["progenitors"] / here["volume"])
        return here[kind]


def lost(outcome: PatientOutcome, week: float) -> PatientOutcome:
    """Return an outcome with the time at which the patient was lost, if ever [wk]."""
    return replace(outcome, lost_at=week if np.isfinite(week) else None)
