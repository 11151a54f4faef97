"""Compression of a block of voxels between two platens: displacement and axial stiffness."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from numpy.typing import NDArray
from scipy import ndimage

from trephine.core.errors import InputError, Problem, SolverError
from trephine.numerics import hexahedra, multigrid
from trephine.numerics.summation import total

Moduli = NDArray[np.float64]
ROOM = 256


@dataclass(frozen=True)
class Response:
    """How a block answers a unit axial shortening of 1 mm.

    Attributes
    ----------
    displacement
        At the nodes, (3, x+1, y+1, z+1) [mm]; zero at nodes that touch no material.
    stiffness
        Axial stiffness from the energy u'Ku [N/mm].
    iterations
        Conjugate-gradient steps taken.
    residual
        Estimated relative error in the energy norm; its square is the relative error of the
        stiffness.
    """

    displacement: NDArray[np.float64]
    stiffness: float
    iterations: int
    residual: float


class _Solution(NamedTuple):
    """What the compiled solve hands back."""

    displacement: jax.Array
    energy: jax.Array
    steps: jax.Array
    history: jax.Array


class _State(NamedTuple):
    """What one conjugate-gradient step passes to the next."""

    u: jax.Array
    forces: jax.Array
    direction: jax.Array
    energy: jax.Array
    steps: jax.Array
    history: jax.Array


def apply(
    u: NDArray[np.float64], modulus: Moduli, spacing: float, *, poisson: float = 0.3
) -> NDArray[np.float64]:
    r"""Return the forces that hold every node where a displacement puts it.

    .. math:: f = \sum_e E_e h\, G_e^T K G_e u

    with K the stiffness of a unit cube (two Gauss points an axis) and G the nodes of an element.

    Parameters
    ----------
    u
        Displacement of the nodes, (3, x+1, y+1, z+1) [mm].
    modulus
        Young's modulus of the elements, (x, y, z) [MPa].
    spacing
        Edge of an element [mm].
    poisson
        Poisson's ratio [-].

    Returns
    -------
    NDArray
        Forces at the nodes, (3, x+1, y+1, z+1) [N]; each component sums to zero.
    """
    scale = np.asarray(modulus, dtype=np.float64) * spacing
    modal = multigrid.material(poisson).modal
    return np.asarray(_forces(scale, modal, np.asarray(u, dtype=np.float64)))


def compress(
    modulus: Moduli,
    *,
    spacing: float,
    poisson: float = 0.3,
    guess: NDArray[np.float64] | None = None,
    tolerance: float = 1e-5,
    most_iterations: int = 200,
) -> Response:
    r"""Return how a block of trilinear voxels answers an axial shortening of 1 mm.

    .. math:: \nabla\cdot\sigma = 0,\quad \sigma = C(E, \nu) : \varepsilon(u)

    The lower plane z = 0 is clamped, the upper plane moves by -1 mm along z without moving
    sideways, the sides are free. Flexible conjugate gradients in double precision,
    preconditioned by a single-precision multigrid cycle.

    An element of modulus zero is removed, never softened: nodes that touch no material are
    left out and do not move. Elements are joined through faces. Material that no chain of faces
    joins to either platen carries nothing and is removed too. Where no chain joins the two
    platens the stiffness is zero, and what hangs on the upper platen moves with it, unstrained.

    Parameters
    ----------
    modulus
        Young's modulus, (x, y, z) [MPa]; at least zero.
    spacing
        Edge of a voxel [mm].
    poisson
        Poisson's ratio, between -1 and 0.5 [-].
    guess
        Displacement to start from, (3, x+1, y+1, z+1) [mm], for example that of an earlier
        state of the same block; without one, the layers share the shortening in series. The
        answer does not depend on it beyond the tolerance.
    tolerance
        Relative error in the energy norm at which to stop [-].
    most_iterations
        Steps after which to give up.

    Returns
    -------
    Response
        Displacement, stiffness, and how the solve went.

    Raises
    ------
    InputError
        If a modulus is negative or not finite, or a number is out of bounds.
    SolverError
        If the tolerance is not reached; carries the history of the residual.
    """
    modulus = np.asarray(modulus, dtype=np.float64)
    _check(modulus, guess, spacing, poisson, tolerance)
    below, above = _hangs_on(modulus)
    if not (below & above).any():
        return _apart(above)
    scale = np.where(below | above, modulus, 0.0) * spacing
    start = _in_series(scale) if guess is None else np.asarray(guess, dtype=np.float64)
    material = multigrid.material(poisson)
    levels = multigrid.hierarchy(scale, material, jnp.float32)
    room = max(ROOM, most_iterations + 1)
    solution = _solve(levels, scale, material.modal, start, tolerance, most_iterations, room=room)
    steps = int(solution.steps)
    history = np.asarray(solution.history)[:steps]
    if not history[-1] <= tolerance:
        raise SolverError(
            f"compression did not reach a relative error of {tolerance:g} in {steps - 1} steps",
            history.tolist(),
        )
    displacement = np.asarray(solution.displacement)
    displacement.flags.writeable = False
    return Response(displacement, float(solution.energy), steps - 1, float(history[-1]))


def _check(
    modulus: Moduli,
    guess: NDArray[np.float64] | None,
    spacing: float,
    poisson: float,
    tolerance: float,
) -> None:
    """Raise InputError with everything that is wrong with what :func:`compress` was given."""
    problems = []
    if modulus.ndim != 3 or not modulus.size:
        problems.append(Problem("modulus", "must have three axes (x, y, z), none of them empty"))
    elif not np.isfinite(modulus).all() or (modulus < 0).any():
        problems.append(Problem("modulus", "must be finite and at least 0 MPa everywhere"))
    elif guess is not None:
        wanted = (3, *hexahedra.nodes(modulus.shape))
        if np.shape(guess) != wanted or not np.isfinite(guess).all():
            problems.append(Problem("guess", f"must be finite and have the shape {wanted}"))
    if not 0 < spacing < np.inf:
        problems.append(Problem("spacing", "must be more than 0 mm"))
    if not -1 < poisson < 0.5:
        problems.append(Problem("poisson", "must lie between -1 and 0.5"))
    if not 0 < tolerance < 1:
        problems.append(Problem("tolerance", "must lie between 0 and 1"))
    if problems:
        raise InputError("the block cannot be compressed", problems)


def _hangs_on(modulus: Moduli) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which elements a chain of faces joins to the lower, and to the upper, platen."""
    labels, count = ndimage.label(modulus > 0)
    joined = []
    for layer in (labels[:, :, 0], labels[:, :, -1]):
        held = np.zeros(count + 1, dtype=bool)
        held[layer] = True
        held[0] = False
        joined.append(held[labels])
    return joined[0], joined[1]


def _apart(above: NDArray[np.bool_]) -> Response:
    """Return the response of two parts that do not meet: nothing resists, nothing strains."""
    displacement = np.zeros((3, *hexahedra.nodes(above.shape)))
    for i, j, k in hexahedra.CORNERS:
        x, y, z = (slice(a, a + n) for a, n in zip((i, j, k), above.shape, strict=True))
        displacement[2, x, y, z][above] = -1.0
    displacement.flags.writeable = False
    return Response(displacement, 0.0, 0, 0.0)


def _in_series(modulus: Moduli) -> NDArray[np.float64]:
    """Return the displacement of layers in series, each as stiff as the sum of its elements."""
    compliance = 1.0 / modulus.sum((0, 1))
    depth = np.concatenate([[0.0], np.cumsum(compliance)]) / compliance.sum()
    displacement = np.zeros((3, *hexahedra.nodes(modulus.shape)))
    displacement[2] = -depth
    return displacement


_forces = jax.jit(hexahedra.internal_forces)


def _conjugate_gradients(
    levels: multigrid.Hierarchy,
    modulus: jax.Array,
    modal: jax.Array,
    start: jax.Array,
    tolerance: float,
    most: int,
    *,
    room: int,
) -> _Solution:
    """Return the displacement that minimises the energy, from a start made admissible.

    The first pass through the loop takes the start itself as its direction and its whole
    length, so that operator and cycle are compiled once. A later direction is made conjugate
    to the one before it with the products at hand, which stays right when the preconditioner
    is not exactly linear.
    """
    material = hexahedra.scatter(jnp.broadcast_to(modulus, (8, *modulus.shape))) > 0
    free = levels.fine.free.astype(start.dtype)
    imposed = jnp.zeros_like(start).at[2, :, :, -1].set(-1.0) * material

    def unfinished(state: _State) -> jax.Array:
        last = state.history[state.steps - 1]
        unreached = (last > tolerance) & (state.steps <= most)
        return (state.steps == 0) | unreached

    def step(state: _State) -> _State:
        first = state.steps == 0
        p = state.direction
        q = hexahedra.internal_forces(modulus, modal, p)
        curvature = total(free * p * q)
        resisted = jnp.where(curvature > 0, curvature, 1.0)
        slope = -total(free * p * state.forces)
        length = jnp.where(first, 1.0, jnp.where(curvature > 0, slope / resisted, 0.0))
        u, forces = state.u + length * p, state.forces + length * q
        energy = total(u * forces)
        r = -free * forces
        z = multigrid.cycle(levels, r)
        overlap = jnp.where(first, 0.0, total(z * q) / resisted)
        direction = z - jnp.where(first, 0.0, overlap * p)
        error = jnp.sqrt(total(r * z) / energy)
        history = state.history.at[state.steps].set(error)
        return _State(u, forces, direction, energy, state.steps + 1, history)

    zero = jnp.zeros_like(start)
    begin = _State(
        u=zero,
        forces=zero,
        direction=jnp.where(free > 0, start, imposed),
        energy=jnp.zeros(()),
        steps=jnp.zeros((), int),
        history=jnp.full(room, jnp.inf),
    )
    last = lax.while_loop(unfinished, step, begin)
    return _Solution(last.u, last.energy, last.steps, last.history)


_solve = jax.jit(_conjugate_gradients, static_argnames="room")
