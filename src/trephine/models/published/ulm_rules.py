"""The eight fuzzy rules of the Ulm group: from strain and neighbours to changes of tissue."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp

from trephine.models.model import Fast, Strain
from trephine.models.published.fuzzy import Change, above, both, centroid, either
from trephine.models.term import Numbers
from trephine.models.tissue import Tissue
from trephine.numerics.faces import lower, upper
from trephine.numerics.stepping import State


class Felt(NamedTuple):
    """What the rules say of a voxel, each (x, y, z) [1/d].

    Parameters
    ----------
    vessels, cartilage, bone
        Changes of perfusion, cartilage and bone, a gain above zero.
    """

    vessels: jax.Array
    cartilage: jax.Array
    bone: jax.Array


class Level(NamedTuple):
    """How far a share is low, medium and high [-]."""

    low: jax.Array
    medium: jax.Array
    high: jax.Array


def level(u: jax.Array, p: Numbers) -> Level:
    """Return how far a share is low, medium and high, (x, y, z) [-]."""
    raised = above(u, p["low_full"], p["low_gone"])
    high = above(u, p["medium_full"], p["medium_gone"])
    return Level(1.0 - raised, both(raised, 1.0 - high), high)


def met(surface: jax.Array, tissue: Tissue) -> jax.Array:
    """Return how much of a voxel's face a surface per volume is, at most 1 (x, y, z) [-]."""
    return jnp.clip(surface * tissue.spacing, 0.0, 1.0)


def highest_beside(u: jax.Array, tissue: Tissue) -> jax.Array:
    """Return the greatest value in the six neighbours across open faces, (x, y, z)."""
    found = jnp.zeros_like(u)
    for axis, aperture in enumerate(tissue.apertures):
        is_open = aperture > 0
        ahead = jnp.where(is_open, upper(u, axis), 0.0)
        behind = jnp.where(is_open, lower(u, axis), 0.0)
        low = [(0, 1) if other == axis else (0, 0) for other in range(3)]
        high = [(1, 0) if other == axis else (0, 0) for other in range(3)]
        found = either(found, jnp.pad(ahead, low), jnp.pad(behind, high))
    return found


def feel(s: State, fast: Fast, strain: Strain, tissue: Tissue, p: Numbers) -> Felt:
    """Return what the eight rules say.

    With distortion (still, mild, medium, destructive) and dilatation (destructive, medium,
    slight on either side, and flat) in fuzzy sets, and the highest perfusion and bone next to a
    voxel:

    ====  =====================================================================================
    rule  if ... then
    ====  =====================================================================================
    R1    perfusion low, beside it medium or high, not crushed, distortion still or mild:
          more perfusion
    R2    perfusion medium or high, beside it high, not crushed, still or mild: more perfusion
    R3    perfusion high, bone high beside it, cartilage low, mild, dilatation slight: more bone
    R4    not destructive, squeezed slightly or more: more cartilage
    R5    bone beside it and cartilage not low, not destructive, dilatation from squeezed to
          slight: more bone, less cartilage
    R6    perfusion not low, bone high here and beside it, cartilage low, dilatation slight,
          still or mild: more bone, less cartilage
    R7    dilatation destructive on either side: less of all
    R8    distortion destructive: less of all
    ====  =====================================================================================

    A growth of perfusion or bone jumps from a voxel to the next, so its speed would follow the
    voxel: it is scaled by the element's edge over the voxel's.
    """
    del fast
    vessels, cartilage, bone = (level(s[n], p) for n in ("perfusion", "cartilage", "woven"))
    wall = met(tissue.living_surface + tissue.dead_surface, tissue)
    outer = p["outer_perfusion"] * met(tissue.muscle_surface, tissue)
    intact = met(s["periosteal_surface"], tissue)
    vessels_beside = level(either(highest_beside(s["perfusion"], tissue), outer, intact), p)
    bone_beside = level(either(highest_beside(s["woven"], tissue), wall), p)

    distorted, squeezed, stretched = (
        strain.distortion,
        -strain.dilatation,
        strain.dilatation,
    )
    moved = above(distorted, p["still_full"], p["still_gone"])
    still = 1.0 - moved
    mild = both(moved, 1.0 - above(distorted, p["mild_full"], p["mild_gone"]))
    harsh = above(distorted, p["harsh_full"], p["harsh_gone"])
    calm = either(still, mild)

    def slight(u: jax.Array) -> jax.Array:
        begun = above(u, p["flat_full"], p["flat_gone"])
        return both(begun, 1.0 - above(u, p["slight_full"], p["slight_gone"]))

    crushed, torn = (above(u, p["strong_full"], p["strong_gone"]) for u in (squeezed, stretched))
    pressed = both(above(squeezed, p["slight_full"], p["slight_gone"]), 1.0 - crushed)
    flat = 1.0 - above(jnp.abs(strain.dilatation), p["flat_full"], p["flat_gone"])
    either_slight = either(slight(squeezed), slight(stretched))

    perfused_beside = either(vessels_beside.medium, vessels_beside.high)
    r1 = both(vessels.low, perfused_beside, 1.0 - crushed, calm)
    r2 = both(either(vessels.medium, vessels.high), vessels_beside.high, 1.0 - crushed, calm)
    r3 = both(vessels.high, bone_beside.high, cartilage.low, mild, either_slight)
    r4 = both(1.0 - harsh, either(pressed, slight(squeezed)))
    r5 = both(
        1.0 - bone_beside.low,
        1.0 - cartilage.low,
        1.0 - harsh,
        either(pressed, either_slight, flat),
    )
    r6 = both(1.0 - vessels.low, bone.high, bone_beside.high, cartilage.low, either_slight, calm)
    lost = either(crushed, torn, harsh)

    least = p["least_firing"]
    vessel = Change(p["vessel_least"], p["vessel_full"], p["vessel_most"])
    grown = Change(p["bone_least"], p["bone_full"], p["bone_most"])
    gain = Change(0.0, p["cartilage_gain"], p["cartilage_gain"])
    loss = Change(0.0, p["cartilage_loss_full"], p["cartilage_loss_most"])
    reach = p["element"] / tissue.spacing

    def spreading(change: jax.Array) -> jax.Array:
        return jnp.where(change > 0, reach * change, change)

    return Felt(
        vessels=spreading(centroid(either(r1, r2), vessel, lost, vessel, least)),
        cartilage=centroid(r4, gain, either(r5, r6, lost), loss, least),
        bone=spreading(centroid(either(r3, r5, r6), grown, lost, grown, least)),
    )
