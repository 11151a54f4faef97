"""Owns where things went: what each term of the model added to a field and took, over time."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from trephine.case.course import UNITS
from trephine.case.run import Run
from trephine.core.types import Series
from trephine.report.fields import described, plain
from trephine.report.frames import Frames
from trephine.report.legend import Graph, Key, events
from trephine.report.palette import CATEGORIES, INK, JOINED
from trephine.report.svg import Panel, nice_step
from trephine.report.words import NO_BREAK, count, listed, percent, rounded
from trephine.store.export import amount_unit

TITLES = {
    "progenitor_injected": "Injected progenitors",
    "progenitor_host": "Host progenitors",
}
LARGEST = 8
"""Ways drawn apart; the others are drawn together."""
OTHERS = "other ways"
NOTHING = 1e-6
"""A way smaller than this share of the largest is rounding: motion moves cells, makes none."""


@dataclass(frozen=True)
class Ways:
    """What came in and went out by each way, running totals, (time,) [1e6 cells, or mL]."""

    gains: dict[str, Series]
    losses: dict[str, Series]


@dataclass(frozen=True)
class Amount:
    """How amounts of a field are said: the unit on the axis, its size, and in a sentence."""

    unit: str
    factor: float
    is_cells: bool

    @classmethod
    def of(cls, field: str, largest: float) -> Amount:
        """Return the unit that suits the largest amount of a field."""
        if UNITS[field] == "1e6/mL":
            is_many = largest >= 1.0
            unit = "million cells" if is_many else "thousand cells"
            return cls(unit, 1.0 if is_many else 1e3, is_cells=True)
        factor, unit = plain(amount_unit(UNITS[field]))
        if unit == "mL" and largest < 0.1:
            return cls("µL", 1e3, is_cells=False)
        return cls(unit, factor, is_cells=False)

    def words(self, value: float) -> str:
        """Return an amount in words."""
        if self.is_cells:
            return count(value * 1e6)
        return f"{rounded(value * self.factor)}{NO_BREAK}{self.unit}"


def ways(run: Run, field: str) -> Ways:
    """Return the ways in and out of a field, largest first, the small ones together.

    A way that turned from gain to loss during the course is placed by its running total at
    each time.
    """
    prefix = f"{field}/"
    found = {
        name.removeprefix(prefix): values
        for name, values in run.course.spent.items()
        if name.startswith(prefix)
    }
    largest = max((float(np.abs(v).max()) for v in found.values()), default=0.0)
    found = {name: v for name, v in found.items() if np.abs(v).max() > NOTHING * largest}
    order = sorted(found, key=lambda name: -float(np.abs(found[name]).max()))
    told = {name: found[name] for name in order[:LARGEST]}
    if order[LARGEST:]:
        told[OTHERS] = np.sum([found[name] for name in order[LARGEST:]], axis=0)
    gains = {name: np.maximum(values, 0.0) for name, values in told.items() if values.max() > 0}
    losses = {name: np.maximum(-values, 0.0) for name, values in told.items() if values.min() < 0}
    return Ways(gains, losses)


def _graph(run: Run, frames: Frames, field: str, found: Ways, colours: dict[str, str]) -> Graph:
    weeks = run.course.day / 7.0
    title = TITLES.get(field) or described(field, UNITS[field]).label
    up = sum(found.gains.values(), np.zeros(weeks.size))
    down = sum(found.losses.values(), np.zeros(weeks.size))
    amount = Amount.of(field, float(max(up.max(), down.max())))
    marks = _marks(float(down.max()) * amount.factor, float(up.max()) * amount.factor)
    panel = Panel.of(
        weeks,
        (marks[0], marks[-1]),
        f"{amount.unit}; came in above, went out below",
        f"Stacked areas: {title}, what came in and what went out by week",
        marks=marks,
    )
    drawn, keys = [panel.axes()], []
    for side, sign in ((found.gains, 1.0), (found.losses, -1.0)):
        low = np.zeros(weeks.size)
        for name, values in side.items():
            high, scale = low + values, sign * amount.factor
            drawn.append(panel.area(weeks, low * scale, high * scale, colours[name]))
            low = high
            word = "+" if sign > 0 else "\u2212"
            told = [f"{word}{NO_BREAK}{amount.words(float(values[i]))}" for i in frames.snapshot]
            keys.append(Key(short(name), colours[name], told, shape="area"))
    net = up - down
    drawn += [panel.line(weeks, net * amount.factor, INK), panel.events(events(run))]
    start = _at_day_0(run, field)
    there = [amount.words(float(net[i]) + start) for i in frames.snapshot]
    keys.append(Key("There now", INK, there))
    note = "Running totals. The dark line is what came in less what went out since day 0"
    note += f"; {amount.words(start)} were there before." if start > 0 else "."
    return Graph(title, note, panel.drawing(drawn), keys)


def _at_day_0(run: Run, field: str) -> float:
    """Return the amount of a field before the treatment, from its budget [1e6 cells, or mL]."""
    for budget in run.course.budgets:
        if budget.quantity == field:
            return budget.incoming.get("there on day 0", 0.0)
    return 0.0


def _marks(down: float, up: float) -> tuple[float, ...]:
    """Return round values from below all losses to above all gains, zero among them."""
    step = nice_step(max(down + up, 1e-12) / 6)
    low, high = -math.ceil(down / step - 1e-9), max(math.ceil(up / step - 1e-9), 1)
    return tuple(step * k for k in range(low, high + 1))


def moved(run: Run) -> list[str]:
    """Return the fields that any term moved, in the order of the course."""
    touched = {name.split("/", 1)[0] for name, v in run.course.spent.items() if v.any()}
    known = [*run.course.fields, *sorted(touched - set(run.course.fields))]
    return [name for name in known if name in touched]


def fates(run: Run, frames: Frames) -> list[Graph]:
    """Return the graphs of injected and host progenitors, those that moved at all.

    A way has the same colour in both.
    """
    found = {field: ways(run, field) for field in TITLES if field in moved(run)}
    names = dict.fromkeys(n for w in found.values() for n in (*w.gains, *w.losses))
    colours = _coloured(names)
    return [_graph(run, frames, field, w, colours) for field, w in found.items()]


def others(run: Run, frames: Frames) -> list[tuple[str, Graph]]:
    """Return the graph of every other field that moved, by the field's name."""
    found = {field: ways(run, field) for field in moved(run) if field not in TITLES}
    return [
        (field, _graph(run, frames, field, w, _coloured({**w.gains, **w.losses})))
        for field, w in found.items()
    ]


def _coloured(names: dict[str, object]) -> dict[str, str]:
    """Return a colour for each way in and out; what is joined is always grey."""
    told = [name for name in names if name != OTHERS]
    return dict(zip(told, CATEGORIES, strict=False)) | {OTHERS: JOINED}


def short(name: str) -> str:
    """Return the name of a way without its subject, which the title says."""
    return name.removeprefix("progenitors ")


def largest_moves(run: Run) -> str:
    """Return in one sentence what the injected progenitors and their offspring became."""
    found = ways(run, "progenitor_injected")
    total = sum(float(v[-1]) for v in found.losses.values())
    if not total:
        return ""
    told = sorted(found.losses.items(), key=lambda item: -float(item[1][-1]))[:3]
    shares = [f"{percent(float(v[-1]) / total)} {short(name)}" for name, v in told]
    return f"Of the injected progenitors and their offspring that left, {listed(shares)}."
