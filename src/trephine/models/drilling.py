"""Owns the drilled track of a core decompression: where it lies and what it takes out."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from trephine.case.anatomy import Anatomy
from trephine.case.decompression import CoreDecompression
from trephine.case.head_anatomy import HeadAnatomy
from trephine.models.necrosis import SHARES

Field = NDArray[np.floating[Any]]
FROM = 2.0
"""Where the track enters the computed part, along the neck, in radii of the head."""


def within_track(anatomy: HeadAnatomy, plan: CoreDecompression) -> Field:
    """Return the distance within the wall of the track, negative outside it, (x, y, z) [mm].

    The track runs from the axis of the neck to the middle of the lesion, and ends flat, short of
    the joint.
    """
    end = np.asarray(anatomy.axis) * (anatomy.radius - plan.short_of_joint)
    start = np.asarray(anatomy.neck_axis) * anatomy.radius * FROM
    along = end - start
    x, y, z = anatomy.grid.centres()
    share = (x - start[0]) * along[0] + (y - start[1]) * along[1] + (z - start[2]) * along[2]
    share = share / float(along @ along)
    near = [c - s - share * a for c, s, a in zip((x, y, z), start, along, strict=True)]
    apart = np.sqrt(near[0] ** 2 + near[1] ** 2 + near[2] ** 2)
    before_end = (1.0 - share) * float(np.linalg.norm(along))
    distance: Field = np.minimum(plan.diameter / 2.0 - apart, before_end) * 1e3
    return distance


def drilled(anatomy: HeadAnatomy, plan: CoreDecompression) -> Field:
    """Return the share of each voxel that the track takes up, (x, y, z) [-]."""
    share: Field = np.clip(within_track(anatomy, plan) / (anatomy.grid.spacing * 1e3) + 0.5, 0, 1)
    return share


def drill(state: dict[str, Field], anatomy: HeadAnatomy, plan: CoreDecompression) -> None:
    """Take the bone of a track out; its wall bleeds, so a front starts from it.

    Parameters
    ----------
    state
        Fields of the necrosis by name, (x, y, z); changed.
    anatomy
        The head.
    plan
        The track.
    """
    share = drilled(anatomy, plan)
    for name in SHARES:
        state[name] = (1.0 - share) * state[name] + (share if name == "cavity" else 0.0)
    state["passed"] = np.maximum(state["passed"], within_track(anatomy, plan))


def room(anatomy: HeadAnatomy, track: CoreDecompression | None, accessible: float) -> Anatomy:
    """Return the head as an injection sees it: the lesion for a gap, other bone for a canal.

    The lesion takes up a share of its volume and a drilled track all of it; bone around it gives
    way as the marrow of a canal does, as far as the delivery reaches.

    Parameters
    ----------
    anatomy
        The head.
    track
        A track that was drilled before; None where there is none.
    accessible
        Share of the volume of dead bone that gives way [-].
    """
    none = np.zeros(anatomy.grid.shape)
    bone = anatomy.head + anatomy.neck
    open_track = none if track is None else drilled(anatomy, track) * bone
    gap = np.minimum(accessible * anatomy.dead + open_track, bone)
    return Anatomy(
        grid=anatomy.grid,
        bone=none,
        metal=none,
        canal=np.maximum(bone - np.maximum(anatomy.dead, gap), 0.0),
        gap=gap,
        callus=none,
        cortex_removed=none,
        hounsfield=none,
        outer_radius=anatomy.radius,
        canal_radius=anatomy.radius / 2.0,
        gap_width=2.0 * anatomy.radius,
        tilt=0.0,
        virtual=False,
    )
