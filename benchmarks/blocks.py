"""The blocks of the elasticity benchmark, and what tells whether a displacement is right.

Needs NumPy alone, so that every peer's interpreter can read it. A tube of bone with a gap stands
in a box of 44 x 44 x 60 mm, clamped below, moved by 1 mm towards its foot above.
"""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

POISSON = 0.3
BONE = 17000.0
RESIDUAL = 1e-6
"""Residual relative to the right side at which the peers stop."""
BOX = (44.0, 44.0, 60.0)
CORNERS = tuple(product((0, 1), repeat=3))

Field = NDArray[np.float64]


def moduli(state: str, spacing: float) -> Field:
    """Return Young's modulus [MPa]: ``gap`` (contrast 8.5e4), ``changed`` by 5 %, or ``healed``."""
    centres = [spacing * (np.arange(round(size / spacing)) + 0.5) - size / 2 for size in BOX]
    x, y, z = np.meshgrid(*centres, indexing="ij")
    r = np.hypot(x, y)
    ring, gap = (r > 7) & (r < 13), np.abs(z) < 2
    modulus = np.where(ring & ~gap, BONE, np.where(ring, 1.0, 0.2))
    if state == "changed":
        # every element by another factor between 0.95 and 1.05
        modulus = modulus * (1 + 0.05 * np.sin(np.arange(modulus.size)).reshape(modulus.shape))
    if state == "healed":
        rough = 0.5 + 0.5 * np.sin(x / 2.3) * np.sin(y / 3.1 + 1) * np.cos(z / 1.7)
        woven = 5 + 600 * np.exp(-((z / 6) ** 2) - ((r - 12) / 6) ** 2) * rough
        callus = (r < 18) & (np.abs(z) < 12) & ~(ring & ~gap)
        modulus = np.where(callus, woven, modulus)
    return modulus


def unit_stiffness() -> Field:
    """Return the stiffness of a cube of unit edge and modulus, (24, 24), by eight Gauss points.

    Written apart from the project's own, which it checks.
    """
    first = POISSON / ((1 + POISSON) * (1 - 2 * POISSON))
    shear = 1 / (2 * (1 + POISSON))
    law = np.diag([2 * shear] * 3 + [shear] * 3)
    law[:3, :3] += first
    total = np.zeros((24, 24))
    for point in product((0.5 - 0.5 / 3**0.5, 0.5 + 0.5 / 3**0.5), repeat=3):
        strain = np.zeros((6, 24))
        for corner, at in enumerate(CORNERS):
            value = [p if a else 1 - p for a, p in zip(at, point, strict=True)]
            sign = [2 * a - 1 for a in at]
            dx = sign[0] * value[1] * value[2]
            dy = sign[1] * value[0] * value[2]
            dz = sign[2] * value[0] * value[1]
            strain[:, 3 * corner : 3 * corner + 3] = [
                [dx, 0, 0],
                [0, dy, 0],
                [0, 0, dz],
                [dy, dx, 0],
                [0, dz, dy],
                [dz, 0, dx],
            ]
        total += strain.T @ law @ strain / 8
    return total


def nodes(shape: tuple[int, ...]) -> tuple[int, int, int]:
    """Return the number of nodes along x, y, z."""
    return shape[0] + 1, shape[1] + 1, shape[2] + 1


def platens(shape: tuple[int, ...]) -> tuple[NDArray[np.bool_], Field]:
    """Return which unknowns the platens hold, and where, (x+1, y+1, z+1, 3) [mm]."""
    held = np.zeros((*nodes(shape), 3), bool)
    held[:, :, [0, -1]] = True
    moved = np.zeros(held.shape)
    moved[:, :, -1, 2] = -1.0
    return held, moved


def forces(u: Field, modulus: Field, spacing: float) -> Field:
    """Return the forces that hold the nodes, (x+1, y+1, z+1, 3) [N], element by element."""
    nx, ny, nz = modulus.shape
    places = [np.s_[i : i + nx, j : j + ny, k : k + nz] for i, j, k in CORNERS]
    local = np.concatenate([u[place] for place in places], axis=-1) @ unit_stiffness()
    local *= (spacing * modulus)[..., None]
    total = np.zeros_like(u)
    for corner, place in enumerate(places):
        total[place] += local[..., 3 * corner : 3 * corner + 3]
    return total


def judged(u: Field, modulus: Field, spacing: float) -> dict[str, float]:
    """Return what a displacement is worth: stiffness from its energy [N/mm], relative residual.

    The residual is that of the free nodes over the right side, both in the plain norm, the
    right side being what the imposed displacement alone does to them.
    """
    held, moved = platens(modulus.shape)
    off = float(np.abs(u[held] - moved[held]).max())
    assert off < 1e-9, f"the platens are {off} mm from where they were put"
    acting = forces(u, modulus, spacing)
    right = np.where(held, 0.0, forces(moved, modulus, spacing))
    left = np.where(held, 0.0, acting)
    return {
        "stiffness": float(np.sum(u * acting)),
        "residual": float(np.linalg.norm(left) / np.linalg.norm(right)),
    }
