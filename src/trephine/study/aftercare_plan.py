"""The lines of a sheet of aftercare that the plan itself decides, and what follows from it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from trephine.case.comparator import Exercise, Needled, Operation
from trephine.case.course_case import CourseCase
from trephine.case.decompression import CoreDecompression
from trephine.case.distraction import Distraction
from trephine.case.harvesting import Harvest
from trephine.case.plan import Injection, Step
from trephine.case.surgery import Autograft, ExchangeNail, RevisionPlating
from trephine.catalogue.aftercare import Phase
from trephine.catalogue.load import catalogue
from trephine.models.plan_harms import haemoglobin_falls

DAY = 86400.0
PLAN, COMPUTED = "plan", "computed"
"""Grounds of a line that no study can have: it says what the plan decides, or follows from it."""
WALKING = (
    "From now on you walk as usual; this plan limits it no more. It assumes no running and no "
    "jumping, and says nothing of whether they are safe."
)
DEVICES = {
    "none": "put back as drawn",
    "concentrate": "concentrated",
    "culture": "grown in culture",
}


@dataclass(frozen=True)
class Line:
    """A line of the sheet.

    Parameters
    ----------
    phase
        Part of the sheet.
    when
        Days from day 0, first and last of each span; none for what has no date.
    text
        What the patient is told.
    grade
        A grade of evidence, ``plan`` or ``computed``.
    sources
        Keys of sources.
    access
        How the sources were read, in words where it matters.
    """

    phase: Phase
    when: tuple[tuple[int, int], ...]
    text: str
    grade: str
    sources: tuple[str, ...] = ()
    access: str = ""


def lines(case: CourseCase) -> Iterator[Line]:
    """Yield what the plan of a case decides, or what follows from it by computing."""
    for injection in case.plan.injections:
        yield from _of_injection(injection)
    yield from _blood_lost(case)
    yield from _loads(case)
    for drug in case.plan.medications:
        name = {"nsaid": "an ibuprofen-like drug (NSAID)", "corticosteroid": "a corticosteroid"}
        until = case.plan.follow_up.duration if drug.until is None else drug.until - DAY
        days = (round(drug.day / DAY), round(until / DAY))
        yield Line("weeks", (days,), f"You take {name[drug.drug]}.", PLAN)
    for other in case.plan.steps:
        if other.kind not in ("injection", "loading", "medication"):
            yield _of_other(other, case.plan.follow_up.duration)
    yield _visits(case)


def _loads(case: CourseCase) -> Iterator[Line]:
    """Yield what each loading of the plan allows; where walking is as usual, nothing is forbidden.

    What is known as walking is the peak force on the hip, so it is asked of a hip alone.
    """
    loadings = case.plan.loadings
    usual = _walking() if case.site.kind == "femoral_head" else math.inf
    for number, step in enumerate(loadings):
        first = round(step.day / DAY)
        if step.body_weights >= usual:
            yield Line("weeks", ((first, first),), WALKING, PLAN)
            continue
        is_last = number + 1 == len(loadings)
        last = round((case.plan.follow_up.duration if is_last else loadings[number + 1].day) / DAY)
        amount = f"{step.body_weights:.2g} times your body weight"
        text = (
            "Put no weight on the leg."
            if step.body_weights == 0
            else f"In one step of walking at most {amount} on the treated bone, pull of the "
            "muscles included; ask how you walk so."
        )
        if is_last:
            text += " The plan says nothing of what may come later."
        yield Line("weeks", ((first, max(first, last - (not is_last))),), text, PLAN)


@cache
def _walking() -> float:
    """Return the peak force on a hip in a step of walking as usual, in body weights [-]."""
    return catalogue().record("necrosis.walking_load").printed


def _of_other(step: Step, end: float) -> Line:
    """Return the line of a step that is neither an injection of cells, nor a load, nor a drug."""
    first = round(step.day / DAY)
    title = step.kind.replace("_", " ").capitalize()
    if isinstance(step, Distraction):
        turn = f"{step.rate * DAY * 1e3:.3g} mm a day, in {step.rhythm} turns"
        text = f"The bone is drawn apart by {turn}, until {step.length * 1e3:.3g} mm are gained."
        return Line("weeks", ((first, round(step.end / DAY)),), text, PLAN)
    if isinstance(step, Exercise):
        return Line("weeks", ((first, round(end / DAY)),), "You exercise, as you were shown.", PLAN)
    if isinstance(step, Needled):
        days = tuple((round(day / DAY),) * 2 for day in step.days)
        return Line("day", days, f"{title}.", PLAN)
    text = _operated(step)
    return Line("day", ((first, first),), text or f"{title}.", PLAN)


def _operated(step: Step) -> str:
    """Return what an operation does, in a sentence; nothing of what is no operation."""
    match step:
        case CoreDecompression():
            return f"A track of {step.diameter * 1e3:.3g} mm is drilled into the head of the femur."
        case ExchangeNail():
            width = f"{step.nail_diameter * 1e3:.3g} mm"
            return f"The canal of the bone is reamed and a nail of {width} put in for the old one."
        case RevisionPlating():
            old = "the old implant stays" if step.earlier == "stays" else "the old one is taken out"
            return f"The bone is opened where it has not healed and plated; {old}."
        case Autograft():
            taken = f"{step.volume * 1e6:.3g} mL of bone is taken from the pelvis"
            return f"{taken} and packed where the bone has not healed."
        case Operation():
            return f"{step.what.replace('_', ' ').capitalize()}."
        case _:
            return ""


def _of_injection(injection: Injection) -> Iterator[Line]:
    taken, day = round(injection.harvest_day / DAY), round(injection.day / DAY)
    harvest = injection.harvest
    if isinstance(harvest, Harvest):
        where = harvest.bone.replace("_", " ")
        drawn = f"{harvest.volume * 1e6:.3g} mL of marrow is drawn from the {where}"
    else:
        drawn = f"{harvest.volume * 1e6:.3g} mL of fat is drawn"
    how = DEVICES.get(injection.process.method, injection.process.method.replace("_", " "))
    given = f"{injection.deliver.volume * 1e6:.3g} mL is injected ({how})."
    if taken == day:
        yield Line("day", ((day, day),), f"{drawn}; {given}", PLAN)
    else:
        yield Line("day", ((taken, taken),), f"{drawn}.", PLAN)
        yield Line("day", ((day, day),), f"{given[:1].upper()}{given[1:]}", PLAN)


def _blood_lost(case: CourseCase) -> Iterator[Line]:
    """Yield what the harvests of each day do to the haemoglobin."""
    for day, fall in haemoglobin_falls(case):
        text = f"The harvest lowers your haemoglobin by about {fall:.2g} g/L."
        yield Line("day", ((round(day / DAY),) * 2,), text, COMPUTED)


def _visits(case: CourseCase) -> Line:
    plan = case.plan.follow_up
    every, number = plan.interval / DAY, plan.visits
    last = round(plan.duration / DAY)
    text = f"{number} visits, one every {_span_in_words(every)}." if number > 1 else "One visit."
    return Line("visits", ((round(every), last),), text, PLAN)


def _span_in_words(days: float) -> str:
    for length, name in ((7.0, "week"), (1.0, "day")):
        if abs(days / length - round(days / length)) < 1e-6:
            many = round(days / length)
            return name if many == 1 else f"{many} {name}s"
    return f"{days:.3g} days"
