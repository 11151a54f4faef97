"""Owns where an injected volume lies: sections through the site, the fill over the density."""

from __future__ import annotations

import base64
import math
from dataclasses import dataclass

import matplotlib as mpl
import numpy as np
from numpy.typing import NDArray

from trephine.case.anatomy import Anatomy
from trephine.case.graft import Graft
from trephine.case.run import Run
from trephine.models.placement import gap_centre
from trephine.report import film
from trephine.report.palette import INK, MUTED, RULE, SITE, rgb
from trephine.report.sections import CUTS, LARGEST_EDGE, Cut, section
from trephine.report.svg import Scale, box, picture, rule, text
from trephine.report.words import day, measure, percent, rounded

WIDTH, TOP, FOOT, MARGIN, BAR = 1060.0, 30.0, 44.0, 46.0, 80.0
TALLEST = 380.0
"""Height of a section at most, in pixels of the drawing."""
WINDOW = (-300.0, 2000.0)
"""CT numbers shown black and white [HU]."""
METAL = next(rgb(shade.colour) for shade in SITE if shade.key == "metal")
RAMP = "YlOrRd"
SEEN = 0.02
"""Fill of a voxel from which on its colour shows in full."""
COVER = 0.8
"""Share of a picture's colour that the fill has over the density below it."""
ACROSS = {"coronal": (0, 2), "sagittal": (1, 2), "axial": (0, 1)}
"""Axes of the grid that run to the right and up or down in a section."""


@dataclass(frozen=True)
class Filled:
    """One injection: its title, its picture, and its place in words."""

    title: str
    svg: str
    facts: list[tuple[str, str]]


def fills(run: Run) -> list[Filled]:
    """Return where each injection of a run lies, all on one scale of colour and of size."""
    found = []
    for number, treatment in enumerate(run.treatments, start=1):
        graft = treatment.graft
        title = f"Where injection {number} on {day(graft.day)} lies"
        svg = _drawing(graft, run.anatomy, title)
        found.append(Filled(title, svg, facts(graft, run.anatomy)))
    return found


def coloured(graft: Graft, anatomy: Anatomy, cut: Cut) -> NDArray[np.uint8]:
    """Return a section of the fill over the density at day 0, (row, column, 3) [0 to 255]."""
    low, high = WINDOW
    density = section(anatomy.hounsfield, cut, anatomy.grid)
    metal = section(anatomy.metal, cut, anatomy.grid)[..., None]
    grey = 255.0 * np.clip((density - low) / (high - low), 0.0, 1.0)[..., None]
    below = grey * (1.0 - metal) + np.array(METAL) * metal
    share = section(graft.fill, cut, anatomy.grid)
    over = 255.0 * mpl.colormaps[RAMP](np.clip(share, 0.0, 1.0))[..., :3]
    cover = COVER * np.clip(share / SEEN, 0.0, 1.0)[..., None]
    mixed: NDArray[np.uint8] = np.rint(below * (1.0 - cover) + over * cover).astype(np.uint8)
    return mixed


def facts(graft: Graft, anatomy: Anatomy) -> list[tuple[str, str]]:
    """Return how much is filled, where the needle tip was and what the needle did, in words."""
    inside = np.minimum(graft.fill, anatomy.gap).sum() / anatomy.gap.sum()
    found = [
        ("Volume at the lesion", measure(_volume(graft, anatomy), "m^3", "mL")),
        ("Of the gap, filled", percent(float(inside))),
    ]
    if graft.tips:
        centre = gap_centre(anatomy)
        far = max(math.dist(tip, centre) for tip in graft.tips)
        words = "Needle tip from the middle of the gap"
        if len(graft.tips) > 1:
            words = f"Farthest of {len(graft.tips)} needle tips from the middle of the gap"
        found.append((words, measure(far, "m", "mm", 2)))
    if graft.passage is not None:
        passage = graft.passage
        found += [
            ("Shear stress in the needle", measure(passage.stress, "Pa", "Pa")),
            ("Pressure for the flow", measure(passage.pressure, "Pa", "kPa")),
            ("Plus resting pressure in bone", measure(passage.resting_pressure, "Pa", "kPa", 2)),
        ]
    return found


def _volume(graft: Graft, anatomy: Anatomy) -> float:
    return float(graft.fill.sum()) * anatomy.grid.voxel_volume


def _drawing(graft: Graft, anatomy: Anatomy, title: str) -> str:
    panels = [_Panel.of(coloured(graft, anatomy, cut), anatomy, cut) for cut in CUTS]
    room = WIDTH - BAR - MARGIN * (len(panels) + 1)
    scale = min(room / sum(p.width for p in panels), TALLEST / max(p.height for p in panels))
    tallest = max(p.height for p in panels) * scale
    parts, at = [], MARGIN
    for panel in panels:
        parts += panel.drawn(at, scale, graft)
        at += panel.width * scale + MARGIN
    parts += _colour_bar(at, tallest)
    about = "Sections through the middle of the gap, the injected volume in colour over density"
    return picture(WIDTH, TOP + tallest + FOOT, f"{about}. {title}", parts)


def _colour_bar(left: float, height: float) -> list[str]:
    height = min(height, 220.0)
    steps = 32
    ramp = mpl.colormaps[RAMP]((np.arange(steps) + 0.5) / steps)
    parts = [text(left, 14, "voxel filled")]
    for number, colour in enumerate(ramp):
        y = TOP + height * (1.0 - (number + 1) / steps)
        parts.append(box(left, y, 14, height / steps + 0.5, mpl.colors.to_hex(colour)))
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = TOP + height * (1.0 - share)
        parts.append(rule(left + 14, y, left + 18, y, MUTED))
        parts.append(text(left + 22, y + 4, percent(share) if share else "0", size=11))
    return parts


@dataclass(frozen=True)
class _Panel:
    """A section with its axes in millimetres; ``left`` and ``top`` are the edges of its picture."""

    cut: Cut
    data: str
    left: float
    top: float
    width: float
    height: float
    is_upright: bool

    @classmethod
    def of(cls, levels: NDArray[np.uint8], anatomy: Anatomy, cut: Cut) -> _Panel:
        grid = anatomy.grid
        across, along = ACROSS[cut.plane]
        pixel = grid.spacing * -(-max(grid.shape) // LARGEST_EDGE) * 1e3
        is_upright = cut.plane != "axial"
        half = 0.5 * grid.spacing
        end = grid.axis(along)[-1] + half if is_upright else grid.axis(along)[0] - half
        rows, columns = levels.shape[:2]
        return cls(
            cut=cut,
            data=base64.b64encode(film.png(levels)).decode(),
            left=float(grid.axis(across)[0] - half) * 1e3,
            top=float(end) * 1e3,
            width=columns * pixel,
            height=rows * pixel,
            is_upright=is_upright,
        )

    def drawn(self, at: float, scale: float, graft: Graft) -> list[str]:
        """Return the section with its axes, sides and needle tips, its left edge at a pixel."""
        wide, high = self.width * scale, self.height * scale
        x = Scale(self.left, self.left + self.width, at, at + wide)
        turn = -1.0 if self.is_upright else 1.0
        start, end = (TOP, TOP + high) if turn > 0 else (TOP + high, TOP)
        ends = sorted((self.top, self.top + turn * self.height))
        y = Scale(ends[0], ends[1], start, end)
        parts = [
            text(at, 14, f"{self.cut.plane.capitalize()} section [mm]", colour=INK, size=13),
            self._picture(at, wide, high),
        ]
        for tick in x.ticks(5):
            parts.append(rule(x(tick), TOP + high, x(tick), TOP + high + 4, MUTED))
            parts.append(text(x(tick), TOP + high + 16, rounded(tick), anchor="middle", size=11))
        for tick in y.ticks(6):
            parts.append(rule(at - 4, y(tick), at, y(tick), MUTED))
            parts.append(text(at - 6, y(tick) + 4, rounded(tick), anchor="end", size=11))
        middle, upright = at + wide / 2, TOP + high / 2
        sides = (
            (at + 9, upright, self.cut.left),
            (at + wide - 9, upright, self.cut.right),
            (middle, TOP + 14, self.cut.top),
            (middle, TOP + high - 6, self.cut.bottom),
        )
        for to_right, down, name in sides:
            parts.append(text(to_right, down, name, anchor="middle", colour=RULE, size=11))
        across_axis, along_axis = ACROSS[self.cut.plane]
        for number, tip in enumerate(graft.tips, start=1):
            told = str(number) if len(graft.tips) > 1 else ""
            parts.append(_tip(x(tip[across_axis] * 1e3), y(tip[along_axis] * 1e3), told))
        return parts

    def _picture(self, at: float, wide: float, high: float) -> str:
        return (
            f'<image x="{at:.1f}" y="{TOP:.1f}" width="{wide:.1f}" height="{high:.1f}" '
            f'preserveAspectRatio="none" href="data:image/png;base64,{self.data}" '
            'style="image-rendering:pixelated"/>'
        )


def _tip(x: float, y: float, words: str) -> str:
    """Return a cross with a dark rim, and a number beside it where there are several."""
    path = f"M{x - 5:.1f} {y:.1f}h10M{x:.1f} {y - 5:.1f}v10"
    cross = "".join(
        f'<path class="tip" d="{path}" stroke="{colour}" stroke-width="{width}" fill="none"/>'
        for colour, width in (("#000", 4), ("#fff", 1.8))
    )
    return cross + (text(x + 7, y - 4, words, size=11, halo=True, colour=INK) if words else "")
