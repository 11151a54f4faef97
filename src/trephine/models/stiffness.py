"""From tissue to modulus, and from load to movement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

import jax

from trephine.core.units import Modulus, Number, Unit
from trephine.models.term import Numbers
from trephine.numerics.stepping import State


@dataclass(frozen=True)
class FixationParameters:
    """Stiffness of implants with their anchorage along the shaft.

    Parameters
    ----------
    axial_stiffness
        By kind of implant [N/m].
    gravity
        Standard acceleration of free fall, to turn body mass into weight [m/s^2].
    """

    SECTION: ClassVar[str] = "fixation"
    axial_stiffness: Annotated[Mapping[str, float], Unit("N/m", "N/mm", gt=0)]
    gravity: Annotated[float, Unit("m/s^2", "m/s^2", gt=0)]


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


def modulus(
    s: State, bone: jax.Array, metal: jax.Array, healing: jax.Array, p: Numbers
) -> jax.Array:
    r"""Return Young's modulus of the voxels, (x, y, z) [MPa] (U13).

    .. math:: E = E_b \mu \phi_w^3 + E_c\phi_c^3 + E_f\phi_f^3 + E_0

    in the healing tissue, where :math:`\mu \phi_w` is mineralised bone; a voxel shared with
    old bone is their mean by volume. A voxel full of metal has modulus zero: the nail slides in
    the canal and its stiffness enters as a spring.

    Parameters
    ----------
    s
        Tissue fractions, (x, y, z) [-].
    bone, metal, healing
        Share of old bone, of metal and of healing tissue, (x, y, z) [-].
    p
        ``cortex_modulus`` and the moduli of the tissues [MPa].
    """
    soft = (
        p["bone_modulus"] * s["mineralised"] * s["woven"] ** 2
        + p["cartilage_modulus"] * s["cartilage"] ** 3
        + p["fibrous_modulus"] * s["fibrous"] ** 3
    )
    ground = p["ground_modulus"] * (1.0 - metal - bone)
    return p["cortex_modulus"] * bone + soft * healing + ground
