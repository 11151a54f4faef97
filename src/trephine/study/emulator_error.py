"""Owns how far the emulator is off, measured on runs of the engine that it never saw."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from trephine.study.courses import CALLUS, MILLILITRE, Runs
from trephine.study.teaching import BEFORE, Answers

Array = NDArray[np.floating[Any]]

BANDS = (0.5, 0.9)
"""Chances of the intervals whose coverage is told."""


@dataclass(frozen=True)
class Predicted:
    """What the emulator expects of courses.

    Parameters
    ----------
    week
        Visits, (week,) [wk].
    union_chance_by_week
        Chance of having united by each, (week, sample) [-].
    callus
        Volume of mineralised new bone expected at the weeks of :data:`CALLUS`,
        (week, sample) [m^3].
    mrust
        Score expected at the same weeks, (week, sample).
    """

    week: Array
    union_chance_by_week: Array
    callus: Array
    mrust: Array

    @property
    def union_chance(self) -> Array:
        """Chance of having united by the last visit, (sample,) [-]."""
        return np.asarray(self.union_chance_by_week[-1])

    @property
    def union_week_median(self) -> Array:
        """First visit by which union is likelier than not, infinite where none is, (sample,)."""
        likely = self.union_chance_by_week >= 0.5
        return np.where(likely.any(axis=0), self.week[likely.argmax(axis=0)], np.inf)

    @property
    def union_week(self) -> Array:
        """Mean week of union of those that unite by the last visit, (sample,) [wk]."""
        gained = np.diff(self.union_chance_by_week, axis=0, prepend=0.0)
        return np.asarray(self.week @ gained / np.maximum(self.union_chance, 1e-300))


@dataclass(frozen=True)
class EmulatorError:
    """How far the emulator is off, on fresh runs of the engine that it never saw.

    Parameters
    ----------
    tried, united
        Fresh runs, and those of them that united.
    brier, brier_of_the_share
        Mean squared error of the chance of union; and that of telling every course the share of
        the united among the runs it learned from [-].
    right
        Share of the runs that unite where union is likelier than not, or do not where not [-].
    week, week_bias
        Mean absolute and mean error of the week of union, where both unite [wk].
    callus
        Root mean square error of the volume at the weeks of :data:`CALLUS` [mL].
    callus_spread
        Standard deviation of these volumes over the fresh runs [mL].
    mrust
        Root mean square error of the score at the same weeks.
    week_within, callus_within, mrust_within
        Share of the runs that lie within the middle :data:`BANDS` of what was expected of the
        week of union, where it united, and of callus and score at the last visit, where callus
        grew [-].
    """

    tried: int
    united: int
    brier: float
    brier_of_the_share: float
    right: float
    week: float
    week_bias: float
    callus: tuple[float, ...]
    callus_spread: tuple[float, ...]
    mrust: tuple[float, ...]
    week_within: tuple[float, ...]
    callus_within: tuple[float, ...]
    mrust_within: tuple[float, ...]

    def as_written(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {name: list(v) if isinstance(v, tuple) else v for name, v in asdict(self).items()}

    def __str__(self) -> str:
        """Return it in a sentence."""
        return (
            f"On {self.tried} runs of the engine it never saw, the emulator is right about union "
            f"in {100 * self.right:.1f} % (Brier score {self.brier:.3f}; "
            f"{self.brier_of_the_share:.3f} by the share alone), {self.week:.2g} weeks off in the "
            "week of union and "
            f"{self.callus[-1]:.2g} mL in the callus at week {CALLUS[-1]}; "
            f"{100 * self.week_within[-1]:.0f} % of the weeks lie within its intervals of "
            f"{100 * BANDS[-1]:.0f} %."
        )


def error(said: Predicted, known: Answers, fresh: Runs, trained: Runs) -> EmulatorError:
    """Return how far predictions are off.

    Parameters
    ----------
    said, known
        What the emulator says of the fresh runs, and what it knows of them.
    fresh
        Runs that it never saw.
    trained
        Runs that it learned from.
    """
    united = np.isfinite(fresh.union)
    likely = said.union_chance >= 0.5
    both = united & likely
    off = said.union_week[both] - fresh.union[both]
    share = float(np.mean(np.isfinite(trained.union)))
    callus = (said.callus - fresh.callus) / MILLILITRE
    with np.errstate(divide="ignore"):
        weeks = (np.log(fresh.union - BEFORE) - known.middle) / known.spread
    amounts = ((fresh.amounts - known.amounts) / known.amounts_spread)[fresh.grew].T
    return EmulatorError(
        tried=len(fresh),
        united=int(united.sum()),
        brier=float(np.mean((said.union_chance - united) ** 2)),
        brier_of_the_share=float(np.mean((share - united) ** 2)),
        right=float(np.mean(likely == united)),
        week=float(np.abs(off).mean()),
        week_bias=float(off.mean()),
        callus=tuple(float(v) for v in np.sqrt(np.mean(callus**2, axis=1))),
        callus_spread=tuple(float(v) for v in fresh.callus.std(axis=1) / MILLILITRE),
        mrust=tuple(float(v) for v in np.sqrt(np.mean((said.mrust - fresh.mrust) ** 2, axis=1))),
        week_within=_within(weeks[united]),
        callus_within=_within(amounts[len(CALLUS) - 1]),
        mrust_within=_within(amounts[-1]),
    )


def _within(deviates: Array) -> tuple[float, ...]:
    """Return the share of standard normal deviates within each middle band."""
    ends = ndtri(0.5 + np.array(BANDS) / 2.0)
    return tuple(float(np.mean(np.abs(deviates) <= end)) for end in ends)
