"""Minutes of a real procedure: who is where for how long, from the set-up to the dressing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, TypeAlias

import numpy as np
from numpy.typing import NDArray

from trephine.case.harvesting import FatHarvest, Harvest
from trephine.case.plan import Injection
from trephine.case.processing import (
    Centrifuge,
    Concentrate,
    Culture,
    FragmentedFat,
    StromalFraction,
)
from trephine.core.units import Duration, Flow, Unit
from trephine.models.aspiration_parameters import FanParameters
from trephine.models.positions import punctures

Values: TypeAlias = float | NDArray[np.floating[Any]]
"""A number or an array of them, (sample,); arrays broadcast."""
Times = Annotated[Mapping[str, float], Unit("s", "min", ge=0)]
DAY = 86400.0


@dataclass(frozen=True)
class TimelineParameters:
    """The times of a procedure; each field's record says what it is and where it comes from.

    ``spin`` goes by device, loading and unloading apart; a device without a time of its own takes
    ``spin_other``. ``placing`` goes by guidance.
    """

    SECTION: ClassVar[str] = "timeline"

    set_up: Duration
    puncture: Duration
    redirect: Duration
    advance: Duration
    draw: Duration
    pull: Flow
    fat_pull: Flow
    handling: Duration
    spin: Times
    spin_other: Duration
    tubes: Duration
    fragmenting: Duration
    digestion: Duration
    suspending: Duration
    placing: Times
    portion: Duration
    closing: Duration
    recovery: Duration
    fan: FanParameters


@dataclass(frozen=True)
class Moment:
    """One part of a procedure.

    Parameters
    ----------
    name
        What is done, in words.
    seconds
        How long it takes, a number or (sample,) [s].
    day
        Day on which it begins, relative to day 0 [s].
    is_theatre
        Whether the theatre is taken.
    is_patient
        Whether the patient is held; in theatre, or lying under watch.
    is_shared
        Whether it is done once for all injections of a day.
    """

    name: str
    seconds: Values
    day: float
    is_theatre: bool = True
    is_patient: bool = True
    is_shared: bool = False


def timeline(injection: Injection, p: TimelineParameters) -> tuple[Moment, ...]:
    r"""Return the parts of one injection's procedure in their order.

    .. math:: t_\mathrm{harvest} = n_p t_p + (n_t - n_p) t_r + (n - n_t) t_a + n t_d + V/Q

    with :math:`n_p` punctures, :math:`n_t` tracks and :math:`n` draws of :math:`V` in all.
    What is done one after the other is added; nobody works ahead. A culture, and the digestion of
    fat, let the theatre go in between, and so does a harvest of an earlier day.

    Parameters
    ----------
    injection
        Harvest, processing and delivery.
    p
        The times; each may be an array (sample,).

    Returns
    -------
    tuple
        Every moment takes at least no time.
    """
    apart = in_two_sessions(injection)
    first = injection.harvest_day
    moments = [_shared("set-up", p.set_up, first), *_harvested(injection.harvest, p, first)]
    if apart:
        moments += _ended(p, first)
    moments += _processed(injection, p, first, is_theatre=not apart)
    if apart:
        moments.append(_shared("set-up", p.set_up, injection.day))
    moments += _delivered(injection, p)
    return (*moments, *_ended(p, injection.day))


def in_two_sessions(injection: Injection) -> bool:
    """Return whether the theatre is let go between the harvest and the injection."""
    is_later = injection.day > injection.harvest_day + 1.0
    return is_later or isinstance(injection.process, StromalFraction | Culture)


def course(injections: Iterable[Injection], p: TimelineParameters) -> tuple[Moment, ...]:
    """Return the parts of a whole plan; what a day shares is done once in it.

    A set-up and a closing serve every harvest and injection of their day, but those whose theatre
    was let go on the same day are set up twice.
    """
    found: list[Moment] = []
    for injection in injections:
        here: list[Moment] = []
        for moment in timeline(injection, p):
            again = moment.is_shared and any(
                m.is_shared and m.name == moment.name and m.day == moment.day for m in found
            )
            if not again:
                here.append(moment)
        found += here
    return tuple(found)


def theatre_time(moments: Iterable[Moment]) -> Values:
    """Return how long the theatre is taken, a number or (sample,) [s]."""
    return _total(m.seconds for m in moments if m.is_theatre)


def patient_time(moments: Iterable[Moment]) -> Values:
    """Return how long the patient is held, a number or (sample,) [s]."""
    return _total(m.seconds for m in moments if m.is_patient)


def sessions(injections: Iterable[Injection]) -> int:
    """Return how many times the patient comes to theatre."""
    entries: set[tuple[float, int]] = set()
    for injection in injections:
        entries.add((injection.harvest_day, 0))
        is_same_day = injection.day <= injection.harvest_day + 1.0
        entries.add((injection.day, 1 if is_same_day and in_two_sessions(injection) else 0))
    return len(entries)


def culture_days(injections: Iterable[Injection]) -> float:
    """Return the days of culture of all injections [s]."""
    return sum(i.process.duration for i in injections if isinstance(i.process, Culture))


def _total(seconds: Iterable[Values]) -> Values:
    total: Values = 0.0
    for part in seconds:
        total = total + part
    return total


def _shared(name: str, seconds: Values, day: float) -> Moment:
    return Moment(name, seconds, day, is_shared=True)


def _ended(p: TimelineParameters, day: float) -> list[Moment]:
    return [
        _shared("closing", p.closing, day),
        Moment("recovery", p.recovery, day, is_theatre=False, is_shared=True),
    ]


def _harvested(plan: Harvest | FatHarvest, p: TimelineParameters, day: float) -> list[Moment]:
    if isinstance(plan, FatHarvest):
        return [
            Moment("punctures", p.puncture, day),
            Moment("drawing fat", plan.volume / p.fat_pull, day),
        ]
    draws, pierced = len(plan.draws), punctures(plan, p.fan)
    found = [
        Moment("punctures", pierced * p.puncture, day),
        Moment("drawing marrow", draws * p.draw + plan.volume / p.pull, day),
    ]
    if plan.tracks > pierced:
        found.insert(1, Moment("redirecting", (plan.tracks - pierced) * p.redirect, day))
    if draws > plan.tracks:
        found.insert(-1, Moment("advancing", (draws - plan.tracks) * p.advance, day))
    return found


def _processed(
    injection: Injection, p: TimelineParameters, day: float, *, is_theatre: bool
) -> list[Moment]:
    """Return what is done to the harvest; the patient waits for it unless the theatre is free."""
    plan = injection.process

    def at_work(name: str, seconds: Values) -> Moment:
        return Moment(name, seconds, day, is_theatre=is_theatre, is_patient=is_theatre)

    if isinstance(plan, Concentrate):
        own = p.spin.get(plan.device, p.spin_other)
        spun = own if plan.spin is None else plan.spin.duration
        return [at_work("handling", p.handling), at_work("spinning", spun)]
    if isinstance(plan, Centrifuge):
        return [at_work("filling tubes", p.tubes), at_work("spinning", plan.spin.duration)]
    if isinstance(plan, FragmentedFat):
        return [at_work("fragmenting", p.fragmenting)]
    if isinstance(plan, StromalFraction):
        return [at_work("digestion", p.digestion)]
    if isinstance(plan, Culture):
        return [at_work("culture", plan.duration), at_work("suspending", p.suspending)]
    return []


def _delivered(injection: Injection, p: TimelineParameters) -> list[Moment]:
    plan = injection.deliver
    found = []
    if plan.wait:
        found.append(Moment("waiting", plan.wait, injection.day))
    again = (plan.portions - 1) * p.portion
    found += [
        Moment("placing the needle", p.placing[plan.guidance] + again, injection.day),
        Moment("injecting", plan.volume / plan.flow, injection.day),
    ]
    return found
