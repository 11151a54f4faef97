"""The way of the cells from needle to lesion, for every injection of a plan, over many samples."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from trephine.case.harvesting import FatHarvest, Harvest
from trephine.case.patient import Patient
from trephine.case.plan import Injection
from trephine.case.prescription import Place
from trephine.case.suspension import Suspension
from trephine.core.rng import Streams
from trephine.models.aspiration import Donor, Facts, drawn
from trephine.models.dose_beliefs import DoseBeliefs
from trephine.models.injection import WASHED_OUT, delivered
from trephine.models.injection import left as left_after
from trephine.models.lipoaspiration import lipoaspirated
from trephine.models.placement import Reach, room
from trephine.models.processing import Processed, processed
from trephine.models.retention import Placed

Array = NDArray[np.floating[Any]]
Lucky = Literal["donor", "needle", "clot", "device"]
"""The kinds of luck."""


@dataclass(frozen=True)
class Luck:
    """Standard normal deviates of one patient's treatment, or of many samples of it.

    Parameters
    ----------
    donor
        Nucleated cells and prevalence of the donor, the same for all injections, (2, sample).
    needle
        Depots at the positions of the needle, (draw, sample), for each injection; for fat the
        donor's yield, (1, sample).
    clot
        Whether marrow clots in a needle that was not rinsed, (sample,), for each injection.
    device
        Run of device or culture, (sample,), for each injection.
    """

    donor: Array
    needle: tuple[Array, ...]
    clot: tuple[Array, ...]
    device: tuple[Array, ...]

    @classmethod
    def of(cls, injections: Sequence[Injection], streams: Streams, count: int) -> Self:
        """Return samples of luck; one sample is the luck of a run with the same streams.

        The luck of an injection is named by its day and method, so it stays when another
        injection is left out, and a draw keeps its luck when draws are added after it.
        """
        needle, clot, device = [], [], []
        for luck, injection in zip(named(injections, streams), injections, strict=True):
            harvest = injection.harvest
            draws = 1 if isinstance(harvest, FatHarvest) else len(harvest.draws)
            needle.append(luck.named("needle").standard_normal((draws, count)))
            clot.append(luck.named("clot").standard_normal(count))
            device.append(luck.named("device").standard_normal(count))
        donor = streams.named("donor").standard_normal((2, count))
        return cls(donor, tuple(needle), tuple(clot), tuple(device))

    def exchanged(self, other: Self, kind: Lucky) -> Self:
        """Return this luck with one of its kinds taken from another."""
        return dataclasses.replace(self, **{kind: getattr(other, kind)})


def named(injections: Sequence[Injection], streams: Streams) -> list[Streams]:
    """Return the family of streams of each injection, as a run names them."""
    met: Counter[tuple[str, str]] = Counter()
    found = []
    for step in injections:
        which = (f"day {step.day / 86400:g}", step.process.method)
        found.append(streams.within(*which, met[which]))
        met[which] += 1
    return found


@dataclass(frozen=True)
class Level:
    """What is left after one step on the way, progenitors and nucleated cells.

    Parameters
    ----------
    name
        Where the cells are, in words.
    progenitors, nucleated
        Cells there, the nucleated ones with the progenitors, one value or (sample,) [-].
    """

    name: str
    progenitors: Any
    nucleated: Any


@dataclass(frozen=True)
class There:
    """Cells at one place, each field one value or (sample,).

    Parameters
    ----------
    progenitors, nucleated
        Cells, the nucleated ones with the progenitors [-].
    volume
        Volume that holds them [m^3].
    """

    progenitors: Any
    nucleated: Any
    volume: Any

    @property
    def density(self) -> Any:  # noqa: ANN401  (a number or an array)
        """Progenitors per volume; none where there is nothing [1/m^3]."""
        return self.progenitors / np.where(np.asarray(self.volume) > 0, self.volume, np.inf)[()]


@dataclass(frozen=True)
class Treated:
    """What one injection brings, from needle to lesion; numbers are one value or (sample,).

    Parameters
    ----------
    day
        Day of the injection [s].
    is_cultured
        Whether the progenitors were grown.
    pool, product
        What was drawn and what was made of it.
    levels
        What is left after each step, what was drawn first.
    at
        Cells by place, as a prescription names them.
    staying
        How long they stay.
    is_held
        Whether the cells that come over had to be held to what packs into the product.
    is_crowded
        Whether grown cells were kept back, since no suspension so dense is injected.
    """

    day: float
    is_cultured: bool
    pool: Suspension
    product: Suspension
    levels: tuple[Level, ...]
    at: Mapping[Place, There]
    staying: Placed
    is_held: Any
    is_crowded: Any = False


def treated(
    patient: Patient | Facts,
    injection: Injection,
    reach: Reach,
    p: DoseBeliefs,
    donor: Donor,
    luck: tuple[Array, Array, Array],
) -> Treated:
    """Return what one injection brings.

    Parameters
    ----------
    patient
        One patient, or the facts of as many as there are samples.
    injection
        Its harvest, processing and delivery.
    reach
        Volumes within reach of the gap [m^3].
    p
        The numbers, each one value or (sample,).
    donor
        The luck of the donor, (sample,).
    luck
        Standard normal deviates of the positions, (draw, sample), of a clot and of the run,
        (sample,) each.
    """
    needle, clot, device = luck
    pool = gathered(patient, injection.harvest, p, donor, needle, clot)
    made = processed(pool, injection.process, patient.age, p.process, device)
    return brought(injection, pool, made, reach, p)


def gathered(
    patient: Patient | Facts,
    harvest: Harvest | FatHarvest,
    p: DoseBeliefs,
    donor: Donor,
    needle: Array,
    clot: Array | None = None,
) -> Suspension:
    """Return what a harvest gives, the first link of the chain."""
    if isinstance(harvest, FatHarvest):
        return lipoaspirated(harvest, p.harvest.fat, needle[0])
    return drawn(patient, harvest, p.harvest, donor, needle, clot).pool


def brought(
    injection: Injection, pool: Suspension, made: Processed, reach: Reach, p: DoseBeliefs
) -> Treated:
    """Return what a product brings to the lesion, the last link, with all before it.

    Parameters
    ----------
    injection
        Its delivery and days.
    pool, made
        What the harvest gave, and what was made of it.
    reach
        Volumes within reach of the gap [m^3].
    p
        The numbers, each one value or (sample,).
    """
    room_there = room(reach, p.deliver.accessible)
    given = delivered(made.product, injection.deliver, room_there, p.deliver, injection.waiting)
    levels = [_level("drawn", pool), _level("in the product", made.product)]
    progenitors: Any = made.product.progenitors
    others: Any = made.product.nucleated - progenitors
    left: dict[str, Level] = {}
    for step, other in zip(given.shares, given.of_others, strict=True):
        progenitors, others = progenitors * step.share, others * other.share
        left[step.loss] = Level(step.left, progenitors, progenitors + others)
    levels.extend(left.values())
    bed = p.deliver.retention[injection.deliver.carrier]
    return Treated(
        day=injection.day,
        is_cultured=made.cultured,
        pool=pool,
        product=made.product,
        levels=tuple(levels),
        at={
            "product": _there(levels[1], made.product.volume),
            "injected": _there(left["sheared"], given.mixed),
            "lesion": _there(left["found no room"], given.volume),
            "stays": _there(levels[-1], given.volume),
        },
        staying=Placed(
            injection.day,
            given.placed,
            1.0 - left_after([step for step in given.shares if step.loss in WASHED_OUT]),
            bed.fast_half_life,
            bed.slow_half_life,
        ),
        is_held=made.held,
        is_crowded=made.crowded,
    )


def _level(name: str, held: Suspension) -> Level:
    return Level(name, held.progenitors, held.nucleated)


def _there(level: Level, volume: Any) -> There:  # noqa: ANN401  (a number or an array)
    return There(level.progenitors, level.nucleated, volume)


def chain(
    patient: Patient | Facts,
    injections: Sequence[Injection],
    reaches: Sequence[Reach],
    p: DoseBeliefs,
    luck: Luck,
) -> tuple[Treated, ...]:
    """Return what every injection of a plan brings; one donor gives for all of them.

    Parameters
    ----------
    patient
        One patient, or the facts of as many as there are samples.
    injections
        The injections in the order of their days.
    reaches
        Volumes within reach of the gap for each [m^3].
    p
        The numbers.
    luck
        The deviates.
    """
    donor = Donor.of(p.harvest, luck.donor[0], luck.donor[1])
    lucks = zip(luck.needle, luck.clot, luck.device, strict=True)
    return tuple(
        treated(patient, injection, reach, p, donor, own)
        for injection, reach, own in zip(injections, reaches, lucks, strict=True)
    )
