"""What a plan may do to the patient, as every report says it: as told, and as found by asking."""

from __future__ import annotations

from dataclasses import dataclass

from trephine.case.course_case import CourseCase
from trephine.models.plan_harms import (
    Chance,
    ExpectedHarm,
    bleeding_factor,
    expected,
    haemoglobin_falls,
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
    found, gaps = expected(case), unknown_harms(case)
    if not found and not gaps:
        return None
    if not found:
        return Harms(gaps, (), (), ())
    rows = tuple((h.about, people(h.told), _asked(h), h.when or "not told") for h in found)
    scaled = any(c is not None and c.basis == "scaled" for h in found for c in (h.told, h.asked))
    first = (f"{SAID} {SCALED}" if scaled else SAID, *_of_this_patient(case))
    notes = tuple(f"{h.about[:1].upper()}{h.about[1:]}: {h.note}." for h in found if h.note)
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
    return BLOOD if harm.event == "anaemia" else WITHIN


def people(chance: Chance | None) -> str:
    """Return a chance as people among a hundred, with its interval and its mark."""
    if chance is None:
        return UNKNOWN
    mean, low, high = (rounded(100 * x, 2) for x in (chance.mean, chance.low, chance.high))
    mark = f"{NO_BREAK}*" if chance.basis == "scaled" else ""
    return f"{mean} ({low} to {high}){mark}"
