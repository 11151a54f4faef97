"""What a run of each kind of site gives to a comparison of plans: numbers, curves, an event."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from trephine.case.course_run import CourseRun
from trephine.case.hip_run import HipRun
from trephine.case.regenerate_run import Consolidation, RegenerateRun
from trephine.case.run import Run
from trephine.case.symptom_course import ScoreCourse
from trephine.case.symptom_run import SymptomRun
from trephine.catalogue.symptom_posterior import symptom_posterior
from trephine.models.instruments import INSTRUMENTS

Array = NDArray[np.floating[Any]]
Span = tuple[float, float, float]
Sign = Literal["plus", "minus"]
Better = tuple[Sign, str]
"""The sign of a difference that is better for the patient, and what it then is in words."""

WEEK, YEAR = 7.0, 365.25
CRUSHES = 2.0
"""Flattening of a collapsed head [mm], as its ending says."""
SOONER: Better = ("minus", "sooner")
LATER: Better = ("plus", "later")
BRIDGED: Better = ("plus", "more bridged")


@dataclass(frozen=True)
class Curve:
    """One quantity over time.

    Parameters
    ----------
    name
        What it is, with its unit in brackets.
    week
        Weeks from day 0, (time,).
    values
        The middle, (time,).
    low, high
        Ends of the interval that one run itself tells, (time,); none where it tells none.
    """

    name: str
    week: Array
    values: Array
    low: Array | None = None
    high: Array | None = None


@dataclass(frozen=True)
class Outcome:
    """One number of a run.

    Parameters
    ----------
    name
        What it is, with its unit in brackets.
    value
        The number; None for what did not come.
    better
        Which sign of a difference is better; nothing where neither is by itself.
    span
        Low end, middle and high end of the interval that one run itself tells, if it tells one.
    """

    name: str
    value: float | None
    better: Better | None = None
    span: Span | None = None


@dataclass(frozen=True)
class Event:
    """Something that happens once or never.

    Parameters
    ----------
    name
        What it is, as the end of a sentence has it.
    week
        When it happened, in weeks from day 0; None where it never did.
    until
        Week up to which it was looked for.
    is_wanted
        Whether it is better that it happens, and soon; if not, it is better late or never.
    """

    name: str
    week: float | None
    until: float
    is_wanted: bool = True


@dataclass(frozen=True)
class Readings:
    """What a comparison takes of one run.

    Parameters
    ----------
    outcomes
        Numbers at the last visit, the most telling first.
    curves
        Quantities over time.
    event
        What may happen once; nothing where that is no yes or no.
    within
        Draws of a posterior that the one run itself stands on; none where it is one draw.
    """

    outcomes: tuple[Outcome, ...]
    curves: tuple[Curve, ...]
    event: Event | None = None
    within: int = 0

    @property
    def numbers(self) -> dict[str, float | None]:
        """The value of each outcome by its name."""
        return {one.name: one.value for one in self.outcomes}


def readings(run: CourseRun) -> Readings:
    """Return what a comparison takes of a run of any kind of site.

    A kind that is not known here gives its summary's numbers and no curve.
    """
    for kind, told in KINDS.items():
        if isinstance(run, kind):
            return told(run)
    numbers = (
        Outcome(name.replace("_", " "), float(value))
        for name, value in run.summary().items()
        if isinstance(value, int | float) and not isinstance(value, bool) and name != "seed"
    )
    return Readings(tuple(numbers), ())


def _of_shaft(run: Run) -> Readings:
    seen, week = run.follow_up, run.course.day / WEEK
    last = -1
    return Readings(
        outcomes=(
            Outcome("Week of union", seen.union_week, SOONER),
            Outcome("mRUST, 4 to 16", float(seen.mrust[last]), ("plus", "healed further")),
            Outcome("Cortices bridged, of 4", float(seen.bridged[last]), BRIDGED),
            Outcome("Mineralised new bone (mL)", float(seen.callus_volume[last] * 1e6)),
            _stiffness(run),
        ),
        curves=(
            Curve("Radiographic union (mRUST, 4 to 16)", seen.week, seen.mrust),
            Curve("Mineralised new bone (mL)", seen.week, seen.callus_volume * 1e6),
            Curve("Stiffness of the tissue (N/mm)", week, run.course.stiffness * 1e-3),
            Curve("Movement between the bone ends (mm)", week, run.course.movement * 1e3),
        ),
        event=Event("United", seen.union_week, float(seen.week[last])),
    )


def _of_hip(run: HipRun) -> Readings:
    seen, week = run.course, run.course.day / WEEK
    flat, dead = float(seen.flattening[-1] * 1e3), float(seen.lesion_volume[-1] * 1e6)
    weakest, replaced = (100.0 * float(v[-1]) for v in (seen.weakest, seen.replaced))
    return Readings(
        outcomes=(
            Outcome("Subchondral fracture (years)", _years(seen.fracture_day), LATER),
            Outcome(f"Collapse by {CRUSHES:g} mm (years)", _years(seen.collapse_day), LATER),
            Outcome("Flattening (mm)", flat, ("minus", "a rounder head")),
            Outcome("Dead bone left (mL)", dead, ("minus", "less dead bone")),
            Outcome("Weakest bone (% of sound)", weakest, ("plus", "stronger")),
            Outcome("Replaced by then (%)", replaced, ("minus", "fewer replaced")),
        ),
        curves=(
            Curve("Dead bone (mL)", week, seen.lesion_volume * 1e6),
            Curve("Flattening of the head (mm)", week, seen.flattening * 1e3),
            Curve("Weakest bone of the head (% of sound)", week, 100.0 * seen.weakest),
            Curve("Such hips replaced (%)", week, 100.0 * seen.replaced),
        ),
        event=Event("Collapsed", _weeks(seen.collapse_day), float(week[-1]), is_wanted=False),
    )


def _stiffness(run: Run | RegenerateRun) -> Outcome:
    stiffness = float(run.course.stiffness[-1] * 1e-3)
    return Outcome("Stiffness of the tissue (N/mm)", stiffness, ("plus", "stiffer"))


def _weeks(day: float | None) -> float | None:
    return None if day is None else day / WEEK


def _years(day: float | None) -> float | None:
    return None if day is None else day / YEAR


def _of_regenerate(run: RegenerateRun) -> Readings:
    seen, week = run.regenerate, run.regenerate.day / WEEK
    docked = run.docking
    outcomes = [
        Outcome("Consolidated (day)", seen.consolidated, SOONER),
        Outcome("Healing index (days per cm)", run.healing_index, ("minus", "faster")),
        Outcome("Cortices bridged, of 4", float(seen.bridged[-1]), BRIDGED),
        Outcome("New bone (mL)", float(seen.bone[-1] * 1e6)),
        _stiffness(run),
    ]
    if docked is not None:
        name = "Docking site united (days after it met)"
        outcomes.append(Outcome(name, docked.consolidated, SOONER))
    return Readings(
        outcomes=tuple(outcomes),
        curves=(
            Curve("New bone between the ends (mL)", week, seen.bone * 1e6),
            Curve("Soft zone in the middle (mm)", week, seen.soft * 1e3),
            Curve("Stiffness of the tissue (N/mm)", week, run.course.stiffness * 1e-3),
            *_docking(docked, run.case.distraction.end / 86400),
        ),
        event=Event("Consolidated", _weeks(seen.consolidated), float(week[-1])),
    )


def _docking(seen: Consolidation | None, met: float) -> Iterator[Curve]:
    if seen is not None:
        yield Curve("Bone at the docking site (mL)", (seen.day + met) / WEEK, seen.bone * 1e6)


def _of_pain(run: SymptomRun) -> Readings:
    own, week = run.course.own, run.course.day / WEEK
    if own is None:
        return Readings((), ())
    outcomes, curves = [], []
    for score in stated(run):
        middle = score.group
        name, span = f"{score.name} ({scale(score)})", _last(middle.low, middle.median, middle.high)
        outcomes.append(Outcome(name, float(middle.median[-1]), better(score), span))
        curves.append(Curve(name, week, middle.median, middle.low, middle.high))
        gain = score.responders
        if gain is not None and score.least_difference is not None:
            name = gain_name(score)
            low, median, high = (100.0 * v for v in (gain.low, gain.median, gain.high))
            span = _last(low, median, high)
            outcomes.append(Outcome(name, float(median[-1]), ("plus", "more people gain"), span))
            curves.append(Curve(name, week, median, low, high))
    if own.onset_day is not None:
        outcomes.append(Outcome("Half of the relief from (day)", own.onset_day, SOONER))
    return Readings(tuple(outcomes), tuple(curves), within=symptom_posterior().count)


def better(score: ScoreCourse) -> Better:
    """Return which sign of a difference in a score is better, and what it is then."""
    words = "less pain" if INSTRUMENTS[score.name].domain == "pain" else "more function"
    return ("plus", words) if score.better_is_high else ("minus", words)


def gain_name(score: ScoreCourse) -> str:
    """Return what the share of people who gain what matters in a score is called."""
    return f"Gain {score.least_difference:.3g} or more in {score.name} (% of people alike)"


def stated(run: SymptomRun) -> list[ScoreCourse]:
    """Return the scores in which the case says how it was before; pain where it says none."""
    site, own = run.case.site, run.course.own
    if own is None:
        return []
    names = {site.pain.score, *(() if site.function is None else (site.function.score,))}
    return [s for s in own.scores if s.name in names] or list(own.scores[:1])


def scale(score: ScoreCourse) -> str:
    """Return the scale of a score, and which end is the good one, in words."""
    good = "high" if score.better_is_high else "low"
    return f"points of {score.high:g}, {good} is good"


def _last(low: Array, middle: Array, high: Array) -> Span:
    ends = tuple(float(values[-1]) for values in (low, middle, high))
    if not all(math.isfinite(end) for end in ends):
        raise ValueError("an interval is not finite")
    return ends[0], ends[1], ends[2]


KINDS: dict[type, Callable[[Any], Readings]] = {
    Run: _of_shaft,
    HipRun: _of_hip,
    RegenerateRun: _of_regenerate,
    SymptomRun: _of_pain,
}
