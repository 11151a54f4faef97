"""The fuzzy rules of the Ulm group, Simon and others 2011: from strain to tissue, without cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from trephine.case.anatomy import Anatomy
from trephine.case.site import Biology
from trephine.core.units import Duration, Fraction, Length, Modulus, Rate, Unit
from trephine.models.callus import TISSUE_FLOOR, tissue_of
from trephine.models.model import Elastic, Field, HealingModel
from trephine.models.published.bailon_plaza import (
    SURFACE_FLOOR,
    nothing_at_rest,
    nothing_to_settle,
)
from trephine.models.published.ulm_rules import Felt, feel, met
from trephine.models.stiffness import Ratio
from trephine.models.term import Numbers, Term
from trephine.models.tissue import Tissue
from trephine.numerics.stepping import State

Share = Annotated[float, Unit("1", "1", gt=0, le=1)]
SOURCES = ("Simon2011",)
ASSUMED = "a day's change is a rate; growth next to others is scaled to the edge of a voxel"

FIELDS = (
    Field("perfusion", TISSUE_FLOOR, None),
    Field("cartilage", TISSUE_FLOOR),
    Field("woven", TISSUE_FLOOR),
    Field("periosteal_surface", SURFACE_FLOOR, None),
)
"""Perfusion, fibrocartilage and woven bone [-]; soft tissue is the rest; and the intact wall."""


@dataclass(frozen=True)
class UlmParameters:
    """Borders of the fuzzy sets, sets of changes, start and stiffness; section ``ulm``.

    A set of shares is full up to ``..._full`` and gone at ``..._gone``; between two sets one
    fades as the next begins. Changes rise from ``..._least`` to ``..._full`` and end at
    ``..._most``.
    """

    SECTION: ClassVar[str] = "ulm"

    low_full: Share
    low_gone: Share
    medium_full: Share
    medium_gone: Share
    still_full: Share
    still_gone: Share
    mild_full: Share
    mild_gone: Share
    harsh_full: Share
    harsh_gone: Share
    flat_full: Share
    flat_gone: Share
    slight_full: Share
    slight_gone: Share
    strong_full: Share
    strong_gone: Share
    vessel_least: Rate
    vessel_full: Rate
    vessel_most: Rate
    cartilage_gain: Rate
    cartilage_loss_full: Rate
    cartilage_loss_most: Rate
    bone_least: Rate
    bone_full: Rate
    bone_most: Rate
    outer_perfusion: Fraction
    woven_modulus: Modulus
    fibrocartilage_modulus: Modulus
    soft_modulus: Modulus
    woven_poisson: Ratio
    fibrocartilage_poisson: Ratio
    soft_poisson: Ratio
    element: Length
    least_firing: Share
    margin: Share
    strain_memory: Duration


def begin(anatomy: Anatomy, biology: Biology, p: Numbers) -> State:
    """Return a fresh fracture: soft tissue alone, perfused where it borders on what lies around."""
    tissue = tissue_of(anatomy, biology)
    healing = np.asarray(tissue.open)
    whole = np.where(healing > 0, healing, 1.0)
    state = {field.name: jnp.zeros(anatomy.grid.shape) for field in FIELDS}
    state["perfusion"] = p["outer_perfusion"] * met(tissue.muscle_surface, tissue)
    state["periosteal_surface"] = tissue.living_surface * (anatomy.callus / whole)
    return state


def _soft(s: State) -> jax.Array:
    return jnp.maximum(1.0 - s["woven"] - s["cartilage"], 0.0)


def spread_vessels(s: State, c: Felt, tissue: Tissue, p: Numbers) -> State:
    r"""Return the gain of perfusion, :math:`[\Delta_v]_+\min(1,(1-v)/\delta)`."""
    room = jnp.minimum((1.0 - s["perfusion"]) / p["margin"], 1.0)
    return {"perfusion": jnp.where(tissue.open > 0, jnp.maximum(c.vessels, 0.0) * room, 0.0)}


def lose_vessels(s: State, c: Felt, tissue: Tissue, p: Numbers) -> State:
    r"""Return the loss of perfusion, :math:`[\Delta_v]_-\min(1,v/\delta)`."""
    del tissue
    return {
        "perfusion": jnp.minimum(c.vessels, 0.0) * jnp.minimum(s["perfusion"] / p["margin"], 1.0)
    }


def form_cartilage(s: State, c: Felt, tissue: Tissue, p: Numbers) -> State:
    r"""Return cartilage in place of soft tissue, :math:`[\Delta_c]_+\min(1,c_s/\delta)`."""
    room = jnp.minimum(_soft(s) / p["margin"], 1.0)
    return {"cartilage": jnp.where(tissue.open > 0, jnp.maximum(c.cartilage, 0.0) * room, 0.0)}


def lose_cartilage(s: State, c: Felt, tissue: Tissue, p: Numbers) -> State:
    r"""Return the loss of cartilage, :math:`[\Delta_c]_-\min(1,c_c/\delta)`."""
    del tissue
    held = jnp.minimum(s["cartilage"] / p["margin"], 1.0)
    return {"cartilage": jnp.minimum(c.cartilage, 0.0) * held}


def form_bone(s: State, c: Felt, tissue: Tissue, p: Numbers) -> State:
    r"""Return bone in place of what is there.

    .. math:: \dot c_b = [\Delta_b]_+\min(1,(1-c_b)/\delta), \quad
        \dot c_c = -\dot c_b\,c_c/(1-c_b)

    Cartilage gives way by its share, so that the three parts stay one whole.
    """
    room = 1.0 - s["woven"]
    made = jnp.where(
        tissue.open > 0, jnp.maximum(c.bone, 0.0) * jnp.clip(room / p["margin"], 0.0, 1.0), 0.0
    )
    share = jnp.minimum(s["cartilage"] / jnp.maximum(room, 1e-6), 1.0)
    return {"woven": made, "cartilage": -made * share}


def lose_bone(s: State, c: Felt, tissue: Tissue, p: Numbers) -> State:
    r"""Return the loss of bone, :math:`[\Delta_b]_-\min(1,c_b/\delta)`."""
    del tissue
    return {"woven": jnp.minimum(c.bone, 0.0) * jnp.minimum(s["woven"] / p["margin"], 1.0)}


def shown(s: State) -> State:
    """Return the tissues: soft tissue as fibrous, bone as hard as it is there."""
    return {
        "fibrous": _soft(s),
        "cartilage": s["cartilage"],
        "woven": s["woven"],
        "mineralised": s["woven"],
    }


def elastic(s: State, p: Numbers) -> Elastic:
    r"""Return the published stiffness.

    .. math:: E = 4000\,c_b^3 + 200\,c_c^3 + 3\,c_s^3\ \mathrm{MPa}, \quad
        \nu = \sum_i \nu_i c_i

    What neither bone nor cartilage fills is soft tissue; a ground keeps the sum above zero.
    """
    parts = (s["woven"], s["cartilage"], _soft(s))
    kinds = ("woven", "fibrocartilage", "soft")
    modulus = sum(p[f"{k}_modulus"] * u**3 for k, u in zip(kinds, parts, strict=True))
    ratio = sum(p[f"{k}_poisson"] * u for k, u in zip(kinds, parts, strict=True))
    return Elastic(jnp.maximum(modulus, p["ground_modulus"]), jnp.asarray(ratio))


TERMS = (
    Term(
        "vessels spread",
        spread_vessels,
        ("perfusion",),
        None,
        r"\dot v = [\Delta_v]_+\min(1,(1-v)/\delta)",
        SOURCES,
        ASSUMED,
    ),
    Term(
        "strain destroys vessels",
        lose_vessels,
        ("perfusion",),
        None,
        r"\dot v = [\Delta_v]_-\min(1,v/\delta)",
        SOURCES,
        ASSUMED,
    ),
    Term(
        "cartilage forms",
        form_cartilage,
        ("cartilage",),
        None,
        r"\dot c_c = [\Delta_c]_+\min(1,c_s/\delta)",
        SOURCES,
        ASSUMED,
    ),
    Term(
        "cartilage is lost",
        lose_cartilage,
        ("cartilage",),
        None,
        r"\dot c_c = [\Delta_c]_-\min(1,c_c/\delta)",
        SOURCES,
        ASSUMED,
    ),
    Term(
        "bone forms",
        form_bone,
        ("woven", "cartilage"),
        None,
        r"\dot c_b = [\Delta_b]_+\min(1,(1-c_b)/\delta),\ \dot c_c = -\dot c_b c_c/(1-c_b)",
        SOURCES,
        ASSUMED,
    ),
    Term(
        "strain destroys bone",
        lose_bone,
        ("woven",),
        None,
        r"\dot c_b = [\Delta_b]_-\min(1,c_b/\delta)",
        SOURCES,
        ASSUMED,
    ),
)
"""What the rules say, process by process."""

ULM = HealingModel(
    name="ulm",
    about="Fuzzy rules from strain, perfusion and neighbours to cartilage and bone; no cells.",
    sections=("callus", "modulus", "poisson", "ulm"),
    fields=FIELDS,
    fast=(),
    terms=TERMS,
    begin=begin,
    at_rest=nothing_at_rest,
    settle=nothing_to_settle,
    feel=feel,
    elastic=elastic,
    shown=shown,
    receives=(),
    displaced=(),
    solid=("woven",),
    sources=SOURCES,
    leaves_out=(
        "Cells, oxygen and signals, so an injection changes nothing; non-union (it is a fresh "
        "fracture on day 0); the late perfusion of the marrow; mineral. Its edge of an element "
        "is in no table and is assumed."
    ),
)
"""The rules of the Ulm group, as read in a public re-creation."""
