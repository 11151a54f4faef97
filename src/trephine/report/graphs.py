"""Owns the graphs of the page: tissue, cells, stiffness, movement, callus and scores over time."""

from __future__ import annotations

import numpy as np

from trephine.case.course import UNITS
from trephine.case.followup import CORTICES
from trephine.case.run import Run
from trephine.report import rigidity, strain
from trephine.report.frames import Frames, composition, filling, in_the_gap
from trephine.report.legend import Graph, Key, events, readings
from trephine.report.palette import (
    ACCENT,
    CATEGORIES,
    CELLS,
    INK,
    LOOSE,
    MUTED,
    NEW_BONE,
    SCORES,
    TISSUES,
    Shade,
)
from trephine.report.svg import Panel, box, decades, nice_top, text
from trephine.report.words import NO_BREAK, count, key_words, measure, new_bone, rounded, tenths


def tissue(run: Run, frames: Frames) -> Graph:
    """Return what fills the gap over time, stacked."""
    weeks = run.course.day / 7.0
    parts = composition(filling(run))
    panel = Panel.of(
        weeks, (0, 100), "% of the gap", "Stacked areas: mean tissue fractions in the gap by week"
    )
    drawn, keys, low = [], [], np.zeros(weeks.size)
    for shade in (*TISSUES, LOOSE):
        share = parts[shade.key]
        if not share.any():
            continue
        drawn.append(panel.area(weeks, 100 * low, 100 * (low + share), shade.colour))
        keys.append(Key(shade.label, shade.colour, readings(frames, share, tenths), shape="area"))
        low = low + share
    axes = [panel.axes(), *drawn, panel.events(events(run))]
    note = (
        "Mean over the space between the bone ends that the implant leaves. An injection takes "
        "the place of the soft tissue it fills."
    )
    return Graph("What fills the gap", note, panel.drawing(axes), keys)


def cell_shades(run: Run) -> list[Shade]:
    """Return the kinds of cells of a run with their colours; those of other models too."""
    known = [shade for shade in CELLS if shade.key in run.course.fields]
    told = {shade.key for shade in CELLS} | {"inert_nucleated"}
    others = [n for n in run.course.fields if UNITS[n] == "1e6/mL" and n not in told]
    more = zip(others, CATEGORIES, strict=False)
    return [*known, *(Shade(n, key_words(n).capitalize(), colour) for n, colour in more)]


def cells(run: Run, frames: Frames) -> Graph:
    """Return the mean density of each kind of cell in the gap, on a log scale."""
    weeks = run.course.day / 7.0
    series = {shade: in_the_gap(run, shade.key) * 1e6 for shade in cell_shades(run)}
    low, high = decades(list(series.values()), 1e6)
    panel = Panel.of(
        weeks,
        (low, high),
        "cells per mL",
        "Lines: mean cell densities in the gap by week",
        log=True,
    )
    drawn, keys = [panel.axes(), panel.events(events(run))], []
    for number, (shade, values) in enumerate(series.items()):
        dash = ("", "7 4", "", "7 4", "2 4")[number % 5]
        drawn.append(panel.line(weeks, values, shade.colour, dash=dash))
        keys.append(Key(shade.label, shade.colour, readings(frames, values, count), dash))
    note = "Mean over the gap."
    if "progenitor_injected" in run.course.fields:
        note += " Injected and host progenitors obey the same laws; the tag stays."
    return Graph("Cells in the gap", note, panel.drawing(drawn), keys)


def stiffness(run: Run, frames: Frames) -> Graph:
    """Return the stiffness of the tissue between the bone ends beside the fixation's."""
    weeks = run.course.day / 7.0
    tissue_, implant = run.course.stiffness * 1e-3, run.course.fixation_stiffness * 1e-3
    told = run.course.implant * 1e-3
    constant = told if told.size == weeks.size else np.full(weeks.size, implant)
    low, high = decades([tissue_, constant], 1e5)
    panel = Panel.of(
        weeks, (low, high), "N/mm along the shaft", "Lines: tissue and fixation stiffness", log=True
    )
    drawn = [
        panel.axes(),
        panel.events(events(run)),
        panel.line(weeks, constant, MUTED, dash="7 4"),
        panel.line(weeks, tissue_, ACCENT),
    ]

    def write(value: float) -> str:
        return f"{rounded(value)}{NO_BREAK}N/mm"

    keys = [
        Key("Tissue between the ends", ACCENT, readings(frames, tissue_, write)),
        Key("Fixation", MUTED, readings(frames, constant, write), "7 4"),
    ]
    note = "Where the tissue passes the fixation, it carries most of the load."
    return Graph("Stiffness along the shaft", note, panel.drawing(drawn), keys)


def movement(run: Run, frames: Frames) -> Graph:
    """Return the movement between the bone ends, with the load that causes it."""
    weeks = run.course.day / 7.0
    moved = run.course.movement * 1e3
    panel = Panel.of(
        weeks,
        (0, nice_top(float(moved.max()))),
        "mm under the load of the day",
        "Line: movement between the bone ends by week",
    )
    loads = [
        (step.day / 604800, f"From here {rounded(step.body_weights)} times body weight")
        for step in run.case.plan.loadings
    ]
    drawn = [panel.axes(), panel.events(loads), panel.line(weeks, moved, ACCENT)]
    keys = [
        Key(
            "Movement",
            ACCENT,
            readings(frames, run.course.movement, lambda v: measure(v, "m", "mm")),
        ),
        Key(
            "Load",
            INK,
            readings(frames, run.course.force, lambda v: measure(v, "N", "N")),
            shape="none",
        ),
    ]
    note = (
        "Triangles mark the days on which the allowed load changes."
        if loads
        else "The plan names no loading, so nothing moves the bone ends."
    )
    return Graph("Movement", note, panel.drawing(drawn), keys)


def callus(run: Run, frames: Frames) -> Graph:
    """Return the volume of mineralised new bone over the visits."""
    seen = run.follow_up
    volume = seen.callus_volume * 1e6
    panel = Panel.of(
        seen.week,
        (0, nice_top(max(float(volume.max()), 0.1))),  # a trace must not fill the graph
        "mL",
        "Line: mineralised new bone by week",
    )
    drawn = [
        panel.axes(),
        panel.events(events(run)),
        panel.area(seen.week, np.zeros(volume.size), volume, NEW_BONE + "44"),
        panel.line(seen.week, volume, NEW_BONE),
    ]
    told = [new_bone(float(seen.callus_volume[i])) for i in frames.visit]
    keys = [Key("Mineralised new bone", NEW_BONE, told)]
    return Graph(
        "Callus", "In the gap, in the canal and around the bone.", panel.drawing(drawn), keys
    )


def scores(run: Run, frames: Frames) -> Graph:
    """Return mRUST over the visits above a band for the score of each cortex."""
    seen = run.follow_up
    height, band = 280.0, 13.0
    panel = Panel.of(
        seen.week,
        (4, 16),
        "mRUST, 4 to 16",
        "Steps: mRUST by week; below, the score of each cortex",
        height=height,
        below=43.0 + 4 * band + 6,
        marks=(4, 7, 10, 13, 16),
    )
    drawn = [panel.axes(), panel.events(events(run))]
    drawn.append(panel.line(seen.week, seen.mrust, ACCENT, step=True))
    top = panel.y.start + 41
    ends = np.append(seen.week[1:], seen.week[-1])
    for row, cortex in enumerate(CORTICES):
        y = top + row * band
        drawn.append(text(panel.x.start - 7, y + 10, cortex, anchor="end", size=10))
        for week, end, score in zip(seen.week, ends, seen.cortex_score[:, row], strict=True):
            left, right = panel.x(float(week)), panel.x(float(end))
            drawn.append(
                box(left, y, right - left + 0.3, band - 2, SCORES[round(float(score)) - 1])
            )
    keys = [
        Key("mRUST", ACCENT, [rounded(float(seen.mrust[i])) for i in frames.visit]),
        Key(
            "Cortices bridged",
            INK,
            [f"{int(seen.bridged[i])} of 4" for i in frames.visit],
            shape="none",
        ),
    ]
    return Graph("Radiographic union", _scores_note(), panel.drawing(drawn), keys)


def _scores_note() -> str:
    swatches = "; ".join(
        f"{number} {word}"
        for number, word in enumerate(
            ("no callus", "callus", "bridging callus", "bridged, line gone"), start=1
        )
    )
    return f"Bands, pale to dark: {swatches}."


def over_time(run: Run, frames: Frames) -> list[Graph]:
    """Return the graphs of tissue over time in the order of the page."""
    makers = [tissue, cells, stiffness, rigidity.graph, movement, strain.graph, callus, scores]
    if "strain" not in run.course.fields:
        makers.remove(strain.graph)
    if not cell_shades(run):
        makers.remove(cells)
    return [make(run, frames) for make in makers]
