"""Owns how crushed bone flattens a femoral head, and which stage that is."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from trephine.case.head_anatomy import HeadAnatomy

Field = NDArray[np.floating[Any]]


class Stage(IntEnum):
    """ARCO stages that the model tells apart."""

    I = 1  # noqa: E741  (the name of the stage)
    II = 2
    IIIA = 3
    IIIB = 4

    @property
    def text(self) -> str:
        """As a person writes it."""
        return self.name


def unsupported(anatomy: HeadAnatomy, crushed: NDArray[np.bool_]) -> float:
    """Return the largest patch of joint surface above crushed bone [mm^2].

    A column along the hip force lacks support where any bone of the upper half of the head in it
    is crushed; columns that touch, corners included, make a patch. The surface of a column is
    its section over the cosine of its slope.

    Parameters
    ----------
    anatomy
        The head.
    crushed
        Which voxels are crushed, (x, y, z).
    """
    x, y, z = anatomy.grid.centres()
    columns = (crushed & (anatomy.head > 0.5) & (z > 0)).any(axis=2)
    labels, count = ndimage.label(columns, structure=np.ones((3, 3)))
    if not count:
        return 0.0
    across = (x**2 + y**2)[:, :, 0] / anatomy.radius**2
    slope = np.sqrt(np.maximum(1.0 - across, 0.04))
    surface = (anatomy.grid.spacing * 1e3) ** 2 / slope
    return float(max(ndimage.sum_labels(surface, labels, np.arange(1, count + 1))))


def flattening(patch: float, radius: float) -> float:
    r"""Return by how much a head is flattened that lacks support over a patch [mm].

    .. math:: \delta = \frac{A}{2\pi R}

    the height of the cap of area :math:`A`, exactly: what is not borne is pressed flat.

    Parameters
    ----------
    patch
        Joint surface without support [mm^2].
    radius
        Of the head [mm].
    """
    return patch / (2.0 * np.pi * radius)


def patch_of(flat: float, radius: float) -> float:
    """Return the patch that flattens a head so much, the inverse of :func:`flattening` [mm^2]."""
    return 2.0 * np.pi * radius * flat


def stage(start: Stage, patch: float, flat: float, fracture: float, collapse: float) -> Stage:
    """Return the stage of a head.

    Parameters
    ----------
    start
        Stage at day 0; a head never goes back to an earlier one.
    patch
        Joint surface without support [mm^2].
    flat
        Flattening [mm].
    fracture, collapse
        Patch that shows as a fracture [mm^2], and flattening that counts as collapse [mm].
    """
    if flat >= collapse:
        return max(start, Stage.IIIB)
    return max(start, Stage.IIIA) if patch >= fracture else start


def fractured(anatomy: HeadAnatomy, flat: float, depth: float) -> NDArray[np.bool_]:
    """Return the bone that is crushed in a head which starts flattened, (x, y, z).

    The bone down to a depth below the cap around the middle of the lesion, leant into the part
    that bears load, whose height is the flattening; only dead bone of it.

    Parameters
    ----------
    anatomy
        The head and its lesion.
    flat
        Flattening at day 0 [m].
    depth
        Depth of crushed bone below the joint surface [m].
    """
    x, y, z = anatomy.grid.centres()
    r = np.sqrt(x * x + y * y + z * z)
    a, b, c = anatomy.axis
    along = (x * a + y * b + z * c) / np.maximum(r, 1e-12)
    within = along >= 1.0 - flat / anatomy.radius
    shell = r >= anatomy.radius - depth
    return within & shell & (anatomy.dead > 0.5)
