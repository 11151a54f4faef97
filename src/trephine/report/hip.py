"""Owns the report of an osteonecrotic hip: how it ended, pictures, curves and tables."""

from __future__ import annotations

from pathlib import Path

import numpy as np

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

WEEK = 7.0
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
            rounded(float(day) / 365.25, 2),
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
    retained = sum(t.graft.funnel[-1].progenitors for t in run.treatments)
    tiles = [
        sheet.Tile(
            "ARCO stage at the end",
            Stage(int(seen.stage[-1])).text,
            f"from {run.case.site.stage}",
        ),
        sheet.Tile("Subchondral fracture", _when(seen.fracture_day), "stage III begins"),
        sheet.Tile("Collapse", _when(seen.collapse_day), "flattening of 2 mm"),
        sheet.Tile(
            "Dead bone",
            f"{_millilitres(float(seen.lesion_volume[-1]))} mL",
            f"{_millilitres(float(seen.lesion_volume[0]))} mL at day 0; angle {angle:.0f} degrees",
        ),
        sheet.Tile(
            "Replaced by then", percent(float(seen.replaced[-1])), "of hips that broke on that day"
        ),
        sheet.Tile("Pain, hip score", "no evidence", "no arm gives numbers"),
    ]
    if run.treatments:
        tiles.append(sheet.Tile("Progenitors that stay", rounded(retained, 2), "in the head"))
    return tiles


def _millilitres(volume: float) -> str:
    """Return a volume to a tenth of a millilitre, which is all that a voxel tells."""
    if 0.0 < volume < 0.05e-6:
        return "< 0.1"
    return f"{volume * 1e6:.1f}"


def _when(day: float | None) -> str:
    if day is None:
        return "none"
    return "at the start" if day == 0 else f"{rounded(day / 365.25, 2)} years"


def _chapters(run: HipRun) -> list[sheet.Chapter]:
    heads, rows = visits(run)
    table = sheet.Table(
        "Visits",
        tuple(head.lstrip(">") for head in heads),
        tuple(tuple(row) for row in rows),
        note="Weakest bone: least integrity of bone that is not crushed, over that of sound bone.",
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
            (
                f"Dark is no stress, yellow {rounded(pictures.most_stress(run))} MPa and more.",
                SOLVED,
            ),
            stills=tuple(pictures.stress(run)),
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
    weeks = run.course.day / WEEK
    values = run.course.lesion_volume * 1e6
    panel = Panel.of(weeks, (0, nice_top(float(values.max()))), "mL", "Line: dead bone by week")
    parts = [panel.axes(), panel.line(weeks, values, ACCENT), panel.events(_events(run))]
    key = Key(
        "Dead bone that no vessel has reached", ACCENT, [f"{rounded(float(values[-1]), 2)} mL"]
    )
    return Graph(
        "Dead bone", "Bone behind the front counts as living.", panel.drawing(parts), [key]
    )


def _curve_of_flattening(run: HipRun) -> Graph:
    weeks = run.course.day / WEEK
    flat = run.course.flattening * 1e3
    panel = Panel.of(
        weeks, (0, max(nice_top(float(flat.max())), 2.5)), "mm", "Line: flattening by week"
    )
    parts = [
        panel.axes(),
        panel.level(2.0, "collapse"),
        panel.line(weeks, flat, SECOND),
        panel.events(_events(run)),
    ]
    key = Key("Flattening of the head", SECOND, [f"{rounded(float(flat[-1]), 2)} mm"])
    note = "The joint surface above crushed bone is pressed flat."
    return Graph("Flattening", note, panel.drawing(parts), [key])


def _events(run: HipRun) -> list[tuple[float, str]]:
    plan = run.case.plan
    drilled = [(step.day / 604800, "Core decompression") for step in plan.decompressions]
    return [*drilled, *((step.day / 604800, "Injection") for step in plan.injections)]
