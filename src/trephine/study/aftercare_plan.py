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
from trephine.case.regenerate import Regenerate
from trephine.case.surgery import Autograft, ExchangeNail, RevisionPlating
from trephine.case.symptom import SymptomSite
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
MADE = {
    "none": "of {it}, as drawn,",
    "concentrate": "of concentrate made of {it}",
    "centrifuge": "of concentrate spun from {it}",
    "culture": "with cells grown from {it}",
    "stromal_vascular_fraction": "with cells set free from {it}",
    "microfragmented_fat": "of {it}, washed and cut small,",
}
"""What is injected of a harvest, by how it is processed."""
CRESTS = {
    "posterior_iliac_crest": "the back of the pelvis (posterior iliac crest)",
    "anterior_iliac_crest": "the front of the pelvis (anterior iliac crest)",
}
NEEDLED = {
    "saline_injection": "salt water (saline)",
    "corticosteroid_injection": "a corticosteroid",
    "hyaluronic_acid_injection": "hyaluronic acid",
    "platelet_injection": "platelet-rich plasma, made of your own blood,",
    "cord_cell_injection": "cells grown from a donated umbilical cord",
}
OPERATED = {
    "arthroscopy": "The joint is looked into through small cuts (arthroscopy).",
    "microfracture": "Small holes are made in the bone below the cartilage (microfracture).",
    "joint_replacement": "The joint is replaced by an artificial one.",
    "fusion": "The bones beside it are joined, so that they grow together (fusion).",
    "discectomy": "Part of the disc is taken out (discectomy).",
    "tendon_repair": "The torn tendon is sewn (repair of the tendon).",
}
DRUGS = {"nsaid": "an ibuprofen-like drug (NSAID)", "corticosteroid": "a corticosteroid"}


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
    """Yield what the plan of a case decides, or what follows from it by computing.

    What is done on one day is told in the order in which it is done, operations first.
    """
    if isinstance(case.site, Regenerate):
        held = case.site.fixation.kind.replace("_", " ")
        yield Line("day", ((0, 0),), f"The bone is cut, and held by a {held}.", PLAN)
    for other in case.plan.steps:
        if other.kind not in ("injection", "loading", "medication"):
            yield _of_other(other, case)
    for injection in case.plan.injections:
        yield from _of_injection(injection, _place(case))
    yield from _blood_lost(case)
    yield from _loads(case)
    for drug in case.plan.medications:
        until = case.plan.follow_up.duration if drug.until is None else drug.until - DAY
        days = (round(drug.day / DAY), round(until / DAY))
        yield Line("weeks", (days,), f"You take {DRUGS[drug.drug]}.", PLAN)
    yield _visits(case)


def _place(case: CourseCase) -> str:
    """Return where an injection goes, as a patient would say it."""
    site = case.site
    if isinstance(site, SymptomSite):
        return f"the {site.place}"
    if site.kind == "femoral_head":
        return "the head of the thigh bone"
    if isinstance(site, Regenerate):
        return "the new bone"
    is_fresh = getattr(site, "diagnosis", "") == "fracture"
    return "the fracture" if is_fresh else "the place that has not healed"


def _loads(case: CourseCase) -> Iterator[Line]:
    """Yield what each loading of the plan allows; where walking is as usual, nothing is forbidden.

    What is known as walking is the peak force on the hip, so it is asked of a hip alone. The
    first line tells how a load is counted, the others how much.
    """
    is_arm = getattr(case.site, "bone", "") == "humerus"
    is_told = False
    loadings = case.plan.loadings
    usual = _walking() if case.site.kind == "femoral_head" else math.inf
    for number, step in enumerate(loadings):
        first = round(step.day / DAY)
        if step.body_weights >= usual:
            yield Line("weeks", ((first, first),), WALKING, PLAN)
            continue
        is_last = number + 1 == len(loadings)
        last = round((case.plan.follow_up.duration if is_last else loadings[number + 1].day) / DAY)
        text = _allowed(step.body_weights, is_arm=is_arm, is_told=is_told)
        is_told = is_told or step.body_weights > 0
        if is_last:
            text += " The plan says nothing of what may come later."
        yield Line("weeks", ((first, max(first, last - (not is_last))),), text, PLAN)


def _allowed(body_weights: float, *, is_arm: bool, is_told: bool) -> str:
    """Return how much a limb may bear; how it is counted unless that is told. No arm walks."""
    if body_weights == 0:
        arm = "Lift nothing with the arm, and do not lean on it."
        return arm if is_arm else "Put no weight on the leg."
    times = f"{body_weights:.2g}"
    amount = f"at most {'' if times == '1' else f'{times} times '}your body weight"
    match is_arm, is_told:
        case True, False:
            return (
                f"The force on the treated bone of the arm is {amount}, the pull of the muscles "
                "included; ask the team what you may lift, and whether you may lean on the arm."
            )
        case True, True:
            return f"The force on the bone is {amount}."
        case False, False:
            return (
                f"In one step of walking {amount} on the treated bone, the pull of the muscles "
                "included; ask the team how to walk so."
            )
        case _:
            return f"In one step {amount}."


@cache
def _walking() -> float:
    """Return the peak force on a hip in a step of walking as usual, in body weights [-]."""
    return catalogue().record("necrosis.walking_load").printed


def _of_other(step: Step, case: CourseCase) -> Line:
    """Return the line of a step that is neither an injection of cells, nor a load, nor a drug."""
    first = round(step.day / DAY)
    if isinstance(step, Distraction):
        turn = f"{step.rate * DAY * 1e3:.3g} mm a day, in {step.rhythm} turns"
        text = f"The bone is drawn apart by {turn}, until {step.length * 1e3:.3g} mm are gained."
        return Line("weeks", ((first, round(step.end / DAY)),), text, PLAN)
    if isinstance(step, Exercise):
        last = round(case.plan.follow_up.duration / DAY)
        return Line("weeks", ((first, last),), "You exercise, as you were shown.", PLAN)
    if isinstance(step, Needled):
        days = tuple((round(day / DAY),) * 2 for day in step.days)
        text = f"You get an injection of {NEEDLED[step.kind]} into {_place(case)}"
        if step.times > 1:
            text += f"; {step.times} in all, one every {_span_in_words((step.every or 0.0) / DAY)}"
        return Line("day", days, f"{text}.".replace(",;", ";"), PLAN)
    return Line("day", ((first, first),), _operated(step), PLAN)


def _operated(step: Step) -> str:
    """Return what an operation does, in a sentence."""
    match step:
        case CoreDecompression():
            width = f"{step.diameter * 1e3:.3g} mm"
            return f"A track of {width} is drilled into the head of the thigh bone."
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
            return OPERATED[step.what]
        case _:
            return f"{step.kind.replace('_', ' ').capitalize()}."


def _of_injection(injection: Injection, place: str) -> Iterator[Line]:
    taken, day = round(injection.harvest_day / DAY), round(injection.day / DAY)
    harvest = injection.harvest
    if isinstance(harvest, Harvest):
        where = CRESTS.get(harvest.bone, f"the {harvest.bone.replace('_', ' ')}")
        drawn = f"{harvest.volume * 1e6:.3g} mL of marrow is drawn from {where}"
    else:
        drawn = f"{harvest.volume * 1e6:.3g} mL of fat is drawn"
    given = f"{injection.deliver.volume * 1e6:.3g} mL {MADE[injection.process.method]}"
    if taken == day:
        text = f"{drawn}; {given.format(it='it')} is injected into {place}."
        yield Line("day", ((day, day),), text, PLAN)
        return
    later = f"{day - taken} days later" if day - taken > 1 else "the next day"
    yield Line("day", ((taken, taken),), f"{drawn}, for an injection {later}.", PLAN)
    given = given.format(it=f"your {harvest.tissue}")
    yield Line("day", ((day, day),), f"{given} is injected into {place}.", PLAN)


def _blood_lost(case: CourseCase) -> Iterator[Line]:
    """Yield what the harvests of each day do to the haemoglobin."""
    for day, fall in haemoglobin_falls(case):
        text = f"The harvest lowers your haemoglobin, the red of blood, by about {fall:.2g} g/L."
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
