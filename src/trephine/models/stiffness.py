"""From tissue to modulus, and from load to movement."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import ClassVar, NamedTuple

import jax
import jax.numpy as jnp

from trephine.core.units import Modulus, Number
from trephine.models.term import Numbers
from trephine.numerics.stepping import State


class Fixed(NamedTuple):
    """Shares of a voxel that stay as they are, each (x, y, z) [-].

    Parameters
    ----------
    bone, metal
        Old bone, and implant.
    removed
        Cortex that the gap took away.
    healing
        Tissue that heals.
    """

    bone: jax.Array
    metal: jax.Array
    removed: jax.Array
    healing: jax.Array


@dataclass(frozen=True)
class ModulusParameters:
    """Moduli of the tissues.

    Parameters
    ----------
    bone, cartilage, fibrous, ground
        Young's modulus of full woven bone, cartilage, fibrous tissue, and of what else fills
        the space [Pa].
    cortex
        Young's modulus of the old cortical bone [Pa].
    poisson
        Poisson's ratio of every tissue [-].
    """

    SECTION: ClassVar[str] = "modulus"
    bone: Modulus
    cartilage: Modulus
    fibrous: Modulus
    ground: Modulus
    cortex: Modulus
    poisson: Number


class Moduli(NamedTuple):
    """Young's modulus of the voxels, and how much more the soft part of each is strained.

    Parameters
    ----------
    voxel
        Young's modulus, (x, y, z) [MPa].
    concentration
        Strain of the healing tissue over the strain of its voxel, at least 1, (x, y, z) [-].
    """

    voxel: jax.Array
    concentration: jax.Array


@partial(jax.jit)
def moduli(s: State, fixed: Fixed, p: Numbers) -> Moduli:
    r"""Return Young's modulus of the voxels and the strain concentration in their soft part.

    Healing tissue has (U13)

    .. math:: E_t = E_b \mu \phi_w^3 + E_c\phi_c^3 + E_f\phi_f^3 + E_0

    where :math:`\mu \phi_w` is mineralised bone. Where the gap cuts a voxel, old bone and tissue
    lie one behind the other along the shaft and act in series; side by side they act by volume:

    .. math:: E = L \left(\frac{a}{E_{cortex}} + \frac{1-a}{E_t}\right)^{-1} + \dots

    with the share :math:`L` of cortex, standing or removed, and the standing part :math:`a` of
    it. Averaging by volume there would bridge a gap narrower than two voxels. A voxel full of
    metal has modulus zero: the nail slides in the canal and its stiffness enters as a spring.

    Parameters
    ----------
    s
        Tissue fractions, (x, y, z) [-].
    fixed
        What does not change.
    p
        ``cortex_modulus`` and the moduli of the tissues [MPa].
    """
    soft = (
        p["bone_modulus"] * s["mineralised"] * s["woven"] ** 2
        + p["cartilage_modulus"] * s["cartilage"] ** 3
        + p["fibrous_modulus"] * s["fibrous"] ** 3
    )
    tissue = soft + p["ground_modulus"]
    cortex = fixed.bone + fixed.removed
    standing = jnp.where(cortex > 0, fixed.bone / jnp.where(cortex > 0, cortex, 1.0), 0.0)
    series = 1.0 / (standing / p["cortex_modulus"] + (1.0 - standing) / tissue)
    beside = p["ground_modulus"] * (1.0 - fixed.metal - cortex)
    beside = beside + soft * jnp.maximum(fixed.healing - fixed.removed, 0.0)
    inside = jnp.where(fixed.healing > 0, fixed.healing, 1.0)
    in_series = jnp.where(fixed.removed > 0, fixed.removed / inside, 0.0)
    return Moduli(
        voxel=cortex * series + jnp.maximum(beside, 0.0),
        concentration=1.0 + in_series * (series / tissue - 1.0),
    )
