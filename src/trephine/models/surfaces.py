"""Surfaces of old bone: where they meet healing tissue, what of them lives, and its return."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
from scipy.ndimage import distance_transform_edt

from trephine.case.anatomy import Anatomy
from trephine.case.site import Biology
from trephine.core.types import Voxels
from trephine.models.term import Numbers, Term
from trephine.models.tissue import Conditions, Tissue
from trephine.numerics.stepping import State


def touching(share: Voxels, other: Voxels) -> Voxels:
    """Return the faces of each voxel's share that meet another's, in voxel faces."""
    met: Voxels = np.zeros_like(share)
    for axis in range(3):
        for step in (1, -1):
            shifted = np.roll(other, step, axis=axis)
            edge: list[Any] = [slice(None)] * 3
            edge[axis] = slice(0, 1) if step == 1 else slice(-1, None)
            shifted[tuple(edge)] = 0.0
            met += np.minimum(share, shifted)
    return met


def vitality(anatomy: Anatomy, biology: Biology) -> Voxels:
    r"""Return the living share of the bone that the healing tissue of a voxel adjoins [-].

    .. math:: \nu = \frac{g\,\nu_{ends} + c\,\nu_{marrow} + s\,\nu_{periosteum}}{g+c+s}

    Tissue of the gap :math:`g` adjoins the bone ends, the canal :math:`c` marrow and endosteum,
    and callus space :math:`s` the periosteum. Zero where nothing heals.
    """
    healing = np.asarray(anatomy.healing, dtype=np.float64)
    canal = healing - anatomy.gap - anatomy.callus
    living = (
        biology.living_ends * anatomy.gap
        + biology.marrow * canal
        + biology.periosteum * anatomy.callus
    )
    share: Voxels = np.divide(living, healing, out=np.zeros_like(healing), where=healing > 1e-9)
    return share


def living_bone(anatomy: Anatomy, biology: Biology) -> Voxels:
    """Return the share of a voxel that is bone alive on day 0, (x, y, z) [-].

    Bone is fed from its nearest surface: the middle of the wall divides what marrow and
    periosteum keep alive, and the bone ends reach half a wall deep.
    """
    bone = np.asarray(anatomy.bone, dtype=np.float64)
    if biology.living_ends == biology.periosteum == biology.marrow == 1.0:
        return bone
    nearest = distance_transform_edt(
        anatomy.healing <= 1e-9, return_distances=False, return_indices=True
    )
    fed: Voxels = bone * vitality(anatomy, biology)[tuple(nearest)]
    return fed


def living_surface(s: State, tissue: Tissue) -> jax.Array:
    """Return the surface of living bone per volume of healing tissue, (x, y, z) [1/mm]."""
    return (tissue.living_surface + tissue.dead_surface) * (1.0 - s["dead_bone"])


def revive(s: State, c: Conditions, tissue: Tissue, p: Numbers) -> dict[str, jax.Array]:
    r"""Return the replacement of dead bone at the surface by creeping substitution (U11).

    .. math:: \dot\phi_n = -\frac{c}{\delta} f(b,v)\,\phi_n, \quad
        f = v\,\frac{b}{b_{1/2}+b}

    A front of speed :math:`c` must cross the depth :math:`\delta` before the surface supplies
    cells and vessels again; it asks for osteoblasts and perfusion beside it.
    """
    del tissue
    rate = p["creeping_speed"] / p["dead_depth"] * c.creeping
    return {"dead_bone": -rate * s["dead_bone"]}


REVIVAL = Term(
    "dead bone ends are revived",
    revive,
    ("dead_bone",),
    None,
    r"\dot\phi_n = -(c/\delta)\,f\,\phi_n,\ f=v\,b/(b_{1/2}+b)",
    ("NecrosisPackage",),
    "creeping substitution as in the femoral head, through a layer of stated depth; the front "
    "asks for osteoblasts and perfusion",
)
