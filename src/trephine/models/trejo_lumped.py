"""The macrophage model of Trejo and others as a healing model: the same in every voxel."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from trephine.case.anatomy import Anatomy
from trephine.case.site import Biology
from trephine.models import trejo
from trephine.models.model import Elastic, Fast, Field, HealingModel, Strain
from trephine.models.term import Numbers
from trephine.models.tissue import Tissue
from trephine.numerics.stepping import State

CELLS = (*trejo.FIELDS[:4], "progenitor", "osteoblast")
CYTOKINES = ("inflammatory_cytokine", "calming_cytokine")


def _field(name: str) -> Field:
    if name in CYTOKINES:
        return Field(name, trejo.SIZES[name], None)
    return Field(name, trejo.SIZES[name], "cells" if name in CELLS else "volume")


def begin(anatomy: Anatomy, biology: Biology, p: Numbers) -> State:
    """Return a fresh fracture with the published debris wherever tissue heals.

    Parameters
    ----------
    anatomy
        The site on the grid.
    biology
        Not asked: the published model knows neither perfusion nor fibrous tissue.
    p
        Numbers of :class:`trephine.models.trejo.TrejoParameters` in engine units.
    """
    del biology
    heals = jnp.asarray(np.asarray(anatomy.healing) > 1e-9)
    fresh = trejo.start(p, shape=heals.shape)
    return {name: jnp.where(heals, u, 0.0) for name, u in fresh.items()}


def at_rest(shape: tuple[int, int, int], p: Numbers) -> dict[str, jax.Array]:
    """Return nothing: no field is in balance."""
    del shape, p
    return {}


def settle(s: State, tissue: Tissue, p: Numbers, fast: Fast, tolerance: jax.Array) -> Fast:
    """Return what was given: no field is in balance."""
    del s, tissue, p, tolerance
    return fast


def feel(s: State, fast: Fast, strain: Strain, tissue: Tissue, p: Numbers) -> None:
    """Return nothing: the cells feel each other alone."""
    del s, fast, strain, tissue, p


def elastic(s: State, p: Numbers) -> Elastic:
    r"""Return how stiff the tissue is, by the moduli of (U13), all bone mineralised at once.

    .. math:: E = E_b m_b^3 + E_c m_c^3 + E_0
    """
    modulus = (
        p["bone_modulus"] * s["bone"] ** 3
        + p["cartilage_modulus"] * s["cartilage"] ** 3
        + p["ground_modulus"]
    )
    return Elastic(modulus, jnp.full_like(modulus, p["bone_poisson"]))


def shown(s: State) -> dict[str, jax.Array]:
    """Return the tissues of the films: shares of the limit of 1 g/mL, cartilage where bone is not.

    The published model lets both fill the same space.
    """
    bone = jnp.minimum(s["bone"], 1.0)
    return {
        "fibrous": jnp.zeros_like(bone),
        "cartilage": jnp.minimum(s["cartilage"], 1.0 - bone),
        "woven": bone,
        "mineralised": bone,
    }


TREJO = HealingModel(
    name="trejo-2019",
    about="Macrophages of Trejo and others 2019: a fresh fracture, lumped, the same everywhere.",
    # Both know a bone_synthesis; the published one counts, since it comes later.
    sections=("callus", "trejo", "modulus", "poisson"),
    fields=tuple(_field(name) for name in trejo.FIELDS),
    fast=(),
    terms=trejo.TERMS,
    begin=begin,
    at_rest=at_rest,
    settle=settle,
    feel=feel,
    elastic=elastic,
    shown=shown,
    receives=(("progenitors", "progenitor"),),
    displaced=("cartilage",),
    solid=("bone",),
    takes_strain=False,
    sources=("Trejo2019",),
    leaves_out="Space, strain, oxygen, vessels, fibrous tissue; it always begins with a fresh "
    "fracture, and a mild one heals slower than a severe one.",
)
"""The published model as ``--model trejo-2019``."""
