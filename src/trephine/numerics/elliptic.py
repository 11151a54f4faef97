"""Fields so fast that they are always in balance: one linear, one with a saturable sink."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp

from trephine.numerics.faces import Faces
from trephine.numerics.stencil import Links
from trephine.numerics.summation import pairwise

Law = Callable[[jax.Array], jax.Array]

LINEAR_REDUCTION, NEWTON_REDUCTION = 1e-4, 3e-2
"""How far one round of single precision reduces a residual, at most."""

EASING = 0.15
"""What keeps the preconditioner positive for fields that alternate from voxel to voxel."""


class Solved(NamedTuple):
    """A solution, the residual it reached relative to what is turned over, and the work it took."""

    u: jax.Array
    residual: jax.Array
    iterations: jax.Array


class _Round(NamedTuple):
    """What one round of refinement hands to the next."""

    u: jax.Array
    left: jax.Array
    residual: jax.Array
    rounds: jax.Array
    iterations: jax.Array


def balance(
    absorption: jax.Array,
    source: jax.Array,
    conductance: Faces,
    spacing: float | jax.Array,
    guess: jax.Array,
    tolerance: float | jax.Array,
    most_iterations: int = 2000,
) -> Solved:
    r"""Return the field in which absorption, source and diffusion balance.

    .. math:: k u - \nabla \cdot (a D \nabla u) = s

    The residual is computed in double precision and corrected by conjugate gradients in single
    precision with a polynomial in the diagonal as preconditioner: absorption makes the operator
    so diagonal that this beats multigrid here.

    Parameters
    ----------
    absorption, source
        Coefficient :math:`k \ge 0` and right side :math:`s`, (x, y, z). A voxel with neither
        absorption nor open faces holds zero.
    conductance
        :math:`a D` on the inner faces.
    spacing
        Edge of a voxel.
    guess
        Where to start, (x, y, z).
    tolerance
        Residual to reach: the sum of its sizes relative to that of the right side, so that
        what is absorbed and what is made agree as closely.
    most_iterations
        Where to stop; the caller compares ``residual`` with ``tolerance``.
    """
    k, s = (values.ravel().astype(float) for values in (absorption, source))
    return _refined(
        conductance,
        spacing,
        guess,
        gained=lambda u: s - k * u,
        slope=lambda _: k,
        turnover=lambda _: jnp.abs(s),
        tolerance=tolerance,
        reduction=LINEAR_REDUCTION,
        least=-jnp.inf,
        most_iterations=most_iterations,
    )


def balance_saturable(
    uptake: jax.Array,
    half_value: float | jax.Array,
    supply: jax.Array,
    level: float | jax.Array,
    conductance: Faces,
    spacing: float | jax.Array,
    guess: jax.Array,
    tolerance: float | jax.Array,
    most_iterations: int = 20000,
) -> Solved:
    r"""Return the field in which a saturable uptake, a supply and diffusion balance.

    .. math::
        q \frac{n}{K + n} + k (n - n_0) - \nabla \cdot (a D \nabla n) = 0

    Newton's method; because the uptake is concave in :math:`n`, the iterates fall to the
    solution from above after the first round and stay positive.

    Parameters
    ----------
    uptake
        Largest uptake :math:`q`, (x, y, z).
    half_value
        :math:`K`.
    supply
        Exchange coefficient :math:`k`, (x, y, z).
    level
        Level :math:`n_0` of what supplies.
    conductance, spacing, guess, most_iterations
        As in :func:`balance`.
    tolerance
        Residual to reach: the sum of its sizes relative to the uptake (where there is next to
        none, to a thousandth of the largest supply), so that supply and uptake agree as closely.
    """
    q, k = (values.ravel().astype(float) for values in (uptake, supply))
    return _refined(
        conductance,
        spacing,
        guess,
        gained=lambda n: k * (level - n) - q * n / (half_value + n),
        slope=lambda n: k + q * half_value / (half_value + n) ** 2,
        turnover=lambda n: q * n / (half_value + n) + 1e-3 * level * k,
        tolerance=tolerance,
        reduction=NEWTON_REDUCTION,
        least=0.0,
        most_iterations=most_iterations,
    )


def _refined(
    conductance: Faces,
    spacing: float | jax.Array,
    guess: jax.Array,
    *,
    gained: Law,
    slope: Law,
    turnover: Law,
    tolerance: float | jax.Array,
    reduction: float,
    least: float,
    most_iterations: int,
) -> Solved:
    r"""Return the field at which what is gained and what flows in cancel.

    .. math:: F(u) = g(u) + L u = 0, \quad u' = u + e,\ (-g'(u) - L) e \approx F(u)
    """
    links = Links.of(tuple(each.astype(float) for each in conductance), spacing, guess.shape)
    light = links.astype(jnp.float32)
    summed = links.sums()

    def left(u: jax.Array) -> jax.Array:
        return gained(u) + links.inflow(links.padded(u))

    def unfinished(now: _Round) -> jax.Array:
        return (now.residual > tolerance) & (now.iterations < most_iterations)

    def refine(now: _Round) -> _Round:
        goal = jnp.clip(0.5 * tolerance / now.residual, reduction, 0.5)
        diagonal = (summed + slope(now.u)).astype(jnp.float32)
        error, count = _correction(light, diagonal, now.left, goal, most_iterations)
        u = jnp.maximum(now.u + error, least)
        return measured(u, now.rounds + 1, now.iterations + count)

    def measured(u: jax.Array, rounds: jax.Array, iterations: jax.Array) -> _Round:
        remaining = left(u)
        scale = pairwise(turnover(u))
        residual = pairwise(jnp.abs(remaining)) / jnp.where(scale > 0, scale, 1.0)
        return _Round(u, remaining, residual, rounds, iterations)

    start = jnp.where(summed + slope(guess.ravel().astype(float)) > 0, guess.ravel(), 0.0)
    none = jnp.asarray(0)
    last = jax.lax.while_loop(unfinished, refine, measured(start, none, none))
    return Solved(last.u.reshape(guess.shape), last.residual, last.iterations)


def _correction(
    links: Links, diagonal: jax.Array, right: jax.Array, goal: jax.Array, most: int
) -> tuple[jax.Array, jax.Array]:
    r"""Return the field whose image is the right side, but for a share of it, and the work.

    Conjugate gradients on :math:`A = D - N`, preconditioned by
    :math:`D^{-1}[(1 + \delta) + N D^{-1}]`. The eigenvalues of :math:`D^{-1} A` lie between 0
    and 2; each, :math:`\lambda`, becomes :math:`\lambda (2 + \delta - \lambda)`, which halves
    the number of steps, and with them the sums, for one more product each.
    """
    largest = jnp.max(jnp.abs(right))
    size = jnp.where(largest > 0, largest, 1.0)
    live = diagonal > 0
    inverse = jnp.where(live, 1.0 / jnp.where(live, diagonal, 1.0), 0.0)

    def preconditioned(r: jax.Array) -> jax.Array:
        scaled = links.padded(inverse * r)
        return inverse * ((1.0 + EASING) * r + links.neighbours(scaled))

    def unfinished(carry: tuple[jax.Array, ...]) -> jax.Array:
        return (carry[3] > target) & (carry[4] < most)

    def iterate(carry: tuple[jax.Array, ...]) -> tuple[jax.Array, ...]:
        u, r, padded, overlap, count = carry
        p = links.at(padded)
        image = diagonal * p - links.neighbours(padded)
        length = overlap / pairwise(p * image)
        u, r = u + length * p, r - length * image
        z = preconditioned(r)
        new = pairwise(r * z)
        return u, r, links.padded(z + (new / overlap) * p), new, count + 1

    r = (right / size).astype(jnp.float32)
    z = preconditioned(r)
    first = pairwise(r * z)
    target = (goal**2 * first).astype(jnp.float32)
    begin = (jnp.zeros_like(r), r, links.padded(z), first, jnp.asarray(0))
    u, _, _, _, count = jax.lax.while_loop(unfinished, iterate, begin)
    return size * u.astype(float), count
