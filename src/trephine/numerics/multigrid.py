"""Geometric multigrid for voxel elasticity: levels, transfer between them, and the V-cycle."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from trephine.numerics import galerkin
from trephine.numerics.galerkin import Material, coarse_product
from trephine.numerics.hexahedra import Shape, internal_forces, scatter
from trephine.numerics.summation import total

SMOOTHING_STEPS = (3, 4, 8)
"""Before and after the correction, on the finest level, the next, and all below, which cost
little: bricks of a coarse level are too stiff in bending and under pressure, and more steps there
spare steps of the whole."""
COARSEST = 4


class Fine(NamedTuple):
    """The finest level: element matrices that are linear in one or two parameters.

    Attributes
    ----------
    moduli
        Parameters times edge, (1 or 2, x, y, z) [N/mm].
    modal
        Stiffness of the unit cubes between modes, (1 or 2, 24, 24) [-].
    free
        One where a node may move, else zero, (1, x+1, y+1, z+1) [-].
    inverse_bound
        Inverse of a diagonal that is nowhere below the operator, zero where nothing moves,
        (1, x+1, y+1, z+1) [mm/N].
    """

    moduli: jax.Array
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


def product(level: Fine | Coarse, u: jax.Array) -> jax.Array:
    """Return K u on a level, supports imposed, (3, x+1, y+1, z+1) [N]."""
    if isinstance(level, Fine):
        return level.free * internal_forces(level.moduli, level.modal, u)
    return coarse_product(level.matrices, u)


@partial(jax.jit, static_argnames="precision")
def _finest(moduli: jax.Array, stuff: Material, precision: Any) -> Fine:  # noqa: ANN401
    shape = moduli.shape[1:]
    height = jnp.arange(shape[2] + 1)
    # the first of Lame's parameters may vanish or be negative, the last never
    touched = scatter(jnp.broadcast_to(moduli[-1], (8, *shape))) > 0
    free = touched & (height > 0) & (height < shape[2])
    stiffest = sum(jnp.maximum(m, 0.0) * b for m, b in zip(moduli, stuff.bound, strict=True))
    bound = free * scatter(jnp.broadcast_to(stiffest, (8, *shape)))
    return Fine(
        moduli.astype(precision),
        stuff.modal.astype(precision),
        free.astype(precision),
        galerkin.inverse_where_present(bound).astype(precision),
    )


def _bounded(matrices: jax.Array, bounds: jax.Array, precision: Any) -> Coarse:  # noqa: ANN401
    inverse = galerkin.inverse_where_present(scatter(jnp.moveaxis(bounds, -1, 0)))
    return Coarse(matrices.astype(precision), inverse.astype(precision))


@partial(jax.jit, static_argnames="precision")
def _first(moduli: jax.Array, stuff: Material, precision: Any) -> tuple[Coarse, jax.Array]:  # noqa: ANN401
    """Return the first coarse level, and the matrices of the next in double precision.

    Slab after slab, so that the first never exists as a whole in double precision.
    """
    shape = tuple((n + 1) // 2 for n in moduli.shape[1:])
    count = -(-moduli.shape[1] // 4)
    padded = jnp.pad(moduli, ((0, 0), (0, 4 * count - moduli.shape[1]), (0, 0), (0, 0)))

    def slab(number: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
        part = lax.dynamic_slice_in_dim(padded, 4 * number, 4, axis=1)
        matrices = galerkin.first_coarse(part, stuff.children)
        bounds = galerkin.row_bounds(matrices)
        return matrices.astype(precision), bounds, galerkin.next_coarse(matrices)[0]

    matrices, bounds, following = lax.map(slab, jnp.arange(count))
    matrices, bounds = (
        a.reshape((2 * count, *a.shape[2:]))[: shape[0]] for a in (matrices, bounds)
    )
    return _bounded(matrices, bounds, precision), following


@partial(jax.jit, static_argnames="precision")
def _further(matrices: jax.Array, precision: Any) -> tuple[Coarse, jax.Array]:  # noqa: ANN401
    bounds = galerkin.row_bounds(matrices)
    return _bounded(matrices, bounds, precision), galerkin.next_coarse(matrices)


def hierarchy(moduli: jax.Array, stuff: Material, precision: Any) -> Hierarchy:  # noqa: ANN401
    """Return all levels, compiled once a shape.

    Parameters
    ----------
    moduli
        Parameters times edge (1 or 2, x, y, z) [N/mm], zero where an element is removed.
    stuff
        The unit cube of each parameter.
    precision
        In which matrices are stored; they are summed in double precision, and the coarsest
        inverse stays so.
    """
    fine = _finest(moduli, stuff, precision)
    depth = len(coarse_shapes(moduli.shape[1:])) - 1
    if not depth:
        matrices = galerkin.first_coarse(moduli, stuff.children)
        return Hierarchy(fine, (), galerkin.inverse(matrices))
    level, matrices = _first(moduli, stuff, precision)
    coarse = [level]
    for _ in range(depth - 1):
        level, matrices = _further(matrices, precision)
        coarse.append(level)
    return Hierarchy(fine, tuple(coarse), galerkin.inverse(matrices))


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


def chebyshev_steps(count: int) -> tuple[list[float], list[float]]:
    """Return what each smoothing step keeps of its direction and adds of the bounded residual.

    Chebyshev iteration for eigenvalues between 1 / (4 count^2) and 1 of the operator under its
    bound.
    """
    span = 4.0 * count**2
    middle, half = 0.5 * (1 + 1 / span), 0.5 * (1 - 1 / span)
    ratio = half / middle
    keep, add = [0.0], [1 / middle]
    for _ in range(count - 1):
        following = 1 / (2 * middle / half - ratio)
        keep.append(following * ratio)
        add.append(2 * following / half)
        ratio = following
    return keep, add


def _cycle(
    levels: tuple[Fine | Coarse, ...], inverse: jax.Array, b: jax.Array, depth: int = 0
) -> jax.Array:
    """Return the correction of a symmetric V-cycle from a start at zero.

    One loop smooths, takes the correction of the coarser grid half-way, and smooths again, so
    that each level's operator is compiled once. The last smoothing step needs no new residual.
    """
    if not levels:
        forces = jnp.moveaxis(b, 0, -1).ravel().astype(inverse.dtype)
        moves = total(inverse * forces, (1,))
        return jnp.moveaxis(moves.reshape((*b.shape[1:], 3)), -1, 0).astype(b.dtype)
    level = levels[0]
    steps = SMOOTHING_STEPS[min(depth, len(SMOOTHING_STEPS) - 1)]
    keep, add = (jnp.asarray([*side, 0.0, *side], b.dtype) for side in chebyshev_steps(steps))

    def smooth(i: int | jax.Array, d: jax.Array, r: jax.Array) -> jax.Array:
        return keep[i] * d + add[i] * level.inverse_bound * r

    def correct(r: jax.Array) -> jax.Array:
        coarser = _cycle(levels[1:], inverse, restrict(r), depth + 1)
        correction = prolong(coarser, b.shape[1:])
        return level.free * correction if isinstance(level, Fine) else correction

    def step(
        i: jax.Array, state: tuple[jax.Array, jax.Array, jax.Array]
    ) -> tuple[jax.Array, jax.Array, jax.Array]:
        x, d, r = state
        d = lax.cond(i == steps, lambda: correct(r), lambda: smooth(i, d, r))
        return x + d, d, r - product(level, d)

    zero = jnp.zeros_like(b)
    last = 2 * steps
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
