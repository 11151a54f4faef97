"""Sections of one run for a comparison of plans, whatever the kind of site."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from trephine.case.course_run import CourseRun
from trephine.case.hip_run import HipRun
from trephine.case.regenerate_run import RegenerateRun
from trephine.case.run import Run
from trephine.report import comparison, hip_pictures, regenerate
from trephine.report.palette import LOOSE, SITE, TISSUES, Shade
from trephine.report.sheet import Still

MOST = 5
"""Pictures of a plan."""
SEEN = 0.02
"""Share of a voxel from which on a tissue shows in a picture [-]."""


@dataclass(frozen=True)
class Picture:
    """A section as text, when it was, and how wide it stands on the page in pixels."""

    when: str
    data: str
    width: int


@dataclass(frozen=True)
class Stills:
    """The sections of a run, which cut they are, and what their colours mean."""

    pictures: tuple[Picture, ...]
    cut: str
    legend: tuple[tuple[str, str], ...]


def stills(run: CourseRun) -> Stills | None:
    """Return the sections of a run over its course; None where a site has no voxels."""
    if isinstance(run, Run):
        pictures = tuple(
            Picture(f"week {one.week}", one.data, one.width) for one in comparison.stills(run)
        )
        cut = (
            "Sagittal section through the middle of the gap; the front is on the left, the head "
            "above. The implant is drawn as on day 0."
        )
        fields = run.course.fields
        grown = (s for s in TISSUES if s.key in fields and np.any(fields[s.key] > SEEN))
        return Stills(pictures, cut, _legend((*grown, *SITE)))
    if isinstance(run, HipRun):
        cut = "Mid-coronal section of the head; the patient's right on the left."
        return Stills(_pictures(hip_pictures.tissue(run)), cut, hip_pictures.legend())
    if isinstance(run, RegenerateRun):
        cut = "Coronal section through the axis of the shaft, as the bone then stood."
        shades = (*TISSUES[:6], LOOSE, *SITE)
        return Stills(_pictures(regenerate.sections(run)), cut, _legend(shades))
    return None


def _pictures(found: Sequence[Still]) -> tuple[Picture, ...]:
    """Return stills for the page, evenly chosen where there are too many."""
    last = len(found) - 1
    chosen = sorted({round(n * last / (MOST - 1)) for n in range(MOST)})
    return tuple(
        Picture(found[n].caption, base64.b64encode(found[n].png).decode(), found[n].width)
        for n in chosen
    )


def _legend(shades: Sequence[Shade]) -> tuple[tuple[str, str], ...]:
    return tuple((shade.colour, shade.label) for shade in shades)
