"""What a voxel offers and what its cells feel: geometry that stays, conditions that change."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp

from trephine.models.stimulus import favours_bone, favours_cartilage, tears
from trephine.models.term import Numbers
from trephine.numerics.faces import Faces, lower, upper
from trephine.numerics.stepping import State


class Tissue(NamedTuple):
    """Geometry of the tissue that heals, fixed during a course; lengths in mm.

    Parameters
    ----------
    spacing
        Edge of a voxel [mm].
    open
        Share of a voxel that heals: gap, canal and callus region, (x, y, z) [-].
    apertures
        Open share of the inner faces [-].
    wet
        Share that oxygen crosses: everything but metal, (x, y, z) [-].
    wet_apertures
        The same on the inner faces [-].
    living_bone
        Share of bone alive on day 0, perfused throughout, (x, y, z) [-].
    living_surface
        Surface of bone alive on day 0 per volume of healing tissue, (x, y, z) [1/mm].
    muscle
        Share of perfused soft tissue beyond the healing region: muscle, and marrow as far as it
        lives, (x, y, z) [-].
    muscle_surface
        Surface toward it per volume of healing tissue, (x, y, z) [1/mm].
    dead_surface
        Surface of bone dead on day 0 per volume of healing tissue, (x, y, z) [1/mm].
    """

    spacing: jax.Array
    open: jax.Array
    apertures: Faces
    wet: jax.Array
    wet_apertures: Faces
    living_bone: jax.Array
    living_surface: jax.Array
    muscle: jax.Array
    muscle_surface: jax.Array
    dead_surface: jax.Array


class Conditions(NamedTuple):
    """What the cells of a voxel feel; each (x, y, z) [-].

    Parameters
    ----------
    signalled
        Response to the osteogenic signal, G of (U1).
    oxygenated
        Response of bone formation to oxygen, O of (U1).
    surviving
        Survival at this oxygen, S of (U1).
    room
        Room for more osteogenic cells, 1 - (m + c + b) / c_max; negative where overfull.
    free
        Share of the open volume that no matrix and no carrier fills.
    creeping
        How readily dead bone is replaced here, f of (U11).
    passage
        How freely cells cross the inner faces, D / D_m of (U12), times the open share and over
        the edge of a voxel [1/mm].
    bone_favoured, cartilage_favoured
        Weights of the strain, psi_b and psi_c of (U14).
    torn
        How far strain tears the tissue.
    ossifying
        Rate of endochondral conversion, h of (U3) [1/d].
    oxygen
        Oxygen tension [mmHg].
    signal
        Osteogenic signal in units of its half-value.
    strain
        Distortional strain averaged over days.
    """

    signalled: jax.Array
    oxygenated: jax.Array
    surviving: jax.Array
    room: jax.Array
    free: jax.Array
    creeping: jax.Array
    passage: Faces
    bone_favoured: jax.Array
    cartilage_favoured: jax.Array
    torn: jax.Array
    ossifying: jax.Array
    oxygen: jax.Array
    signal: jax.Array
    strain: jax.Array


Box = tuple[slice, slice, slice]
"""A part of the grid."""


def within(tissue: Tissue, box: Box) -> Tissue:
    """Return the geometry of a part of the grid, closed at its walls."""

    def cut(faces: Faces) -> Faces:
        inner = [
            tuple(slice(b.start, b.stop - 1) if axis == other else b for other, b in enumerate(box))
            for axis in range(3)
        ]
        x, y, z = (across[which] for across, which in zip(faces, inner, strict=True))
        return x, y, z

    return Tissue(
        spacing=tissue.spacing,
        open=tissue.open[box],
        apertures=cut(tissue.apertures),
        wet=tissue.wet[box],
        wet_apertures=cut(tissue.wet_apertures),
        living_bone=tissue.living_bone[box],
        living_surface=tissue.living_surface[box],
        muscle=tissue.muscle[box],
        muscle_surface=tissue.muscle_surface[box],
        dead_surface=tissue.dead_surface[box],
    )


def hill(u: jax.Array, half_value: jax.Array | float) -> jax.Array:
    """Return the second-order Hill response u^2 / (K^2 + u^2) [-]."""
    return u**2 / (half_value**2 + u**2)


BONE = ("woven", "lamellar")
"""New bone."""
CARRIERS = ("demineralised_bone", "allograft", "ceramic")
"""Solid carriers of an injection."""
MATRIX = ("fibrous", "cartilage", *BONE, *CARRIERS)
"""What shares the room of a voxel."""
NOTHING = 1e-30
"""Far below any share; keeps quotients of two zeros at zero."""


def summed(s: State, names: tuple[str, ...]) -> jax.Array:
    """Return the sum of some fields of a state, (x, y, z)."""
    first, *rest = names
    found = s[first]
    for name in rest:
        found = found + s[name]
    return found


def passable(s: State, p: Numbers) -> jax.Array:
    r"""Return how freely cells move (U12), (x, y, z) [-].

    .. math:: D/D_m = (1-\phi_w-\phi_l)^2 (1-\tfrac12\phi_f)(1-s)(1+k_s s_{clot})

    Bone, fibrous matrix and the solid carriers :math:`s` hinder; clot helps.
    """
    bone = jnp.maximum(1.0 - summed(s, BONE), 0.0) ** 2
    matrix = 1.0 - p["fibrous_hindrance"] * s["fibrous"]
    carriers = jnp.maximum(1.0 - summed(s, CARRIERS), 0.0)
    return bone * matrix * carriers * (1.0 + p["clot_motility"] * s["clot"])


def passages(s: State, tissue: Tissue, p: Numbers) -> Faces:
    """Return the harmonic mean of :func:`passable` on the inner faces, open share in it [1/mm]."""
    cells, per_edge = passable(s, p), 1.0 / tissue.spacing

    def across(axis: int) -> jax.Array:
        low, high = lower(cells, axis), upper(cells, axis)
        # The quotient comes last: the compiler then keeps it, and computes it once for all kinds
        # of motion. A mean of two zeros is zero.
        return 2.0 * per_edge * tissue.apertures[axis] * low * high / (low + high + NOTHING)

    return across(0), across(1), across(2)


def conditions(
    s: State,
    oxygen: jax.Array,
    signal: jax.Array,
    strain: jax.Array,
    tissue: Tissue,
    p: Numbers,
) -> Conditions:
    """Return what the cells feel, from state, oxygen [mmHg], signal [-] and strain [-]."""
    osteogenic = (
        s["progenitor_host"] + s["progenitor_injected"] + s["chondrocyte"] + s["osteoblast"]
    )
    bone_favoured = favours_bone(strain, p)
    half = p["creeping_osteoblast"]
    return Conditions(
        signalled=hill(signal, 1.0),
        oxygenated=hill(oxygen, p["osteogenic_oxygen"]),
        surviving=hill(oxygen, p["survival_oxygen"]),
        room=1.0 - osteogenic / p["capacity"],
        free=jnp.maximum(1.0 - summed(s, MATRIX), 0.0),
        creeping=s["perfusion"] * s["osteoblast"] / (half + s["osteoblast"]),
        passage=passages(s, tissue, p),
        bone_favoured=bone_favoured,
        cartilage_favoured=favours_cartilage(strain, bone_favoured, p),
        torn=tears(strain, p),
        ossifying=p["ossification"]
        * s["perfusion"]
        * hill(s["cartilage"], p["ossification_cartilage"]),
        oxygen=oxygen,
        signal=signal,
        strain=strain,
    )
