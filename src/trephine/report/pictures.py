"""Owns what the page's script draws: the packed pictures, and what it must know of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np

from trephine.case.run import Run
from trephine.report import film, sections, volume
from trephine.report.fields import GROUPS, TOGETHER, Field, shown
from trephine.report.frames import Frames
from trephine.report.pack import Pack
from trephine.report.palette import SITE, TISSUES, rgb
from trephine.report.scales import Range, field_levels, scale_of
from trephine.report.words import measure, new_bone, rounded

ISO = 0.35
"""Share of a voxel that bone with mineral, old and new, fills at the surface of the solid view."""
UPWARD, ABOUT_ZERO = "viridis", "RdBu_r"
"""Colour maps of fields without and with a sign."""
QUICK = (TOGETHER.key, "oxygen", "strain")
"""Fields with a button of their own beside the list of all."""


@dataclass(frozen=True)
class Pictures:
    """Everything the script draws.

    Parameters
    ----------
    blocks
        Packed pictures by block.
    data
        What the script must know, as plain data.
    choices
        Fields by group, with whether there is anything of them to see.
    quick
        Fields with a button of their own.
    """

    blocks: dict[str, str]
    data: dict[str, Any]
    choices: list[tuple[str, list[tuple[Field, bool]]]]
    quick: list[Field]

    @classmethod
    def of(cls, run: Run, frames: Frames) -> Pictures:
        """Return the pictures of all weeks of a run."""
        pack = Pack()
        for view, grey in film.films(run, frames).items():
            pack.add(f"film_{view}", grey, over_time=True)
        for cut in sections.CUTS:
            colours = sections.tissue_colours(run, frames, cut)
            pack.add(f"tissue_{cut.plane}", colours, over_time=True)
            pack.add(f"under_{cut.plane}", sections.underlay(run, cut))
        for name, map_ in (("upward", UPWARD), ("about_zero", ABOUT_ZERO)):
            ramp = mpl.colormaps[map_](np.linspace(0, 1, 256))[:, :3]
            pack.add(name, np.rint(255 * ramp).astype(np.uint8))
        scales = [scale_of(run, frames, field) for field in shown(run)]
        seen = [scale for scale in scales if not scale.is_empty]
        for scale in seen:
            for cut in sections.CUTS:
                levels = field_levels(run, frames, scale, cut)
                key = scale.field.key
                pack.add(f"{key}_{cut.plane}", levels, over_time=True, block=key)
        size = volume.put_volumes(run, frames, pack)
        data = {
            "contents": pack.contents,
            "weeks": [float(week) for week in frames.week],
            "visits": visits(run, frames),
            "scales": {scale.field.key: scale.described() for scale in seen},
            "volume": {**size, "iso": ISO, "colours": solid_colours()},
        }
        quick = [s.field for s in seen if s.field.key in QUICK]
        return cls(pack.texts(), data, _choices(scales), quick)


def _choices(scales: list[Range]) -> list[tuple[str, list[tuple[Field, bool]]]]:
    found = [
        (group, [(s.field, not s.is_empty) for s in scales if s.field.group == group])
        for group in GROUPS
    ]
    return [(group, fields) for group, fields in found if fields]


def solid_colours() -> dict[str, list[float]]:
    """Return the colours of the solid view, 0 to 1, by the names its shader has for them."""
    shades = {s.key: [round(c / 255, 4) for c in rgb(s.colour)] for s in (*TISSUES, *SITE)}
    names = {
        "bone": "bone",
        "metal": "metal",
        "new": "mineralised",
        "lamellar": "lamellar",
        "osteoid": "osteoid",
        "cartilage": "cartilage",
        "gap": "fibrous",
    }
    return {name: shades[key] for name, key in names.items()}


def visits(run: Run, frames: Frames) -> list[dict[str, Any]]:
    """Return what each frame shows in numbers, as text."""
    seen, course = run.follow_up, run.course
    return [
        {
            "week": rounded(float(seen.week[visit])),
            "mrust": f"{rounded(float(seen.mrust[visit]))} of 16",
            "bridged": f"{int(seen.bridged[visit])} of 4",
            "callus": new_bone(float(seen.callus_volume[visit])),
            "scores": [round(float(score)) for score in seen.cortex_score[visit]],
            "stiffness": measure(float(course.stiffness[at]), "N/m", "N/mm"),
            "movement": measure(float(course.movement[at]), "m", "mm"),
            "force": measure(float(course.force[at]), "N", "N"),
        }
        for visit, at in zip(frames.visit, frames.snapshot, strict=True)
    ]
