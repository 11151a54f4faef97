"""Where an injected volume settles: the room within reach of the gap, filled from the tip out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from trephine.case.anatomy import Anatomy
from trephine.core.types import Voxels

Values: TypeAlias = float | NDArray[np.floating[Any]]
"""A number or an array of them."""


def depth_beyond_gap(anatomy: Anatomy) -> Voxels:
    """Return the distance of each voxel's centre from the gap's face, 0 inside, (x, y, z) [m].

    A voxel counts as gap where it holds at least half of what the fullest voxel holds. The face
    lies half a voxel beyond the centre of the last one.
    """
    # Imported where needed: the dose of a plan is told without it, and it is slow to load.
    from scipy.ndimage import distance_transform_edt  # noqa: PLC0415

    inside = anatomy.gap >= 0.5 * anatomy.gap.max()
    steps = distance_transform_edt(~inside)
    depth: Voxels = np.maximum(steps - 0.5, 0.0) * anatomy.grid.spacing
    return depth


class Reach(NamedTuple):
    """What lies within reach of the gap, by tissue: fractions of voxels [-], or volumes [m^3]."""

    gap: Values
    canal: Values
    callus: Values


def within_reach(anatomy: Anatomy, reach: float) -> Reach:
    r"""Return how much of each voxel is within reach, by tissue, (x, y, z) [-].

    .. math:: g,\; w k,\; w s, \qquad w = \min(1, \max(0, (r - d)/h + 1/2))

    The whole gap :math:`g` is within reach; canal :math:`k` and soft tissue around the bone
    :math:`s` are as far as the depth :math:`d` beyond the gap is within the reach :math:`r`,
    softened over a voxel :math:`h`.

    Parameters
    ----------
    anatomy
        Fractions of gap, canal and callus space.
    reach
        How far beyond the gap the product spreads [m].
    """
    beyond = (reach - depth_beyond_gap(anatomy)) / anatomy.grid.spacing + 0.5
    within = np.clip(beyond, 0.0, 1.0)
    canal = anatomy.healing - anatomy.gap - anatomy.callus
    return Reach(anatomy.gap, within * canal, within * anatomy.callus)


def room(volumes: Reach, accessible: Mapping[str, float]) -> Values:
    r"""Return how much the product can take up of what lies within reach.

    .. math:: c = a_\mathrm{gap}\, g + a_\mathrm{canal}\, k + a_\mathrm{callus}\, s

    Of fractions of voxels (x, y, z) [-], or of volumes [m^3]: a sum over voxels comes first or
    last, so the room of a site is known for any shares from three volumes.

    Parameters
    ----------
    volumes
        What lies within reach.
    accessible
        Share of each tissue that gives way, by ``gap``, ``canal`` and ``callus``, numbers or
        arrays (sample,) [-].
    """
    return (
        accessible["gap"] * volumes.gap
        + accessible["canal"] * volumes.canal
        + accessible["callus"] * volumes.callus
    )


def volumes_within_reach(anatomy: Anatomy, reach: float) -> Reach:
    """Return the volumes of gap, canal and callus space within reach of the gap [m^3]."""
    voxel = anatomy.grid.voxel_volume
    return Reach(*(float(np.sum(part)) * voxel for part in within_reach(anatomy, reach)))


def capacity(anatomy: Anatomy, reach: float, accessible: Mapping[str, float]) -> Voxels:
    """Return how much of each voxel the product can take up, (x, y, z) [-].

    Parameters
    ----------
    anatomy
        Fractions of gap, canal and callus space.
    reach
        How far beyond the gap the product spreads [m].
    accessible
        Share of each tissue that gives way, by ``gap``, ``canal`` and ``callus`` [-].
    """
    return np.asarray(room(within_reach(anatomy, reach), accessible))


def gap_centre(anatomy: Anatomy) -> tuple[float, float, float]:
    """Return the centre of the gap, three coordinates [m]."""
    total = float(anatomy.gap.sum())
    x, y, z = (float((anatomy.gap * c).sum()) / total for c in anatomy.grid.centres())
    return x, y, z


def aims(anatomy: Anatomy, portions: int, apart: float) -> tuple[tuple[float, float, float], ...]:
    r"""Return where the needle tip is aimed at for each portion, three coordinates each [m].

    .. math:: x_i = c + a\,(\cos\varphi_i\, u + \sin\varphi_i\, v), \qquad
              \varphi_i = 2\pi i/n

    A circle of radius :math:`a` about the centre :math:`c` of the gap in the gap's plane, whose
    directions are :math:`u` along x and :math:`v`, tilted with the fracture about x. One portion
    is aimed at the centre.
    """
    x, y, z = gap_centre(anatomy)
    radius = apart if portions > 1 else 0.0
    along, up = np.cos(anatomy.tilt), np.sin(anatomy.tilt)
    turns = 2.0 * np.pi * np.arange(portions) / portions
    return tuple(
        (
            float(x + radius * np.cos(turn)),
            float(y + radius * np.sin(turn) * along),
            float(z + radius * np.sin(turn) * up),
        )
        for turn in turns
    )


def ease(anatomy: Anatomy, tip: tuple[float, float, float], volume: float) -> Voxels:
    r"""Return how readily the product comes to each voxel, (x, y, z) [-].

    .. math:: k = e^{-(r + d)^2 / 2 b^2}, \qquad b = (3V/4\pi)^{1/3}

    The way to a voxel is its distance :math:`r` from the needle tip and, once more, its depth
    :math:`d` beyond the gap, so the gap fills before canal and callus do. The scale is the
    radius of a ball of the injected volume.

    Parameters
    ----------
    anatomy
        The site.
    tip
        Where the needle tip is [m].
    volume
        Volume that settles :math:`V` [m^3].
    """
    x, y, z = anatomy.grid.centres()
    way = np.sqrt((x - tip[0]) ** 2 + (y - tip[1]) ** 2 + (z - tip[2]) ** 2)
    way = way + depth_beyond_gap(anatomy)
    ball = (3.0 * volume / (4.0 * np.pi)) ** (1.0 / 3.0)
    # A voxel within reach is never at weight zero, however far: e^-600 is still a number.
    readiness: Voxels = np.exp(-np.minimum(0.5 * (way / ball) ** 2, 600.0))
    return readiness


def settle(room: Voxels, readiness: Voxels, volume: float, voxel_volume: float) -> Voxels:
    r"""Return the fraction of each voxel that a volume takes up, (x, y, z) [-].

    .. math:: \phi = c \min(1, \lambda k), \qquad h^3 \sum \phi = V

    The product comes in proportion to readiness and stops where a voxel is full. The one
    unknown :math:`\lambda` is found exactly, by filling the voxels in order of readiness.

    Parameters
    ----------
    room
        Capacity of each voxel :math:`c` [-].
    readiness
        Weights :math:`k`, more than 0 and at most 1 [-].
    volume
        Volume that settles [m^3].
    voxel_volume
        Volume of a voxel :math:`h^3` [m^3].

    Raises
    ------
    ValueError
        If there is not that much room.
    """
    wanted = volume / voxel_volume
    total = float(room.sum())
    if wanted > total * (1.0 + 1e-9):
        raise ValueError(f"{wanted:.6g} voxels of product do not fit {total:.6g} voxels of room")
    if wanted >= total:
        return room.copy()
    c, k = room[room > 0.0], readiness[room > 0.0]
    order = np.argsort(-k, kind="stable")
    c, k = c[order], k[order]
    # Held once the first j voxels are full: those, and the rest at the level of voxel j.
    before = np.concatenate([[0.0], np.cumsum(c)])
    rest = np.cumsum((c * k)[::-1])[::-1]
    full = int(np.searchsorted(before[:-1] + rest / k, wanted))
    if full == c.size:  # all but the rounding of the sums
        return room.copy()
    level = (wanted - before[full]) / rest[full]
    filled: Voxels = room * np.minimum(1.0, level * readiness)
    return filled


def settle_in_turn(
    anatomy: Anatomy,
    room: Voxels,
    tips: Sequence[tuple[float, float, float]],
    volume: float,
) -> Voxels:
    """Return the fraction of each voxel that portions of a volume take up, (x, y, z) [-].

    Equal portions, one after another, each from its own needle tip into the room that the ones
    before it left; the last one brings what is left of the volume, so that the sum is exact.

    Parameters
    ----------
    anatomy
        The site.
    room
        Capacity of each voxel [-].
    tips
        Where the needle tip is for each portion [m].
    volume
        Volume that settles in all [m^3].

    Raises
    ------
    ValueError
        If there is not that much room.
    """
    voxel = anatomy.grid.voxel_volume
    fill = np.zeros(anatomy.grid.shape)
    for number, tip in enumerate(tips):
        rest = volume - float(fill.sum()) * voxel
        part = rest / (len(tips) - number)
        free = np.maximum(room - fill, 0.0)
        taken = settle(free, ease(anatomy, tip, part), part, voxel)
        fill = np.minimum(fill + taken, room)
    return fill
