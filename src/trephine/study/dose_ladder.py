"""Union and its week as a function of the dose that stays, from a ladder of healing runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from trephine.case.case import Case
from trephine.case.plan import Injection
from trephine.case.settings import Settings
from trephine.core.progress import Watch
from trephine.core.rng import Streams
from trephine.study.luck import Cells

Array = NDArray[np.floating[Any]]

LADDER = (1e2, 1e3, 1e4, 1e5, 1e6, 1e7)
"""Doses that stay, at which the healing engine is run first [-]."""
HALVINGS = 4
"""Further runs between the last dose that does not unite and the first that does."""
FRESH = 2
"""Runs that the ladder never sees, to measure its error."""
VOXEL = 2e-3
"""Edge of the voxels of the ladder, unless the gap is narrower [m]."""


@dataclass(frozen=True)
class Rung:
    """One run of the healing engine.

    Parameters
    ----------
    dose
        Progenitors that stay [-].
    week
        Week of union; None without.
    mrust
        Score at the last visit.
    """

    dose: float
    week: float | None
    mrust: float


@dataclass(frozen=True)
class Misses:
    """How far the ladder is from runs that it was not made of.

    Parameters
    ----------
    tried
        Runs it was compared with.
    wrong
        Runs of them that unite where it says no, or the other way round.
    weeks
        Largest error of the week among those where both unite [wk]; None where there are none.
    """

    tried: int
    wrong: int
    weeks: float | None


@dataclass(frozen=True)
class DoseLadder:
    r"""Union and week by the dose, monotone between the runs of a ladder.

    .. math:: P(d) = \frac{\ln d - \ln d_-}{\ln d_+ - \ln d_-}

    between the highest dose without union :math:`d_-` and the lowest with it :math:`d_+`, where
    nothing is known of the threshold but that it lies there; 0 below and 1 above. The week falls
    linearly in :math:`\ln d` from run to run. Beyond the ladder the nearest run holds.

    Parameters
    ----------
    rungs
        The runs it is made of, by rising dose.
    fresh
        Runs it was not made of.
    voxel
        Edge of their voxels [m].
    """

    rungs: tuple[Rung, ...]
    fresh: tuple[Rung, ...] = ()
    voxel: float = VOXEL

    @property
    def bracket(self) -> tuple[float, float]:
        """Doses between which the threshold lies; 0 or infinity where the ladder does not tell.

        Where some dose unites and a higher one does not, these two.
        """
        without = [r.dose for r in self.rungs if r.week is None]
        united = [r.dose for r in self.rungs if r.week is not None]
        low, high = max(without, default=0.0), min(united, default=np.inf)
        return min(low, high), max(low, high)

    @property
    def is_monotone(self) -> bool:
        """Whether no dose unites below one that does not."""
        united = [r.week is not None for r in self.rungs]
        return united == sorted(united)

    def union(self, dose: Array) -> Array:
        """Return the chance that a dose unites, for all that the ladder tells, (sample,)."""
        low, high = self.bracket
        if low == 0.0 or np.isinf(high):
            return np.full(np.shape(dose), 0.0 if np.isinf(high) else 1.0)
        place = np.log(np.maximum(dose, 1e-300) / low) / np.log(high / low)
        found: Array = np.clip(place, 0.0, 1.0)
        return found

    def bounds(self, dose: Array) -> tuple[Array, Array]:
        """Return the least and the most that union can be, by where the threshold may lie."""
        low, high = self.bracket
        if low == 0.0 or np.isinf(high):
            same = self.union(dose)
            return same, same
        return (dose >= high).astype(float), (dose > low).astype(float)

    def week(self, dose: Array) -> Array:
        """Return the week of union of doses that unite, (sample,) [wk].

        Raises
        ------
        ValueError
            If no run of the ladder unites.
        """
        united = [(np.log(r.dose), r.week) for r in self.rungs if r.week is not None]
        if not united:
            raise ValueError("no dose of the ladder unites")
        at, weeks = (np.array(column, dtype=float) for column in zip(*united, strict=True))
        falling = np.minimum.accumulate(weeks)
        rising = np.maximum.accumulate(weeks[::-1])[::-1]
        found: Array = np.interp(np.log(np.maximum(dose, 1e-300)), at, (falling + rising) / 2)
        return found

    def misses(self, runs: Sequence[Rung]) -> Misses:
        """Return how far it is from some runs."""
        wrong, weeks = 0, []
        for run in runs:
            says = bool(self.union(np.array(run.dose)) >= 0.5)
            wrong += says is not (run.week is not None)
            if says and run.week is not None and np.isfinite(self.bracket[1]):
                weeks.append(abs(float(self.week(np.array(run.dose))) - run.week))
        return Misses(len(runs), wrong, max(weeks) if weeks else None)

    def left_out(self) -> Misses:
        """Return how far it is from each run but the two ends, made without that run."""
        parts = [
            DoseLadder(self.rungs[:n] + self.rungs[n + 1 :]).misses([self.rungs[n]])
            for n in range(1, len(self.rungs) - 1)
        ]
        weeks = [part.weeks for part in parts if part.weeks is not None]
        return Misses(len(parts), sum(part.wrong for part in parts), max(weeks, default=None))

    def as_written(self) -> dict[str, Any]:
        """Return it as plain data."""
        low, high = self.bracket
        return {
            "voxel_mm": self.voxel * 1e3,
            "rungs": [asdict(r) for r in self.rungs],
            "fresh": [asdict(r) for r in self.fresh],
            "threshold_between": [low or None, high if np.isfinite(high) else None],
            "is_monotone": self.is_monotone,
            "left_out": asdict(self.left_out()),
            "fresh_runs": asdict(self.misses(self.fresh)),
        }

    @classmethod
    def climbed(cls, run: Callable[[float], Rung], luck: np.random.Generator) -> Self:
        """Return the ladder of a ladder that is climbed where it is needed.

        Parameters
        ----------
        run
            Gives the healing run of a dose.
        luck
            Where the fresh runs lie: one anywhere on the ladder, one near the threshold.
        """
        found = {dose: run(dose) for dose in LADDER}
        for _ in range(HALVINGS):
            low, high = cls(_sorted(found)).bracket
            if low == 0.0 or np.isinf(high):
                break
            middle = float(np.sqrt(low * high))
            found[middle] = run(middle)
        made = cls(_sorted(found))
        low, high = made.bracket
        ends = np.log([LADDER[0], LADDER[-1]])
        near = ends
        if low > 0.0 and np.isfinite(high):
            near = np.clip(np.log([low / 3.0, high * 3.0]), *ends)
        doses = [float(np.exp(luck.uniform(*span))) for span in (ends, near)[:FRESH]]
        return cls(made.rungs, tuple(run(dose) for dose in doses))


def _sorted(found: dict[float, Rung]) -> tuple[Rung, ...]:
    return tuple(found[dose] for dose in sorted(found))


def arm(injections: Sequence[Injection]) -> str:
    """Return the name of what the healing of a plan depends on besides its dose."""
    return "; ".join(
        f"day {i.day / 86400:g}, {i.deliver.carrier}"
        + (f" {i.deliver.carrier_volume * 1e6:g} mL" if i.deliver.carrier_volume else "")
        for i in injections
    )


def coarse(case: Case) -> Settings:
    """Return the settings of the ladder's runs."""
    edge = min(VOXEL, case.site.gap.width)
    return Settings.model_validate({"voxel": f"{edge * 1e3:.6g} mm"})


def ladder(
    case: Case,
    *,
    seed: int,
    known: dict[str, dict[str, Any]],
    keep: Callable[[], None],
    watch: Watch,
) -> DoseLadder:
    """Return the ladder of a case from runs of the healing engine with its dose scaled.

    Parameters
    ----------
    case
        The case with the injections of an arm.
    seed
        The user's seed.
    known
        Runs of an earlier attempt by their dose; new ones are put into it.
    keep
        Called after each run.
    watch
        Hears the progress.
    """
    from trephine import pipeline  # noqa: PLC0415  (slow to import; a search for a dose does without)

    settings = coarse(case)
    total = len(LADDER) + HALVINGS + FRESH

    def run(dose: float) -> Rung:
        key = repr(dose)
        if key not in known:
            watch.progress("ladder", len(known), total, f"{dose:.3g} progenitors stay")
            seen = pipeline.at_dose(case, dose, settings=settings, seed=seed)
            known[key] = asdict(Rung(dose, seen.union_week, float(seen.mrust[-1])))
            keep()
        return Rung(**known[key])

    made = DoseLadder.climbed(run, Streams(seed).named("plan", "fresh"))
    return DoseLadder(made.rungs, made.fresh, settings.voxel)


@dataclass(frozen=True)
class Unite:
    """Gain the chance of union that the ladders tell.

    Parameters
    ----------
    emulators
        By the name of the arm.
    """

    emulators: dict[str, DoseLadder]

    def values(self, injections: Sequence[Injection], cells: Cells, count: int) -> Array:
        """Return the chance of union in each sample, none where a run is refused, (sample,)."""
        dose = cells.model * np.ones(count)
        found: Array = self.emulators[arm(injections)].union(dose) * ~np.asarray(cells.refused)
        return found
