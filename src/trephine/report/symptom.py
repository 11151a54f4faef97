"""Owns the report of a painful joint, disc or tendon: curves with bands, responders, words."""

from __future__ import annotations

from pathlib import Path

from trephine.case.symptom_course import (
    Against,
    PlanCourse,
    ScoreCourse,
    SymptomCourse,
    SymptomEnding,
)
from trephine.case.symptom_run import SymptomRun
from trephine.catalogue.vocabulary import Product
from trephine.models.instruments import INSTRUMENTS
from trephine.models.symptom_given import SITES
from trephine.models.symptom_reported import inferred
from trephine.models.symptom_words import signed
from trephine.report import sheet, symptom_beside, symptom_structure
from trephine.report.legend import Graph, Key
from trephine.report.palette import ACCENT
from trephine.report.svg import Panel
from trephine.report.words import rounded

HALF, WHOLE = "#9fcac6", "#d5e8e5"
"""Colours of the bands that hold half and nine tenths."""
BANDS = (
    "The line is the mean of people alike in the middle of studies; the dark band holds half and "
    "the light band nine tenths of single persons."
)
NOTHING = "\u2013"


def write(run: SymptomRun, folder: Path) -> Path:
    """Write ``report.html`` of a course of pain and return it."""
    return sheet.write(
        run,
        folder,
        lead=f"{_measured(run)}{_lead(run.course)}",
        is_good=run.course.ending is SymptomEnding.RELIEVED,
        tiles=_tiles(run),
        chapters=_chapters(run),
    )


def _measured(run: SymptomRun) -> str:
    """Return that pain is inferred, where no study measured it; empty elsewhere."""
    own, site = run.course.own, SITES.get((run.case.site.kind, run.case.site.at))
    if own is None or site is None or not inferred(site, Product(own.product)):
        return ""
    return "Pain is inferred here from scores of function: no study of this treatment measured it. "


def _asked(run: SymptomRun, of: PlanCourse) -> tuple[ScoreCourse, ...]:
    """Return the scores that the case tells, or the first of a domain of which it tells none."""
    site, shown = run.case.site, []
    for domain, told in (("pain", site.pain), ("function", site.function)):
        scores = [one for one in of.scores if INSTRUMENTS[one.name].domain == domain]
        named = [one for one in scores if told is not None and one.name == told.score]
        shown += named or scores[:1]
    return tuple(shown)


def _lead(course: SymptomCourse) -> str:
    """Return how it ended, and whether that differs from what saline brings."""
    if course.own is None or not course.own.is_compared:
        return course.ending.value
    gain = _gain(course.own.score("VAS"))
    who = f" Of 100 people alike, {gain} gain as much." if gain else ""
    ending = f"{course.ending.value}{who}"
    saline = next((one for one in course.against if one.product == str(Product.SALINE)), None)
    if saline is not None:
        differs = "A difference from" if saline.is_shown else "No benefit over"
        return f"{ending} {differs} saline is shown."
    return ending


def _gain(score: ScoreCourse, place: int = -1) -> str:
    """Return how many of 100 people gain what matters, with the interval; empty where untold."""
    share = score.responders
    if share is None:
        return ""
    middle, low, high = (
        round(100 * float(one[place])) for one in (share.median, share.low, share.high)
    )
    return f"{middle} ({low} to {high})"


def facts(run: SymptomRun) -> list[tuple[str, str]]:
    """Return the outcome, label and value."""
    return [(tile.label, tile.value) for tile in _tiles(run)]


def visits(run: SymptomRun) -> tuple[list[str], list[list[str]]]:
    """Return the course as a table: of the plan, or of what is known beside it."""
    course = run.course
    shown = course.own or (course.beside[0] if course.beside else None)
    if shown is None:
        return ["Course"], [["no study gives numbers of this site"]]
    scores = _asked(run, shown)
    heads = [">Week", *(f">{score.name}" for score in scores)]
    rows = [
        [str(week), *(_middle(score, place) for score in scores)]
        for week, place in symptom_beside.places(course)
    ]
    return heads, rows


def _middle(score: ScoreCourse, place: int) -> str:
    return rounded(float(score.group.median[place]))


def _tiles(run: SymptomRun) -> list[sheet.Tile]:
    course, own = run.course, run.course.own
    weeks = rounded(float(course.day[-1]) / symptom_beside.WEEK)
    if own is None:
        return [
            sheet.Tile(
                "Evidence",
                "words alone" if course.ending is SymptomEnding.IN_WORDS else "none",
                f"of this treatment in the {run.case.site.place}",
            ),
            sheet.Tile(
                "Studied there",
                str(len(course.studied)),
                "treatments whose pain or function is told",
            ),
        ]
    pain = _asked(run, own)[0]
    tiles = [
        sheet.Tile(
            f"Pain ({pain.name}) at week {weeks}",
            rounded(float(pain.group.median[-1])),
            f"{'' if own.is_compared else 'in a series; '}from {rounded(pain.baseline)}; "
            f"nine tenths of people alike {rounded(float(pain.person.low[-1]))} to "
            f"{rounded(float(pain.person.high[-1]))}",
        )
    ]
    if not own.is_compared:
        tiles.append(
            sheet.Tile("Due to the treatment", "not known", "nobody compared it by chance")
        )
        return tiles
    pain = own.score("VAS")  # what the ending is judged by
    least = f"at least {rounded(pain.least_difference or 0.0)} points of VAS"
    gain = _gain(pain)
    tiles.append(
        sheet.Tile("Gain what matters, of 100", gain, f"people alike; {least}; 90 % interval")
        if gain
        else sheet.Tile("Gain what matters", NOTHING, f"{pain.untold}, {least}")
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
        f"Points of pain less than under {one.name}",
        signed(float(gain.median[-1])),
        f"below zero is more pain; {signed(float(gain.low[-1]))} to "
        f"{signed(float(gain.high[-1]))}; "
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
                (BANDS, *_times(course, course.own)),
                graphs=tuple(_curve(course, score) for score in _asked(run, course.own)),
                tables=(_responders(course, _asked(run, course.own)),)
                if course.own.is_compared
                else (),
            )
        )
    if course.beside:
        chapters.append(symptom_beside.beside(course))
    if course.studied:  # what was found is told in sentences at the head of the page
        chapters.append(
            sheet.Chapter("evidence", "What is known", tables=(symptom_beside.studies(course),))
        )
    return [*chapters, *symptom_structure.chapters(course)]


def _curve(course: SymptomCourse, score: ScoreCourse) -> Graph:
    weeks = course.day / symptom_beside.WEEK
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


def _times(course: SymptomCourse, own: PlanCourse) -> tuple[str, ...]:
    """Return when relief begins, how long it lasts and what the first days bring, in words."""
    if own.flare is None:
        return ()
    rise, low, high = own.flare
    due = (
        "what is due to the treatment stands beside the others below."
        if course.against
        else "what of it is due to the treatment is not known."
    )
    told = []
    if own.onset_day is not None and own.onset_interval is not None:
        early, late = own.onset_interval
        told.append(
            f"Half of the largest relief is reached by day {rounded(own.onset_day)} (nine tenths "
            f"of groups: day {rounded(early)} to {rounded(late)}) and kept "
            f"{_until(own, float(course.day[-1]))}. That is all relief, whatever brings it; {due}"
        )
    if rise > 0.0:
        over = own.flare_over_day
        told.append(
            f"In the first days the mean pain rises by up to {rise:.0f} points of 100 (90 % "
            f"interval {signed(low)} to {signed(high)})"
            + (f" and is below its beginning from day {rounded(over)}." if over else ".")
        )
    return tuple(told)


def _responders(course: SymptomCourse, scores: tuple[ScoreCourse, ...]) -> sheet.Table:
    places = symptom_beside.places(course)
    rows = []
    for score in scores:
        told = [_gain(score, at) or NOTHING for _, at in places]
        least = NOTHING if score.least_difference is None else rounded(score.least_difference)
        rows.append((score.name, least, *told))
    return sheet.Table(
        "Of 100 people alike, those who gain the least difference that matters",
        ("Score", "Least difference", *(f"Week {week}" for week, _ in places)),
        tuple(rows),
        note=" ".join(
            [
                "With the 90 % interval. Of scores without a published difference nothing is told.",
                *(
                    f"{score.name} {score.untold}."
                    for score in scores
                    if score.least_difference is not None and score.untold
                ),
            ]
        ),
    )
