"""One plan over many virtual donors: what it gives to whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trephine.case.case import Case
from trephine.case.prescription import REFERENCE, Place
from trephine.catalogue.load import catalogue
from trephine.core.rng import Streams
from trephine.models.dose_beliefs import DoseBeliefs
from trephine.models.population import PopulationParameters, VirtualDonors, virtual_donors
from trephine.models.reading import Reading
from trephine.study.blocks import BLOCK, in_blocks, joined
from trephine.study.chain import Luck, chain
from trephine.study.dose import Kind, check, laboratory, reaches

Array = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Screened:
    """What a plan gives to virtual donors, each field (sample,) unless said.

    Parameters
    ----------
    donors
        Who they are.
    progenitors, nucleated
        Cells at the place asked for, of all injections together; progenitors as the laboratory
        counts them [-].
    volume
        Volume that holds them [m^3].
    """

    donors: VirtualDonors
    progenitors: Array
    nucleated: Array
    volume: Array

    @property
    def density(self) -> Array:
        """Progenitors per volume [1/m^3]."""
        return self.progenitors / self.volume


def screen(
    case: Case,
    *,
    count: int = 1_000_000,
    seed: int = 0,
    beliefs: Kind = "drawn",
    place: Place = "lesion",
    assay: str = REFERENCE,
    workers: int = 1,
) -> Screened:
    """Return what the plan of a case gives to virtual donors.

    Site and plan are those of the case, the patient is not: each sample is another donor of the
    stated population, with luck and numbers of its own. Only what is asked for is kept, so a
    million donors need less than a hundred megabytes.

    Parameters
    ----------
    case
        Site and plan.
    count
        Donors.
    seed
        The user's seed.
    beliefs
        Whether the numbers of the catalogue are drawn from their spreads, or as printed.
    place
        Where cells are counted.
    assay
        Laboratory in whose colonies.
    workers
        Threads; the numbers do not depend on them.

    Raises
    ------
    InputError
        If the plan holds no injection, or something is named that the catalogue does not know.
    """
    printed = DoseBeliefs.printed()
    check(case, printed)
    laboratory(printed, assay)
    people = Reading(catalogue()).fill(PopulationParameters)
    injections, room = case.plan.injections, reaches(case)

    def block(streams: Streams, size: int) -> Screened:
        p = printed
        if beliefs == "drawn":
            p = DoseBeliefs.draw(streams.within("record"), size)
        donors = virtual_donors(people, streams.within("population"), size)
        luck = Luck.of(injections, streams, size)
        told = chain(donors.facts(), injections, room, p, luck)
        factor = laboratory(p, assay)
        there = [
            (t.at[place], t.at[place].progenitors * (1.0 if t.is_cultured else factor))
            for t in told
        ]
        return Screened(
            donors,
            sum(progenitors for _, progenitors in there) + np.zeros(size),
            sum(one.nucleated for one, _ in there) + np.zeros(size),
            sum(one.volume for one, _ in there) + np.zeros(size),
        )

    parts = in_blocks(block, Streams(seed).within("population"), count, workers)
    sizes = [min(BLOCK, count - start) for start in range(0, count, BLOCK)]
    found: Screened = joined(parts, sizes)
    return found
