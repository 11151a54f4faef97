"""Transport by a velocity on the faces: positive and conservative, of second or first order."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from trephine.numerics.faces import Faces, divergence, lower, upper


def upwind(u: jax.Array, velocity: Faces, spacing: float | jax.Array) -> jax.Array:
    r"""Return minus the divergence of the upwind flux, of first order.

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


def advect(u: jax.Array, velocity: Faces, spacing: float | jax.Array) -> jax.Array:
    r"""Return minus the divergence of a flux-limited upwind flux, of second order where smooth.

    .. math::
        -\nabla \cdot (\mathbf{v} u), \quad
        u_{face} = u_{up} \pm \tfrac12 s, \quad
        s = \frac{2 a b}{a + b}\ \text{where}\ a b > 0,\ \text{else}\ 0

    with :math:`a` and :math:`b` the differences of the upwind voxel to its two neighbours along
    the axis (van Leer); nothing slopes at a wall. A face value lies between those of its two
    voxels and is at most twice that of the upwind one.

    Parameters
    ----------
    u
        Density, at least zero, (x, y, z).
    velocity
        Velocity times open share on the inner faces [mm/d].
    spacing
        Edge of a voxel [mm].

    Returns
    -------
    jax.Array
        Rate of change times open share, (x, y, z); its sum over the grid is zero, and an explicit
        step no longer than half of ``spacing / sum of outgoing speeds`` keeps the density
        positive.
    """
    x, y, z = (
        -jnp.where(speed > 0, *_sides(u, axis)) * speed for axis, speed in enumerate(velocity)
    )
    return divergence((x, y, z), spacing)


def _sides(u: jax.Array, axis: int) -> tuple[jax.Array, jax.Array]:
    """Return the limited values on the low and on the high side of each inner face."""
    low, high = lower(u, axis), upper(u, axis)
    if low.shape[axis] < 2:
        return low, high
    rise = high - low
    before, after = lower(rise, axis), upper(rise, axis)
    product = before * after
    alike = product > 0
    half = jnp.where(alike, product / jnp.where(alike, before + after, 1.0), 0.0)
    at_low = [(0, 0)] * 3
    at_high = [(0, 0)] * 3
    at_low[axis], at_high[axis] = (1, 0), (0, 1)
    return low + jnp.pad(half, at_low), high - jnp.pad(half, at_high)
