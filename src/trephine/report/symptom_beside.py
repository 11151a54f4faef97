"""Owns what the report shows beside a course of pain: other treatments, and what was studied."""

from __future__ import annotations

import numpy as np

from trephine.case.symptom_course import PlanCourse, SymptomCourse
from trephine.catalogue.vocabulary import Product
from trephine.models.symptom_words import NAMES, signed
from trephine.report import sheet
from trephine.report.legend import Graph, Key
from trephine.report.palette import CATEGORIES, INK
from trephine.report.svg import Panel, nice_top
from trephine.report.words import rounded

WEEK = 7.0
NOTHING = "\u2013"
VISITS = (2, 6, 13, 26, 52, 104)
"""Weeks of the tables, where the follow-up reaches them."""


def places(course: SymptomCourse) -> list[tuple[int, int]]:
    """Return the weeks of the tables with their place in the course."""
    last = course.day[-1] / WEEK
    return [
        (week, int(np.argmin(np.abs(course.day - week * WEEK)))) for week in VISITS if week <= last
    ]


def beside(course: SymptomCourse) -> sheet.Chapter:
    """Return the plan beside other treatments of the same person."""
    weeks = course.day / WEEK
    every = (*((course.own,) if course.own else ()), *course.beside)
    top = max(float(one.score("VAS").group.median.max()) for one in every)
    panel = Panel.of(weeks, (0.0, nice_top(top)), "VAS, points of 100", "Mean pain by treatment")
    parts, keys = [panel.axes()], []
    for number, one in enumerate(every):
        colour = CATEGORIES[number % len(CATEGORIES)] if one is not course.own else INK
        values = one.score("VAS").group.median
        dash = "" if number % 2 == 0 else "7 4"
        parts.append(panel.line(weeks, values, colour, dash=dash))
        keys.append(Key(one.name.capitalize(), colour, [rounded(float(values[-1]))], dash))
    graph = Graph(
        "Pain under each treatment",
        "The same person, the same luck; means of people alike.",
        panel.drawing(parts),
        keys,
    )
    rows = tuple(
        (
            one.name,
            *(
                f"{signed(float(one.gain.median[at]))} ({signed(float(one.gain.low[at]))} to "
                f"{signed(float(one.gain.high[at]))})"
                for _, at in places(course)
            ),
            str(one.compared),
        )
        for one in course.against
    )
    heads = (
        "Against",
        *(f"Week {week}" for week, _ in places(course)),
        "Trials",
    )
    table = sheet.Table(
        "Points of pain less under the plan (plus is better)",
        heads,
        rows,
        note="Above zero the plan is better, below zero worse. With the 90 % interval. Trials: "
        "randomised studies of the two.",
    )
    tables = ((table,) if rows else ()) + (
        (gain,) if (gain := _those_who_gain(course, every)) else ()
    )
    return sheet.Chapter("beside", "Beside other treatments", graphs=(graph,), tables=tables)


def _those_who_gain(course: SymptomCourse, every: tuple[PlanCourse, ...]) -> sheet.Table | None:
    """Return how many gain the least difference in pain that matters; none where untold."""
    shown = places(course)
    rows = [
        (
            one.name,
            *(
                f"{round(100 * told.median[at])} ({round(100 * told.low[at])} to "
                f"{round(100 * told.high[at])})"
                for _, at in shown
            ),
        )
        for one in every
        if (told := one.score("VAS").responders) is not None
    ]
    if not rows:
        return None
    least = every[0].score("VAS").least_difference or 0.0
    return sheet.Table(
        f"Of 100 people alike, those who gain {rounded(least)} points of VAS or more",
        ("Treatment", *(f"Week {week}" for week, _ in shown)),
        tuple(rows),
        note="With the 90 % interval.",
    )


def studies(course: SymptomCourse) -> sheet.Table:
    """Return what the model was fitted to at this site."""
    rows = tuple(
        (
            NAMES[Product(one.product)],
            str(one.randomised),
            str(one.alone),
            str(one.numbers) if one.numbers else "words alone",
            str(one.patients) if one.patients else NOTHING,
            ", ".join(one.studies),
        )
        for one in course.studied
    )
    return sheet.Table(
        "Studies of this site that the model was fitted to",
        ("Treatment", "Randomised", "Others", "In numbers", "Patients", "Studies"),
        rows,
        numbers=False,
        note="Patients of the arms that tell their number.",
    )
