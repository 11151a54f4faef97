"""Owns the dose from needle to lesion: what is left after each step, drawn as a funnel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trephine.case.graft import Loss
from trephine.case.run import Run, Treatment
from trephine.case.suspension import Suspension
from trephine.core.grid import Grid
from trephine.report.palette import ACCENT, INK, MUTED, RULE
from trephine.report.svg import Scale, box, decades, picture, rule, text, tick_labels
from trephine.report.words import NO_BREAK, count, day, key_words, measure, percent, ratio, rounded

ROW, TOP, WIDTH = 30.0, 34.0, 1060.0
NAMES, BARS, NUMBERS = 286.0, 300.0, 1054.0


@dataclass(frozen=True)
class Funnel:
    """One injection: its title, its picture, its rows for a table, and its dose in words."""

    title: str
    svg: str
    rows: list[tuple[str, str, str, str]]
    facts: list[tuple[str, str]]


def drawn_words(pool: Suspension) -> str:
    """Return what was drawn, the anticoagulant named apart."""
    marrow = measure(pool.volume - pool.anticoagulant, "m^3", "mL")
    if pool.anticoagulant == 0:
        return f"Drawn: {marrow}"
    return f"Drawn: {marrow}, + {measure(pool.anticoagulant, 'm^3', 'mL')} anticoagulant"


def steps(treatment: Treatment) -> list[Loss]:
    """Return the steps from the needle on, the marrow drawn first.

    The funnel of a graft starts where delivery starts; the steps before it come from the
    aspirate and the concentrate.
    """
    drawn, product = treatment.aspirate.pool, treatment.concentrate.product
    before = [
        Loss(
            drawn_words(drawn),
            drawn.progenitors,
            drawn.nucleated,
        ),
        Loss(
            f"Product: {measure(product.volume, 'm^3', 'mL')}",
            product.progenitors,
            product.nucleated,
        ),
    ]
    told = list(treatment.graft.funnel)
    while told and any(_same(told[0], step) for step in before):
        told.pop(0)
    return [*before, *(Loss(_capital(s.name), s.progenitors, s.nucleated) for s in told)]


def _same(one: Loss, other: Loss) -> bool:
    return abs(one.progenitors - other.progenitors) <= 1e-9 * other.progenitors and (
        abs(one.nucleated - other.nucleated) <= 1e-9 * other.nucleated
    )


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def funnels(run: Run) -> list[Funnel]:
    """Return the funnel of each injection of a run, all on one scale."""
    amounts = [s.progenitors for t in run.treatments for s in steps(t) if s.progenitors > 0]
    if not amounts:
        return []
    low, high = decades([np.array(amounts)], 1e9)
    low = low / 10 if min(amounts) < 2 * low else low
    return [
        _funnel(treatment, number, run, (low, high))
        for number, treatment in enumerate(run.treatments, start=1)
    ]


def _funnel(treatment: Treatment, number: int, run: Run, ends: tuple[float, float]) -> Funnel:
    told = steps(treatment)
    height = TOP + ROW * len(told) + 8
    scale = Scale(*ends, BARS, NUMBERS - 230, log=True)
    parts = [text(BARS, 12, "progenitors, log scale")]
    ticks = scale.ticks(8)
    for tick, words in zip(ticks, tick_labels(ticks, log=True), strict=True):
        at = scale(tick)
        parts.append(rule(at, TOP - 6, at, height - 8, RULE))
        parts.append(text(at, TOP - 10, words, anchor="middle", size=11))
    rows, before = [], None
    for row, step in enumerate(told):
        y = TOP + row * ROW
        end, words = scale(step.progenitors), count(step.progenitors)
        kept = "" if before is None else ratio(step.progenitors, before.progenitors)
        if before is not None and before.progenitors > step.progenitors:
            parts.append(_lost(end, scale(before.progenitors), y))
        shade = ACCENT if row in {0, len(told) - 1} else "#5e9e9a"
        parts.append(box(BARS, y + 3, end - BARS, ROW - 8, shade, ' rx="2"'))
        parts.append(text(NAMES, y + 19, _short(step.name), anchor="end", colour=INK, size=13))
        parts.append(text(NUMBERS - 100, y + 19, words, anchor="end", colour=INK, size=13))
        parts.append(text(NUMBERS, y + 19, kept, anchor="end", colour=MUTED, size=13))
        rows.append((step.name, words, kept, count(step.nucleated)))
        before = step
    parts.append(text(NUMBERS - 100, TOP - 10, "left", anchor="end", size=11))
    parts.append(text(NUMBERS, TOP - 10, "of step before", anchor="end", size=11))
    kind = "cultured cells" if treatment.graft.cultured else "marrow"
    title = f"Injection {number}: {kind} on {day(treatment.graft.day)}"
    label = f"Horizontal bars: progenitors left after each step. {title}"
    return Funnel(title, picture(WIDTH, height, label, parts), rows, facts(treatment, run))


def _lost(start: float, end: float, y: float) -> str:
    more = ' fill-opacity="0.16" rx="2"'
    return box(start, y + 3, end - start, ROW - 8, "#cf4a2c", more)


def _short(name: str) -> str:
    return name if len(name) <= 40 else f"{name[:39].rstrip()}…"


def facts(treatment: Treatment, run: Run) -> list[tuple[str, str]]:
    """Return what the lesion got, in words: dose, volume filled, densities, share in the gap."""
    grid: Grid = run.anatomy.grid
    graft, pool = treatment.graft, treatment.aspirate.pool
    kept = float(graft.progenitors.sum()) * grid.voxel_volume
    nucleated = float(graft.nucleated.sum()) * grid.voxel_volume
    filled = float(graft.fill.sum()) * grid.voxel_volume
    found = [
        (
            "Stay in the lesion",
            f"{count(kept)} progenitors, {count(nucleated)} other nucleated cells",
        ),
        ("Against those drawn", ratio(kept, pool.progenitors)),
        ("Volume they fill", measure(filled, "m^3", "mL")),
    ]
    if filled > 0:
        found.append(("Density there", f"{count(kept / (filled * 1e6))} progenitors per mL"))
    if kept > 0:
        anatomy = run.anatomy
        healing = anatomy.gap + anatomy.canal + anatomy.callus
        in_gap = np.divide(anatomy.gap, healing, out=np.zeros(grid.shape), where=healing > 0)
        share = float((graft.progenitors * in_gap).sum()) * grid.voxel_volume / kept
        found.append(("Within the gap itself", percent(min(share, 1.0))))
    found.append(("Processing", key_words(treatment.concentrate.method)))
    undiluted = [draw.marrow_share for draw in treatment.aspirate.draws]
    if undiluted:
        low, high = (rounded(100 * v) for v in (min(undiluted), max(undiluted)))
        spread = low if low == high else f"{low} to {high}"
        found.append(("Marrow in each draw, rest blood", f"{spread}{NO_BREAK}%"))
    return found
