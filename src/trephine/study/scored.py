"""A plan with what it gains and asks for, told by fresh luck."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from trephine.case.plan import Injection
from trephine.case.prescription import Prescription
from trephine.catalogue.load import catalogue
from trephine.core.rng import Streams
from trephine.core.shares import wilson
from trephine.models import timeline
from trephine.models.burden import Burden
from trephine.models.placement import Reach
from trephine.models.reading import Reading
from trephine.models.timeline import TimelineParameters
from trephine.study import front
from trephine.study.dose_ladder import DoseLadder
from trephine.study.luck import Common, reaching
from trephine.study.search import Objective, ReachPrescription

Array = NDArray[np.floating[Any]]

TIMED = 2048
"""Samples of the times of a procedure."""
SHARES = (0.1, 0.5, 0.9)
"""Quantiles that are told: the middle, and the ends of 80 %."""
UNASKED = Burden(0.0, 0.0, 0, 0.0, 0.0, 0.0, 0, 0, is_minimal=True, major=0.0, haemoglobin_fall=0.0)


@dataclass(frozen=True)
class Scored:
    """A plan and what it gains.

    Parameters
    ----------
    injections
        What is done.
    gain, interval
        Chance that was asked for, and where it lies in 95 of 100 repetitions with other luck.
    gains
        Gain in each sample, (sample,).
    stays
        Progenitors that stay, of the reference laboratory, (sample,).
    dose
        Quantiles of the progenitors at the place of the prescription, as its laboratory counts
        them and without grown cells, or of all that stay, (quantile,).
    grown
        Quantiles of the grown cells there, (quantile,).
    made
        Whether its products can be had in each sample; where not, a run is refused and the plan
        gains nothing, (sample,).
    reaches
        Chance of reaching the prescription with its interval, where there is one.
    theatre, patient
        Quantiles of the times [s].
    burden
        What the plan asks for, by printed numbers.
    searched
        Gain by the luck of the search; None where the plan was not searched.
    over
        Limits it passes over.
    difference
        Gain above that of the plan of the case by the same luck, with its interval.
    bounds
        Least and most the chance of union may be by where the threshold lies; None without.
    week
        Quantiles of the week of union where it unites; None without.
    """

    injections: tuple[Injection, ...]
    gain: float
    interval: tuple[float, float]
    gains: Array
    stays: Array
    dose: tuple[float, ...]
    grown: tuple[float, ...]
    made: NDArray[np.bool_]
    reaches: tuple[float, tuple[float, float]] | None
    theatre: tuple[float, ...]
    patient: tuple[float, ...]
    burden: Burden = UNASKED
    searched: float | None = None
    over: tuple[str, ...] = ()
    difference: tuple[float, tuple[float, float]] | None = None
    bounds: tuple[float, float] | None = None
    week: tuple[float, ...] | None = None

    @property
    def refused(self) -> float:
        """Share of the samples in which a run is refused."""
        return 1.0 - float(self.made.mean())

    def against(self, other: Scored) -> Self:
        """Return the plan with its difference to another, sample by sample."""
        return replace(self, difference=front.paired(self.gains, other.gains))

    def is_as_good_as(self, other: Scored) -> bool:
        """Return whether the samples do not show that another plan gains more."""
        _, (_, high) = front.paired(self.gains, other.gains)
        return high >= 0.0

    def united(self, emulator: DoseLadder | None) -> Self:
        """Return the plan with what an emulator tells of it besides the chance of union."""
        if emulator is None:
            return self
        low, high = (bound * self.made for bound in emulator.bounds(self.stays))
        united = self.stays[self.made & (emulator.union(self.stays) >= 0.5)]
        week = None
        if united.size:
            week = tuple(float(w) for w in np.quantile(emulator.week(united), SHARES))
        return replace(self, bounds=(float(low.mean()), float(high.mean())), week=week)


def scored(
    injections: Sequence[Injection],
    common: Common,
    reach: Sequence[Reach],
    objective: Objective,
    prescription: Prescription | None,
    streams: Streams,
) -> Scored:
    """Return what a plan gains on some samples.

    Parameters
    ----------
    injections
        All of the plan's.
    common
        The samples.
    reach
        Volumes within reach of the gap, for each injection [m^3].
    objective
        What is gained.
    prescription
        What the dose should reach, where there is one.
    streams
        Family of streams, for the times of the procedure.
    """
    cells = common.plan(injections, reach)
    gains = objective.values(injections, cells, common.count)
    whole = np.ones(common.count)
    stays = np.asarray(cells.model) * whole
    there, grown = stays, cells.grown["stays"].progenitors
    reached = None
    if prescription is not None:
        there = np.asarray(cells.at[prescription.place].progenitors) * whole
        grown = cells.grown[prescription.place].progenitors
        passed = int(reaching(prescription, cells, common.count).sum())
        reached = passed / common.count, wilson(passed, common.count)
    moments = timeline.course(injections, _times(streams))
    gain = float(gains.mean())
    if isinstance(objective, ReachPrescription):
        interval = wilson(int(gains.sum()), common.count)
    else:
        half = 1.959963984540054 * float(gains.std()) / np.sqrt(common.count)
        interval = (max(gain - float(half), 0.0), min(gain + float(half), 1.0))
    return Scored(
        injections=tuple(injections),
        gain=gain,
        interval=interval,
        gains=gains,
        stays=stays,
        dose=_quantiles(there),
        grown=_quantiles(grown * whole),
        made=np.logical_not(cells.refused) & (whole > 0),
        reaches=reached,
        theatre=_quantiles(timeline.theatre_time(moments)),
        patient=_quantiles(timeline.patient_time(moments)),
    )


@cache
def _times(streams: Streams) -> TimelineParameters:
    """Return samples of the times, the same for all plans."""
    return Reading(catalogue(), streams.within("record").named, TIMED).fill(TimelineParameters)


def _quantiles(values: Any) -> tuple[float, ...]:  # noqa: ANN401  (a number or an array)
    return tuple(float(v) for v in np.quantile(values, SHARES))
