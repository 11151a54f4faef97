"""Owns the comparison of plans: one page with the front, the plans with a name, and the search."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

import jinja2
from markupsafe import Markup

from trephine.report.palette import ACCENT
from trephine.report.plan_scatter import COLOURS, SHORT, scatter, unit_of
from trephine.report.words import NO_BREAK, chance_of, count, listed, rounded, tenths
from trephine.store.files import replacing

Plain = dict[str, Any]

PAGE = "plans.html"
LIMITS = {
    "marrow_per_mass": "marrow per body mass",
    "marrow": "marrow in all",
    "punctures": "punctures",
    "theatre_time": "time in theatre",
    "cost": "cost",
    "sessions": "sessions",
    "manipulation": "manipulation",
    "reduction": "reduction of the volume by a device",
    "price": "price of all that it takes",
}
"""What a limit is called."""


class Fact(NamedTuple):
    """A row of the table: what is told, and of each plan what it is."""

    name: str
    values: list[str]


def chance(one: Plain) -> str:
    """Return a chance with its interval, in per cent."""
    return chance_of(one["chance"], one["interval"])


def days(one: Plain) -> str:
    """Return how many injections and on which days."""
    told = listed([rounded(day) for day in one["days"]])
    return f"{one['injections']}, day{'s' if one['injections'] > 1 else ''} {told}"


def minutes(one: Plain) -> str:
    """Return the time in theatre with the span of 80 %."""
    low, high = one["theatre_min_80"]
    return f"{one['theatre_min']:.0f} ({low:.0f} to {high:.0f})"


def difference(one: Plain) -> str:
    """Return the chance above that of the plan of the case, in points."""
    if one.get("name") == "as planned in the case":
        return "\u2013"
    low, high = (100 * end for end in one["difference_interval"])
    return f"{_signed(100 * one['difference'])} ({_signed(low)} to {_signed(high)})"


def _signed(value: float) -> str:
    return f"{value:+.1f}".replace("-", "\u2212")


def weeks(one: Plain) -> str:
    """Return the week of union where it unites, with the span of 80 %."""
    if one["union_week"] is None:
        return "none unites"
    low, middle, high = one["union_week"]
    return f"{middle:.0f} ({low:.0f} to {high:.0f})"


def span(one: Plain) -> str:
    """Return the chance of union by where the threshold may lie."""
    low, high = one["union_between"]
    return f"{100 * low:.1f} to {100 * high:.1f}{NO_BREAK}%"


def dose(one: Plain) -> str:
    """Return the progenitors with the span of 80 %."""
    low, middle, high = one["dose"]
    if not high:
        return "none"
    return f"{count(middle)} ({count(low)} to {count(high)})"


def prescribed(one: Plain) -> str:
    """Return the chance of the prescription."""
    return chance_of(one["prescription"], one["prescription_interval"])


def price(one: Plain) -> str:
    """Return the cost."""
    return "not known" if one["cost"] is None else rounded(one["cost"], 4)


def passed(one: Plain) -> str:
    """Return the limits that a plan passes over."""
    return ", ".join(LIMITS[name] for name in one["over_limits"]) or "none"


def refused(one: Plain) -> str:
    """Return in how many samples a product cannot be had."""
    return tenths(one["refused"])


def grown(one: Plain) -> str:
    """Return the grown cells with the span of 80 %."""
    low, middle, high = one["grown"]
    return f"{count(middle)} ({count(low)} to {count(high)})" if high else "none"


def facts(told: Plain, plans: Sequence[Plain]) -> list[Fact]:
    """Return the rows of the table of some plans."""
    is_union = told["objective"] == "union"
    is_any_grown = told["prescription"] is not None and any(one["grown"][-1] for one in plans)
    rows: list[tuple[str, Callable[[Plain], str]]] = [
        ("Draws", lambda one: one["draws"]),
        ("Bone", lambda one: one["bone"].replace("_", " ")),
        ("Needle, draws along a track", lambda one: f"{one['needle']}, {one['track']}"),
        ("Device", lambda one: one["device"]),
        ("Injected", lambda one: one["product"]),
        ("Carrier", lambda one: one["carrier"]),
        ("Injections", days),
        (f"{told['gain'].capitalize()} (95{NO_BREAK}%)", chance),
        ("Above the plan of the case, points (95 %)", difference),
    ]
    if is_union:
        rows += [
            ("Chance by where the threshold may lie", span),
            (f"Week of union (80{NO_BREAK}%)", weeks),
        ]
        if told["prescription"] is not None:
            rows.append((f"Chance of the prescription (95{NO_BREAK}%)", prescribed))
    rows += [
        (f"Progenitors {_where(told)} (80{NO_BREAK}%)", dose),
        *([(f"Grown cells {_where(told)} (80{NO_BREAK}%)", grown)] if is_any_grown else []),
        ("Samples in which a run is refused", refused),
        (f"Minutes in theatre (80{NO_BREAK}%)", minutes),
        ("Minutes the patient is held", lambda one: f"{one['patient_min']:.0f}"),
        ("Sessions, days of culture", lambda one: f"{one['sessions']}, {one['culture_days']:.0f}"),
        ("Marrow drawn (mL)", lambda one: rounded(one["marrow_mL"])),
        ("Punctures", lambda one: str(one["punctures"])),
        ("Fall of the haemoglobin (g/L)", lambda one: f"{one['haemoglobin_fall_g_L']:.1f}"),
        ("Chance of a major complication", lambda one: f"{100 * one['major_chance']:.1f} %"),
    ]
    if told["currency"] is not None:
        rows.append((f"Cost ({told['currency']})", price))
    if any(one["over_limits"] for one in plans):
        rows.append(("Limits passed over", passed))
    return [Fact(name, [say(one) for one in plans]) for name, say in rows]


def _where(told: Plain) -> str:
    words = told["prescription"] or "that stay"
    for place in ("in the product", "injected", "that stay"):
        if place in words:
            return place
    return "in the lesion"


def lead(told: Plain) -> str:
    """Return what came out, in a sentence or two."""
    first = told["named"][0]
    best = next(one for one in told["named"] if one["name"].startswith("best chance within"))
    if not best["chance"]:
        what = "unites" if told["objective"] == "union" else "reaches the prescription"
        return f"Nothing within the limits {what} in any of {told['samples']['told']:,} samples."
    if not told["is_reached"]:
        return (
            f"No plan within the limits reaches {100 * told['target']:.0f}{NO_BREAK}%. The best "
            f"chance is {_chance(best, 1)}: {_in_short(best)}.{_brings(best, told)}"
        )
    words = (
        f"{_in_short(first)}: the least burden that reaches "
        f"{100 * told['target']:.0f}{NO_BREAK}%, with {_chance(first)} for "
        f"{first['theatre_min']:.0f} minutes in theatre and {rounded(first['marrow_mL'])} mL of "
        f"marrow.{_brings(first, told)}"
    )
    if best["draws"] == first["draws"] and best["chance"] == first["chance"]:
        words += " No plan has a better chance."
    else:
        words += f" The best chance is {_chance(best)}: {_in_short(best)}."
    for one in told["named"]:
        if one["name"].endswith("minimal manipulation"):
            words += (
                f" Without growing cells or setting them free by enzymes it is "
                f"{_chance(one)}: {_in_short(one)}."
            )
    return words


def _chance(one: Plain, places: int = 0) -> str:
    """Return a chance alone; what all samples or none show is told as a bound."""
    if one["chance"] in {0, 1}:
        return chance_of(one["chance"], one["interval"])
    return f"{100 * one['chance']:.{places}f}{NO_BREAK}%"


def _brings(one: Plain, told: Plain) -> str:
    """Return what a plan brings of colonies and of grown cells, where it brings any of these."""
    if told["prescription"] is None or not one["grown"][1]:
        return ""
    colonies = count(one["dose"][1]) if one["dose"][1] else "none"
    grown = count(one["grown"][1])
    return f" It brings {grown} grown cells {_where(told)} and {colonies} that were not grown."


def _in_short(one: Plain) -> str:
    times = f" in each of {one['injections']} injections" if one["injections"] > 1 else ""
    made = "as drawn" if one["device"] == "none" else one["device"]
    return f"{one['draws']}, {made}, {one['product']}{times}"


def left_out(told: Plain) -> list[tuple[str, str, str]]:
    """Return each limit with its value and how many plans it leaves out."""
    found = told["plans"]["left_out"]
    limits = {**told["limits"], **({"price": "known"} if "price" in found else {})}
    return [
        (LIMITS[name], str(value), f"{found.get(name, 0):,}")
        for name, value in limits.items()
        if name in LIMITS
    ]


def html(told: Plain) -> str:
    """Return the whole page of what the planner found, given as plain data."""
    named, front = told["named"], told["front"]
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("trephine.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    style = (resources.files("trephine.report") / "templates" / "page.css").read_text("utf-8")
    return environment.get_template(PAGE).render(
        told=told,
        lead=lead(told),
        wide=Markup(scatter(told, 1040, 470)),  # noqa: S704  (text is escaped there)
        narrow=Markup(scatter(told, 366, 420)),  # noqa: S704
        heads=[(one["name"], COLOURS[one["name"]]) for one in named],
        short=SHORT,
        facts=facts(told, named),
        front=front,
        front_rows=[
            [
                one["draws"],
                one["track"],
                str(one["punctures"]),
                one["device"],
                one["product"],
                one["carrier"],
                str(one["injections"]),
                chance(one),
                rounded(one["burden"]),
            ]
            for one in front
        ],
        burden=unit_of(told),
        limits=left_out(told),
        accent=ACCENT,
        style=Markup(style),  # noqa: S704  (our own file)
    )


def write(told: Plain, folder: Path) -> Path:
    """Write the page into a folder and return it."""
    page = folder / str(told["page"])
    with replacing(page) as part:
        part.write_text(html(told), encoding="utf-8")
    return page
