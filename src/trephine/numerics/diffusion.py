"""Diffusion between voxels, second order in the interior, closed walls."""

from __future__ import annotations

import jax

from trephine.numerics.faces import Faces, difference, divergence


def diffuse(u: jax.Array, conductance: Faces, spacing: float | jax.Array) -> jax.Array:
    r"""Return the divergence of the diffusive flux.

    .. math:: \nabla \cdot (a D \nabla u)

    Parameters
    ----------
    u
        Density, (x, y, z).
    conductance
        Diffusivity times open share :math:`a D` on the inner faces [mm^2/d].
    spacing
        Edge of a voxel [mm].

    Returns
    -------
    jax.Array
        Rate of change times open share, (x, y, z); its sum over the grid is zero.
    """
    x, y, z = difference(u, spacing)
    return divergence((conductance[0] * x, conductance[1] * y, conductance[2] * z), spacing)


def longest_step(diffusivity: float, spacing: float) -> float:
    """Return the step above which an explicit step may turn a density negative, h^2 / (6 D) [d]."""
    return spacing**2 / (6.0 * diffusivity)
