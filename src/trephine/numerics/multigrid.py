"""Geometric multigrid for voxel elasticity: exact Galerkin levels kept element by element."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from numpy.typing import NDArray

from trephine.numerics import hexahedra
from trephine.numerics.hexahedra import Shape, gather, internal_forces, nodes, scatter
from trephine.numerics.summation import total

SMOOTHING_STEPS = 2
SMOOTHED_SPAN = 24.0
COARSEST = 4


class Material(NamedTuple):
    """What a Poisson's ratio fixes, for a cube of unit edge and unit modulus.

    Attributes
    ----------
    modal
        :func:`hexahedra.modal_stiffness`, (24, 24) [-].
    bound
        Largest eigenvalue of the stiffness, which is nowhere above this times one [-].
    children
        :func:`supported_children`, (32, 24, 24) [-].
    """

    modal: jax.Array
    bound: jax.Array
    children: jax.Array


class Fine(NamedTuple):
    """The finest level: one element matrix times a modulus each.

    Attributes
    ----------
    modulus
        Modulus times edge, (x, y, z) [N/mm].
    modal
        Stiffness of the unit cube between modes, (24, 24) [-].
    free
        One where a node may move, else zero, (1, x+1, y+1, z+1) [-].
    inverse_bound
        Inverse of a diagonal that is nowhere below the operator, zero where nothing moves,
        (1, x+1, y+1, z+1) [mm/N].
    """

    modulus: jax.Array
    modal: jax.Array
    free: jax.Array
    inverse_bound: jax.Array


class Coarse(NamedTuple):
    """A coarse level: a matrix for each element, (x, y, z, 24, 24) [N/mm], and its bound."""

    matrices: jax.Array
    inverse_bound: jax.Array


class Hierarchy(NamedTuple):
    """All levels, finest first, and the dense inverse of the coarsest, (n, n) [mm/N]."""

    fine: Fine
    coarse: tuple[Coarse, ...]
    inverse: jax.Array


def coarse_shapes(shape: Shape) -> tuple[Shape, ...]:
    """Return the shape of each coarse level; the last has at most four elements an axis."""
    shapes: list[Shape] = []
    while not shapes or max(shape) > COARSEST:
        shape = ((shape[0] + 1) // 2, (shape[1] + 1) // 2, (shape[2] + 1) // 2)
        shapes.append(shape)
    return tuple(shapes)


def coarse_product(matrices: jax.Array, u: jax.Array) -> jax.Array:
    """Return K u on a coarse grid, (3, x+1, y+1, z+1) [N]."""
    local = jnp.moveaxis(gather(u, matrices.shape[:3]), 0, -1)
    product = jnp.einsum("xyzab,xyzb->xyza", matrices, local, precision=lax.Precision.HIGHEST)
    return scatter(jnp.moveaxis(product, -1, 0))


def product(level: Fine | Coarse, u: jax.Array) -> jax.Array:
    """Return K u on a level, supports imposed, (3, x+1, y+1, z+1) [N]."""
    if isinstance(level, Fine):
        return level.free * internal_forces(level.modulus, level.modal, u)
    return coarse_product(level.matrices, u)


def supported_children(poisson: float) -> NDArray[np.float64]:
    """Return what a child adds to its parent's matrix, by support and child, (32, 24, 24) [-].

    Support 0 is an element away from both platens, 1 rests on the lower, 2 touches the upper,
    3 both; the rows and columns of a node on a platen are zero before they are interpolated.
    """
    element = hexahedra.stiffness(poisson)
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
def material(poisson: float) -> Material:
    """Return what a Poisson's ratio fixes, on the device and kept."""
    return Material(
        jnp.asarray(hexahedra.modal_stiffness(poisson)),
        jnp.asarray(np.linalg.eigvalsh(hexahedra.stiffness(poisson)).max()),
        jnp.asarray(supported_children(poisson)),
    )


def _first_coarse(modulus: jax.Array, children: jax.Array) -> jax.Array:
    """Return the element matrices of the first coarse level, a linear map of the moduli."""
    height = jnp.arange(modulus.shape[2])
    support = (height == 0) + 2 * (height == modulus.shape[2] - 1)
    padded = jnp.pad(modulus, [(0, size % 2) for size in modulus.shape])
    held = jnp.pad(support, (0, modulus.shape[2] % 2))
    terms = []
    for which in range(4):
        for child, (i, j, k) in enumerate(hexahedra.CORNERS):
            part = (padded * (held == which))[i::2, j::2, k::2]
            terms.append(part[..., None, None] * children[8 * which + child])
    return sum(terms[1:], terms[0])


def _halve(matrices: jax.Array, axis: int) -> jax.Array:
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


def _next_coarse(matrices: jax.Array) -> jax.Array:
    """Return the element matrices one level up: the sum of the children, interpolated."""
    for axis in range(3):
        matrices = _halve(matrices, axis)
    return matrices


def _inverse_where_present(diagonal: jax.Array) -> jax.Array:
    """Return one over a diagonal, zero where nothing is attached."""
    present = diagonal > 1e-12 * diagonal.max()
    return jnp.where(present, 1.0 / jnp.where(present, diagonal, 1.0), 0.0)


def _row_bounds(matrices: jax.Array) -> jax.Array:
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


def _hierarchy(modulus: jax.Array, stuff: Material, precision: Any) -> Hierarchy:  # noqa: ANN401
    """Return all levels; see :data:`hierarchy`."""
    height = jnp.arange(modulus.shape[2] + 1)
    weight = scatter(jnp.broadcast_to(modulus, (8, *modulus.shape)))
    free = (weight > 0) & (height > 0) & (height < modulus.shape[2])
    fine = Fine(
        modulus.astype(precision),
        stuff.modal.astype(precision),
        free.astype(precision),
        _inverse_where_present(free * weight * stuff.bound).astype(precision),
    )
    coarse = []
    matrices = _first_coarse(modulus, stuff.children)
    for _ in coarse_shapes(modulus.shape)[1:]:
        bound = scatter(jnp.moveaxis(_row_bounds(matrices), -1, 0))
        inverse = _inverse_where_present(bound).astype(precision)
        coarse.append(Coarse(matrices.astype(precision), inverse))
        matrices = _next_coarse(matrices)
    return Hierarchy(fine, tuple(coarse), sweep(assemble(matrices)))


hierarchy = jax.jit(_hierarchy, static_argnames="precision")
"""Return all levels for ``(modulus, material, precision)``, compiled once a shape.

``modulus`` is modulus times edge (x, y, z) [N/mm], zero where an element is removed. Matrices
are summed in double precision and then stored in ``precision``; the coarsest inverse stays
double.
"""


def _prolong_axis(x: jax.Array, axis: int, size: int) -> jax.Array:
    """Return linear interpolation to ``size`` nodes along an axis."""
    count = x.shape[axis]
    low = lax.slice_in_dim(x, 0, count - 1, axis=axis)
    high = lax.slice_in_dim(x, 1, count, axis=axis)
    shape = (*x.shape[:axis], 2 * (count - 1), *x.shape[axis + 1 :])
    pairs = jnp.stack([low, 0.5 * (low + high)], axis + 1).reshape(shape)
    last = lax.slice_in_dim(x, count - 1, count, axis=axis)
    return lax.slice_in_dim(jnp.concatenate([pairs, last], axis), 0, size, axis=axis)


def _restrict_axis(r: jax.Array, axis: int) -> jax.Array:
    """Return the transpose of :func:`_prolong_axis`."""
    if r.shape[axis] % 2 == 0:
        r = jnp.pad(r, [(0, int(a == axis)) for a in range(r.ndim)])
    even = lax.slice_in_dim(r, 0, r.shape[axis], 2, axis=axis)
    half = 0.5 * lax.slice_in_dim(r, 1, r.shape[axis], 2, axis=axis)
    after = [(0, int(a == axis)) for a in range(r.ndim)]
    before = [(int(a == axis), 0) for a in range(r.ndim)]
    return even + jnp.pad(half, after) + jnp.pad(half, before)


def prolong(x: jax.Array, to: Shape) -> jax.Array:
    """Return nodal values interpolated to the next finer grid of ``to`` nodes."""
    for axis in (1, 2, 3):
        x = _prolong_axis(x, axis, to[axis - 1])
    return x


def restrict(r: jax.Array) -> jax.Array:
    """Return nodal forces collected on the next coarser grid, the transpose of prolong."""
    for axis in (1, 2, 3):
        r = _restrict_axis(r, axis)
    return r


def chebyshev_steps() -> tuple[list[float], list[float]]:
    """Return what each smoothing step keeps of its direction and adds of the bounded residual.

    Chebyshev iteration for eigenvalues between 1 / span and 1 of the operator under its bound.
    """
    middle, half = 0.5 * (1 + 1 / SMOOTHED_SPAN), 0.5 * (1 - 1 / SMOOTHED_SPAN)
    ratio = half / middle
    keep, add = [0.0], [1 / middle]
    for _ in range(SMOOTHING_STEPS - 1):
        following = 1 / (2 * middle / half - ratio)
        keep.append(following * ratio)
        add.append(2 * following / half)
        ratio = following
    return keep, add


def _cycle(levels: tuple[Fine | Coarse, ...], inverse: jax.Array, b: jax.Array) -> jax.Array:
    """Return the correction of a symmetric V-cycle from a start at zero.

    One loop smooths, takes the correction of the coarser grid half-way, and smooths again, so
    that each level's operator is compiled once. The last smoothing step needs no new residual.
    """
    if not levels:
        forces = jnp.moveaxis(b, 0, -1).ravel().astype(inverse.dtype)
        moves = total(inverse * forces, (1,))
        return jnp.moveaxis(moves.reshape((*b.shape[1:], 3)), -1, 0).astype(b.dtype)
    level = levels[0]
    keep, add = (jnp.asarray([*side, 0.0, *side], b.dtype) for side in chebyshev_steps())

    def smooth(i: int | jax.Array, d: jax.Array, r: jax.Array) -> jax.Array:
        return keep[i] * d + add[i] * level.inverse_bound * r

    def correct(r: jax.Array) -> jax.Array:
        coarser = _cycle(levels[1:], inverse, restrict(r))
        correction = prolong(coarser, b.shape[1:])
        return level.free * correction if isinstance(level, Fine) else correction

    def step(
        i: jax.Array, state: tuple[jax.Array, jax.Array, jax.Array]
    ) -> tuple[jax.Array, jax.Array, jax.Array]:
        x, d, r = state
        d = lax.cond(i == SMOOTHING_STEPS, lambda: correct(r), lambda: smooth(i, d, r))
        return x + d, d, r - product(level, d)

    zero = jnp.zeros_like(b)
    last = 2 * SMOOTHING_STEPS
    x, d, r = lax.fori_loop(0, last, step, (zero, zero, b))
    return x + smooth(last, d, r)


def cycle(levels: Hierarchy, residual: jax.Array) -> jax.Array:
    """Return an approximation of K^-1 r by one symmetric V-cycle, (3, x+1, y+1, z+1) [mm].

    The residual is scaled to unit size first, or a single-precision cycle would under- or
    overflow.
    """
    size = jnp.sqrt(total(residual * residual)) + jnp.finfo(residual.dtype).tiny
    scaled = (residual / size).astype(levels.fine.free.dtype)
    correction = _cycle((levels.fine, *levels.coarse), levels.inverse, scaled)
    return size * correction.astype(residual.dtype)
