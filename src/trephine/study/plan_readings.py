"""What a run of each kind of site gives to a comparison of plans: numbers, curves, an event."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from trephine.case.course_run import CourseRun
from trephine.case.hip_run import HipRun
from trephine.case.regenerate_run import Consolidation, RegenerateRun
from trephine.case.run import Run
from trephine.case.symptom_course import ScoreCourse
from trephine.case.symptom_run import SymptomRun

Array = NDArray[np.floating[Any]]
Span = tuple[float, float, float]

WEEK, YEAR = 7.0, 365.25
CRUSHES = 2.0
"""Flattening of a collapsed head [mm], as its ending says."""


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
    """

    name: str
    week: float | None
    until: float


@dataclass(frozen=True)
class Readings:
    """What a comparison takes of one run.

    Parameters
    ----------
    numbers
        Outcomes by what they are called, with the unit; None for what did not come.
    curves
        Quantities over time.
    event
        What may happen once; nothing where that is no yes or no.
    spans
        Low end, middle and high end of the numbers of which one run itself tells an interval.
    """

    numbers: dict[str, float | None]
    curves: tuple[Curve, ...]
    event: Event | None = None
    spans: dict[str, Span] | None = None


def readings(run: CourseRun) -> Readings:
    """Return what a comparison takes of a run of any kind of site.

    A kind that is not known here gives its summary's numbers and no curve.
    """
    for kind, told in KINDS.items():
        if isinstance(run, kind):
            return told(run)
    numbers = {
        name.replace("_", " "): float(value)
        for name, value in run.summary().items()
        if isinstance(value, int | float) and not isinstance(value, bool) and name != "seed"
    }
    return Readings(cast("dict[str, float | None]", numbers), ())


def _of_shaft(run: Run) -> Readings:
    seen, week = run.follow_up, run.course.day / WEEK
    last = -1
    return Readings(
        numbers={
            "Week of union": seen.union_week,
            "mRUST, 4 to 16": float(seen.mrust[last]),
            "Cortices bridged, of 4": float(seen.bridged[last]),
            "Mineralised new bone (mL)": float(seen.callus_volume[last] * 1e6),
            "Stiffness of the tissue (N/mm)": float(run.course.stiffness[last] * 1e-3),
        },
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
    return Readings(
        numbers={
            "Subchondral fracture (years)": _years(seen.fracture_day),
            f"Collapse by {CRUSHES:g} mm (years)": _years(seen.collapse_day),
            "Flattening (mm)": float(seen.flattening[-1] * 1e3),
            "Dead bone left (mL)": float(seen.lesion_volume[-1] * 1e6),
            "Weakest bone (% of sound)": float(100.0 * seen.weakest[-1]),
            "Replaced by then (%)": float(100.0 * seen.replaced[-1]),
        },
        curves=(
            Curve("Dead bone (mL)", week, seen.lesion_volume * 1e6),
            Curve("Flattening of the head (mm)", week, seen.flattening * 1e3),
            Curve("Weakest bone of the head (% of sound)", week, 100.0 * seen.weakest),
            Curve("Such hips replaced (%)", week, 100.0 * seen.replaced),
        ),
        event=Event("Collapsed", _weeks(seen.collapse_day), float(week[-1])),
    )


def _weeks(day: float | None) -> float | None:
    return None if day is None else day / WEEK


def _years(day: float | None) -> float | None:
    return None if day is None else day / YEAR


def _of_regenerate(run: RegenerateRun) -> Readings:
    seen, week = run.regenerate, run.regenerate.day / WEEK
    docked = run.docking
    numbers = {
        "Consolidated (day)": seen.consolidated,
        "Healing index (days per cm)": run.healing_index,
        "Cortices bridged, of 4": float(seen.bridged[-1]),
        "New bone (mL)": float(seen.bone[-1] * 1e6),
        "Stiffness of the tissue (N/mm)": float(run.course.stiffness[-1] * 1e-3),
    }
    if docked is not None:
        numbers["Docking site united (days after it met)"] = docked.consolidated
    return Readings(
        numbers=numbers,
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
        return Readings({}, ())
    numbers: dict[str, float | None] = {}
    spans: dict[str, Span] = {}
    curves = []
    for score in stated(run):
        middle, words = score.group, scale(score)
        name = f"{score.name} ({words})"
        numbers[name] = float(middle.median[-1])
        spans[name] = _last(middle.low, middle.median, middle.high)
        curves.append(Curve(name, week, middle.median, middle.low, middle.high))
        gain = score.responders
        if gain is not None and score.least_difference is not None:
            name = gain_name(score)
            low, median, high = (100.0 * v for v in (gain.low, gain.median, gain.high))
            numbers[name] = float(median[-1])
            spans[name] = _last(low, median, high)
            curves.append(Curve(name, week, median, low, high))
    if own.onset_day is not None:
        numbers["Half of the relief from (day)"] = own.onset_day
    return Readings(numbers, tuple(curves), spans=spans)


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
