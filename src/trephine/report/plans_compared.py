"""Owns the page that lays several plans of one patient side by side."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

import jinja2
import numpy as np
from markupsafe import Markup

from trephine.case.course_case import CourseCase
from trephine.report import harms
from trephine.report.comparison import DASHES
from trephine.report.legend import Graph, Key
from trephine.report.palette import CATEGORIES
from trephine.report.plan_stills import Stills
from trephine.report.svg import Panel, nice_top
from trephine.report.words import NO_BREAK, listed, rounded
from trephine.store.files import replacing
from trephine.study.paired_draws import FEWEST
from trephine.study.plans_compared import bands, curve_names

Plain = dict[str, Any]

PAGE = "plans_compared.html"
PRINTED = "comparison.html"
UNION = "Week of union"
MOST_COLUMNS = 6
"""Outcomes that the table shows, in the order of the kind of site."""


class Cell(NamedTuple):
    """A number with the span of its draws, and how far it lies from the first plan's."""

    value: str
    span: str
    difference: str


NOISE = 5e-4
"""Below this an outcome is told as nothing."""


TOO_FEW = "too few draws for an interval"
ALIKE = "the same in every draw, so no interval"


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


def cell(row: Plain, name: str) -> Cell:
    """Return what the table says of one outcome of one plan."""
    held, apart = row["outcomes"][name], row["differences"][name]
    never = "none" if held["is_known"] else "not known"
    value = never if held["value"] is None else told(held["value"])
    span = ""
    if held["is_own"]:
        low, _, high = held["spread"]
        span = f"({told(low)} to {told(high)})"
    elif row["draws"] > 1 and held["spread"] is not None:
        low, middle, high = held["spread"]
        span = f"{told(middle)} ({told(low)} to {told(high)})"
    if row["draws"] > 1 and held["is_known"] and held["told"] < row["draws"]:
        span = f"{span} in {held['told']} of {row['draws']}".lstrip()
    return Cell(value, span, _apart(apart, row["draws"]))


def _apart(apart: Plain, draws: int) -> str:
    """Return how far an outcome lies from the first plan's, and in how many draws both have it."""
    if apart["middle"] is None:
        return ""
    difference = signed(apart["middle"])
    if apart["spread"] is not None:
        low, _, high = apart["spread"]
        difference += f" ({signed(low)} to {signed(high)})"
    return difference + (f", both in {apart['pairs']}" if apart["pairs"] < draws else "")


def happened(row: Plain) -> str:
    """Return in how many draws it happened, and how far that lies above the first plan's."""
    found = row.get("event")
    if found is None:
        return ""
    said = f"{100.0 * found['share']:.0f}{NO_BREAK}%; {signed(100.0 * found['difference'])} points"
    if found["interval"] is None:
        return f"{said}, {TOO_FEW}"
    low, high = (100.0 * end for end in found["interval"])
    return f"{said} ({signed(low)} to {signed(high)})"


def waited(row: Plain) -> str:
    """Return the mean weeks until it happened, all draws counted, and beside the first plan."""
    found = row.get("event")
    if found is None:
        return ""
    said = f"{told(found['mean_week'])}; {signed(found['later'])}"
    if found["later_interval"] is None:
        return f"{said}, {TOO_FEW if row['draws'] < FEWEST else ALIKE}"
    low, high = found["later_interval"]
    return f"{said} ({signed(low)} to {signed(high)})"


def waited_for(row: Plain) -> str:
    """Return what the mean weeks are counted to."""
    found = row["event"]
    return f"Mean weeks until {found['name'].lower()}, {told(found['until'])} where never"


def is_chosen(row: Plain) -> bool:
    """Return whether a difference counts only some draws, those in which both plans had it."""
    return any(
        0 < d["pairs"] < row["draws"] and not d["is_own"] for d in row["differences"].values()
    )


def ended(sentence: str) -> str:
    """Return how a course ended in a few words: its sentence up to the first stop or colon."""
    return re.split(r"[:.](?:\s|$)", sentence, maxsplit=1)[0]


def graphs(draws: Mapping[str, list[Plain]]) -> list[Graph]:
    """Return each quantity over time, a line and a band a plan."""
    return [_graph(name, draws) for name in curve_names(draws)]


def _graph(title: str, draws: Mapping[str, list[Plain]]) -> Graph:
    held = {name: bands(each, title) for name, each in draws.items()}
    found = {name: band for name, band in held.items() if band is not None}
    highest = max(float(high.max()) for _, (_, _, high) in found.values())
    lowest = min(float(low.min()) for _, (low, _, _) in found.values())
    longest = max((week for week, _ in found.values()), key=lambda week: float(week[-1]))
    ends = (min(0.0, -nice_top(-lowest)) if lowest < 0 else 0.0, nice_top(highest))
    head, _, rest = title.partition(" (")
    panel = Panel.of(longest, ends, rest.rstrip(")"), f"Lines: {title} by week and plan")
    under, over, keys = [panel.axes()], [], []
    for number, name in enumerate(draws):
        if name not in found:
            keys.append(Key(f"{name}: no course", CATEGORIES[number], [""], shape="none"))
            continue
        week, (low, middle, high) = found[name]
        colour, dash = CATEGORIES[number % len(CATEGORIES)], DASHES[number % len(DASHES)]
        if np.any(high > low):
            under.append(f'<g opacity="0.16">{panel.area(week, low, high, colour)}</g>')
        over.append(panel.line(week, middle, colour, dash=dash))
        keys.append(Key(name, colour, [told(float(middle[-1]))], dash))
    svg = Markup(panel.drawing([*under, *over]))  # noqa: S704  (text is escaped)
    return Graph(head, "", svg, keys)


def lead(rows: Sequence[Plain]) -> str:
    """Return what came out of the first draw, a clause a plan, plans that ended alike together."""
    alike: dict[str, list[str]] = {}
    for row in rows:
        alike.setdefault(_clause(row), []).append(row["plan"])
    said = [f"{listed(names)}: {clause}" for clause, names in alike.items()]
    first = "; ".join(said)
    return f"{first[:1].upper()}{first[1:]}.{_shown(rows)}"


def _shown(rows: Sequence[Plain]) -> str:
    """Return whose first outcome differs from the first plan's beyond its own interval."""
    told = {r["plan"]: next(iter(r["differences"].items()), None) for r in rows[1:]}
    known = {plan: held for plan, held in told.items() if held is not None and held[1]["is_own"]}
    if not known:
        return ""
    apart = [p for p, (_, d) in known.items() if d["spread"][0] > 0 or d["spread"][2] < 0]
    alike = [plan for plan in known if plan not in apart]
    name = next(iter(known.values()))[0].partition(" (")[0]
    said = f" In {name} a difference from the plan is shown of {listed(apart)}." if apart else ""
    if alike:
        said += f" In {name} no difference between the plan and {listed(alike)} is shown."
    return said


def _clause(row: Plain) -> str:
    week = row["outcomes"].get(UNION)
    if week is not None:
        held = week["value"]
        return "no union" if held is None else f"union at week {rounded(held)}"
    words = ended(row["sentence"] or row["ending"])
    return words[:1].lower() + words[1:]


def html(
    case: CourseCase,
    cases: Mapping[str, CourseCase],
    rows: Sequence[Plain],
    draws: Mapping[str, list[Plain]],
    stills: Mapping[str, Stills],
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
        heads=names,
        rows=[
            {
                "plan": row["plan"],
                "event": happened(row),
                "waited": waited(row),
                "ended": ended(row["sentence"] or ""),
                "cells": [cell(row, name) for name in names],
                "sentence": row["sentence"] or "",
                "notes": row["notes"],
                "is_first": number == 0,
            }
            for number, row in enumerate(rows)
        ],
        event=next((row["event"]["name"] for row in rows if "event" in row), ""),
        waited=next((waited_for(row) for row in rows if "event" in row), ""),
        is_chosen=any(is_chosen(row) for row in rows[1:]),
        fewest=FEWEST,
        is_own=any(o["is_own"] for row in rows for o in row["outcomes"].values()),
        graphs=graphs(draws),
        stills=stills,
        harms=harms.beside(cases),
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
