"""Values on the faces between voxels, and the divergence of what crosses them."""

from __future__ import annotations

import jax
import jax.numpy as jnp

Faces = tuple[jax.Array, jax.Array, jax.Array]
"""Values on the inner faces across x, y and z; one shorter than the grid along its axis."""


def lower(u: jax.Array, axis: int) -> jax.Array:
    """Return the values on the low side of each inner face across an axis."""
    return jax.lax.slice_in_dim(u, 0, u.shape[axis] - 1, axis=axis)


def upper(u: jax.Array, axis: int) -> jax.Array:
    """Return the values on the high side of each inner face across an axis."""
    return jax.lax.slice_in_dim(u, 1, u.shape[axis], axis=axis)


def difference(u: jax.Array, spacing: float | jax.Array) -> Faces:
    """Return the gradient across each inner face, (u_high - u_low) / spacing."""
    x, y, z = ((upper(u, axis) - lower(u, axis)) / spacing for axis in range(3))
    return x, y, z


def aperture(fraction: jax.Array) -> Faces:
    """Return how much of each inner face is open: the smaller of its two voxels [-].

    With the smaller of the two, what leaves a voxel through a face never exceeds what a full
    voxel would lose, so a sliver of open tissue does not shorten the time step.
    """
    x, y, z = (jnp.minimum(lower(fraction, axis), upper(fraction, axis)) for axis in range(3))
    return x, y, z


def harmonic(u: jax.Array) -> Faces:
    """Return the harmonic mean on each inner face; zero where either side is zero."""

    def mean(axis: int) -> jax.Array:
        low, high = lower(u, axis), upper(u, axis)
        total = low + high
        return jnp.where(total > 0, 2.0 * low * high / jnp.where(total > 0, total, 1.0), 0.0)

    return mean(0), mean(1), mean(2)


def arithmetic(u: jax.Array) -> Faces:
    """Return the arithmetic mean on each inner face."""
    x, y, z = (0.5 * (lower(u, axis) + upper(u, axis)) for axis in range(3))
    return x, y, z


def divergence(flux: Faces, spacing: float | jax.Array) -> jax.Array:
    """Return the divergence of a flux with closed walls, (x, y, z).

    The sum over the grid is zero to rounding: what leaves one voxel enters its neighbour.
    """
    total: jax.Array | float = 0.0
    for axis, across in enumerate(flux):
        pad = [(1, 1) if other == axis else (0, 0) for other in range(3)]
        closed = jnp.pad(across, pad)
        total = total + (upper(closed, axis) - lower(closed, axis)) / spacing
    return jnp.asarray(total)
