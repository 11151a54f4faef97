"""Owns the report of an osteonecrotic hip: how it ended, pictures, curves and tables."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trephine.case.hip_course import HipEnding
from trephine.case.hip_run import HipRun
from trephine.catalogue.cohorts import cohorts
from trephine.models.flattening import Stage
from trephine.report import hip_pictures as pictures
from trephine.report import sheet
from trephine.report.legend import Graph, Key
from trephine.report.palette import ACCENT, SECOND
from trephine.report.svg import Panel, nice_top
from trephine.report.words import percent, rounded

Array = NDArray[np.floating]
YEAR = 365.25
"""Days of a year [d]."""
STAGES = (
    "Stage after ARCO: I is seen by MRI alone, II in a radiograph as well; in III the bone below "
    "the joint has broken, in IIIA with less than 2 mm of flattening, in IIIB with more."
)
HEALS = (
    "Creeping substitution takes dead bone away before new bone is there, so the rim of the "
    "lesion is weakest while it heals. "
)
CAP = (
    "What is flattened is drawn as a cap around the middle of the lesion; the model knows how "
    "much it is and not its shape."
)
SOLVED = (
    "The plan says how many body weights a step is. After collapse the load is not solved and "
    "not shown: the head has lost the shape of the grid."
)
NO_RULE = (
    "The model holds no rule about cells in this stage. A head that broke stays broken, so it is "
    "replaced as often with cells as without. The bone beside bears what the broken patch does "
    "not; but strain within the patch stays far below what keeps bone from forming, so cells may "
    "slow further flattening here, which no trial has shown: do not rely on that."
)
FEWER = (
    "The model, fitted to that trial among others, finds fewer collapses with cells than without "
    "before a head has broken; by how many is uncertain, and its interval is wide. This course "
    "is one virtual patient and shows no chance."
)


def write(run: HipRun, folder: Path) -> Path:
    """Write ``report.html`` of a hip and return it."""
    return sheet.write(
        run,
        folder,
        lead=run.course.ending.value,
        is_good=run.course.ending is HipEnding.KEPT_ROUND,
        tiles=_tiles(run),
        chapters=_chapters(run),
    )


def facts(run: HipRun) -> list[tuple[str, str]]:
    """Return the outcome, label and value."""
    return [(tile.label, tile.value) for tile in _tiles(run)]


def visits(run: HipRun) -> tuple[list[str], list[list[str]]]:
    """Return the course as a table."""
    seen = run.course
    heads = [">Year", "Stage", ">Dead bone (mL)", ">Flattening (mm)", ">Weakest bone", ">Replaced"]
    rows = [
        [
            f"{float(day) / YEAR:.2f}",
            Stage(int(stage)).text,
            _millilitres(float(volume)),
            rounded(float(flat) * 1e3, 2),
            percent(float(weakest)),
            percent(float(replaced)),
        ]
        for day, stage, volume, flat, weakest, replaced in zip(
            seen.day,
            seen.stage,
            seen.lesion_volume,
            seen.flattening,
            seen.weakest,
            seen.replaced,
            strict=True,
        )
    ]
    return heads, rows


def _tiles(run: HipRun) -> list[sheet.Tile]:
    seen = run.course
    angle = float(np.degrees(run.anatomy.necrotic_angle))
    flat = float(seen.flattening[-1]) * 1e3
    retained = sum(t.graft.funnel[-1].progenitors for t in run.treatments)
    cells = rounded(retained, 2) if run.treatments else "none"
    return [
        sheet.Tile(
            "ARCO stage at the end",
            Stage(int(seen.stage[-1])).text,
            f"stage {run.case.site.stage} at day 0",
        ),
        sheet.Tile("Fracture below the joint", _when(seen.fracture_day), "would begin stage III"),
        sheet.Tile("Collapse", _when(seen.collapse_day), "from 2 mm of flattening on"),
        sheet.Tile("Flattening", f"{rounded(flat, 2)} mm", "of the round head, at the end"),
        sheet.Tile(
            "Dead bone",
            f"{_millilitres(float(seen.lesion_volume[-1]))} mL",
            f"{_millilitres(float(seen.lesion_volume[0]))} mL at day 0, over {angle:.0f} degrees",
        ),
        sheet.Tile(
            "Replaced by then", percent(float(seen.replaced[-1])), "of hips that broke on that day"
        ),
        sheet.Tile("Pain, hip score", "no evidence", "no study gives numbers"),
        sheet.Tile("Progenitors that stay", cells, "in the head" if run.treatments else "no cells"),
    ]


def _millilitres(volume: float) -> str:
    """Return a volume to a tenth of a millilitre, which is all that a voxel tells."""
    if 0.0 < volume < 0.05e-6:
        return "< 0.1"
    return f"{volume * 1e6:.1f}"


def _when(day: float | None) -> str:
    if day is None:
        return "none"
    return "at the start" if day == 0 else f"{rounded(day / YEAR, 2)} years"


def _chapters(run: HipRun) -> list[sheet.Chapter]:
    heads, rows = visits(run)
    table = sheet.Table(
        "Visits",
        tuple(head.lstrip(">") for head in heads),
        tuple(tuple(row) for row in rows),
        note=STAGES
        + " Weakest bone: least integrity of bone that is not crushed, over that of sound bone.",
    )
    drawn = [
        sheet.Chapter(
            "head",
            "The head over time",
            (HEALS + f"{run.anatomy.source[0].upper()}{run.anatomy.source[1:]}.", CAP),
            stills=tuple(pictures.tissue(run)),
            legend=pictures.legend(),
        ),
        sheet.Chapter(
            "stress",
            "Stress under a step of walking",
            (SOLVED,),
            stills=tuple(pictures.stress(run)),
            legend=pictures.legend_of_stress(run),
        ),
        sheet.Chapter(
            "film",
            "As a film would show it",
            ("Mineral added up from front to back; what is pressed flat is left out.",),
            stills=tuple(pictures.film(run)),
        ),
    ]
    curves = (_curve_of_volume(run), _curve_of_flattening(run))
    course = sheet.Chapter("course", "The course", graphs=curves, tables=(table,))
    drawn = [chapter for chapter in drawn if chapter.stills]
    return [*drawn, course, sheet.Chapter("known", "What is known of cells here", _known(run))]


def _known(run: HipRun) -> tuple[str, ...]:
    """Return what studies say of cells in a head of this stage, and what the model does with it."""
    if run.case.site.stage == "III":
        share = percent(run.used["necrosis.replaced_share"])
        trial = (
            "In a blinded trial of heads that were broken already as many hips were replaced "
            f"with concentrate as without ({share})."
        )
        return trial, NO_RULE
    arms = cohorts()["Gangji2004"].arms
    pooled = cohorts()["Papakostidis2015"].arms["cells"].endpoints["collapse"]
    span = pooled.spread[0]
    (cells, of_cells), (alone, of_alone) = (
        (arms[key].endpoints["collapse_24_months"].events[0], arms[key].n)
        for key in ("cells", "cd_alone")
    )
    trial = (
        f"In a controlled trial {cells} of {of_cells} heads reached stage III within two years "
        f"after core decompression with marrow cells, and {alone} of {of_alone} without. A "
        f"pooled odds ratio of {pooled.printed:g} ({span.low:g} to {span.high:g}) stands beside "
        "a later pooling without a difference."
    )
    return trial, FEWER


def _curve_of_volume(run: HipRun) -> Graph:
    years = run.course.day / YEAR
    values = run.course.lesion_volume * 1e6
    panel = _panel(years, nice_top(float(values.max())), "dead bone, mL", "Line: dead bone by year")
    parts = [panel.axes(), panel.line(years, values, ACCENT), panel.events(_events(run))]
    last = f"{_millilitres(float(run.course.lesion_volume[-1]))} mL"
    key = Key("Dead bone, at the end", ACCENT, [last])
    note = (
        "Dead is what no vessel has reached; bone behind the front counts as living. A triangle "
        "marks what is done."
    )
    return Graph("Dead bone", note, panel.drawing(parts), [key])


def _curve_of_flattening(run: HipRun) -> Graph:
    years = run.course.day / YEAR
    flat = run.course.flattening * 1e3
    top = max(nice_top(float(flat.max())), 2.5)
    panel = _panel(years, top, "flattening, mm", "Line: flattening by year")
    parts = [
        panel.axes(),
        panel.level(2.0, "collapse"),
        panel.line(years, flat, SECOND),
        panel.events(_events(run)),
    ]
    key = Key("Flattening, at the end", SECOND, [f"{rounded(float(flat[-1]), 2)} mm"])
    note = "The joint surface above crushed bone is pressed flat."
    return Graph("Flattening", note, panel.drawing(parts), [key])


def _panel(years: Array, top: float, unit: str, label: str) -> Panel:
    """Return a panel whose time is in years, as everywhere on this page."""
    return replace(Panel.of(years, (0, top), unit, label), time="years from day 0")


def _events(run: HipRun) -> list[tuple[float, str]]:
    plan = run.case.plan
    year = YEAR * 86400.0
    drilled = [(step.day / year, "Core decompression") for step in plan.decompressions]
    return [*drilled, *((step.day / year, "Injection") for step in plan.injections)]
