"""Coarse operators for voxel elasticity: exact Galerkin products kept element by element."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from numpy.typing import NDArray

from trephine.numerics import hexahedra
from trephine.numerics.hexahedra import gather, nodes, scatter
from trephine.numerics.summation import total


class Material(NamedTuple):
    """A unit cube for each parameter of the law: the modulus alone, or Lame's two.

    Attributes
    ----------
    modal
        :func:`hexahedra.modal_stiffness` of a unit of each parameter, (1 or 2, 24, 24) [-].
    bound
        Largest eigenvalue of each stiffness, (1 or 2) [-].
    children
        :func:`supported_children` of each, (1 or 2, 32, 24, 24) [-].
    """

    modal: jax.Array
    bound: jax.Array
    children: jax.Array


def coarse_product(matrices: jax.Array, u: jax.Array) -> jax.Array:
    """Return K u on a coarse grid, (3, x+1, y+1, z+1) [N]."""
    local = jnp.moveaxis(gather(u, matrices.shape[:3]), 0, -1)
    product = jnp.einsum("xyzab,xyzb->xyza", matrices, local, precision=lax.Precision.HIGHEST)
    return scatter(jnp.moveaxis(product, -1, 0))


def supported_children(first: float, shear: float) -> NDArray[np.float64]:
    """Return what a child adds to its parent's matrix, by support and child, (32, 24, 24) [-].

    Support 0 is an element away from both platens, 1 rests on the lower, 2 touches the upper,
    3 both; the rows and columns of a node on a platen are zero before they are interpolated.
    The cube has unit edge and the given Lame's parameters.
    """
    element = hexahedra.stiffness(first, shear)
    height = np.repeat([corner[2] for corner in hexahedra.CORNERS], 3)
    matrices = []
    for support in range(4):
        moves = np.ones(24)
        if support & 1:
            moves = moves * (height == 1)
        if support & 2:
            moves = moves * (height == 0)
        held = moves[:, None] * element * moves
        matrices += [p.T @ held @ p for p in hexahedra.child_interpolation()]
    return np.stack(matrices)


@cache
def material(poisson: float | None) -> Material:
    """Return the unit cubes of one Poisson's ratio, or for None those of Lame's parameters."""
    laws = ((1.0, 0.0), (0.0, 1.0)) if poisson is None else (hexahedra.lame(poisson),)
    return Material(
        jnp.asarray(np.stack([hexahedra.modal_stiffness(*law) for law in laws])),
        jnp.asarray([np.linalg.eigvalsh(hexahedra.stiffness(*law)).max() for law in laws]),
        jnp.asarray(np.stack([supported_children(*law) for law in laws])),
    )


def first_coarse(moduli: jax.Array, children: jax.Array) -> jax.Array:
    """Return the element matrices of the first coarse level, a linear map of the moduli.

    Only in the lowest and the highest layer does a child rest on a platen.
    """
    padded = jnp.pad(moduli, [(0, 0)] + [(0, size % 2) for size in moduli.shape[1:]])

    def added(layers: jax.Array, support: int, heights: tuple[int, ...]) -> jax.Array:
        terms = [
            modulus[i::2, j::2, k::2, None, None] * matrices[8 * support + child]
            for modulus, matrices in zip(layers, children, strict=True)
            for child, (i, j, k) in enumerate(hexahedra.CORNERS)
            if k in heights
        ]
        return sum(terms[1:], terms[0])

    top = moduli.shape[3] - 1
    if top == 0:
        return added(padded, 3, (0,))
    free = padded.at[:, :, :, 0].set(0.0).at[:, :, :, top].set(0.0)
    matrices = added(free, 0, (0, 1))
    last = top - top % 2
    matrices = matrices.at[:, :, 0].add(added(padded[..., :2], 1, (0,))[:, :, 0])
    held = added(padded[..., last : last + 2], 2, (top % 2,))
    return matrices.at[:, :, last // 2].add(held[:, :, 0])


def merge(matrices: jax.Array, axis: int) -> jax.Array:
    """Return element matrices with pairs of elements along an axis merged into one.

    The plane between the two follows the mean of the outer planes, so the lower element moves
    with c0 and (c0 + c1) / 2, the upper with (c0 + c1) / 2 and c1.
    """
    padded = jnp.pad(
        matrices, [(0, int(a == axis) * (n % 2)) for a, n in enumerate(matrices.shape)]
    )
    grid = (*padded.shape[:axis], padded.shape[axis] // 2, 2, *padded.shape[axis + 1 : 3])
    outer, inner = 2**axis, 3 * 2 ** (2 - axis)
    split = padded.reshape((*grid, outer, 2, inner, outer, 2, inner))
    low, high = (lax.index_in_dim(split, child, axis + 1, keepdims=False) for child in (0, 1))

    def block(pair: jax.Array, row: int, column: int) -> jax.Array:
        rows = lax.index_in_dim(pair, row, 4, keepdims=False)
        return lax.index_in_dim(rows, column, 6, keepdims=False)

    a, b = ([[block(pair, i, j) for j in (0, 1)] for i in (0, 1)] for pair in (low, high))
    shared = 0.25 * (a[1][1] + b[0][0])
    upper = shared + 0.5 * (a[0][1] + b[0][1])
    lower = shared + 0.5 * (a[1][0] + b[1][0])
    first = shared + 0.5 * (a[0][1] + a[1][0]) + a[0][0]
    last = shared + 0.5 * (b[0][1] + b[1][0]) + b[1][1]
    rows = [jnp.stack([first, upper], 6), jnp.stack([lower, last], 6)]
    return jnp.stack(rows, 4).reshape((*first.shape[:3], 24, 24))


def next_coarse(matrices: jax.Array) -> jax.Array:
    """Return the element matrices one level up: the sum of the children, interpolated."""
    for axis in range(3):
        matrices = merge(matrices, axis)
    return matrices


def inverse_where_present(diagonal: jax.Array) -> jax.Array:
    """Return one over a diagonal, zero where nothing is attached."""
    present = diagonal > 1e-12 * diagonal.max()
    return jnp.where(present, 1.0 / jnp.where(present, diagonal, 1.0), 0.0)


def row_bounds(matrices: jax.Array) -> jax.Array:
    r"""Return for each element a diagonal that is nowhere below its matrix, (x, y, z, 24) [N/mm].

    .. math:: s_i = \sum_j |K_{ij}| \sqrt{K_{ii} / K_{jj}}

    which is Gershgorin's bound on the matrix scaled by its own diagonal.
    """
    root = jnp.sqrt(jnp.diagonal(matrices, axis1=3, axis2=4))
    inverse = jnp.where(root > 0, 1.0 / jnp.where(root > 0, root, 1.0), 0.0)
    return root * total(jnp.abs(matrices) * inverse[..., None, :], (4,))


def sweep(matrix: jax.Array) -> jax.Array:
    """Return a symmetric inverse of a semidefinite matrix, zero on what it cannot determine.

    The sweep operator inverts in place, one pivot after another, without a library whose
    rounding depends on the number of threads. A pivot that has lost eleven digits is a motion
    that nothing resists, and is left out.
    """
    floor = 1e-11 * jnp.diag(matrix)

    def step(i: int, state: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
        a, swept = state
        row, pivot = a[i], a[i, i]
        sound = pivot > floor[i]
        scaled = row / jnp.where(sound, pivot, 1.0)
        at = jnp.arange(row.size) == i
        b = a - row[:, None] * scaled
        b = jnp.where(at[:, None], scaled, jnp.where(at[None, :], scaled[:, None], b))
        b = jnp.where(at[:, None] & at[None, :], -1.0 / jnp.where(sound, pivot, 1.0), b)
        return jnp.where(sound, b, a), swept | (at & sound)

    start = (matrix, jnp.zeros(matrix.shape[0], bool))
    a, swept = lax.fori_loop(0, matrix.shape[0], step, start)
    return jnp.where(swept[:, None] & swept[None, :], -a, 0.0)


def assemble(matrices: jax.Array) -> jax.Array:
    """Return the whole operator of a small grid, one element after another, (n, n) [N/mm]."""
    shape = matrices.shape[:3]
    whole = (*nodes(shape), 3) * 2

    def add(i: int, a: jax.Array) -> jax.Array:
        place = jnp.unravel_index(i, shape)
        corner = (*place, 0) * 2
        size = (2, 2, 2, 3) * 2
        one = matrices[place].reshape(size)
        return lax.dynamic_update_slice(a, lax.dynamic_slice(a, corner, size) + one, corner)

    size = int(np.prod(whole[:4]))
    a = lax.fori_loop(0, int(np.prod(shape)), add, jnp.zeros(whole, matrices.dtype))
    return a.reshape(size, size)


def _inverse(matrices: jax.Array) -> jax.Array:
    return sweep(assemble(matrices))


inverse = jax.jit(_inverse)
"""Return the inverse of the whole operator of a small grid of element matrices, (n, n)."""
