"""Owns what the bone of a femoral head bears: modulus, strength, and stress under the hip force."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from trephine.case.head_anatomy import HeadAnatomy
from trephine.models.necrosis import Place, together
from trephine.models.term import Numbers
from trephine.numerics.elasticity import respond
from trephine.numerics.strain import invariants, tensor

Field = NDArray[np.floating[Any]]
TOLERANCE = 1e-3
"""Relative error of the displacement; its square is that of the stiffness."""
EMPTY = 0.05
"""Share of a voxel below which it bears nothing."""


class Borne(NamedTuple):
    """What a head bears under a force.

    Parameters
    ----------
    stress
        Effective stress of the bone, (x, y, z) [MPa].
    strain
        Distortional strain, (x, y, z) [-].
    displacement
        Under a unit motion of the socket, (1, 3, x+1, y+1, z+1) [mm], to start the next solve.
    stiffness
        Force over the motion of the socket [N/mm].
    """

    stress: Field
    strain: Field
    displacement: Field
    stiffness: float


def bone_modulus(integrity: Field, density: Field, p: Numbers) -> Field:
    r"""Return Young's modulus of bone, :math:`E_0 (d\beta)^{\gamma_E}`, (x, y, z) [MPa].

    Density :math:`d` and integrity :math:`\beta` act alike; [OsteonecrosisCode] has
    :math:`d = 1`.
    """
    modulus: Field = p["modulus"] * (density * integrity) ** p["modulus_exponent"]
    return modulus


def sound_strength(anatomy: HeadAnatomy, usual: float, steady: float, p: Numbers) -> Field:
    r"""Return the strength of this person's sound bone, (x, y, z) [MPa].

    .. math:: S = \max\!\left(S_0 d^{\gamma_S}, \frac{\sigma_0}{\rho_0}\right), \qquad
              \rho_0 = \left(\frac{k_p D_0}{k_d}\right)^{1/n}

    Bone that was walked on until now without breaking is adapted to it: where usual walking on
    the sound head gives the stress :math:`\sigma_0`, repair keeps up with damage at
    :math:`D_0` or less.

    Parameters
    ----------
    anatomy
        The head.
    usual
        Force of a step of usual walking [N].
    steady
        Damage :math:`D_0` that repair keeps up with in the most loaded sound bone, less than
        one [-].
    p
        Numbers in the engine's units.
    """
    borne = bear(anatomy, np.ones(anatomy.grid.shape), usual, p)
    share = (p["repair_rate"] * steady / p["damage_rate"]) ** (1.0 / p["fatigue_exponent"])
    trabecular = p["strength"] * np.maximum(anatomy.density, 1e-3) ** p["strength_exponent"]
    found: Field = np.maximum(trabecular, borne.stress / share)
    return found


def block(anatomy: HeadAnatomy, integrity: Field, p: Numbers) -> Field:
    """Return Young's modulus of each voxel, by volume of what fills it, (x, y, z) [MPa]."""
    bone = anatomy.head + anatomy.neck
    modulus = (
        bone * bone_modulus(integrity, anatomy.density, p)
        + anatomy.cartilage * p["cartilage_modulus"]
        + anatomy.socket * p["socket_modulus"]
    )
    filled = bone + anatomy.cartilage + anatomy.socket
    return np.where(filled > EMPTY, modulus, 0.0)


def bear(
    anatomy: HeadAnatomy,
    integrity: Field,
    force: float,
    p: Numbers,
    guess: Field | None = None,
) -> Borne:
    r"""Return stress and strain of the bone under the hip force.

    The socket, stiff and held from turning, presses the head through the cartilage onto the
    clamped neck; what of the force goes where is solved, not set. The effective stress

    .. math:: \sigma = \sqrt{2 E U}, \qquad U = \tfrac12\,\sigma : \varepsilon

    is that of a bar with the same energy. Integrity and stress are those of bone that bears load
    together (:func:`trephine.models.necrosis.together`).

    Parameters
    ----------
    anatomy
        The head.
    integrity
        How whole its bone is, (x, y, z) [-].
    force
        Peak force of a step of walking [N].
    p
        Numbers in the engine's units.
    guess
        Displacement to start from.

    Raises
    ------
    SolverError
        If the displacement does not converge.
    """
    spacing = anatomy.grid.spacing * 1e3
    bone = Place(anatomy.head + anatomy.neck > EMPTY, spacing, p["bearing_length"])
    whole = together(integrity, bone)
    found = respond(
        np.asarray(block(anatomy, whole, p), dtype=np.float64),
        spacing=spacing,
        poisson=p["poisson"],
        guess=None if guess is None else np.asarray(guess, dtype=np.float64),
        tolerance=TOLERANCE,
    )
    stiffness = float(found.stiffness[0, 0])
    moved = jnp.asarray(found.displacement[0] * (force / stiffness))
    modulus = bone_modulus(whole, anatomy.density, p)
    stress = modulus * effective_strain(np.asarray(tensor(moved, spacing)), p["poisson"])
    strain, _ = invariants(moved, spacing)
    return Borne(together(stress, bone), np.asarray(strain), found.displacement, stiffness)


def effective_strain(strain: Field, poisson: float) -> Field:
    r"""Return :math:`\sqrt{2U/E}` of a strain tensor, (6, x, y, z) to (x, y, z) [-].

    .. math:: 2U/E = \hat\lambda\,\mathrm{tr}(\varepsilon)^2 + 2\hat\mu\,\varepsilon:\varepsilon

    with Lame's parameters over the modulus. A bar pulled along itself has its own strain.
    """
    first = poisson / ((1.0 + poisson) * (1.0 - 2.0 * poisson))
    shear = 0.5 / (1.0 + poisson)
    xx, yy, zz, xy, yz, zx = strain
    squares = xx**2 + yy**2 + zz**2 + 2.0 * (xy**2 + yz**2 + zx**2)
    found: Field = np.sqrt(np.maximum(first * (xx + yy + zz) ** 2 + 2.0 * shear * squares, 0.0))
    return found
