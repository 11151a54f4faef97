"""Fields so fast that they are always in balance: one linear, one with a saturable sink."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp

from trephine.numerics.diffusion import diffuse
from trephine.numerics.faces import Faces
from trephine.numerics.summation import total


class Solved(NamedTuple):
    """A solution, the residual it reached relative to the right side, and the work it took."""

    u: jax.Array
    residual: jax.Array
    iterations: jax.Array


def _diagonal(absorption: jax.Array, conductance: Faces, spacing: float | jax.Array) -> jax.Array:
    diagonal = absorption
    for axis, across in enumerate(conductance):
        scaled = across / spacing**2
        low = [(0, 1) if other == axis else (0, 0) for other in range(3)]
        high = [(1, 0) if other == axis else (0, 0) for other in range(3)]
        diagonal = diagonal + jnp.pad(scaled, low) + jnp.pad(scaled, high)
    return diagonal


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

    Conjugate gradients with the diagonal as preconditioner: absorption makes the operator so
    diagonal that this beats multigrid here.

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
        Residual to reach, relative to the right side in the norm of the inverse diagonal.
    most_iterations
        Where to stop; the caller compares ``residual`` with ``tolerance``.
    """
    diagonal = _diagonal(absorption, conductance, spacing)
    live = diagonal > 0
    inverse = jnp.where(live, 1.0 / jnp.where(live, diagonal, 1.0), 0.0)

    def operator(u: jax.Array) -> jax.Array:
        return absorption * u - diffuse(u, conductance, spacing)

    start = jnp.where(live, guess, 0.0)
    residual = jnp.where(live, source - operator(start), 0.0)
    scale = total(source * inverse * source)
    target = tolerance**2 * jnp.where(scale > 0, scale, 1.0)
    first = inverse * residual

    def unfinished(carry: tuple[jax.Array, ...]) -> jax.Array:
        return (carry[3] > target) & (carry[4] < most_iterations)

    def iterate(carry: tuple[jax.Array, ...]) -> tuple[jax.Array, ...]:
        u, left, direction, size, count = carry
        image = operator(direction)
        length = size / total(direction * image)
        u = u + length * direction
        left = left - length * image
        scaled = inverse * left
        new = total(left * scaled)
        return u, left, scaled + (new / size) * direction, new, count + 1

    u, _, _, size, count = jax.lax.while_loop(
        unfinished, iterate, (start, residual, first, total(residual * first), jnp.asarray(0))
    )
    return Solved(u, jnp.sqrt(size / jnp.where(scale > 0, scale, 1.0)), count)


def balance_saturable(
    uptake: jax.Array,
    half_value: float | jax.Array,
    supply: jax.Array,
    level: float | jax.Array,
    conductance: Faces,
    spacing: float | jax.Array,
    guess: jax.Array,
    tolerance: float | jax.Array,
    most_rounds: int = 50,
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
    conductance, spacing, guess
        As in :func:`balance`.
    tolerance
        Largest change of a round relative to ``level`` that ends it.
    most_rounds
        Where to stop; the caller compares ``residual`` with ``tolerance``.
    """

    def unfinished(carry: tuple[jax.Array, ...]) -> jax.Array:
        return (carry[1] > tolerance) & (carry[2] < most_rounds)

    def newton(carry: tuple[jax.Array, ...]) -> tuple[jax.Array, ...]:
        n, _, rounds, work = carry
        slope = uptake * half_value / (half_value + n) ** 2
        constant = uptake * n / (half_value + n) - slope * n
        solved = balance(
            supply + slope, supply * level - constant, conductance, spacing, n, 0.1 * tolerance
        )
        new = jnp.maximum(solved.u, 0.0)
        return new, jnp.max(jnp.abs(new - n)) / level, rounds + 1, work + solved.iterations

    n, change, _, work = jax.lax.while_loop(
        unfinished, newton, (guess, jnp.asarray(jnp.inf), jnp.asarray(0), jnp.asarray(0))
    )
    return Solved(n, change, work)
