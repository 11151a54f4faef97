"""The dose of a case: how many cells come from the needle to the lesion, with its spread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from trephine.case.aspirate import HarvestRisk
from trephine.case.case import Case
from trephine.case.harvesting import FatHarvest
from trephine.case.prescription import REFERENCE, Place, Prescription
from trephine.case.settings import Settings
from trephine.core.errors import InputError
from trephine.core.rng import Streams
from trephine.core.shares import wilson
from trephine.intake.site import anatomy
from trephine.models.assay import laboratory_factor
from trephine.models.dose_beliefs import DoseBeliefs
from trephine.models.harvest_risk import risks
from trephine.models.placement import Reach, volumes_within_reach
from trephine.models.retention import present
from trephine.stages import injections
from trephine.study.blocks import BLOCK, in_blocks, joined
from trephine.study.chain import Level, Luck, There, Treated, chain

Array = NDArray[np.floating[Any]]
Kind = Literal["drawn", "printed"]

MOST = 1_000_000
"""Samples that a person may ask for."""


@dataclass(frozen=True)
class Dose:
    """The dose of a case over samples.

    Parameters
    ----------
    name
        Name of the case.
    count, seed
        Samples, and the user's seed.
    beliefs
        Whether the numbers of the catalogue were drawn from their spreads, or as printed.
    assay
        Laboratory in whose colonies progenitors are counted.
    injections
        What each injection brings, progenitors as the reference laboratory counts them.
    factor
        What the laboratory counts for one colony of the reference, one value or (sample,) [-].
    risks
        What each harvest may do to the donor; None for fat.
    reaches
        What lies within reach of the gap for each injection [m^3].
    """

    name: str
    count: int
    seed: int
    beliefs: Kind
    assay: str
    injections: tuple[Treated, ...]
    factor: Any
    risks: tuple[HarvestRisk | None, ...]
    reaches: tuple[Reach, ...]

    def counted(self, treated: Treated, progenitors: Any) -> Any:  # noqa: ANN401
        """Return progenitors of a product as the laboratory counts them.

        Cells grown in culture are counted as cells, the same everywhere.
        """
        return progenitors if treated.is_cultured else progenitors * self.factor

    def levels(self, treated: Treated) -> tuple[Level, ...]:
        """Return the funnel of an injection as the laboratory counts it."""
        drawn, *later = treated.levels
        return (
            replace(drawn, progenitors=drawn.progenitors * self.factor),
            *(replace(one, progenitors=self.counted(treated, one.progenitors)) for one in later),
        )

    def at(self, place: Place, treated: Treated | None = None) -> There:
        """Return what is at a place of one injection, or of all together, (sample,) each."""
        return self.total(place, self.injections if treated is None else (treated,))

    def total(self, place: Place, chosen: Sequence[Treated]) -> There:
        """Return what is at a place of some injections together, (sample,) each."""
        shape = np.ones(self.count)
        return There(
            sum(self.counted(t, t.at[place].progenitors) for t in chosen) * shape,
            sum(t.at[place].nucleated for t in chosen) * shape,
            sum(t.at[place].volume for t in chosen) * shape,
        )

    def present(self, times: Sequence[float], shares: Sequence[float]) -> Array:
        """Return quantiles of the progenitors present in the lesion over time (D3).

        By the law of retention alone; cells neither divide nor differentiate.

        Parameters
        ----------
        times
            Times from day 0 [s].
        shares
            Which quantiles [-].

        Returns
        -------
        NDArray
            (time, quantile) [-].
        """
        placed = [
            t.staying._replace(cells=self.counted(t, t.staying.cells)) for t in self.injections
        ]
        return np.array(
            [np.quantile(np.ones(self.count) * present(time, placed), shares) for time in times]
        )


@dataclass(frozen=True)
class Chance:
    """The share of samples that reaches a prescription.

    Parameters
    ----------
    value
        Share [-].
    interval
        Where it lies in 95 of 100 repetitions with other luck, low and high [-].
    """

    value: float
    interval: tuple[float, float]


def chance(dose: Dose, prescription: Prescription, treated: Treated | None = None) -> Chance:
    """Return the chance that a dose reaches a prescription.

    Of several injections the cells are added up and so are the volumes. Cells grown in culture
    count only where the prescription says so, and a sample in which a run is refused, since a
    product cannot be had, does not reach it. The interval is that of the number of samples alone;
    how far the model itself is off is not in it.

    Parameters
    ----------
    dose
        The dose, counted by the laboratory of the prescription.
    prescription
        What is to be reached, all of it at once.
    treated
        One injection alone; all together unless given.

    Raises
    ------
    ValueError
        If the dose is counted by another laboratory.
    """
    if dose.assay != prescription.assay:
        raise ValueError(f"counted by {dose.assay}, prescribed by {prescription.assay}")
    chosen = dose.injections if treated is None else (treated,)
    found = dose.at(prescription.place, treated)
    if not prescription.grown:
        own = tuple(each for each in chosen if not each.is_cultured)
        found = replace(dose.total(prescription.place, own), nucleated=found.nucleated)
    passed = reached(prescription, found, dose.count)
    for each in chosen:
        passed &= ~np.asarray(each.is_held)
    number = int(passed.sum())
    return Chance(number / dose.count, wilson(number, dose.count))


def reached(prescription: Prescription, there: There, count: int) -> NDArray[np.bool_]:
    """Return in which samples some cells reach all of a prescription, (sample,)."""
    passed = np.ones(count, dtype=bool)
    for least, values in (
        (prescription.progenitors, there.progenitors),
        (prescription.density, there.density),
        (prescription.nucleated, there.nucleated),
    ):
        if least is not None:
            passed &= np.asarray(values) >= least
    return passed


def check(case: Case, p: DoseBeliefs) -> None:
    """Refuse a case whose dose cannot be computed, before anything is.

    Raises
    ------
    InputError
        If the plan holds no injection, names what the catalogue has no numbers for, or asks for
        a product that cannot be made with middle luck.
    """
    if not case.plan.injections:
        raise InputError(
            f"{case.name}: the plan holds no injection, so there is no dose; add a step with "
            "kind = 'injection'"
        )
    wrong = injections.problems(case, p.harvest, p.process, p.deliver)
    if wrong:
        raise InputError(f"{case.name} cannot be computed as it stands", wrong)


def reaches(case: Case) -> tuple[Reach, ...]:
    """Return what lies within reach of the gap for each injection, in draft voxels [m^3].

    Raises
    ------
    InputError
        If the site cannot be built, no voxel holds any of the gap, or portions miss the bone.
    """
    place = anatomy(case.site, Settings.preset("draft"))
    injections.refuse_beside_the_bone(case, place)
    return tuple(volumes_within_reach(place, step.deliver.reach) for step in case.plan.injections)


def laboratory(p: DoseBeliefs, assay: str) -> Any:  # noqa: ANN401  (a number or an array)
    """Return what a laboratory counts for one colony of the reference, or raise InputError."""
    return laboratory_factor(assay, p.harvest)


def dose(
    case: Case,
    *,
    count: int = 10_000,
    seed: int = 0,
    beliefs: Kind = "drawn",
    assay: str = REFERENCE,
    workers: int = 1,
) -> Dose:
    """Return the dose of every injection of a case, from needle to lesion, over samples.

    Luck of donor, needle positions and device, and every number of the catalogue that states a
    spread, each by a stream of its own. The same donor gives for all injections.

    Parameters
    ----------
    case
        Patient, site and plan.
    count
        Samples.
    seed
        The user's seed.
    beliefs
        ``"drawn"`` from their spreads, or ``"printed"``, so that only luck varies.
    assay
        Laboratory in whose colonies progenitors are told; ``"reference"`` is that of the model.
    workers
        Threads; the numbers do not depend on them.

    Raises
    ------
    InputError
        If the case has no injection, or it or the assay names what the catalogue does not know.
    """
    if not 1 <= count <= MOST:
        raise InputError(f"{count} samples cannot be made; ask for 1 to {MOST:,}")
    printed = DoseBeliefs.printed()
    check(case, printed)
    laboratory(printed, assay)
    steps, room = case.plan.injections, reaches(case)

    def block(streams: Streams, size: int) -> tuple[tuple[Treated, ...], Any]:
        p = printed
        if beliefs == "drawn":
            p = DoseBeliefs.draw(streams.within("record"), size)
        luck = Luck.of(steps, streams, size)
        return chain(case.patient, steps, room, p, luck), laboratory(p, assay)

    parts = in_blocks(block, Streams(seed).within("dose"), count, workers)
    sizes = [min(BLOCK, count - start) for start in range(0, count, BLOCK)]
    treated, factor = joined(parts, sizes)
    harms = _risks(case, treated, printed)
    return Dose(case.name, count, seed, beliefs, assay, treated, factor, harms, room)


def _risks(
    case: Case, treated: Sequence[Treated], p: DoseBeliefs
) -> tuple[HarvestRisk | None, ...]:
    """Return what each harvest of marrow may do to the donor; the blood drawn is that of samples.

    How sure the chances are is told by their intervals, so the numbers are those printed.
    """
    female = case.patient.sex == "female"
    blood = p.harvest.blood_haematocrit_female if female else p.harvest.blood_haematocrit_male
    return tuple(
        None
        if isinstance(step.harvest, FatHarvest)
        else risks(case.patient, float(np.median(each.pool.red_cell_volume)), blood, p.harvest.risk)
        for step, each in zip(case.plan.injections, treated, strict=True)
    )
