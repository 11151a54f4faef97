"""What a plan may do to the patient, as every report says it: as told, and as found by asking."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from trephine.case.course_case import CourseCase
from trephine.models.plan_harms import (
    GRAVEST_FIRST,
    Chance,
    ExpectedHarm,
    bleeding_factor,
    expected,
    haemoglobin_falls,
    printed_harms,
    unknown_harms,
    words_of_site,
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
    "each comes from series and definitions of its own, so a part may come out above or far below "
    "its whole, as a major complication of a harvest beside serious harm. No source tells harm by "
    "the volume drawn."
)
SCALED = (
    "Marked *: nobody has counted it so; it follows from the other column by the factor between "
    "the two."
)
WITHIN = "as told; serious harm is told without asking"
BLOOD = "as told; blood is measured, asking finds no more"
AS_PRINTED = (
    "Where a count stands (1 of 54,890), it is told as printed, in the people named with it: it "
    "sets no chance for this person."
)
IN_KNEES = (
    "The trials that asked were all of knees; what asking would find elsewhere is a guess by them."
)
UNKNOWN = "not known"
NOT_OF_IT = "\u2013"
"""Of an event that a plan gives no chance."""
OF_ANYTHING = (
    "death",
    "haemorrhage",
    "deep_infection",
    "any",
    "site_pain",
    "effusion",
    "serious_possibly",
    "serious_definitely",
)
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
    rows = tuple((h.about, _told(h), _asked(h), h.when or "not told") for h in found)
    scaled = any(c is not None and c.basis == "scaled" for h in found for c in (h.told, h.asked))
    said = [SAID, *([AS_PRINTED] if any(h.printed for h in found) else [])]
    first = (" ".join([*said, *([SCALED] if scaled else [])]), *_of_this_patient(case))
    notes = tuple(_note(harm, harm.note) for harm in found if harm.note)
    return Harms((*first, *gaps), HEADS, rows, notes)


def _of_this_patient(case: CourseCase) -> tuple[str, ...]:
    """Return what the chances hold of the patient, and what follows from the plan's volume."""
    told = []
    factor = bleeding_factor(case)
    if factor > 1:
        told.append(
            f"Of haemorrhage, and of nothing else, the odds are told {rounded(factor, 2)} times as "
            f"high, for {_why_bleeding(case)}. That factor is assumed: the survey of punctures "
            "names aspirin, warfarin and obesity among its risk factors without a number, and in "
            "another series, of 524 biopsies, drugs that thin the blood made no difference."
        )
    if "knee" not in words_of_site(case) and any(h.asked for h in expected(case)):
        told.append(IN_KNEES)
    falls = haemoglobin_falls(case)
    if falls:
        each = listed([rounded(fall, 2) for _, fall in falls])
        told.append(f"Each day of harvest lowers the haemoglobin by about {each} g/L.")
    return tuple(told)


def _why_bleeding(case: CourseCase) -> str:
    """Return what raises the odds of bleeding, in words."""
    thinned = "a blood thinner, aspirin or few platelets"
    is_obese = bleeding_factor(case.changed({"patient": {"anticoagulated": False}})) > 1
    return listed([*([thinned] if case.patient.anticoagulated else []), *(["obesity"] * is_obese)])


def _told(harm: ExpectedHarm) -> str:
    """Return what is told, as people among a hundred or as counts that set no rate."""
    return "; ".join(harm.printed) if harm.printed else people(harm.told)


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
    all_told = [h for held in found.values() for h in held.values()]
    all_told.sort(key=lambda h: GRAVEST_FIRST.index(h.severity))
    about = {h.event: h for h in all_told}
    unsure = {n for n, case in cases.items() if unknown_harms(case) or printed_harms(case)}
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
    told = ((one, "; ".join([*one.printed, *filter(None, [one.note])])) for one in about.values())
    notes = tuple(_note(one, words) for one, words in told if words)
    said = [SAID, *([AS_PRINTED] if any(h.printed for h in about.values()) else []), SCALED]
    site = next(iter(cases.values()))
    if "knee" not in words_of_site(site) and any(h.asked for h in about.values()):
        said.append(IN_KNEES)
    return HarmsBeside(" ".join(said), tuple(cases), rows, gaps, notes)


def _note(harm: ExpectedHarm, words: str) -> str:
    return f"{harm.about[:1].upper()}{harm.about[1:]}: {words}."


def _pair(harm: ExpectedHarm | None, like: ExpectedHarm, *, is_unsure: bool) -> tuple[str, str]:
    """Return what a cell says: a plan of unknown harm may do what is told of another plan."""
    if harm is None:
        of_anything = like.event in OF_ANYTHING
        return (UNKNOWN if is_unsure and of_anything else NOT_OF_IT), ""
    if harm.printed:
        return "; ".join(harm.counts), ""
    return people(harm.told), "" if harm.asked is None else people(harm.asked)


def people(chance: Chance | None) -> str:
    """Return a chance as people among a hundred, with its interval and its mark."""
    if chance is None:
        return UNKNOWN
    mean, low, high = (rounded(100 * x, 2) for x in (chance.mean, chance.low, chance.high))
    mark = f"{NO_BREAK}*" if chance.basis == "scaled" else ""
    return f"{mean} ({low} to {high}){mark}"
