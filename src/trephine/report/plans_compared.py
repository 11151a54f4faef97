"""Owns the page that lays several plans of one patient side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

import jinja2
from markupsafe import Markup

from trephine.case.course_case import CourseCase
from trephine.report.comparison import DASHES, Still
from trephine.report.legend import Graph, Key
from trephine.report.palette import CATEGORIES, SITE, TISSUES
from trephine.report.svg import Panel, nice_top
from trephine.report.words import NO_BREAK, rounded
from trephine.store.files import replacing
from trephine.study.plans_compared import bands

Plain = dict[str, Any]

PAGE = "plans_compared.html"
PRINTED = "comparison.html"
MOST_COLUMNS = 6
"""Outcomes that the table shows, in the order of the product's own summary."""
WORDS = {
    "union_week": "Week of union",
    "mrust": "mRUST, 4 to 16",
    "bridged_cortices": "Cortices bridged, of 4",
    "callus_volume_mL": "Mineralised new bone (mL)",
    "tissue_stiffness_N_per_mm": "Stiffness of the tissue (N/mm)",
}


class Cell(NamedTuple):
    """A number with the span of its draws, and how far it lies from the first plan's."""

    value: str
    span: str
    difference: str


NOISE = 5e-4
"""Below this an outcome is told as nothing."""


def told(value: float) -> str:
    """Return a number as text."""
    return rounded(value) if abs(value) >= NOISE else "0"


def signed(value: float) -> str:
    """Return a number with its sign."""
    if abs(value) < NOISE:
        return "0"
    return f"{'+' if value >= 0 else chr(0x2212)}{rounded(abs(value))}"


def shown(rows: Sequence[Plain]) -> list[str]:
    """Return the names of the outcomes that the table shows."""
    return list(rows[0]["outcomes"])[:MOST_COLUMNS]


def called(name: str) -> str:
    """Return an outcome in words."""
    return WORDS.get(name, name.replace("_", " ").capitalize())


def cell(row: Plain, name: str) -> Cell:
    """Return what the table says of one outcome of one plan."""
    held, apart = row["outcomes"][name], row["differences"][name]
    value = "none" if held["value"] is None else told(held["value"])
    span = ""
    if row["draws"] > 1 and held["spread"] is not None:
        low, middle, high = held["spread"]
        span = f"{told(middle)} ({told(low)} to {told(high)})"
        if held["told"] < row["draws"]:
            span += f" in {held['told']} of {row['draws']}"
    difference = ""
    if apart["spread"] is not None:
        low, middle, high = apart["spread"]
        difference = signed(middle)
        if row["draws"] > 1:
            difference += f" ({signed(low)} to {signed(high)})"
    return Cell(value, span, difference)


def united(row: Plain) -> str:
    """Return the share of draws that united, and how far it lies above the first plan's."""
    found = row.get("united")
    if found is None:
        return ""
    low, high = (100.0 * end for end in found["interval"])
    return (
        f"{100.0 * found['share']:.0f}{NO_BREAK}%; {signed(100.0 * found['difference'])} points "
        f"({signed(low)} to {signed(high)})"
    )


def graphs(draws: Mapping[str, list[Plain]]) -> list[Graph]:
    """Return each quantity over time, a line and a band a plan."""
    first = next(iter(draws.values()))[0]["curves"]
    drawn = []
    for which, curve in enumerate(first):
        found = {name: bands(each, which) for name, each in draws.items()}
        highest = max(float(high.max()) for _, (_, _, high) in found.values())
        lowest = min(float(low.min()) for _, (low, _, _) in found.values())
        unit = curve["name"]
        longest = max((week for week, _ in found.values()), key=lambda week: float(week[-1]))
        ends = (min(0.0, -nice_top(-lowest)) if lowest < 0 else 0.0, nice_top(highest))
        panel = Panel.of(longest, ends, unit, f"Lines: {unit} by week and plan")
        under, over, keys = [panel.axes()], [], []
        for number, (name, (week, (low, middle, high))) in enumerate(found.items()):
            colour = CATEGORIES[number % len(CATEGORIES)]
            dash = DASHES[number % len(DASHES)]
            if len(draws[name]) > 1:
                under.append(f'<g opacity="0.16">{panel.area(week, low, high, colour)}</g>')
            over.append(panel.line(week, middle, colour, dash=dash))
            keys.append(Key(name, colour, [rounded(float(middle[-1]))], dash))
        svg = Markup(panel.drawing([*under, *over]))  # noqa: S704  (text is escaped)
        drawn.append(Graph(unit.partition(" (")[0], "", svg, keys))
    return drawn


def lead(rows: Sequence[Plain]) -> str:
    """Return what came out of the first draw, a clause a plan."""
    if all("union_week" in row["outcomes"] for row in rows):
        weeks = {row["plan"]: row["outcomes"]["union_week"]["value"] for row in rows}
        said = [
            f"{name}: {'no union' if week is None else f'union at week {rounded(week)}'}"
            for name, week in weeks.items()
        ]
        return f"{'; '.join(said)}."
    return "; ".join(f"{row['plan']}: {row['ending'] or ''}".lower() for row in rows) + "."


def html(
    case: CourseCase,
    cases: Mapping[str, CourseCase],
    rows: Sequence[Plain],
    draws: Mapping[str, list[Plain]],
    stills: Mapping[str, Sequence[Still]],
    plans: Mapping[str, Sequence[tuple[str, str, str]]],
    facts: Mapping[str, str],
) -> str:
    """Return the whole page.

    Parameters
    ----------
    case
        The patient, under the plan of the case.
    cases
        The same patient under each plan.
    rows, draws
        What :func:`trephine.study.plans_compared.compared` and ``draws`` returned.
    stills
        Sections of the first draw by plan; none where the kind of site has none.
    plans
        Day, title and words of each step, by plan.
    facts
        What the page was made with.
    """
    names = shown(rows)
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("trephine.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    style = (resources.files("trephine.report") / "templates" / "page.css").read_text("utf-8")
    return environment.get_template(PAGE).render(
        title=case.name,
        about=" ".join(case.about.split()),
        lead=lead(rows),
        count=rows[0]["draws"],
        heads=[called(name) for name in names],
        rows=[
            {
                "plan": row["plan"],
                "united": united(row),
                "cells": [cell(row, name) for name in names],
                "sentence": row["sentence"] or "",
                "is_first": number == 0,
            }
            for number, row in enumerate(rows)
        ],
        is_union=any("united" in row for row in rows),
        graphs=graphs(draws),
        stills=stills,
        legend=[*TISSUES, *SITE],
        plans={name: plans.get(name, ()) for name in cases},
        facts=facts,
        style=Markup(style),  # noqa: S704  (our own file)
    )


def write(folder: Path, page: str) -> Path:
    """Write the page into a folder and return it."""
    path = folder / PRINTED
    with replacing(path) as part:
        part.write_text(page, encoding="utf-8")
    return path
