"""The model of Bailon-Plaza and van der Meulen 2001: its numbers, its state, what cells feel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from trephine.case.anatomy import Anatomy
from trephine.case.site import Biology
from trephine.core.units import Duration, Length, Positive, Unit
from trephine.models.callus import TISSUE_FLOOR, tissue_of
from trephine.models.model import Elastic, Fast, Field, HealingModel, Strain
from trephine.models.published import growth_factors
from trephine.models.published.growth_factors import Felt
from trephine.models.term import Numbers
from trephine.models.tissue import Tissue
from trephine.numerics.stepping import State

DensityScale = Annotated[float, Unit("1/m^3", "Mcell/mL", gt=0)]

DENSITY_FLOOR, FACTOR_FLOOR, SURFACE_FLOOR = 1e-2, 2.0, 1e3
"""Sizes from which an error matters: a hundredth of the scale of cells, a tenth of the level that
bone releases; what stays as it is has none."""

FIELDS = (
    Field("progenitor_host", DENSITY_FLOOR, "cells"),
    Field("progenitor_injected", DENSITY_FLOOR, "cells"),
    Field("chondrocyte", DENSITY_FLOOR, "cells"),
    Field("osteoblast", DENSITY_FLOOR, "cells"),
    Field("connective_matrix", TISSUE_FLOOR),
    Field("bone_matrix", TISSUE_FLOOR),
    Field("chondrogenic_factor", FACTOR_FLOOR, None),
    Field("osteogenic_factor", FACTOR_FLOOR, None),
    Field("age", SURFACE_FLOOR, None),
    Field("fracture_surface", SURFACE_FLOOR, None),
    Field("periosteal_surface", SURFACE_FLOOR, None),
)
"""c_m in two tags, c_c, c_b [1e6/mL]; m_c, m_b [m0]; g_c, g_b [g0]; then time and walls."""


@dataclass(frozen=True)
class BailonPlazaParameters:
    """Constants of (B1) to (B7) without units, and the scales that give them units.

    Lengths are in :attr:`length_scale`, times in :attr:`time_scale`, cells in
    :attr:`density_scale`; matrices and factors stay in the scales of the paper.
    """

    SECTION: ClassVar[str] = "bailon_plaza"

    random_motility: Positive
    motility_matrix: Positive
    climbing: Positive
    climbing_matrix: Positive
    progenitor_division: Positive
    chondrocyte_division: Positive
    osteoblast_division: Positive
    division_matrix: Positive
    crowding: Positive
    bone_commitment: Positive
    bone_commitment_half: Positive
    cartilage_commitment: Positive
    cartilage_commitment_half: Positive
    replacement: Positive
    replacement_half: Positive
    replacement_matrix: Positive
    osteoblast_removal: Positive
    connective_making: Positive
    connective_limit: Positive
    connective_clearing: Positive
    bone_making: Positive
    bone_limit: Positive
    factor_diffusion: Positive
    factor_decay: Positive
    chondrogenic_output: Positive
    chondrogenic_output_half: Positive
    chondrogenic_output_matrix: Positive
    osteogenic_output: Positive
    osteogenic_output_half: Positive
    initial_connective: Positive
    entering_density: Positive
    entering_time: Positive
    released_level: Positive
    release_time: Positive
    length_scale: Length
    time_scale: Duration
    density_scale: DensityScale


def begin(anatomy: Anatomy, biology: Biology, p: Numbers) -> State:
    """Return a fresh fracture: connective matrix everywhere, no cells, no bone, no factor.

    Living bone that faces the gap is the fracture surface, living bone that faces the callus
    region the periosteal one; the wall of the canal releases nothing.
    """
    tissue = tissue_of(anatomy, biology)
    healing = np.asarray(tissue.open)
    whole = np.where(healing > 0, healing, 1.0)
    state = {field.name: jnp.zeros(anatomy.grid.shape) for field in FIELDS}
    state["connective_matrix"] = jnp.where(tissue.open > 0, p["initial_connective"], 0.0)
    state["fracture_surface"] = tissue.living_surface * (anatomy.gap / whole)
    state["periosteal_surface"] = tissue.living_surface * (anatomy.callus / whole)
    return state


def nothing_at_rest(shape: tuple[int, int, int], p: Numbers) -> dict[str, jax.Array]:
    """Return no field: none is in balance."""
    del shape, p
    return {}


def nothing_to_settle(
    s: State, tissue: Tissue, p: Numbers, fast: Fast, tolerance: jax.Array
) -> Fast:
    """Return what was there: no field is in balance."""
    del s, tissue, p, tolerance
    return fast


def feel(s: State, fast: Fast, strain: Strain, tissue: Tissue, p: Numbers) -> Felt:
    r"""Return what the cells feel.

    The factors fall off from a wall over :math:`\lambda=\sqrt{D_g/d_g}`, 25 um, which no voxel
    shows. The wall gives what a layer of that fall-off takes up,

    .. math:: k = \frac{D_g}{\lambda} \coth\frac{h}{2\lambda},

    which is the flux to the middle of a voxel, :math:`2D_g/h`, where voxels are small.
    """
    del fast, strain
    diffusion, decay = p["factor_diffusion"], p["factor_decay"]
    layer = (diffusion / decay) ** 0.5 * p["length_scale"]
    mobility = diffusion * p["length_scale"] ** 2 / p["time_scale"]
    through = mobility / layer / jnp.tanh(tissue.spacing / (2.0 * layer))
    return growth_factors.felt(s, through, p)


def shown(s: State) -> State:
    """Return the tissues: soft matrix as cartilage in the room that bone leaves, all bone hard."""
    bone = jnp.minimum(s["bone_matrix"], 1.0)
    return {
        "fibrous": jnp.zeros_like(bone),
        "cartilage": jnp.minimum(s["connective_matrix"], 1.0 - bone),
        "woven": bone,
        "mineralised": bone,
    }


def elastic(s: State, p: Numbers) -> Elastic:
    """Return the stiffness by the cubic law of the callus model: the paper has no mechanics."""
    tissue = shown(s)
    modulus = (
        p["bone_modulus"] * tissue["woven"] ** 3
        + p["cartilage_modulus"] * tissue["cartilage"] ** 3
        + p["ground_modulus"]
    )
    return Elastic(modulus, jnp.full_like(modulus, p["bone_poisson"]))


BAILON_PLAZA = HealingModel(
    name="bailon-plaza-2001",
    about="Cells, two matrices and two growth factors; fracture ends and periosteum release.",
    sections=("callus", "modulus", "poisson", "bailon_plaza"),
    fields=FIELDS,
    fast=(),
    terms=growth_factors.TERMS,
    begin=begin,
    at_rest=nothing_at_rest,
    settle=nothing_to_settle,
    feel=feel,
    elastic=elastic,
    shown=shown,
    receives=(("progenitors", "progenitor_injected"),),
    displaced=(),
    solid=("bone_matrix",),
    takes_strain=False,
    sources=("BailonPlaza2001",),
    leaves_out=(
        "Mechanics, vessels and oxygen; non-union (it is a fresh fracture on day 0, whose sources "
        "are open); every carrier and cell but progenitors. Its unit of time is not known: 1 or "
        "5 days."
    ),
)
"""Growth factors and two ways of ossification, as published in 2001."""
