"""The sheet of aftercare of one plan: dated lines, each with its grounds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from trephine.case.comparator import Needled
from trephine.case.course_case import CourseCase
from trephine.case.surgery import Autograft
from trephine.catalogue.aftercare import PHASES, Phase, Rule, rules
from trephine.catalogue.evidence_grade import ACCESS, GRADES
from trephine.core.errors import InputError
from trephine.models.plan_harms import (
    Chance,
    ExpectedHarm,
    expected,
    harvest_days,
    printed_harms,
    procedure_days,
    unknown_harms,
)
from trephine.study.aftercare_plan import COMPUTED, DAY, PLAN, Line, lines
from trephine.study.case_facts import facts, operation_days

GROUNDS = {**GRADES, PLAN: "this plan decides it", COMPUTED: "computed from this plan"}
UNDATED: dict[Phase, str] = {
    "before": "from now on",
    "day": "that day",
    "alarm": "at any time",
    "first_days": "in these days",
    "weeks": "in all these weeks",
    "visits": "at every visit",
}
"""When a line without a date is for."""
NO_ADVICE = (
    "This sheet is made by a research program. It is no medical advice and replaces no word of "
    "the team that treats you; where the two differ, the team is right."
)


@dataclass(frozen=True)
class Sheet:
    """The aftercare of a plan.

    Parameters
    ----------
    name
        Name of the case.
    start
        Date of day 0, where given.
    lines
        In the order of the phases, and of the days within.
    gaps
        What the catalogue knows nothing of, in sentences.
    """

    name: str
    start: dt.date | None
    lines: tuple[Line, ...]
    gaps: tuple[str, ...]

    def of(self, phase: Phase) -> tuple[Line, ...]:
        """Return the lines of a part of the sheet."""
        return tuple(line for line in self.lines if line.phase == phase)

    def dated(self, line: Line) -> str:
        """Return when a line is for, as dates or as days, or in words where it has neither."""
        spans = dict.fromkeys(span(first, last, self.start) for first, last in line.when)
        return "; ".join(spans) or UNDATED[line.phase]

    def as_plain(self) -> dict[str, Any]:
        """Return the sheet as plain data."""
        return {
            "name": self.name,
            "start": None if self.start is None else self.start.isoformat(),
            "not_advice": NO_ADVICE,
            "grounds": GROUNDS,
            "lines": [
                {
                    "phase": line.phase,
                    "days": [list(days) for days in line.when],
                    "when": self.dated(line),
                    "text": line.text,
                    "grade": line.grade,
                    "sources": list(line.sources),
                    "access": line.access,
                }
                for line in self.lines
            ],
            "gaps": list(self.gaps),
        }


def aftercare(case: CourseCase, start: dt.date | None = None) -> Sheet:
    """Return the sheet of a case's plan.

    Parameters
    ----------
    case
        A case of any kind of site.
    start
        Date of day 0; days are counted from it unless given.

    Raises
    ------
    InputError
        If the plan does nothing that a patient could be told about.
    """
    if not case.plan.steps:
        raise InputError(
            f"{case.name}: the plan has no step, so there is nothing to tell a patient about"
        )
    found = expected(case)
    told = [*lines(case), *_of_rules(case, found)]
    told.sort(key=_order)
    gaps = (*printed_harms(case), *unknown_harms(case))
    return Sheet(case.name, start, tuple(told), gaps)


def _order(line: Line) -> tuple[int, int, int]:
    """Return where a line stands: by part of the sheet, first day, and last day.

    On the day itself things stay in the order in which they are done. What has no date stands
    first before a procedure, where it takes longest, and last elsewhere.
    """
    part = list(PHASES).index(line.phase)
    if not line.when:
        return part, -(10**6) if line.phase == "before" else 10**6, 0
    return part, line.when[0][0], 0 if line.phase == "day" else line.when[0][1]


def _of_rules(case: CourseCase, found: tuple[ExpectedHarm, ...]) -> Iterator[Line]:
    holding, words = facts(case), _words(found)
    given = [day for step in case.plan.steps if isinstance(step, Needled) for day in step.days]
    anchors = {
        "start": (0.0,),
        "harvest": harvest_days(case.plan),
        "graft": tuple(s.day for s in case.plan.surgeries if isinstance(s, Autograft)),
        "injection": procedure_days(case.plan)
        or tuple(i.day for i in case.plan.injections)
        or tuple(given),
        "operation": operation_days(case),
    }
    anchors["any"] = tuple(
        sorted({d for a in ("harvest", "injection", "operation") for d in anchors[a]})
    )
    since = 0 if "fresh" in holding else None
    for rule in rules().values():
        days = anchors[rule.anchor] or (0.0,)
        if rule.holds(holding):
            yield _line(rule, days, words, since)


def _line(rule: Rule, days: tuple[float, ...], words: dict[str, str], since: int | None) -> Line:
    """Return a line of a rule, from no day before the first on which there was a patient."""
    reach = rule.days
    spans = (
        ()
        if reach is None
        else tuple((round(d / DAY) + reach[0], round(d / DAY) + reach[1]) for d in days)
    )
    if since is not None:
        spans = tuple((max(first, since), last) for first, last in spans if last >= since)
    return Line(
        rule.phase,
        joined(spans),
        rule.text.format(**words),
        rule.grade,
        rule.sources,
        ACCESS[rule.access] if rule.access else "",
    )


def joined(spans: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
    """Return spans of days in order, those that touch or overlap made one."""
    found: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        else:
            found.append((first, last))
    return tuple(found)


def _words(found: tuple[ExpectedHarm, ...]) -> dict[str, str]:
    """Return the numbers that texts leave open, where the plan has them."""
    by = {harm.event: harm for harm in found}
    words = {f"{name}_printed": " and ".join(harm.counts) for name, harm in by.items()}
    for event in ("any", "site_pain", "effusion"):
        if event in by:
            words[f"{event}_told"] = of_hundred(by[event].told)
            words[f"{event}_asked"] = of_hundred(by[event].asked)
    return words


def of_hundred(chance: Chance | None) -> str:
    """Return a chance as people among a hundred, with its interval."""
    if chance is None:
        return "an unknown number"
    mean, low, high = (100 * share for share in (chance.mean, chance.low, chance.high))
    return f"{_people(mean)} ({_people(low)} to {_people(high)})"


def _people(number: float) -> str:
    return f"{number:.0f}" if number >= 1.5 else f"{number:.1g}"


def span(first: int, last: int, start: dt.date | None) -> str:
    """Return a span of days as dates, or as days where there is no date of day 0."""
    if start is None:
        return f"day {first}" if first == last else f"day {first} to {last}"
    begin, end = (start + dt.timedelta(days=d) for d in (first, last))
    if begin == end:
        return on(begin)
    shared = 2 if begin.year != end.year else 1 if begin.month != end.month else 0
    parts = (str(begin.day), MONTHS[begin.month - 1], str(begin.year))
    return f"{' '.join(parts[: shared + 1])} to {on(end, weekday=False)}"


def on(date: dt.date, *, weekday: bool = True) -> str:
    """Return a date in words that no locale changes."""
    told = f"{date.day} {MONTHS[date.month - 1]} {date.year}"
    return f"{WEEKDAYS[date.weekday()]} {told}" if weekday else told


WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
