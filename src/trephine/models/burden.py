"""What a plan asks of patient, theatre and purse."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from trephine.case.brief import Prices
from trephine.case.harvesting import FatHarvest, Harvest
from trephine.case.patient import Patient
from trephine.case.plan import Injection
from trephine.case.processing import (
    OF_FAT,
    Centrifuge,
    Concentrate,
    Culture,
    Processing,
    StromalFraction,
)
from trephine.core.units import Duration, Unit
from trephine.models import timeline
from trephine.models.aspiration import AspirationParameters, Donor, drawn
from trephine.models.harvest_risk import risks
from trephine.models.positions import punctures
from trephine.models.timeline import TimelineParameters


@dataclass(frozen=True)
class PlanningParameters:
    """What the planner holds to where a brief says nothing; each field's record says why."""

    SECTION: ClassVar[str] = "planning"

    marrow_per_mass: Annotated[float, Unit("m^3/kg", "mL/kg", gt=0)]
    repeat_interval: Duration


@dataclass(frozen=True)
class Burden:
    """What a plan asks for, by the printed numbers.

    Parameters
    ----------
    theatre, patient
        Time that the theatre is taken, and that the patient is held [s].
    sessions
        Times the patient comes to theatre.
    culture
        Days of culture [s].
    marrow
        Marrow drawn in all [m^3].
    most_marrow
        Marrow drawn on one day, at most [m^3].
    draws, punctures
        Draws, and punctures of the skin, of all harvests.
    is_minimal
        Whether no cell is grown or set free by enzymes.
    major
        Chance of a major complication of one of the harvests [-].
    haemoglobin_fall
        What the harvests lower the haemoglobin by, added up [kg/m^3].
    cost
        In the currency of the prices; None where something it takes is not priced.
    is_reported
        Whether every device reduces the volume by as much as its class is reported to.
    """

    theatre: float
    patient: float
    sessions: int
    culture: float
    marrow: float
    most_marrow: float
    draws: int
    punctures: int
    is_minimal: bool
    major: float
    haemoglobin_fall: float
    cost: float | None = None
    is_reported: bool = True


def above_the_cap(
    injections: Sequence[Injection], mass: float, planning: PlanningParameters
) -> list[str]:
    """Return a sentence for each day on which more marrow is drawn than a plan is held to.

    Parameters
    ----------
    injections
        All of the plan's.
    mass
        Body mass of the patient [kg].
    planning
        The cap per body mass.
    """
    cap = planning.marrow_per_mass
    return [
        f"{volume * 1e6:,.0f} mL of marrow on day {day / 86400:g} are "
        f"{volume / mass * 1e6:.3g} mL for each kg of the patient; plans are held to "
        f"{cap * 1e6:.3g} mL/kg ({cap * mass * 1e6:,.0f} mL), and more is drawn for "
        "transplantation alone, with blood at hand."
        for day, volume in sorted(marrow_by_day(injections).items())
        if volume > cap * mass * (1 + 1e-9)
    ]


def marrow_by_day(injections: Sequence[Injection]) -> dict[float, float]:
    """Return the marrow drawn on each day of harvest [m^3], by the day [s]."""
    drawn_on: dict[float, float] = {}
    for injection in injections:
        if isinstance(injection.harvest, Harvest):
            day = injection.harvest_day
            drawn_on[day] = drawn_on.get(day, 0.0) + injection.harvest.volume
    return drawn_on


@dataclass(frozen=True)
class Harm:
    """What one harvest may do to the donor.

    Parameters
    ----------
    major
        Chance of a major complication, that of the orthopaedic series whatever the volume [-].
    haemoglobin_fall
        What it lowers the haemoglobin by [kg/m^3].
    """

    major: float
    haemoglobin_fall: float


def harm(patient: Patient, harvest: Harvest | FatHarvest, p: AspirationParameters) -> Harm:
    """Return what a harvest may do to a patient, by the printed numbers; fat is taken as none."""
    if isinstance(harvest, FatHarvest):
        return Harm(0.0, 0.0)
    found = drawn(patient, harvest, p, Donor.mean(), np.zeros((len(harvest.draws), 1)))
    red = float(np.squeeze(found.pool.red_cell_volume))
    told = risks(patient, red, float(np.squeeze(found.haematocrit)), p.risk)
    # The document of a patient always tells the mass, without which no fall is known.
    return Harm(float(told.chance["major"]), float(told.haemoglobin_fall or 0.0))


def burden(
    injections: Sequence[Injection],
    p: TimelineParameters,
    harms: Sequence[Harm],
    prices: Prices | None = None,
) -> Burden:
    """Return what a plan's injections ask for.

    Parameters
    ----------
    injections
        All of the plan's, in the order of their days.
    p
        The times of a procedure, one number each.
    harms
        What the harvest of each injection may do.
    prices
        What things cost, where known.
    """
    moments = timeline.course(injections, p)
    marrow = marrow_by_day(injections)
    draws = pierced = 0
    for injection in injections:
        harvest = injection.harvest
        if isinstance(harvest, FatHarvest):
            pierced += 1
            continue
        draws += len(harvest.draws)
        pierced += punctures(harvest, p.fan)
    theatre = float(timeline.theatre_time(moments))
    return Burden(
        theatre=theatre,
        patient=float(timeline.patient_time(moments)),
        sessions=timeline.sessions(injections),
        culture=timeline.culture_days(injections),
        marrow=sum(marrow.values()),
        most_marrow=max(marrow.values(), default=0.0),
        draws=draws,
        punctures=pierced,
        is_minimal=all(is_minimal(i.process) for i in injections),
        major=1.0 - math.prod(1.0 - each.major for each in harms),
        haemoglobin_fall=sum(each.haemoglobin_fall for each in harms),
        cost=None if prices is None else cost(injections, theatre, prices),
    )


def is_minimal(plan: Processing) -> bool:
    """Return whether cells are neither grown nor set free by enzymes."""
    return not isinstance(plan, Culture | StromalFraction)


def cost(injections: Sequence[Injection], theatre: float, prices: Prices) -> float | None:
    """Return what a plan costs: theatre, kits, cultures and carriers; None where one is unpriced.

    Parameters
    ----------
    injections
        All of the plan's.
    theatre
        Time that the theatre is taken [s].
    prices
        What things cost.
    """
    total = prices.theatre_minute * theatre / 60.0
    for injection in injections:
        for price in priced(injection, prices).values():
            if price is None:
                return None
            total += price
    return total


def priced(injection: Injection, prices: Prices) -> dict[str, float | None]:
    """Return what an injection takes besides the theatre and its cost, None where unpriced."""
    plan, given = injection.process, injection.deliver
    found: dict[str, float | None] = {}
    if isinstance(plan, Concentrate):
        found[f"the kit of {plan.device}"] = prices.kits.get(plan.device)
    elif isinstance(plan, Centrifuge):
        found["open tubes"] = prices.kits.get("tubes")
    elif isinstance(plan, Culture):
        found["culture"] = prices.culture
    elif isinstance(plan, OF_FAT):
        found[f"the kit of {plan.method}"] = prices.kits.get(plan.method)
    if given.carrier_volume:
        one = prices.carriers.get(given.carrier)
        found[given.carrier] = None if one is None else one * given.carrier_volume * 1e6
    return {name.replace("_", " "): price for name, price in found.items()}
