"""What a plan may do to the patient, as every report says it: as told, and as found by asking."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from trephine.case.course_case import CourseCase
from trephine.models.plan_harms import (
    Chance,
    ExpectedHarm,
    bleeding_factor,
    expected,
    haemoglobin_falls,
    printed_harms,
    unknown_harms,
)
from trephine.report.words import NO_BREAK, listed, rounded

TITLE = "What it may do to the patient"
HEADS = (
    "Of 100 people with this plan",
    "as a registry or a clinic is told",
    "as a trial that asks would find",
    "when",
)
SAID = (
    "Who counts decides what is counted: where every patient is asked, several times as many tell "
    "of passing complaints as where one waits to be told. The two are never mixed. Each number is "
    "that of another clinic, with its 95 % interval. The lines overlap and must not be added up; "
    "no source tells harm by the volume drawn."
)
SCALED = (
    "Marked *: nobody has counted it so; it follows from the other column by the factor between "
    "the two."
)
WITHIN = "as told; serious harm is told without asking"
BLOOD = "as told; blood is measured, asking finds no more"
UNKNOWN = "not known"
NOT_OF_IT = "\u2013"
"""Of an event that a plan gives no chance."""
OF_ANYTHING = ("any", "site_pain", "effusion", "serious_possibly", "serious_definitely")
"""Events that an operation or another injection may bring as well."""


@dataclass(frozen=True)
class Harms:
    """Paragraphs and one table.

    Parameters
    ----------
    paragraphs
        What must be known to read it, and of what there is no record.
    heads, rows
        The table; empty where the plan takes and injects no marrow.
    notes
        What belongs to single lines.
    """

    paragraphs: tuple[str, ...]
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]


def told(case: CourseCase) -> Harms | None:
    """Return what a plan may do to the patient; None where it does nothing that could harm.

    Parameters
    ----------
    case
        A case of any kind of site.
    """
    found, gaps = expected(case), (*printed_harms(case), *unknown_harms(case))
    if not found and not gaps:
        return None
    if not found:
        return Harms(gaps, (), (), ())
    rows = tuple((h.about, people(h.told), _asked(h), h.when or "not told") for h in found)
    scaled = any(c is not None and c.basis == "scaled" for h in found for c in (h.told, h.asked))
    first = (f"{SAID} {SCALED}" if scaled else SAID, *_of_this_patient(case))
    notes = tuple(_note(harm) for harm in found if harm.note)
    return Harms((*first, *gaps), HEADS, rows, notes)


def _of_this_patient(case: CourseCase) -> tuple[str, ...]:
    """Return what the chances hold of the patient, and what follows from the plan's volume."""
    told = []
    factor = bleeding_factor(case)
    if factor > 1:
        told.append(
            f"Complications of bleeding and anaemia are raised {rounded(factor, 2)} times in their "
            "odds, for blood thinners or obesity; that factor is assumed."
        )
    falls = haemoglobin_falls(case)
    if falls:
        each = listed([rounded(fall, 2) for _, fall in falls])
        told.append(f"Each day of harvest lowers the haemoglobin by about {each} g/L.")
    return tuple(told)


def _asked(harm: ExpectedHarm) -> str:
    if harm.asked is not None:
        return people(harm.asked)
    return BLOOD if "anaemia" in harm.event else WITHIN


@dataclass(frozen=True)
class HarmsBeside:
    """Harm of several plans for one patient.

    Parameters
    ----------
    said
        What must be known to read it.
    plans
        Names of the plans.
    rows
        Each event with what is told and what asking would find, by plan.
    gaps
        Name of a plan and what is printed or not known of it, in sentences.
    notes
        What belongs to single lines.
    """

    said: str
    plans: tuple[str, ...]
    rows: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    gaps: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]


def beside(cases: Mapping[str, CourseCase]) -> HarmsBeside | None:
    """Return what several plans may do to one patient; None where none could do any harm.

    Parameters
    ----------
    cases
        The same patient under each plan, by name.
    """
    found = {name: {h.event: h for h in expected(case)} for name, case in cases.items()}
    about = {event: h for held in found.values() for event, h in held.items()}
    unsure = {name for name, case in cases.items() if unknown_harms(case)}
    gaps = tuple(
        (name, sentence)
        for name, case in cases.items()
        for sentence in (*printed_harms(case), *unknown_harms(case))
    )
    if not about and not gaps:
        return None
    rows = tuple(
        (
            one.about,
            tuple(
                _pair(held.get(event), one, is_unsure=name in unsure)
                for name, held in found.items()
            ),
        )
        for event, one in about.items()
    )
    notes = tuple(_note(one) for one in about.values() if one.note)
    return HarmsBeside(f"{SAID} {SCALED}", tuple(cases), rows, gaps, notes)


def _note(harm: ExpectedHarm) -> str:
    return f"{harm.about[:1].upper()}{harm.about[1:]}: {harm.note}."


def _pair(harm: ExpectedHarm | None, like: ExpectedHarm, *, is_unsure: bool) -> tuple[str, str]:
    """Return what a cell says: a plan of unknown harm may do what is told of another plan."""
    if harm is None:
        of_anything = like.event in OF_ANYTHING
        return (UNKNOWN if is_unsure and of_anything else NOT_OF_IT), ""
    return people(harm.told), "" if harm.asked is None else people(harm.asked)


def people(chance: Chance | None) -> str:
    """Return a chance as people among a hundred, with its interval and its mark."""
    if chance is None:
        return UNKNOWN
    mean, low, high = (rounded(100 * x, 2) for x in (chance.mean, chance.low, chance.high))
    mark = f"{NO_BREAK}*" if chance.basis == "scaled" else ""
    return f"{mean} ({low} to {high}){mark}"
