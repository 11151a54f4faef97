"""One set of luck for all plans, so that plans differ by what they are and by nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from types import MappingProxyType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from trephine.case.harvesting import MOST_DRAWS, FatHarvest, Harvest
from trephine.case.patient import Patient
from trephine.case.plan import Injection
from trephine.case.prescription import Place, Prescription
from trephine.case.processing import Concentrate, Processing
from trephine.case.suspension import Suspension
from trephine.core.rng import Streams
from trephine.models.aspiration import Donor
from trephine.models.dose_beliefs import DoseBeliefs
from trephine.models.placement import Reach
from trephine.models.processing import Processed, ProcessParameters, processed
from trephine.models.yields import yield_of_run
from trephine.study.chain import There, brought, gathered
from trephine.study.dose import laboratory, reached

Array = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Cells:
    """The cells of an injection, or of several together.

    Parameters
    ----------
    at
        Cells that were not grown by the place of a prescription, progenitors as its laboratory
        counts them.
    grown
        Cells grown in culture, by place; they are counted as cells, the same everywhere.
    model
        Progenitors that stay, grown ones among them, in the colonies of the reference laboratory,
        as the healing model takes them, one value or (sample,).
    refused
        Where a product cannot be had from the marrow, so that a run with this luck is refused,
        one value or (sample,).
    """

    at: Mapping[Place, There]
    grown: Mapping[Place, There]
    model: Any
    refused: Any

    def counted(self, prescription: Prescription) -> There:
        """Return the cells that a prescription counts."""
        own, grown = self.at[prescription.place], self.grown[prescription.place]
        if prescription.grown:
            return added([own, grown])
        # Grown cells are no colonies of an assay; that they are nucleated nobody doubts.
        return replace(own, nucleated=own.nucleated + grown.nucleated)


@dataclass(frozen=True)
class Turn:
    """The luck of the first, second, ... injection, whatever is made in it.

    Parameters
    ----------
    needle
        Depots at the positions, (draw, sample), for as many draws as any plan makes.
    clot, device
        Clotting, and the run of device or culture, (sample,).
    settled
        The numbers of processing with the yield of the run in place of its median.
    """

    needle: Array
    clot: Array
    device: Array
    settled: ProcessParameters


@dataclass(frozen=True)
class Common:
    """Samples of luck and numbers that every plan meets alike.

    Parameters
    ----------
    count
        Samples.
    patient
        Who is treated.
    p
        The numbers of the dose, each one value or (sample,).
    donor
        The luck of the donor, (sample,).
    turns
        The luck of each injection in turn.
    factor
        What the laboratory of the prescription counts for one colony of the reference.
    """

    count: int
    patient: Patient
    p: DoseBeliefs
    donor: Donor
    turns: tuple[Turn, ...]
    factor: Any

    @classmethod
    def of(
        cls,
        patient: Patient,
        streams: Streams,
        count: int,
        *,
        injections: int,
        draws: int = MOST_DRAWS,
        assay: str,
    ) -> Self:
        """Return samples; those of an injection or a draw do not depend on how many there are.

        Parameters
        ----------
        patient
            Who is treated.
        streams
            Family of streams.
        count
            Samples.
        injections, draws
            Most injections of a plan, and most draws of a harvest.
        assay
            Laboratory of the prescription.
        """
        p = DoseBeliefs.draw(streams.within("record"), count)
        donor = Donor.of(p.harvest, *streams.named("donor").standard_normal((2, count)))
        turns = []
        for number in range(injections):
            luck = streams.within("injection", number)
            device = luck.named("device").standard_normal(count)
            needle = luck.named("needle").standard_normal((draws, count))
            clot = luck.named("clot").standard_normal(count)
            turns.append(Turn(needle, clot, device, settled(p.process, device)))
        return cls(count, patient, p, donor, tuple(turns), laboratory(p, assay))

    def pool(self, harvest: Harvest | FatHarvest, turn: int) -> Suspension:
        """Return what a harvest gives in one of the injections."""
        luck = self.turns[turn]
        draws = len(harvest.draws) if isinstance(harvest, Harvest) else 1
        needle = luck.needle[:draws]
        return gathered(self.patient, harvest, self.p, self.donor, needle, luck.clot)

    def product(self, pool: Suspension, plan: Processing, turn: int) -> Processed:
        """Return what processing makes of it."""
        luck = self.turns[turn]
        if isinstance(plan, Concentrate):
            return processed(pool, plan, self.patient.age, luck.settled, 0.0)
        return processed(pool, plan, self.patient.age, self.p.process, luck.device)

    def cells(self, injection: Injection, pool: Suspension, made: Processed, reach: Reach) -> Cells:
        """Return the cells by place, colonies as the laboratory counts them and grown cells."""
        told = brought(injection, pool, made, reach, self.p)
        none = dict.fromkeys(told.at, There(0.0, 0.0, 0.0))
        stay = told.at["stays"].progenitors
        if told.is_cultured:
            return Cells(none, told.at, stay, told.is_held)
        counted = {
            place: replace(there, progenitors=there.progenitors * self.factor)
            for place, there in told.at.items()
        }
        return Cells(counted, none, stay, told.is_held)

    def plan(self, injections: Sequence[Injection], reaches: Sequence[Reach]) -> Cells:
        """Return the cells by place of a whole plan, injection by injection added up."""
        whole: list[Cells] = []
        for turn, (injection, reach) in enumerate(zip(injections, reaches, strict=True)):
            pool = self.pool(injection.harvest, turn)
            made = self.product(pool, injection.process, turn)
            whole.append(self.cells(injection, pool, made, reach))
        return together(whole)


def settled(p: ProcessParameters, device: Array) -> ProcessParameters:
    """Return the numbers of processing with the yield of each run put in place of its median.

    The yield of a run depends on neither harvest nor product, so it is found once for all plans;
    with it a run takes no luck of its own.
    """
    cut = p.separation
    devices = {}
    for name, one in cut.devices.items():
        run: dict[str, Any] = {
            "cell_yield": yield_of_run(one.cell_yield, cut.cell_spread, device),
            "progenitor_yield": yield_of_run(one.progenitor_yield, cut.progenitor_spread, device),
        }
        devices[name] = replace(one, **run)
    return replace(p, separation=replace(cut, devices=MappingProxyType(devices)))


def added(parts: Sequence[There]) -> There:
    """Return the cells of several injections together, with all their volumes."""
    return There(
        sum(part.progenitors for part in parts),
        sum(part.nucleated for part in parts),
        sum(part.volume for part in parts),
    )


def together(parts: Sequence[Cells]) -> Cells:
    """Return the cells of several injections; refused is what any of them refuses."""
    return Cells(
        {place: added([each.at[place] for each in parts]) for place in parts[0].at},
        {place: added([each.grown[place] for each in parts]) for place in parts[0].grown},
        sum(each.model for each in parts),
        reduce(np.logical_or, [each.refused for each in parts]),
    )


def reaching(prescription: Prescription, cells: Cells, count: int) -> NDArray[np.bool_]:
    """Return in which samples a plan reaches all of a prescription, (sample,)."""
    passed = reached(prescription, cells.counted(prescription), count)
    passed &= ~np.asarray(cells.refused)
    return passed
