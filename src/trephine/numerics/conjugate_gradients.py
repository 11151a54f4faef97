"""The displacement of least energy between platens: flexible conjugate gradients."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from trephine.numerics import hexahedra, multigrid
from trephine.numerics.summation import total


class Solution(NamedTuple):
    """What a solve hands back.

    Attributes
    ----------
    displacement
        At the nodes, (3, x+1, y+1, z+1) [mm].
    forces
        That hold every node there, (3, x+1, y+1, z+1) [N].
    steps
        Passes through the loop; the first only takes the start.
    history
        Estimated relative error in the energy norm after each pass, infinite after the last.
    """

    displacement: jax.Array
    forces: jax.Array
    steps: jax.Array
    history: jax.Array


class _State(NamedTuple):
    """What one step passes to the next."""

    u: jax.Array
    forces: jax.Array
    direction: jax.Array
    steps: jax.Array
    history: jax.Array


def _solve(
    levels: multigrid.Hierarchy,
    moduli: jax.Array,
    modal: jax.Array,
    start: jax.Array,
    imposed: jax.Array,
    tolerance: float,
    most: int,
    *,
    room: int,
) -> Solution:
    """Return the displacement of least energy; see :data:`solve`.

    The first pass through the loop takes the start itself as its direction and its whole
    length, so that operator and cycle are compiled once. A later direction is made conjugate
    to the one before it with the products at hand, which stays right when the preconditioner
    is not exactly linear.
    """
    touched = hexahedra.scatter(jnp.broadcast_to(moduli[-1], (8, *moduli.shape[1:]))) > 0
    free = (touched.at[:, :, :, 0].set(False).at[:, :, :, -1].set(False)).astype(start.dtype)
    held = jnp.zeros_like(start).at[:, :, :, -1].set(imposed) * touched

    def unfinished(state: _State) -> jax.Array:
        last = state.history[state.steps - 1]
        unreached = (last > tolerance) & (state.steps <= most)
        return (state.steps == 0) | unreached

    def step(state: _State) -> _State:
        first = state.steps == 0
        p = state.direction
        q = hexahedra.internal_forces(moduli, modal, p)
        curvature = total(free * p * q)
        resisted = jnp.where(curvature > 0, curvature, 1.0)
        slope = -total(free * p * state.forces)
        length = jnp.where(first, 1.0, jnp.where(curvature > 0, slope / resisted, 0.0))
        u, forces = state.u + length * p, state.forces + length * q
        energy = total(u * forces)
        r = -free * forces
        z = free * multigrid.cycle(levels, r)
        overlap = jnp.where(first, 0.0, total(z * q) / resisted)
        direction = z - jnp.where(first, 0.0, overlap * p)
        error = jnp.sqrt(total(r * z) / energy)
        history = state.history.at[state.steps].set(error)
        return _State(u, forces, direction, state.steps + 1, history)

    zero = jnp.zeros_like(start)
    begin = _State(
        u=zero,
        forces=zero,
        direction=jnp.where(free > 0, start, held),
        steps=jnp.zeros((), int),
        history=jnp.full(room, jnp.inf),
    )
    last = lax.while_loop(unfinished, step, begin)
    return Solution(last.u, last.forces, last.steps, last.history)


solve = jax.jit(_solve, static_argnames="room")
"""Return a :class:`Solution`, compiled once a shape.

Takes ``levels`` (the preconditioner, of this or a similar block), ``moduli`` (parameters times
edge, (1 or 2, x, y, z) [N/mm]) and ``modal`` (their unit cubes), ``start`` (where to begin,
(3, x+1, y+1, z+1) [mm], made admissible), ``imposed`` (displacement of the upper platen,
(3, x+1, y+1) [mm]), ``tolerance`` and ``most`` (steps), and ``room`` (length of the history).
"""


def _work(displacement: jax.Array, forces: jax.Array) -> jax.Array:
    count = displacement.shape[0]
    rows = [[total(displacement[i] * forces[j]) for j in range(count)] for i in range(count)]
    return jnp.asarray(rows)


work = jax.jit(_work)
"""Return the work of each displacement on the forces of each, u_i . f_j, (motion, motion)."""
