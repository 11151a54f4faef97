"""A block of voxels between two platens: displacement and stiffness for motions of one platen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from trephine.core.errors import InputError, Problem, SolverError, did_you_mean
from trephine.numerics import conjugate_gradients, galerkin, hexahedra, multigrid, platens
from trephine.numerics.platens import MOTIONS

Field = NDArray[np.float64]
ROOM = 256


@dataclass(frozen=True)
class Response:
    """How a block answers unit motions of its upper platen.

    Attributes
    ----------
    motions
        Which, of :data:`MOTIONS`, in the order of the other fields.
    displacement
        At the nodes, (motion, 3, x+1, y+1, z+1) [mm], per mm or per rad of the motion; zero at
        nodes that touch no material.
    stiffness
        Symmetric, (motion, motion), from the energies u_i'Ku_j: N/mm between translations, N
        per rad between a translation and a rotation, N mm per rad between rotations.
    iterations
        Conjugate-gradient steps taken for each motion.
    residual
        Estimated relative error in the energy norm, the largest of all motions; its square is
        the relative error of the stiffness.
    """

    motions: tuple[str, ...]
    displacement: Field
    stiffness: Field
    iterations: tuple[int, ...]
    residual: float


@dataclass(frozen=True)
class Preconditioner:
    """What speeds up a solve, and of which block it was made.

    A function of the first three fields alone: who keeps those can make it again, bit by bit.

    Attributes
    ----------
    modulus
        Young's modulus, (x, y, z) [MPa].
    spacing
        Edge of a voxel [mm].
    poisson
        Poisson's ratio, one number or (x, y, z) [-].
    levels
        The multigrid hierarchy.
    """

    modulus: Field
    spacing: float
    poisson: float | Field
    levels: multigrid.Hierarchy


def apply(
    u: Field, modulus: Field, spacing: float, *, poisson: float | Field = 0.3
) -> NDArray[np.float64]:
    r"""Return the forces that hold every node where a displacement puts it.

    .. math:: f = \sum_e E_e h\, G_e^T K(\nu_e) G_e u

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
        Poisson's ratio, one number or (x, y, z) [-].

    Returns
    -------
    NDArray
        Forces at the nodes, (3, x+1, y+1, z+1) [N]; each component sums to zero.
    """
    moduli, material = _moduli(np.asarray(modulus, dtype=np.float64), spacing, poisson)
    return np.asarray(_forces(moduli, material.modal, np.asarray(u, dtype=np.float64)))


def precondition(modulus: Field, *, spacing: float, poisson: float | Field = 0.3) -> Preconditioner:
    """Return a multigrid hierarchy of a block, which also serves blocks that differ a little.

    Parameters
    ----------
    modulus, spacing, poisson
        As for :func:`respond`.

    Raises
    ------
    InputError
        If a modulus is negative or not finite, or a number is out of bounds.
    """
    modulus = np.asarray(modulus, dtype=np.float64)
    _refuse(_wrong_with_block(modulus, spacing, poisson))
    below, above = platens.hangs_on(modulus > 0)
    moduli, material = _moduli(np.where(below | above, modulus, 0.0), spacing, poisson)
    levels = multigrid.hierarchy(moduli, material, jnp.float32)
    return Preconditioner(modulus, spacing, poisson, levels)


def respond(
    modulus: Field,
    *,
    spacing: float,
    poisson: float | Field = 0.3,
    motions: Sequence[str] = ("axial",),
    centre: tuple[float, float, float] | None = None,
    guess: Field | None = None,
    preconditioner: Preconditioner | None = None,
    tolerance: float = 1e-5,
    most_iterations: int = 200,
) -> Response:
    r"""Return how a block of trilinear voxels answers unit motions of its upper platen.

    .. math:: \nabla\cdot\sigma = 0,\quad \sigma = C(E, \nu) : \varepsilon(u)

    The lower plane z = 0 is clamped, the upper plane moves as a rigid body, the sides are free.
    Flexible conjugate gradients in double precision, preconditioned by a single-precision
    multigrid cycle; one motion after another.

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
        Poisson's ratio, between -1 and 0.5, one number or (x, y, z) [-].
    motions
        Which motions, of :data:`MOTIONS`: ``axial`` shortens the block by 1 mm, ``shear_x`` and
        ``shear_y`` shift the upper platen by 1 mm, ``bending_x``, ``bending_y`` and
        ``torsion`` turn it by 1 rad about x, y, z.
    centre
        Point that a rotation leaves where it is, from the lowest corner of the block [mm];
        without one the middle of the block.
    guess
        Displacements to start from, (motion, 3, x+1, y+1, z+1) [mm], for example those of an
        earlier state of the same block; without them, the layers share the motion in series.
        The answer does not depend on them beyond the tolerance.
    preconditioner
        Made of this or a similar block by :func:`precondition`; without one it is made here.
        The answer does not depend on it beyond the tolerance.
    tolerance
        Relative error in the energy norm at which to stop [-].
    most_iterations
        Steps after which to give up on a motion.

    Returns
    -------
    Response
        Displacements, stiffness, and how the solve went.

    Raises
    ------
    InputError
        If a modulus is negative or not finite, a number is out of bounds, a motion unknown, or
        the preconditioner made of a block with fewer elements.
    SolverError
        If the tolerance is not reached; carries the history of the residual.
    """
    modulus = np.asarray(modulus, dtype=np.float64)
    motions = tuple(motions)
    problems = _wrong_with_block(modulus, spacing, poisson)
    problems += _wrong_with_solve(motions, tolerance)
    _refuse(problems or _wrong_with_start(modulus, len(motions), guess, preconditioner))
    about = platens.middle(modulus.shape, spacing) if centre is None else centre
    rigid = (platens.rigid(motion, modulus.shape, spacing, about) for motion in motions)
    below, above = platens.hangs_on(modulus > 0)
    if not (below & above).any():
        return _apart(motions, above, list(rigid))
    held = np.where(below | above, modulus, 0.0)
    moduli, material = _moduli(held, spacing, poisson)
    if preconditioner is None:
        levels = multigrid.hierarchy(moduli, material, jnp.float32)
    else:
        levels = preconditioner.levels
    share = platens.in_series(held)
    room = max(ROOM, most_iterations + 1)
    solutions, counts, residuals = [], [], []
    for number, (motion, whole) in enumerate(zip(motions, rigid, strict=True)):
        solution = conjugate_gradients.solve(
            levels,
            moduli,
            material.modal,
            share * whole if guess is None else np.asarray(guess[number], dtype=np.float64),
            whole[..., -1],
            tolerance,
            most_iterations,
            room=room,
        )
        steps = int(solution.steps)
        history = np.asarray(solution.history)[:steps]
        if not history[-1] <= tolerance:
            raise SolverError(
                f"{motion} did not reach a relative error of {tolerance:g} in {steps - 1} steps",
                history.tolist(),
            )
        solutions.append(solution)
        counts.append(steps - 1)
        residuals.append(float(history[-1]))
    displacement = jnp.stack([s.displacement for s in solutions])
    stiffness = conjugate_gradients.work(displacement, jnp.stack([s.forces for s in solutions]))
    symmetric = 0.5 * (np.asarray(stiffness) + np.asarray(stiffness).T)
    return Response(
        motions, _read_only(displacement), _read_only(symmetric), tuple(counts), max(residuals)
    )


def _wrong_with_block(modulus: Field, spacing: float, poisson: float | Field) -> list[Problem]:
    problems = []
    if modulus.ndim != 3 or not modulus.size:
        problems.append(Problem("modulus", "must have three axes (x, y, z), none of them empty"))
    elif not np.isfinite(modulus).all() or (modulus < 0).any():
        problems.append(Problem("modulus", "must be finite and at least 0 MPa everywhere"))
    if not 0 < spacing < np.inf:
        problems.append(Problem("spacing", "must be more than 0 mm"))
    ratio = np.asarray(poisson)
    if ratio.ndim and ratio.shape != modulus.shape:
        problems.append(Problem("poisson", f"must be one number or have the shape {modulus.shape}"))
    elif not ((ratio > -1) & (ratio < 0.5)).all():
        problems.append(Problem("poisson", "must lie between -1 and 0.5"))
    return problems


def _wrong_with_solve(motions: tuple[str, ...], tolerance: float) -> list[Problem]:
    problems = [
        Problem("motions", f"'{motion}' is no motion; {did_you_mean(motion, MOTIONS)}")
        for motion in motions
        if motion not in MOTIONS
    ]
    if not motions or len(set(motions)) < len(motions):
        problems.append(Problem("motions", "must name at least one motion, each only once"))
    if not 0 < tolerance < 1:
        problems.append(Problem("tolerance", "must lie between 0 and 1"))
    return problems


def _wrong_with_start(
    modulus: Field, count: int, guess: Field | None, preconditioner: Preconditioner | None
) -> list[Problem]:
    problems = []
    wanted = (count, 3, *hexahedra.nodes(modulus.shape))
    if guess is not None and (np.shape(guess) != wanted or not np.isfinite(guess).all()):
        problems.append(Problem("guess", f"must be finite and have the shape {wanted}"))
    if preconditioner is not None:
        made_of = preconditioner.modulus
        if made_of.shape != modulus.shape or ((modulus > 0) & (made_of == 0)).any():
            problems.append(
                Problem("preconditioner", "must be made of a block with at least these elements")
            )
    return problems


def _refuse(problems: list[Problem]) -> None:
    if problems:
        raise InputError("the block cannot be solved", problems)


def _moduli(
    modulus: Field, spacing: float, poisson: float | Field
) -> tuple[Field, galerkin.Material]:
    """Return the parameters of the elements times their edge, and the unit cubes of each."""
    ratio = np.asarray(poisson, dtype=np.float64)
    scale = modulus * spacing
    if not ratio.ndim:
        return scale[None], galerkin.material(float(ratio))
    first, shear = hexahedra.lame(ratio)
    return np.stack([scale * first, scale * shear]), galerkin.material(None)


def _apart(motions: tuple[str, ...], above: NDArray[np.bool_], rigid: list[Field]) -> Response:
    """Return the response of two parts that do not meet: nothing resists, nothing strains."""
    displacement = np.stack(rigid) * platens.corners_of(above)
    count = len(motions)
    nothing = np.zeros((count, count))
    return Response(motions, _read_only(displacement), _read_only(nothing), (0,) * count, 0.0)


def _read_only(values: jax.Array | Field) -> Field:
    array = np.asarray(values)
    array.flags.writeable = False
    return array


_forces = jax.jit(hexahedra.internal_forces)
