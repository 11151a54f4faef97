"""Owns which moments of a run are shown, and what fills the gap at each of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trephine.case.run import Run
from trephine.core.types import Series, Voxels
from trephine.report.palette import LOOSE, TISSUES

MOST_FRAMES = 40
"""A longer course is shown at evenly spaced visits, so that the page stays small."""
OWN = ("lamellar", "cartilage", "fibrous", "demineralised_bone", "allograft", "ceramic")
"""Fields of a course that are drawn as they are."""
FILLING = (*OWN, "woven", "mineralised", "clot")
"""Fields of a course that :func:`composition` reads."""


@dataclass(frozen=True)
class Frames:
    """The visits that are shown.

    Parameters
    ----------
    visit
        Index into the follow-up of each frame.
    snapshot
        Index into the course of each frame.
    week
        Time of each frame, (frame,) [wk].
    """

    visit: NDArray[np.int64]
    snapshot: NDArray[np.int64]
    week: Series

    @classmethod
    def of(cls, run: Run) -> Frames:
        """Return the visits of a run to show, the first and the last among them.

        Raises
        ------
        ValueError
            If a visit has no snapshot of the course on its day.
        """
        week, day = run.follow_up.week, run.course.day
        count = min(len(week), MOST_FRAMES)
        visit = np.unique(np.linspace(0, len(week) - 1, count).round().astype(np.int64))
        apart = np.abs(day[None, :] - week[visit, None] * 7.0)
        snapshot = apart.argmin(axis=1)
        if apart.min(axis=1).max() > 0.01:
            raise ValueError("a visit has no snapshot of the course on its day")
        return cls(visit, snapshot, week[visit])

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self.week)


def composition(fields: Mapping[str, Voxels], share: Voxels | float = 1.0) -> dict[str, Voxels]:
    """Return what fills open tissue, by the keys of the tissue palette, summing to its share.

    Clot is a gel that tissue grows through; it is shown in the room that tissue leaves. A tissue
    that the model of a run does not know is nowhere.

    Parameters
    ----------
    fields
        ``woven``, ``lamellar``, ``mineralised`` (the part of the two that holds mineral; all of
        lamellar bone does), ``cartilage``, ``fibrous``, ``clot`` and the grafts, any one
        shape [-].
    share
        What they add up to with the rest: 1 per volume of open tissue, or the open share of a
        voxel where the fields are per volume of voxel [-].
    """
    nowhere = np.zeros(np.shape(next(iter(fields.values()))))
    known = {name: fields.get(name, nowhere) for name in FILLING}
    parts = {name: known[name] for name in OWN}
    parts["mineralised"] = np.maximum(known["mineralised"] - known["lamellar"], 0.0)
    parts["osteoid"] = np.maximum(known["woven"] - parts["mineralised"], 0.0)
    room = np.maximum(share - sum(parts.values()), 0.0)
    clot = np.minimum(known["clot"], room)
    found = {shade.key: parts.get(shade.key, clot) for shade in TISSUES}
    return found | {LOOSE.key: room - clot}


def filling(run: Run) -> dict[str, Series]:
    """Return the mean over the gap of each field that fills it, (time,) [-]."""
    return {name: in_the_gap(run, name) for name in FILLING if name in run.course.fields}


def in_the_gap(run: Run, name: str) -> Series:
    """Return the mean of a field over the gap at each snapshot, (time,), in the field's unit."""
    weight = run.anatomy.gap / run.anatomy.gap.sum()
    mean: Series = np.einsum("txyz,xyz->t", run.course.fields[name], weight)
    return mean
