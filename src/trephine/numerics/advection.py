"""Transport by a velocity on the faces: first-order upwind, positive and conservative."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from trephine.numerics.faces import Faces, divergence, lower, upper


def advect(u: jax.Array, velocity: Faces, spacing: float | jax.Array) -> jax.Array:
    r"""Return minus the divergence of the upwind flux.

    .. math:: -\nabla \cdot (\mathbf{v} u)

    Parameters
    ----------
    u
        Density, (x, y, z).
    velocity
        Velocity times open share on the inner faces [mm/d].
    spacing
        Edge of a voxel [mm].

    Returns
    -------
    jax.Array
        Rate of change times open share, (x, y, z); its sum over the grid is zero, and an explicit
        step no longer than ``spacing / sum of outgoing speeds`` keeps the density positive.
    """
    x, y, z = (
        -jnp.where(speed > 0, lower(u, axis), upper(u, axis)) * speed
        for axis, speed in enumerate(velocity)
    )
    return divergence((x, y, z), spacing)
