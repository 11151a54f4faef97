"""What the harvests and injections of one plan may do to its patient, event by event."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cache
from typing import Any, Literal, get_args

import numpy as np

from trephine.case.comparator import Operation
from trephine.case.course_case import CourseCase
from trephine.case.document import Document
from trephine.case.harvesting import FatHarvest, Harvest
from trephine.case.plan import Plan, Step
from trephine.case.surgery import ExchangeNail, RevisionPlating
from trephine.catalogue.load import catalogue
from trephine.catalogue.safety import Counted, Event, PrintedHarm, Severity, safety
from trephine.models.adverse_events import (
    AdverseEventParameters,
    Rate,
    Reporting,
    pooled,
    reporting,
    tallies,
)
from trephine.models.aspiration import AspirationParameters
from trephine.models.aspiration_parameters import HarvestRiskParameters
from trephine.models.burden import harm
from trephine.models.donor import Facts
from trephine.models.harvest_risk import bleeding
from trephine.models.reading import Reading

GRAVEST_FIRST: tuple[str, ...] = get_args(Severity)
Basis = Literal["counted", "scaled"]

WITHOUT_HARM = ("injection", "loading", "medication", "exercise")
"""Steps that are told apart by other means, or that put nothing into anybody."""
CALLED = {
    "autograft": "opening the bone to pack the graft",
    "revision_plating": "revision plating",
    "exchange_nail": "exchange nailing",
    "distraction": "cutting the bone and drawing it apart",
}
"""What a step is called where its name alone says too little or too much."""


@dataclass(frozen=True)
class Chance:
    """A chance for one patient with the plan: mean and 95 % interval, and how it is known.

    Parameters
    ----------
    mean, low, high
        Of another clinic of the same sort [-].
    basis
        Whether reporters of this sort counted the event, or it follows from the count of the
        other sort by the reporting factor.
    """

    mean: float
    low: float
    high: float
    basis: Basis


@dataclass(frozen=True)
class ExpectedHarm:
    """One event in one plan.

    Parameters
    ----------
    event
        Its name.
    about, severity, when, note
        In words.
    times
        How often the plan gives it a chance: harvests, procedures, or once for the patient.
    told
        As a passive reporter would be told; None where nothing is known.
    asked
        As a trial that asks would find; None where nothing is known, or where asking finds no
        more than is told anyway.
    sources
        Where the counts were read.
    counted_in
        In whom.
    printed
        Counts that set no rate, each as printed and in whom; a bleeding also as the odds of this
        patient would have it.
    """

    event: str
    about: str
    severity: str
    when: str
    note: str
    times: int
    told: Chance | None
    asked: Chance | None
    sources: tuple[str, ...]
    counted_in: tuple[str, ...]
    printed: tuple[str, ...] = ()

    @property
    def counts(self) -> tuple[str, ...]:
        """The printed counts without the people, for a narrow place."""
        told = [one.partition(" (")[0] for one in self.printed]
        return tuple(one if " of " in one else f"{one}, of how many is not told" for one in told)

    def as_plain(self) -> dict[str, Any]:
        """Return it as plain data; what is not known is left out."""
        return {k: v for k, v in asdict(self).items() if v is not None and v not in ("", ())}


def expected(case: CourseCase) -> tuple[ExpectedHarm, ...]:
    """Return what the plan of a case may do to its patient, the gravest first.

    It is empty where the plan takes nothing.

    Counted are marrow drawn, marrow injected, and bone taken for a graft. The events overlap, a
    painful harvest is one of anything unwanted, and must not be added up. Harvests of one day
    count as one, and so do injections. No source tells harm by the volume drawn.

    Parameters
    ----------
    case
        A case of any kind of site.
    """
    procedures = len(procedure_days(case.plan))
    times = {
        "harvest": len(harvest_days(case.plan)),
        "procedure": procedures,
        "graft": len({step.day for step in case.plan.steps if step.kind == "autograft"}),
        "patient": min(procedures, 1),
    }
    p, known, factor = _laws()
    more = bleeding_factor(case)
    there = words_of_site(case)
    found = []
    for name, event in known.events.items():
        if not times[event.of] or (event.sites and not there & set(event.sites)):
            continue
        told, asked = (known.counted(name, asks=asks) for asks in (False, True))
        printed = known.printed_counts(name)
        if not told and not asked and not printed:
            continue
        passive, active = _both(event, tallies(told), tallies(asked), p, factor)
        by = more if event.bleeding else 1.0
        found.append(
            ExpectedHarm(
                event=name,
                about=event.about,
                severity=event.severity,
                when=event.when,
                note=event.note,
                times=times[event.of],
                told=_chance(passive, np.log(by), times[event.of]),
                asked=_chance(active, np.log(by), times[event.of]),
                sources=tuple(dict.fromkeys(c.harm.source for c in (*told, *asked, *printed))),
                counted_in=tuple(
                    dict.fromkeys(c.harm.population for c in (*told, *asked, *printed))
                ),
                printed=tuple(_as_printed(one, by) for one in printed),
            )
        )
    return tuple(sorted(found, key=lambda one: GRAVEST_FIRST.index(one.severity)))


def _as_printed(count: Counted, by: float) -> str:
    """Return a count as printed, and how many it would be at other odds."""
    if by == 1.0 or count.total is None:
        return count.sentence
    odds = by * count.events / (count.total - count.events)
    many = round(count.total * odds / (1.0 + odds))
    return f"{count.sentence}; at {by:.2g} times the odds it would be {many}"


def haemoglobin_falls(case: CourseCase) -> tuple[tuple[float, float], ...]:
    """Return by how much the harvests of each day lower the haemoglobin, by the printed numbers.

    Parameters
    ----------
    case
        A case of any kind of site.

    Returns
    -------
    tuple
        Day [s] and fall [kg/m^3, the same in g/L] of each day with a harvest.
    """
    if not harvest_days(case.plan):
        return ()
    p = Reading(catalogue()).fill(AspirationParameters)
    return tuple(
        (
            day,
            sum(
                harm(case.patient, i.harvest, p).haemoglobin_fall
                for i in case.plan.injections
                if i.harvest_day == day
            ),
        )
        for day in harvest_days(case.plan)
    )


def bleeding_factor(case: CourseCase) -> float:
    """Return the relative risk of bleeding that the chances of a case hold, 1 for most [-]."""
    return float(np.squeeze(bleeding(Facts.of(case.patient), _bleeding_numbers())))


def unknown_harms(case: CourseCase) -> tuple[str, ...]:
    """Return what the plan holds of whose harm the catalogue has no record, in sentences."""
    gaps = []
    if any(isinstance(i.harvest, FatHarvest) for i in case.plan.injections):
        gaps += ["taking fat", "injecting what is made of it"]
    if any(i.process.method == "culture" for i in case.plan.injections):
        gaps.append("growing cells in culture")
    told = printed_of(case)
    for step in case.plan.steps:
        if step.kind not in WITHOUT_HARM and _operation(step) not in told:
            gaps.append(_called(step))
    if not gaps:
        return ()
    *most, last = dict.fromkeys(gaps)
    said = f"{', '.join(most)} and {last}" if most else last
    return (f"Of harm by {said} the catalogue holds no record; none told is not none.",)


def _called(step: Step) -> str:
    """Return what a step is called in a sentence."""
    named = step.what if isinstance(step, Operation) else step.kind
    return CALLED.get(step.kind, named.replace("_", " "))


def printed_harms(case: CourseCase) -> tuple[str, ...]:
    """Return what studies print of the plan's operations as a share alone, in sentences."""
    return tuple(told.sentence for told in printed_of(case).values())


def printed_of(case: CourseCase) -> dict[str, PrintedHarm]:
    """Return what is printed of the plan's operations, by the name of the operation."""
    known = safety().printed
    names = dict.fromkeys(_operation(step) for step in case.plan.steps)
    return {name: known[name] for name in names if name in known}


def _operation(step: Document) -> str:
    """Return what studies call an operation of a plan; nothing where they have no name for it."""
    if isinstance(step, ExchangeNail):
        return "exchange_nailing"
    if isinstance(step, RevisionPlating) and step.earlier == "stays":
        return "augmentative_plating"
    return ""


def harvest_days(plan: Plan) -> tuple[float, ...]:
    """Return the days on which marrow is drawn, in order [s]."""
    days = {i.harvest_day for i in plan.injections if isinstance(i.harvest, Harvest)}
    return tuple(sorted(days))


def procedure_days(plan: Plan) -> tuple[float, ...]:
    """Return the days on which cells of marrow are injected, in order [s]."""
    days = {i.day for i in plan.injections if isinstance(i.harvest, Harvest)}
    return tuple(sorted(days))


def words_of_site(case: CourseCase) -> set[str]:
    """Return the words by which an event or a rule may ask for the site: its kind and its parts."""
    written = case.site.as_written()
    named = {str(written[key]) for key in ("kind", "at", "bone") if key in written}
    return {word.replace(" ", "_") for word in named}


def _both(
    event: Event,
    told: list[tuple[int, int]],
    asked: list[tuple[int, int]],
    p: AdverseEventParameters,
    factor: Reporting,
) -> tuple[tuple[Rate, Basis] | None, tuple[Rate, Basis] | None]:
    """Return the rate as told and as found by asking, each with how it is known."""
    passive: tuple[Rate, Basis] | None = (pooled(told, p), "counted") if told else None
    active: tuple[Rate, Basis] | None = (pooled(asked, p), "counted") if asked else None
    if event.found == "by asking":
        if active is None and passive is not None:
            active = passive[0].shifted(factor.log_factor, factor.deviation), "scaled"
        if passive is None and active is not None:
            passive = active[0].shifted(-factor.log_factor, factor.deviation), "scaled"
    return passive, active


def _chance(rate: tuple[Rate, Basis] | None, by: float, times: int) -> Chance | None:
    if rate is None:
        return None
    known, basis = rate
    return Chance(*(known.shifted(by) if by else known).of_some(times), basis)


@cache
def _laws() -> tuple[AdverseEventParameters, Any, Reporting]:
    p = Reading(catalogue()).fill(AdverseEventParameters)
    known = safety()
    return p, known, reporting(known, p)


@cache
def _bleeding_numbers() -> HarvestRiskParameters:
    return Reading(catalogue()).fill(HarvestRiskParameters)
