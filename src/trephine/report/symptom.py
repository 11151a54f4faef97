"""Owns the report of a painful joint, disc or tendon: curves with bands, responders, words."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from trephine.case.symptom_course import (
    Against,
    DiscFeed,
    PlanCourse,
    ScoreCourse,
    SymptomCourse,
    SymptomEnding,
)
from trephine.case.symptom_run import SymptomRun
from trephine.catalogue.vocabulary import Product
from trephine.models.instruments import INSTRUMENTS
from trephine.models.symptom_words import NAMES, signed
from trephine.report import sheet
from trephine.report.legend import Graph, Key
from trephine.report.palette import ACCENT, CATEGORIES, INK
from trephine.report.svg import Panel, nice_top
from trephine.report.words import count, percent, rounded

WEEK = 7.0
HALF, WHOLE = "#9fcac6", "#d5e8e5"
"""Colours of the bands that hold half and nine tenths."""
BANDS = (
    "The line is the mean of people alike in the middle of studies; the dark band holds half and "
    "the light band nine tenths of single persons."
)
VISITS = (2, 6, 13, 26, 52, 104)
"""Weeks of the tables, where the follow-up reaches them."""
NOTHING = "\u2013"


def write(run: SymptomRun, folder: Path) -> Path:
    """Write ``report.html`` of a course of pain and return it."""
    return sheet.write(
        run,
        folder,
        lead=_lead(run.course),
        is_good=run.course.ending is SymptomEnding.RELIEVED,
        tiles=_tiles(run),
        chapters=_chapters(run),
    )


def _lead(course: SymptomCourse) -> str:
    """Return how it ended, and whether that differs from what saline brings."""
    saline = next((one for one in course.against if one.product == str(Product.SALINE)), None)
    if saline is None:
        return course.ending.value
    differs = "A difference from saline is" if saline.is_shown else "No difference from saline is"
    return f"{course.ending.value} {differs} shown."


def facts(run: SymptomRun) -> list[tuple[str, str]]:
    """Return the outcome, label and value."""
    return [(tile.label, tile.value) for tile in _tiles(run)]


def visits(run: SymptomRun) -> tuple[list[str], list[list[str]]]:
    """Return the course as a table: of the plan, or of what is known beside it."""
    course = run.course
    shown = course.own or (course.beside[0] if course.beside else None)
    if shown is None:
        return ["Course"], [["no study gives numbers of this site"]]
    heads = [">Week", *(f">{score.name}" for score in shown.scores)]
    rows = [
        [str(week), *(_middle(score, place) for score in shown.scores)]
        for week, place in _places(course)
    ]
    return heads, rows


def _places(course: SymptomCourse) -> list[tuple[int, int]]:
    """Return the weeks of the tables with their place in the course."""
    last = course.day[-1] / WEEK
    return [
        (week, int(np.argmin(np.abs(course.day - week * WEEK)))) for week in VISITS if week <= last
    ]


def _middle(score: ScoreCourse, place: int) -> str:
    return rounded(float(score.group.median[place]))


def _tiles(run: SymptomRun) -> list[sheet.Tile]:
    course, own = run.course, run.course.own
    weeks = rounded(float(course.day[-1]) / WEEK)
    if own is None:
        return [
            sheet.Tile("Evidence", "none", f"of this treatment in the {run.case.site.place}"),
            sheet.Tile(
                "Studied there",
                str(len(course.studied)),
                "treatments with numbers on pain or function",
            ),
        ]
    pain = own.score("VAS")
    tiles = [
        sheet.Tile(
            f"Pain (VAS) at week {weeks}",
            rounded(float(pain.group.median[-1])),
            f"from {rounded(pain.baseline)}; nine tenths of people alike "
            f"{rounded(float(pain.person.low[-1]))} to {rounded(float(pain.person.high[-1]))}",
        )
    ]
    if pain.responders is not None:
        tiles.append(
            sheet.Tile(
                "Gain what matters",
                percent(float(pain.responders.median[-1])),
                f"of people alike; at least {rounded(pain.least_difference or 0.0)} points",
            )
        )
    tiles += [_difference(one) for one in course.against if one.product == "saline"]
    tiles += [_difference(one) for one in course.against if one.product == "corticosteroid"]
    tiles.append(
        sheet.Tile(
            "Half of the relief from",
            NOTHING if own.onset_day is None else f"day {rounded(own.onset_day)}",
            _until(own, float(course.day[-1])),
        )
    )
    return tiles


def _until(own: PlanCourse, last: float) -> str:
    if own.until_day is None:
        return ""
    longer = ", or longer" if own.until_day >= last else ""
    return f"until day {rounded(own.until_day)}{longer}"


def _difference(one: Against) -> sheet.Tile:
    gain = one.gain
    return sheet.Tile(
        f"Against {one.name}",
        f"{signed(float(gain.median[-1]))} points",
        f"{signed(float(gain.low[-1]))} to {signed(float(gain.high[-1]))}; "
        + ("a difference is shown" if one.is_shown else "no difference is shown"),
    )


def _chapters(run: SymptomRun) -> list[sheet.Chapter]:
    course = run.course
    chapters = []
    if course.own is not None:
        chapters.append(
            sheet.Chapter(
                "course",
                "Pain and function over time",
                (BANDS,),
                graphs=tuple(_curve(course, score) for score in course.own.scores),
                tables=(_responders(course, course.own),),
            )
        )
    if course.beside:
        chapters.append(_beside(course))
    if course.studied:  # what was found is told in sentences at the head of the page
        chapters.append(sheet.Chapter("evidence", "What is known", tables=(_studies(course),)))
    if course.feed is not None:
        told = (_feed(course.feed),)
        chapters.append(sheet.Chapter("feed", "What the disc can feed", told))
    return chapters


def _feed(feed: DiscFeed) -> str:
    injected = (
        ""
        if feed.injected is None
        else f" The plan injects {count(feed.injected)} nucleated cells."
    )
    return (
        f"With {percent(feed.endplate_open)} of the endplate open, the middle of the nucleus has "
        f"{rounded(feed.glucose, 2)} mmol/L of glucose and a pH of {rounded(feed.acid, 3)}. Cells "
        f"die below 0.5 mmol/L or a pH of 6.78, so there is food for about {count(feed.room)} more "
        f"cells that live as disc cells do.{injected}"
    )


def _curve(course: SymptomCourse, score: ScoreCourse) -> Graph:
    weeks = course.day / WEEK
    domain = INSTRUMENTS[score.name].domain.capitalize()
    unit = f"{score.name}, points of {rounded(score.high)}"
    panel = Panel.of(weeks, (score.low, score.high), unit, f"{domain}, {score.name}, over weeks")
    one, group = score.person, score.group
    parts = [
        panel.area(weeks, one.low, one.high, WHOLE),
        panel.area(weeks, one.low_half, one.high_half, HALF),
        panel.axes(),
        panel.line(weeks, group.low, ACCENT, dash="2 4"),
        panel.line(weeks, group.high, ACCENT, dash="2 4"),
        panel.line(weeks, group.median, ACCENT),
    ]
    keys = [
        Key("Mean of people alike", ACCENT, [rounded(float(group.median[-1]))]),
        Key(
            "90 % of such means",
            ACCENT,
            [f"{rounded(float(group.low[-1]))} to {rounded(float(group.high[-1]))}"],
            dash="2 4",
        ),
        Key(
            "Half of persons",
            HALF,
            [f"{rounded(float(one.low_half[-1]))} to {rounded(float(one.high_half[-1]))}"],
            shape="area",
        ),
        Key(
            "90 % of persons",
            WHOLE,
            [f"{rounded(float(one.low[-1]))} to {rounded(float(one.high[-1]))}"],
            shape="area",
        ),
    ]
    good = "high" if score.better_is_high else "low"
    title = f"{domain}: {score.name}"
    return Graph(title, f"A {good} score is good.", panel.drawing(parts), keys)


def _responders(course: SymptomCourse, own: PlanCourse) -> sheet.Table:
    places = _places(course)
    rows = []
    for score in own.scores:
        told = [
            NOTHING
            if score.responders is None
            else f"{round(100 * score.responders.median[at])} ("
            f"{round(100 * score.responders.low[at])} to "
            f"{round(100 * score.responders.high[at])})"
            for _, at in places
        ]
        least = NOTHING if score.least_difference is None else rounded(score.least_difference)
        rows.append((score.name, least, *told))
    return sheet.Table(
        "Of 100 people alike, those who gain the least difference that matters",
        ("Score", "Least difference", *(f"Week {week}" for week, _ in places)),
        tuple(rows),
        note="With the 90 % interval. Of scores without a published difference nothing is told.",
    )


def _beside(course: SymptomCourse) -> sheet.Chapter:
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
                for _, at in _places(course)
            ),
            str(one.compared),
        )
        for one in course.against
    )
    heads = (
        "Against",
        *(f"Week {week}" for week, _ in _places(course)),
        "Randomised studies of the two",
    )
    table = sheet.Table(
        "Points of pain less under the plan",
        heads,
        rows,
        note="Above zero the plan is better. With the 90 % interval.",
    )
    tables = (table,) if rows else ()
    return sheet.Chapter("beside", "Beside other treatments", graphs=(graph,), tables=tables)


def _studies(course: SymptomCourse) -> sheet.Table:
    rows = tuple(
        (
            NAMES[Product(one.product)],
            str(one.randomised),
            str(one.alone),
            str(one.patients),
            ", ".join(one.studies),
        )
        for one in course.studied
    )
    return sheet.Table(
        "Studies of this site that the model was fitted to",
        ("Treatment", "Randomised", "Others", "Patients", "Studies"),
        rows,
        numbers=False,
        note="Patients of the arms that tell their number.",
    )
