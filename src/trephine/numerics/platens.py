"""The two platens that hold a block: how the upper one moves, and which elements hang on them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from trephine.numerics import hexahedra

Field = NDArray[np.float64]
Where = NDArray[np.bool_]

MOTIONS = ("axial", "shear_x", "shear_y", "bending_x", "bending_y", "torsion")
"""Unit motions of the upper platen: shortening by 1 mm (towards -z), shift by 1 mm along x and
along y, rotation by 1 rad about x, y and z."""

ALONG = {"axial": (0.0, 0.0, -1.0), "shear_x": (1.0, 0.0, 0.0), "shear_y": (0.0, 1.0, 0.0)}
ABOUT = {"bending_x": (1.0, 0.0, 0.0), "bending_y": (0.0, 1.0, 0.0), "torsion": (0.0, 0.0, 1.0)}


def middle(shape: hexahedra.Shape, spacing: float) -> tuple[float, float, float]:
    """Return the middle of a block, from its lowest corner [mm]."""
    return (0.5 * spacing * shape[0], 0.5 * spacing * shape[1], 0.5 * spacing * shape[2])


def rigid(
    motion: str, shape: hexahedra.Shape, spacing: float, centre: tuple[float, float, float]
) -> Field:
    r"""Return the displacement of all nodes by a unit rigid motion, (3, x+1, y+1, z+1) [mm].

    .. math:: u = t \quad\text{or}\quad u = \omega \times (x - c)

    Parameters
    ----------
    motion
        One of :data:`MOTIONS`.
    shape, spacing
        Elements along x, y, z, and their edge [mm].
    centre
        Point :math:`c` that a rotation leaves where it is, from the lowest corner [mm].
    """
    size = hexahedra.nodes(shape)
    if motion in ALONG:
        shift = np.asarray(ALONG[motion])[:, None, None, None]
        return np.broadcast_to(shift, (3, *size)).copy()
    places = (spacing * np.arange(n) - c for n, c in zip(size, centre, strict=True))
    x, y, z = np.meshgrid(*places, indexing="ij")
    a, b, c = ABOUT[motion]
    return np.stack([b * z - c * y, c * x - a * z, a * y - b * x])


def hangs_on(present: Where) -> tuple[Where, Where]:
    """Return which elements a chain of faces joins to the lower, and to the upper, platen."""
    labels, count = ndimage.label(present)
    joined = []
    for layer in (labels[:, :, 0], labels[:, :, -1]):
        held = np.zeros(count + 1, dtype=bool)
        held[layer] = True
        held[0] = False
        joined.append(held[labels])
    return joined[0], joined[1]


def corners_of(elements: Where) -> Where:
    """Return the nodes that belong to one of some elements, (x+1, y+1, z+1)."""
    nodes = np.zeros(hexahedra.nodes(elements.shape), dtype=bool)
    for i, j, k in hexahedra.CORNERS:
        x, y, z = (slice(a, a + n) for a, n in zip((i, j, k), elements.shape, strict=True))
        nodes[x, y, z] |= elements
    return nodes


def in_series(modulus: Field) -> Field:
    """Return how much of the upper platen's motion each plane of nodes takes, (z+1) [-].

    As if layers lay in series, each as stiff as the sum of its elements.
    """
    compliance = 1.0 / modulus.sum((0, 1))
    depth: Field = np.concatenate([[0.0], np.cumsum(compliance)]) / compliance.sum()
    return depth
