"""Owns the page that lays several plans of one patient side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
from markupsafe import Markup

from trephine.case.course_case import CourseCase
from trephine.report import added_cells, harms
from trephine.report.comparison import DASHES
from trephine.report.legend import Graph, Key
from trephine.report.palette import CATEGORIES
from trephine.report.plan_rows import (
    Beside,
    better,
    cell,
    ended,
    event_better,
    happened,
    is_chosen,
    shown,
    told,
    waited,
    waited_for,
)
from trephine.report.plan_stills import Stills
from trephine.report.svg import Panel, nice_top
from trephine.report.words import listed, rounded
from trephine.store.files import replacing
from trephine.study.added_cells import added
from trephine.study.paired_draws import FEWEST
from trephine.study.plans_compared import bands, curve_names

Plain = dict[str, Any]

PAGE = "plans_compared.html"
PRINTED = "comparison.html"
UNION = "Week of union"


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
        keys.append(Key(name, colour, [told(float(middle[-1]), title)], dash))
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
    apart = {p: d for p, (_, d) in known.items() if d["spread"][0] > 0 or d["spread"][2] < 0}
    alike = [plan for plan in known if plan not in apart]
    whole = next(iter(known.values()))[0]
    name, which = whole.partition(" (")[0], rows[0]["outcomes"][whole]["better"]
    ways = [
        f"{plan} ({'better' if (d['middle'] > 0) == (which[0] == 'plus') else 'worse'})"
        for plan, d in apart.items()
    ]
    said = f" In {name} a difference from the plan is shown of {listed(ways)}." if ways else ""
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
        heads=[(name, better(rows[0], name)) for name in names],
        cells=added_cells.sentences(added(cases, draws)),
        within=max(row["within"] for row in rows),
        rows=[
            {
                "plan": row["plan"],
                "event": _in_a_cell(happened(row), is_first=number == 0),
                "waited": _in_a_cell(waited(row), is_first=number == 0),
                "ended": ended(row["sentence"] or ""),
                "cells": [cell(row, name) for name in names],
                "sentence": row["sentence"] or "",
                "notes": row["notes"],
                "is_first": number == 0,
            }
            for number, row in enumerate(rows)
        ],
        event=next((row["event"]["name"] for row in rows if "event" in row), ""),
        event_better=next((event_better(row) for row in rows if "event" in row), ("", "")),
        waited=next((waited_for(row) for row in rows if "event" in row), ""),
        is_chosen=any(is_chosen(row) for row in rows[1:]),
        fewest=FEWEST,
        is_own=any(o["is_own"] for row in rows for o in row["outcomes"].values()),
        graphs=graphs(draws),
        stills=stills,
        legend=list(dict.fromkeys(pair for each in stills.values() for pair in each.legend)),
        harms=harms.beside(cases),
        plans={name: plans.get(name, ()) for name in cases},
        facts=facts,
        style=Markup(style),  # noqa: S704  (our own file)
    )


def _in_a_cell(found: Beside, *, is_first: bool) -> str:
    """Return what is told of an event; the first plan does not lie apart from itself."""
    return found.value if is_first or not found.value else "; ".join(found)


def write(folder: Path, page: str) -> Path:
    """Write the page into a folder and return it."""
    path = folder / PRINTED
    with replacing(path) as part:
        part.write_text(page, encoding="utf-8")
    return path
