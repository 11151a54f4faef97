"""From tissue to Young's modulus and Poisson's ratio, and from both to what a voxel resists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Annotated, ClassVar, NamedTuple

import jax
import jax.numpy as jnp

from trephine.core.units import Modulus, Unit
from trephine.models.model import Elastic
from trephine.models.term import Numbers
from trephine.numerics.stepping import State

Ratio = Annotated[float, Unit("1", "1", ge=0, le=0.49)]
"""Poisson's ratio; at one half nothing changes its volume, and no displacement can be solved."""


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
    allograft, ceramic
        Young's modulus of a space packed with bone graft and with ceramic granules [Pa].
    cortex
        Young's modulus of the old cortical bone [Pa].
    """

    SECTION: ClassVar[str] = "modulus"
    bone: Modulus
    cartilage: Modulus
    fibrous: Modulus
    ground: Modulus
    allograft: Modulus
    ceramic: Modulus
    cortex: Modulus


@dataclass(frozen=True)
class PoissonParameters:
    """Poisson's ratios of the tissues.

    Parameters
    ----------
    bone, cartilage, fibrous, ground
        Of woven and lamellar bone, cartilage, fibrous tissue, and of what else fills the
        space [-].
    allograft, ceramic
        Of a space packed with bone graft and with ceramic granules [-].
    cortex
        Of the old cortical bone [-].
    """

    SECTION: ClassVar[str] = "poisson"
    bone: Ratio
    cartilage: Ratio
    fibrous: Ratio
    ground: Ratio
    allograft: Ratio
    ceramic: Ratio
    cortex: Ratio


@dataclass(frozen=True)
class PackingParameters:
    """How densely carriers are packed, as delivery has it.

    Parameters
    ----------
    solid
        Share of the bulk volume that the pieces of a carrier take up, by carrier [-].
    """

    SECTION: ClassVar[str] = "injection"
    solid: Annotated[Mapping[str, float], Unit("1", "1", gt=0, le=1)]


class Voxels(NamedTuple):
    """What the voxels resist, and how much more the soft part of each is strained.

    Parameters
    ----------
    modulus
        Young's modulus, (x, y, z) [MPa].
    poisson
        Poisson's ratio, (x, y, z) [-].
    concentration
        Strain of the healing tissue over the strain of its voxel, at least 1, (x, y, z) [-].
    """

    modulus: jax.Array
    poisson: jax.Array
    concentration: jax.Array


def tissue_modulus(s: State, p: Numbers) -> jax.Array:
    r"""Return Young's modulus of healing tissue, (x, y, z) [MPa] (U13).

    .. math:: E = E_b\, M\, (\phi_w+\phi_l)^2 + E_c\phi_c^3 + E_f\phi_f^3
        + E_a(\phi_a/\phi_a^*)^3 + E_k(\phi_k/\phi_k^*)^3 + E_0

    with the mineralised bone :math:`M = \mu(\phi_w+\phi_l)`, woven and lamellar; allograft and
    ceramic stiffen a space by the same rule, up to :math:`E_a` and :math:`E_k` of one packed
    with them, of which their pieces take up :math:`\phi^*`. Demineralised bone, clot and
    marrow are part of :math:`E_0`.

    Parameters
    ----------
    s
        ``woven``, ``mineralised``, ``lamellar``, ``cartilage``, ``fibrous``, ``allograft`` and
        ``ceramic``, (x, y, z) [-].
    p
        ``bone_modulus`` and so on, ``ground_modulus`` [MPa], and ``allograft_packed`` and
        ``ceramic_packed`` [-]; [UlmRules].
    """
    bone = s["woven"] + s["lamellar"]
    return (
        p["bone_modulus"] * s["mineralised"] * bone**2
        + p["cartilage_modulus"] * s["cartilage"] ** 3
        + p["fibrous_modulus"] * s["fibrous"] ** 3
        + p["allograft_modulus"] * (s["allograft"] / p["allograft_packed"]) ** 3
        + p["ceramic_modulus"] * (s["ceramic"] / p["ceramic_packed"]) ** 3
        + p["ground_modulus"]
    )


def tissue_poisson(s: State, p: Numbers) -> jax.Array:
    r"""Return Poisson's ratio of healing tissue, the mean by volume, (x, y, z) [-].

    .. math:: \nu = \nu_0 + \sum_i \phi_i (\nu_i - \nu_0)

    Between the smallest and the largest ratio of its parts, as long as they fill no more than the
    space.

    Parameters
    ----------
    s
        ``woven``, ``lamellar``, ``cartilage``, ``fibrous``, ``allograft`` and ``ceramic``,
        (x, y, z) [-].
    p
        ``bone_poisson`` and so on, and ``ground_poisson`` [-]; [LacroixPrendergast2002].
    """
    ground = p["ground_poisson"]
    more = (s["woven"] + s["lamellar"]) * (p["bone_poisson"] - ground)
    for name in ("cartilage", "fibrous", "allograft", "ceramic"):
        more = more + s[name] * (p[f"{name}_poisson"] - ground)
    return ground + more


@partial(jax.jit)
def voxels(tissue: Elastic, fixed: Fixed, p: Numbers) -> Voxels:
    r"""Return what the voxels resist, of healing tissue, old bone, metal and what lies around.

    Where the gap cuts a voxel, old bone and tissue lie one behind the other along the shaft and
    act in series; side by side they act by volume:

    .. math:: E = L \left(\frac{a}{E_{cortex}} + \frac{1-a}{E_t}\right)^{-1}
        + H E_t + M E_{metal} + (1 - L - H - M) E_0

    with the share :math:`L` of cortex, standing or removed, the standing part :math:`a` of it,
    the share :math:`H` of tissue beside it, and metal :math:`M`. Averaging by volume there would
    bridge a gap narrower than two voxels. A nail that slides in the canal, or whose bolts hold
    it, has modulus zero: its stiffness enters as a spring. Poisson's ratio is the mean by volume
    of what resists, :math:`B \nu_{cortex} + T \nu_t + M \nu_{metal} + (1 - B - T - M)\nu_0`, with
    old bone :math:`B` and healing tissue :math:`T`.

    Parameters
    ----------
    tissue
        What healing tissue resists.
    fixed
        What does not change.
    p
        ``cortex_modulus``, ``ground_modulus``, ``metal_modulus`` [MPa] and the same of
        ``poisson`` [-]; metal of modulus zero where it carries nothing.
    """
    cortex = fixed.bone + fixed.removed
    standing = jnp.where(cortex > 0, fixed.bone / jnp.where(cortex > 0, cortex, 1.0), 0.0)
    series = 1.0 / (standing / p["cortex_modulus"] + (1.0 - standing) / tissue.modulus)
    beside = jnp.maximum(fixed.healing - fixed.removed, 0.0)
    around = jnp.maximum(1.0 - fixed.metal - cortex - beside, 0.0)
    inside = jnp.where(fixed.healing > 0, fixed.healing, 1.0)
    in_series = jnp.where(fixed.removed > 0, fixed.removed / inside, 0.0)
    resists = jnp.where(p["metal_modulus"] > 0.0, fixed.metal, 0.0)
    elsewhere = jnp.maximum(1.0 - fixed.bone - fixed.healing - fixed.metal, 0.0)
    solid = fixed.bone + fixed.healing + resists + elsewhere
    ratio = (
        fixed.bone * p["cortex_poisson"]
        + fixed.healing * tissue.poisson
        + resists * p["metal_poisson"]
        + elsewhere * p["ground_poisson"]
    )
    return Voxels(
        modulus=cortex * series
        + beside * tissue.modulus
        + fixed.metal * p["metal_modulus"]
        + around * p["ground_modulus"],
        poisson=jnp.where(solid > 0, ratio / jnp.where(solid > 0, solid, 1.0), p["ground_poisson"]),
        concentration=1.0 + in_series * (series / tissue.modulus - 1.0),
    )
