"""The eight-node brick: its corners, its stiffness, and how elements and nodes exchange values."""

from __future__ import annotations

from functools import cache
from itertools import product
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from numpy.typing import NDArray

CORNERS: tuple[tuple[int, int, int], ...] = tuple(
    (i, j, k) for i, j, k in product((0, 1), repeat=3)
)
"""Corners of an element in node order, z fastest; an element vector is (corner, component)."""

Shape = tuple[int, int, int]


def nodes(shape: Shape) -> Shape:
    """Return the number of nodes along x, y, z of a grid of elements."""
    return (shape[0] + 1, shape[1] + 1, shape[2] + 1)


def lame(poisson: Any) -> tuple[Any, Any]:  # noqa: ANN401  (a number, or an array of any kind)
    r"""Return Lame's first parameter and the shear modulus for a Young's modulus of one [-].

    .. math:: \lambda = \frac{\nu}{(1+\nu)(1-2\nu)}, \quad \mu = \frac{1}{2(1+\nu)}
    """
    return poisson / ((1 + poisson) * (1 - 2 * poisson)), 0.5 / (1 + poisson)


def elasticity(first: float, shear: float) -> NDArray[np.float64]:
    """Return Hooke's law for Lame's two parameters, (6, 6), in their unit.

    Order xx, yy, zz, xy, yz, zx with engineering shear strains.
    """
    law = np.zeros((6, 6))
    law[:3, :3] = first
    law[range(3), range(3)] += 2 * shear
    law[range(3, 6), range(3, 6)] = shear
    return law


def strain_displacement(point: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return B of the unit cube at a point in [0, 1]^3: strain = B u, (6, 24) [1/mm]."""
    matrix = np.zeros((6, 24))
    for corner, at in enumerate(CORNERS):
        value = [point[axis] if at[axis] else 1 - point[axis] for axis in range(3)]
        slope = [1.0 if at[axis] else -1.0 for axis in range(3)]
        x, y, z = (slope[axis] * value[(axis + 1) % 3] * value[(axis + 2) % 3] for axis in range(3))
        matrix[:, 3 * corner : 3 * corner + 3] = [
            [x, 0, 0],
            [0, y, 0],
            [0, 0, z],
            [y, x, 0],
            [0, z, y],
            [z, 0, x],
        ]
    return matrix


@cache
def stiffness(first: float, shear: float) -> NDArray[np.float64]:
    r"""Return the stiffness of a unit cube with Lame's two parameters, (24, 24), in their unit.

    .. math:: K = \int B^T C B \, dV = \lambda K_\lambda + \mu K_\mu

    with two Gauss points an axis, which is exact here. A cube of edge :math:`h` has the
    stiffness :math:`h K`. Read-only; kept for each pair.
    """
    law = elasticity(first, shear)
    gauss = (0.5 - 0.5 / np.sqrt(3), 0.5 + 0.5 / np.sqrt(3))
    total = np.zeros((24, 24))
    for point in product(gauss, repeat=3):
        b = strain_displacement(np.array(point))
        total += b.T @ law @ b / 8
    total = 0.5 * (total + total.T)
    total.flags.writeable = False
    return total


@cache
def child_interpolation() -> NDArray[np.float64]:
    """Return the trilinear interpolation from an element to each of its children, (8, 24, 24)."""
    weights = np.zeros((8, 8, 8))
    for child, which in enumerate(CORNERS):
        for fine, at in enumerate(CORNERS):
            place = (np.array(which) + np.array(at)) / 2
            for coarse, corner in enumerate(CORNERS):
                weights[child, fine, coarse] = np.prod(np.where(corner, place, 1 - place))
    matrices: NDArray[np.float64] = np.stack([np.kron(w, np.eye(3)) for w in weights])
    matrices.flags.writeable = False
    return matrices


@cache
def modal_stiffness(first: float, shear: float) -> NDArray[np.float64]:
    """Return the unit cube's stiffness between sums and differences of its corners, (24, 24).

    Along each axis the two corner values become their sum and their difference (a Walsh-Hadamard
    transform). The cube is its own mirror image, so nearly all entries vanish, and the three
    rigid translations, modes 0 to 2, give exactly nothing.
    """
    along = np.array([[1.0, 1.0], [-1.0, 1.0]])
    corners = np.kron(np.kron(along, along), along)
    inverse = np.linalg.inv(np.kron(corners, np.eye(3)))
    modal: NDArray[np.float64] = inverse.T @ stiffness(first, shear) @ inverse
    modal[np.abs(modal) < 1e-12] = 0.0
    modal.flags.writeable = False
    return modal


@cache
def coupled_modes(count: int) -> tuple[tuple[tuple[int, ...], ...], ...]:
    """Return for each parameter and mode those that give it a force.

    ``count`` parameters: one, the modulus, whatever the ratio; or two, Lame's.
    """
    laws = ((1.5, 1.0),) if count == 1 else ((1.0, 0.0), (0.0, 1.0))
    return tuple(
        tuple(tuple(int(b) for b in np.flatnonzero(row)) for row in modal_stiffness(*law))
        for law in laws
    )


def _sums_and_differences(u: jax.Array) -> list[jax.Array]:
    """Return eight modes of each element, each (3, x, y, z), the last axis fastest."""
    modes = [u]
    for axis in (1, 2, 3):
        split = []
        for values in modes:
            low = lax.slice_in_dim(values, 0, values.shape[axis] - 1, axis=axis)
            high = lax.slice_in_dim(values, 1, values.shape[axis], axis=axis)
            split += [low + high, high - low]
        modes = split
    return modes


def _to_nodes(modes: list[jax.Array]) -> jax.Array:
    """Return the forces at the nodes of forces on modes, (3, x+1, y+1, z+1): the transpose."""
    for axis in (3, 2, 1):
        low = [(0, int(a == axis)) for a in range(4)]
        high = [(int(a == axis), 0) for a in range(4)]
        pairs = zip(modes[::2], modes[1::2], strict=True)
        modes = [jnp.pad(s - d, low) + jnp.pad(s + d, high) for s, d in pairs]
    return modes[0]


def internal_forces(moduli: jax.Array, modal: jax.Array, u: jax.Array) -> jax.Array:
    r"""Return the forces that hold every node where a displacement puts it.

    .. math:: f = \sum_e \sum_p m_{pe} h \, G_e^T K_p G_e u

    in plain loops over modes: a matrix product would round by the number of threads.

    Parameters
    ----------
    moduli
        Modulus times edge, (1, x, y, z), or Lame's two parameters times edge, (2, x, y, z)
        [N/mm].
    modal
        :func:`modal_stiffness` for a unit of each, (1 or 2, 24, 24) [-].
    u
        Displacement at the nodes, (3, x+1, y+1, z+1) [mm].

    Returns
    -------
    Array
        Forces, (3, x+1, y+1, z+1) [N]; each component sums to zero.
    """
    modes = _sums_and_differences(u)
    coupled = coupled_modes(moduli.shape[0])
    forces = []
    for row in range(24):
        force = jnp.zeros_like(moduli[0])
        for modulus, entries, partners in zip(moduli, modal, coupled, strict=True):
            terms = [entries[row, b] * modes[b // 3][b % 3] for b in partners[row]]
            force = force + modulus * sum(terms[1:], terms[0]) if terms else force
        forces.append(force)
    return _to_nodes([jnp.stack(forces[3 * i : 3 * i + 3]) for i in range(8)])


def gather(values: jax.Array, shape: Shape) -> jax.Array:
    """Return nodal values by element, (c, x+1, y+1, z+1) -> (8 c, x, y, z)."""
    nx, ny, nz = shape
    return jnp.concatenate([values[:, i : i + nx, j : j + ny, k : k + nz] for i, j, k in CORNERS])


def scatter(values: jax.Array) -> jax.Array:
    """Return the sum of element values at each node, (8 c, x, y, z) -> (c, x+1, y+1, z+1).

    The transpose of :func:`gather`.
    """
    count = values.shape[0] // 8
    total: Any = 0.0
    for corner, (i, j, k) in enumerate(CORNERS):
        part = values[corner * count : (corner + 1) * count]
        total = total + jnp.pad(part, ((0, 0), (i, 1 - i), (j, 1 - j), (k, 1 - k)))
    return jnp.asarray(total)
