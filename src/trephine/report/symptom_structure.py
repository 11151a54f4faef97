"""Owns what the report shows of structure: a disc's food, a filling defect, a sewn tendon."""

from __future__ import annotations

from trephine.case.symptom_course import SymptomCourse
from trephine.case.symptom_structure import DefectFilling, DiscFeed, TendonRepair
from trephine.report import sheet
from trephine.report.legend import Graph, Key
from trephine.report.palette import INK, MUTED
from trephine.report.svg import Panel, box, picture, text
from trephine.report.words import count, percent, rounded

WEEKS_BY_MONTH = 30.4375 / 7.0
TISSUE, BONE, FLUID = (0x0B, 0x6E, 0x67), "#e8dcc3", "#dbe9f4"
HALF, WHOLE = "#9fcac6", "#d5e8e5"
MMHG = 133.322
WIDE, GAP, TALL, TOP = 62.0, 34.0, 150.0, 54.0
"""Size of the picture of a defect [px]."""


def chapters(course: SymptomCourse) -> list[sheet.Chapter]:
    """Return what is told of the structure of a site; nothing where there is none."""
    found = []
    if course.feed is not None:
        told = _feed(course.feed)
        found.append(sheet.Chapter("feed", "What the disc can feed", told))
    if course.defect is not None:
        found.append(_defect(course.defect))
    if course.tendon is not None:
        found.append(_tendon(course.tendon))
    return found


def _feed(feed: DiscFeed) -> tuple[str, ...]:
    told = (
        f"With {percent(feed.endplate_open)} of the endplate open, the middle of the nucleus has "
        f"{rounded(feed.glucose, 2)} mmol/L of glucose and a pH of {rounded(feed.acid, 3)}. Cells "
        f"die below 0.5 mmol/L or a pH of 6.78, so there is food for about {count(feed.room)} more "
        "cells that live as disc cells do. Height and endplate of the disc are assumed: a flatter "
        "one feeds several times as many, a higher one only a part."
    )
    if feed.injected is None:
        return (told,)
    share = feed.room / feed.injected
    verdict = (
        "All of them find food."
        if share >= 1.0
        else f"About {rounded(100 * share, 2)} of a hundred find food; more would starve them and "
        "the disc's own."
    )
    return told, f"The plan injects {count(feed.injected)} nucleated cells. {verdict}"


def _defect(of: DefectFilling) -> sheet.Chapter:
    volume = of.area * of.depth * 1e6
    size = (
        f"A defect of {rounded(of.area * 1e4)} cm\u00b2 and {rounded(of.depth * 1e3)} mm holds "
        f"{rounded(volume)} mL. "
    )
    told = [
        (
            "This is a mechanism with assumed rates, not a forecast. The bands are all that the "
            "spread of those rates allows. No study links the filling to pain or function, so "
            "nothing here moves a score above; in a randomised trial of the knee no change was "
            "seen on magnetic resonance images after a year."
        )
    ]
    own = f"{_by_ml(of.own)} by mL of it come from the joint itself"
    if of.cells > 0.0:
        size += (
            f"The plan injects {count(of.cells)} progenitors into the joint; {_by_ml(of.seeded)} "
            f"by mL of it are taken to settle, and {own}."
        )
        told.append(size)
        told.append(
            "Progenitors divide until they are dense enough to turn to cartilage, so their number "
            "moves the first months at most, and the slow part is the matrix, whose rate is not "
            "known. After those months the model cannot tell a joint with injected cells from one "
            "without: nothing is compared."
        )
    else:
        told.append(f"{size}No counted cells are injected; {own}.")
    return sheet.Chapter(
        "defect", "The cartilage defect", tuple(told), graphs=(_filling(of), _profiles(of))
    )


def _by_ml(of: tuple[float, float, float]) -> str:
    """Return a density with its interval, cells by mL."""
    middle, low, high = (count(1e-6 * one) for one in of)
    return f"{middle} ({low} to {high})"


def _filling(of: DefectFilling) -> Graph:
    weeks = of.month * WEEKS_BY_MONTH
    title = "Mature cartilage in the defect"
    panel = Panel.of(weeks, (0.0, 100.0), "% of the defect", f"{title}, over weeks")
    fill = of.fill
    parts = [
        panel.area(weeks, 100 * fill.low, 100 * fill.high, WHOLE),
        panel.area(weeks, 100 * fill.low_half, 100 * fill.high_half, HALF),
        panel.axes(),
        *(
            panel.line(weeks, 100 * end, INK, dash="2 4")
            for end in (of.without.low, of.without.high)
        ),
    ]

    def told(low: float, high: float) -> list[str]:
        return [f"{100 * low:.0f} to {100 * high:.0f}"]

    who = "with injected cells" if of.cells > 0.0 else "without injected cells"
    keys = [
        Key(
            f"Half of the spread, {who}",
            HALF,
            told(fill.low_half[-1], fill.high_half[-1]),
            "",
            "area",
        ),
        Key("90 % of the spread", WHOLE, told(fill.low[-1], fill.high[-1]), "", "area"),
        Key(
            "90 %, without injected cells",
            INK,
            told(of.without.low[-1], of.without.high[-1]),
            dash="2 4",
        ),
    ]
    note = (
        f"What assumed rates allow, at month {of.month[-1]:.0f}, if cells settle and live at all."
    )
    return Graph(title, note, panel.drawing(parts), keys)


def _profiles(of: DefectFilling) -> Graph:
    """Return the defect cut open at some months, bone below and joint fluid above."""
    layer = TALL / of.height.size
    parts = [
        text(6, TOP - 12, "joint fluid", colour=MUTED),
        text(6, TOP + TALL + 26, "bone", colour=MUTED),
    ]
    for place, (month, profile) in enumerate(zip(of.shown, of.profiles, strict=True)):
        x = 70.0 + place * (WIDE + GAP)
        parts += [
            text(x + WIDE / 2, 14, f"month {month:.0f}", anchor="middle"),
            box(x, TOP - 26, WIDE, 26, FLUID),
            box(x, TOP + TALL, WIDE, 36, BONE),
        ]
        for height, share in zip(of.height, profile, strict=True):
            top = TOP + TALL * (1.0 - height) - layer / 2
            parts.append(box(x, top, WIDE, layer + 0.4, _shade(float(share))))
    wide = 70.0 + of.shown.size * (WIDE + GAP)
    title = f"Cut through the defect, {rounded(of.depth * 1e3)} mm deep"
    svg = picture(wide, TOP + TALL + 44, title, parts)
    keys = [
        Key("Mature cartilage", _shade(share), [f"{100 * share:.0f} %"], shape="area")
        for share in (0.0, 0.25, 0.5, 0.75, 1.0)
    ]
    hunger = rounded(of.oxygen / MMHG)
    note = (
        "Where it turns first, in the middle of the beliefs; how fast is not known. The least "
        f"oxygen tension in it is {hunger} mmHg at the end."
    )
    return Graph(title, note, svg, keys)


def _shade(share: float) -> str:
    """Return white for nothing and the colour of cartilage for all of it."""
    parts = (round(255 + share * (one - 255)) for one in TISSUE)
    return "#" + "".join(f"{one:02x}" for one in parts)


def _tendon(of: TendonRepair) -> sheet.Chapter:
    first, last = f"{of.year[0] * 12:.0f} months", f"{of.year[-1]:.0f} years"
    rows = tuple(
        (
            f"{one.name}{' (this plan)' if one.is_planned else ''}",
            one.counts,
            *(
                f"{100 * one.intact.median[at]:.0f} ({100 * one.intact.low[at]:.0f} to "
                f"{100 * one.intact.high[at]:.0f})"
                for at in (0, -1)
            ),
            f"{100 * one.loss[0]:.1f} ({100 * one.loss[1]:.1f} to {100 * one.loss[2]:.1f})",
        )
        for one in of.groups
    )
    table = sheet.Table(
        "Sewn tendons that stay whole, of 100",
        ("Group", "Counted", f"At {first}", f"At {last}", "Lost by year, of 100 whole ones"),
        rows,
        numbers=False,
        note="With the 90 % interval of the counts alone; groups that chance did not make alike "
        "may differ in anything else.",
    )
    return sheet.Chapter("tendon", "The sewn tendon", of.sentences, tables=(table,))
