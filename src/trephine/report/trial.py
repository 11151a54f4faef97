"""Owns the page of a virtual trial: curves of union, endpoints, dose, designs and failures."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
from markupsafe import Markup

from trephine.case.trial import SHARES
from trephine.report.palette import ACCENT, CATEGORIES, INK, MUTED, RULE, SECOND
from trephine.report.svg import Panel, Scale, box, decades, picture, rule, text, tick_label
from trephine.report.words import NO_BREAK, rounded
from trephine.store.files import replacing
from trephine.study.published import UNITS

Plain = dict[str, Any]

PAGE = "trial.html"
ROLES = {
    "calibrate": "may be fitted",
    "holdout": "kept aside",
    "context": "never fitted",
    "": "",
}
"""What a role says of an endpoint, in words."""
FITTED = "fitted"
"""What is said of an endpoint to which the posterior was fitted."""
ALLOWED = "outside without the allowance"
"""What is said of an endpoint that lies inside by the allowance for a model that is off alone."""
FINE = 1000
"""People from which on a share of them is told more finely than in whole per cent."""
NOTHING = "\u2013"
"""What stands where there is no number."""


def number(value: float | None, unit: str = "") -> str:
    """Return a number with its unit, or a dash."""
    if value is None:
        return NOTHING
    return rounded(value) + (f"{NO_BREAK}{raised(unit)}" if unit else "")


def raised(words: str) -> str:
    """Return words with the power of a cube raised."""
    return words.replace("^3", "\u00b3")


def interval(one: Plain) -> str:
    """Return the interval of an endpoint in words."""
    if one["low"] is None:
        return NOTHING
    return f"{rounded(one['low'])} to {rounded(one['high'])}"


def verdict(one: Plain) -> str:
    """Return whether what was published lies within, in a word."""
    return {True: "inside", False: "outside", None: NOTHING}[one["inside"]]


def role(one: Plain) -> str:
    """Return what the published value of an endpoint may be used for, in words."""
    seen = one["observed"]
    if not seen:
        return ""
    return FITTED if one.get("fitted") else ROLES[seen["role"]]


def remark(one: Plain) -> str:
    """Return what must be said of where the published value of an endpoint lies, if anything."""
    if one.get("reason"):
        return str(one["reason"])
    return ALLOWED if one["inside"] and one.get("alone") is False else ""


def is_foretold(told: Plain) -> bool:
    """Return whether the emulator told a trial with numbers of the posterior."""
    return told["numbers"] == "posterior" and str(told["engine"]).startswith("emulator")


def colours(count: int) -> list[str]:
    """Return a colour for each arm."""
    return [CATEGORIES[number % len(CATEGORIES)] for number in range(count)]


def curves(told: Plain) -> str:
    """Return the share united over time in each arm, with the band of trials of its size."""
    arms = told["arms"]
    foot = 43.0 + 17.0 * len(arms) + 22.0
    weeks = np.array(arms[0]["week"])
    panel = Panel.of(
        weeks,
        (0, 100),
        "% united",
        "Steps: share of patients united by week in each arm, by the product-limit estimate",
        height=280.0 + 17.0 * len(arms) + 22.0,
        below=foot,
    )
    drawn = [panel.axes()]
    twice = np.repeat(np.arange(weeks.size), 2)[:-1]
    stepped = weeks[np.repeat(np.arange(weeks.size), 2)[1:]]
    for arm, colour in zip(arms, colours(len(arms)), strict=True):
        low, high = (100 * (1 - np.array(arm[name])) for name in ("high", "low"))
        band = panel.area(stepped, low[twice], high[twice], colour)
        drawn.append(f'<g opacity="0.18">{band}</g>')
    for arm, colour in zip(arms, colours(len(arms)), strict=True):
        drawn.append(panel.line(weeks, 100 * (1 - np.array(arm["waiting"])), colour, step=True))
    at = panel.y.start + 58.0
    drawn.append(text(6, at, "Not united yet and still seen, of the virtual patients"))
    for row, (arm, colour) in enumerate(zip(arms, colours(len(arms)), strict=True)):
        y = at + 17.0 * (row + 1)
        drawn.append(box(6, y - 9, 10, 10, colour))
        risk = arm["at_risk"]
        drawn += [
            text(max(panel.x(week), 34), y, str(n), anchor="middle")
            for week, n in zip(risk["week"], risk["n"], strict=True)
        ]
    return picture(panel.width, panel.height, panel.label, drawn)


def against_dose(told: Plain) -> str:
    """Return the week of union against the progenitors injected; empty where nothing was."""
    members = [
        (one, colour)
        for arm, colour in zip(told["arms"], colours(len(told["arms"])), strict=True)
        for one in arm["patients"]
        if one["progenitors_injected"]
    ]
    if not members:
        return ""
    doses = [one["progenitors_injected"] for one, _ in members]
    last = max(one["last_week"] for one, _ in members)
    x = Scale(*decades([np.array(doses)], 1e6), 58, 508, log=True)
    y = Scale(0, last, 222, 52)
    parts = [text(6, 13, "week of union"), text(6, 32, "not united", colour=SECOND)]
    parts.append(rule(58, 28, 508, 28, RULE, "2 3"))
    for tick in y.ticks(4):
        parts += [
            rule(58, y(tick), 508, y(tick)),
            text(51, y(tick) + 4, rounded(tick), anchor="end"),
        ]
    for tick in x.ticks(5):
        parts += [
            rule(x(tick), 222, x(tick), 226, MUTED),
            text(x(tick), 240, tick_label(tick, log=True), anchor="middle"),
        ]
    parts.append(rule(58, 222, 508, 222, MUTED))
    parts.append(text(508, 258, "progenitors injected", anchor="end"))
    for one, colour in members:
        week = one["united_week"]
        at = 28.0 if week is None else y(week)
        fill = "none" if week is None else colour
        parts.append(
            f'<circle cx="{x(one["progenitors_injected"]):.1f}" cy="{at:.1f}" r="4" fill="{fill}" '
            f'fill-opacity="0.75" stroke="{colour}" stroke-width="1.4"/>'
        )
    label = "Dots: week of union against progenitors injected, one for each virtual patient"
    return picture(520, 266, label, parts)


def forest(endpoints: Sequence[Plain]) -> list[Plain]:
    """Return each endpoint with a picture: its interval as a bar, what was published as a mark."""
    return [{**one, "picture": Markup(bar(one))} for one in endpoints]  # noqa: S704  (made here)


def bar(one: Plain) -> str:
    """Return the interval of an endpoint as a bar, the prediction and what was published on it."""
    if one["low"] is None:
        return ""
    seen = one["observed"] or {}
    known = [seen.get("low"), seen.get("high")]
    values = [v for v in (one["low"], one["high"], one["predicted"], *known) if v is not None]
    if one["measure"] == "correlation":
        values += [-1.0, 1.0]
    elif one["unit"] == "%":
        values += [0.0, 100.0]
    low, high = min(values), max(values)
    room = 0.08 * (high - low or 1.0)
    x = Scale(low - room, high + room, 8, 212)
    parts = [rule(8, 14, 212, 14)]
    if one["measure"] == "correlation" or low < 0 < high:
        parts.append(rule(x(0), 3, x(0), 25, MUTED, "2 3"))
    parts.append(box(x(one["low"]), 10, x(one["high"]) - x(one["low"]), 8, "#a9cfca", ' rx="2"'))
    if one["predicted"] is not None:
        parts.append(
            f'<circle cx="{x(one["predicted"]):.1f}" cy="14" r="4.5" fill="{ACCENT}" '
            'stroke="#fff" stroke-width="1"/>'
        )
    colour = INK if one["inside"] in {True, None} else "#b3261e"
    ends = [v for v in known if v is not None]
    if len(ends) == 2 and ends[0] == ends[1]:
        at = x(ends[0])
        parts.append(
            f'<path d="M{at:.1f} 5l5 9-5 9-5-9z" fill="none" stroke="{colour}" stroke-width="1.8"/>'
        )
    elif ends:
        first = x(known[0]) if known[0] is not None else 8.0
        second = x(known[1]) if known[1] is not None else 212.0
        parts.append(
            f'<path d="M{first:.1f} 6v16M{first:.1f} 14H{second:.1f}M{second:.1f} 6v16" '
            f'fill="none" stroke="{colour}" stroke-width="1.8"/>'
        )
    label = f"{one['name']}: predicted {number(one['predicted'])}, 90 % {interval(one)}"
    return picture(220, 28, label, parts)


def per_cent_of(events: int, people: int) -> str:
    """Return how many among how many, as per cent: whole ones of fewer people than FINE.

    Few are not told as none, nor most as all.
    """
    share = 100 * events / people
    if people >= FINE:
        return rounded(share)
    if 0 < share < 1:
        return f"<{NO_BREAK}1"
    return f">{NO_BREAK}99" if 99 < share < 100 else f"{share:.0f}"


def lead(told: Plain) -> str:
    """Return what came out, in a sentence or two."""
    words = []
    for arm in told["arms"]:
        share = per_cent_of(arm["united"], arm["virtual"])
        said = f"{arm['name']}: {share}{NO_BREAK}% of {arm['virtual']:,} virtual patients"
        said += " united"
        if arm["median_week"] is not None and not told["baseline"]:
            said += f", half of all by week {rounded(arm['median_week'])}"
        words.append(said + ".")
    for kind, name in (("not fitted", "never fitted"), ("fitted", "that may have been fitted")):
        found = told["inside"][kind]
        if found["of"]:
            words.append(
                f"Published values {name}: {found['inside']} of {found['of']} inside the interval."
            )
    return " ".join(words)


def shown(design: Plain, value: float | None) -> str:
    """Return a number that a design compares, in the unit people use."""
    if value is None:
        return NOTHING
    if design["outcome"] in SHARES:
        return number(100 * value, "%")
    unit, scale = next(iter(UNITS[design["outcome"]].items()))
    return number(scale * value, unit)


def failures(told: Plain) -> list[tuple[str, str, str]]:
    """Return arm, error and patients of the runs without outcome, alike ones together."""
    found: dict[tuple[str, str], list[int]] = {}
    for arm in told["arms"]:
        for one in arm["patients"]:
            if one["error"]:
                found.setdefault((arm["name"], one["error"]), []).append(one["patient"])
    return [(arm, error, ", ".join(map(str, who))) for (arm, error), who in found.items()]


def html(told: Plain) -> str:
    """Return the whole page of a trial, given as plain data."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("trephine.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["capitalize_first"] = lambda words: words[:1].upper() + words[1:]
    style = (resources.files("trephine.report") / "templates" / "page.css").read_text("utf-8")
    return environment.get_template(PAGE).render(
        told=told,
        lead=lead(told),
        heads=list(zip(told["arms"], colours(len(told["arms"])), strict=True)),
        curves=Markup(curves(told)),  # noqa: S704  (text is escaped there)
        scatter=Markup(against_dose(told)),  # noqa: S704
        endpoints=forest(told["endpoints"]),
        scenarios=[{**one, "endpoints": forest(one["endpoints"])} for one in told["scenarios"]],
        failures=failures(told),
        nothing=NOTHING,
        shown=shown,
        raised=raised,
        role=role,
        remark=remark,
        is_foretold=is_foretold(told),
        number=number,
        interval=interval,
        verdict=verdict,
        style=Markup(style),  # noqa: S704  (our own file)
    )


def write(told: Plain, folder: Path) -> Path:
    """Write the page into a folder and return it."""
    page = folder / PAGE
    with replacing(page) as part:
        part.write_text(html(told), encoding="utf-8")
    return page
