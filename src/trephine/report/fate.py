"""Owns where the progenitors went: what each term of the model added and took, over time."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from trephine.case.run import Run
from trephine.core.types import Series
from trephine.report.frames import Frames
from trephine.report.graphs import Graph, Key, events
from trephine.report.palette import CATEGORIES, INK
from trephine.report.svg import Panel, nice_step
from trephine.report.words import NO_BREAK, count, listed, percent

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
    """What came in and went out by each way, running totals, (time,) [1e6 cells]."""

    gains: dict[str, Series]
    losses: dict[str, Series]


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


def _graph(run: Run, frames: Frames, field: str, colours: dict[str, str]) -> Graph:
    weeks, found = run.course.day / 7.0, ways(run, field)
    up = sum(found.gains.values(), np.zeros(weeks.size))
    down = sum(found.losses.values(), np.zeros(weeks.size))
    scale = 1e6 if max(up.max(), down.max()) >= 0.1 else 1e3
    unit = {1e6: "million cells", 1e3: "thousand cells"}[scale]
    factor = 1e6 / scale
    marks = _marks(float(down.max()) * factor, float(up.max()) * factor)
    panel = Panel.of(
        weeks,
        (marks[0], marks[-1]),
        f"{unit}; came in above, went out below",
        f"Stacked areas: {TITLES[field]}, what came in and what went out by week",
        marks=marks,
    )
    drawn, keys = [panel.axes()], []
    for side, sign in ((found.gains, 1.0), (found.losses, -1.0)):
        low = np.zeros(weeks.size)
        for name, values in side.items():
            high = low + values
            drawn.append(
                panel.area(weeks, sign * low * factor, sign * high * factor, colours[name])
            )
            low = high
            word = "+" if sign > 0 else "\u2212"
            readings = [f"{word}{NO_BREAK}{count(float(values[i]) * 1e6)}" for i in frames.snapshot]
            keys.append(Key(short(name), colours[name], readings, shape="area"))
    net = up - down
    drawn += [panel.line(weeks, net * factor, INK), panel.events(events(run))]
    start = _at_day_0(run, field)
    there = [count((float(net[i]) + start) * 1e6) for i in frames.snapshot]
    keys.append(Key("There now", INK, there))
    note = "Running totals. The dark line is what came in less what went out since day 0"
    note += f"; {count(start * 1e6)} were there before." if start > 0 else "."
    return Graph(TITLES[field], note, panel.drawing(drawn), keys)


def _at_day_0(run: Run, field: str) -> float:
    """Return the cells of a field before the treatment, from its budget [1e6]."""
    for budget in run.course.budgets:
        if budget.quantity == field:
            return budget.incoming.get("there on day 0", 0.0)
    return 0.0


def _marks(down: float, up: float) -> tuple[float, ...]:
    """Return round values from below all losses to above all gains, zero among them."""
    step = nice_step(max(down + up, 1e-12) / 6)
    low, high = -math.ceil(down / step - 1e-9), max(math.ceil(up / step - 1e-9), 1)
    return tuple(step * k for k in range(low, high + 1))


def fates(run: Run, frames: Frames) -> list[Graph]:
    """Return the graphs of injected and host progenitors, those that moved at all.

    A way has the same colour in both.
    """
    fields = [
        field
        for field in TITLES
        if any(name.startswith(f"{field}/") and v.any() for name, v in run.course.spent.items())
    ]
    found = [ways(run, field) for field in fields]
    names = dict.fromkeys(name for w in found for name in (*w.gains, *w.losses))
    colours = {name: CATEGORIES[i % len(CATEGORIES)] for i, name in enumerate(names)}
    return [_graph(run, frames, field, colours) for field in fields]


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
