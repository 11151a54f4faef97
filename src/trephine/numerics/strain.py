"""Strain at the centres of voxels, and the invariants that tissue is thought to feel."""

from __future__ import annotations

import jax
import jax.numpy as jnp


def _slope(u: jax.Array, along: int) -> jax.Array:
    """Return the slope at element centres along one axis, its difference of face means."""
    for axis in range(3):
        low = jax.lax.slice_in_dim(u, 0, u.shape[axis] - 1, axis=axis)
        high = jax.lax.slice_in_dim(u, 1, u.shape[axis], axis=axis)
        u = high - low if axis == along else 0.5 * (low + high)
    return u


def _tensor(displacement: jax.Array, spacing: float) -> jax.Array:
    slopes = [[_slope(u, along) / spacing for along in range(3)] for u in displacement]
    pairs = ((0, 0), (1, 1), (2, 2), (0, 1), (1, 2), (2, 0))
    return jnp.stack([0.5 * (slopes[i][j] + slopes[j][i]) for i, j in pairs])


def _distortion(strain: jax.Array) -> jax.Array:
    xx, yy, zz, xy, yz, zx = strain
    normal = (xx - yy) ** 2 + (yy - zz) ** 2 + (zz - xx) ** 2
    return jnp.sqrt(0.5 * normal + 3.0 * (xy**2 + yz**2 + zx**2))


def _invariants(displacement: jax.Array, spacing: float) -> tuple[jax.Array, jax.Array]:
    strain = _tensor(displacement, spacing)
    return _distortion(strain), (strain[0] + strain[1] + strain[2]) / 3.0


def _octahedral(displacement: jax.Array, spacing: float) -> jax.Array:
    return (2.0 * jnp.sqrt(2.0) / 3.0) * _distortion(_tensor(displacement, spacing))


_compiled_tensor = jax.jit(_tensor)
_compiled_invariants = jax.jit(_invariants)
_compiled_octahedral = jax.jit(_octahedral)


def tensor(displacement: jax.Array, spacing: float) -> jax.Array:
    r"""Return the small strain at the centre of each trilinear voxel.

    .. math:: \varepsilon_{ij} = \tfrac12 (\partial_i u_j + \partial_j u_i)

    Exact for the trilinear brick: at its centre a slope is the difference between the means of
    two opposite faces.

    Parameters
    ----------
    displacement
        At the nodes, (3, x+1, y+1, z+1) [mm].
    spacing
        Edge of a voxel [mm].

    Returns
    -------
    Array
        Tensor components xx, yy, zz, xy, yz, zx, (6, x, y, z) [-]; a shear component is half
        the engineering shear. Means nothing in a removed voxel, some of whose nodes do not move.
    """
    return _compiled_tensor(displacement, spacing)


def invariants(displacement: jax.Array, spacing: float) -> tuple[jax.Array, jax.Array]:
    r"""Return the distortional and the dilatational strain at the centre of each voxel.

    .. math::
        \varepsilon_{dist} &= \sqrt{\tfrac12 [(\varepsilon_1-\varepsilon_2)^2
            + (\varepsilon_1-\varepsilon_3)^2 + (\varepsilon_2-\varepsilon_3)^2]} \\
        \varepsilon_{dil} &= \tfrac13 (\varepsilon_1 + \varepsilon_2 + \varepsilon_3)

    computed from the tensor components, without its eigenvalues. Uniaxial strain e without
    lateral strain has the distortion e; incompressible uniaxial strain has 1.5 e.

    Parameters
    ----------
    displacement
        At the nodes, (3, x+1, y+1, z+1) [mm].
    spacing
        Edge of a voxel [mm].

    Returns
    -------
    tuple
        Distortional strain, at least zero, and dilatational strain, negative where the volume
        shrinks, each (x, y, z) [-].
    """
    distortional, dilatational = _compiled_invariants(displacement, spacing)
    return distortional, dilatational


def octahedral_shear(displacement: jax.Array, spacing: float) -> jax.Array:
    r"""Return the octahedral shear strain at the centre of each voxel, (x, y, z) [-].

    .. math::
        \gamma_{oct} = \tfrac23 \sqrt{(\varepsilon_{xx}-\varepsilon_{yy})^2
            + (\varepsilon_{yy}-\varepsilon_{zz})^2 + (\varepsilon_{zz}-\varepsilon_{xx})^2
            + 6 (\varepsilon_{xy}^2 + \varepsilon_{yz}^2 + \varepsilon_{zx}^2)}

    as in the mechano-regulation of Lacroix and Prendergast (2002); it is
    :math:`2\sqrt2/3` times the distortional strain. Uniaxial strain e without lateral strain
    gives 0.943 e, incompressible uniaxial strain 1.414 e.

    Parameters
    ----------
    displacement
        At the nodes, (3, x+1, y+1, z+1) [mm].
    spacing
        Edge of a voxel [mm].
    """
    return _compiled_octahedral(displacement, spacing)


def pressure(dilatation: jax.Array, modulus: jax.Array, poisson: jax.Array | float) -> jax.Array:
    r"""Return the hydrostatic pressure, positive in compression, (x, y, z) [MPa].

    .. math:: p = -\frac{E}{1 - 2\nu}\, \varepsilon_{dil}

    Parameters
    ----------
    dilatation
        Mean normal strain, (x, y, z) [-].
    modulus
        Young's modulus, (x, y, z) [MPa].
    poisson
        Poisson's ratio, less than one half, one number or (x, y, z) [-].
    """
    return -modulus / (1.0 - 2.0 * poisson) * dilatation
