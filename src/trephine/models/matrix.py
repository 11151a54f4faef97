"""What the cells make: fibrous tissue, cartilage, woven bone and its mineral; what tears."""

from __future__ import annotations

import jax

from trephine.models.term import Numbers, Term
from trephine.models.tissue import BONE, Conditions, Tissue, summed
from trephine.numerics.stepping import State

TORN = ("cartilage", "woven", "lamellar")
"""Tissues that strain tears down to fibrous tissue."""


def make_fibrous(s: State, c: Conditions, tissue: Tissue, p: Numbers) -> dict[str, jax.Array]:
    r"""Return the synthesis of fibrous tissue, :math:`p_f f \phi_{free}` (U8)."""
    del tissue
    return {"fibrous": p["fibrous_synthesis"] * s["fibroblast"] * c.free}


def clear_fibrous(s: State, c: Conditions, tissue: Tissue, p: Numbers) -> dict[str, jax.Array]:
    r"""Return the clearing of fibrous tissue by bone and cartilage cells (U8).

    .. math:: -q_f (5b+2c) \phi_f
    """
    del c, tissue
    cells = (
        p["osteoblast_clearing"] * s["osteoblast"] + p["chondrocyte_clearing"] * s["chondrocyte"]
    )
    return {"fibrous": -p["fibrous_clearing"] * cells * s["fibrous"]}


def make_cartilage(s: State, c: Conditions, tissue: Tissue, p: Numbers) -> dict[str, jax.Array]:
    r"""Return the synthesis of cartilage in free space and in place of fibrous tissue (U9).

    .. math:: p_c c (\phi_{free} + 0.3 \phi_f)
    """
    del tissue
    making = p["cartilage_synthesis"] * s["chondrocyte"]
    replaced = making * p["cartilage_in_fibrous"] * s["fibrous"]
    return {"cartilage": making * c.free + replaced, "fibrous": -replaced}


def lay_bone(s: State, c: Conditions, tissue: Tissue, p: Numbers) -> dict[str, jax.Array]:
    r"""Return the apposition of woven bone, in free space and in place of soft tissue (U10).

    .. math:: \dot\phi_w = p_b b (\phi_{free}+\phi_f+\phi_c) = p_b b (1-\phi_w-\phi_l-s)

    with :math:`s` the share of the solid carriers.
    """
    del tissue
    return laid(s, c, p["bone_synthesis"] * s["osteoblast"])


def laid(s: State, c: Conditions, rate: jax.Array) -> dict[str, jax.Array]:
    """Return woven bone laid at a rate [1/d] in free space and in place of soft tissue."""
    fibrous, cartilage = rate * s["fibrous"], rate * s["cartilage"]
    return {
        "woven": rate * c.free + fibrous + cartilage,
        "fibrous": -fibrous,
        "cartilage": -cartilage,
    }


def ossify_cartilage(s: State, c: Conditions, tissue: Tissue, p: Numbers) -> dict[str, jax.Array]:
    r"""Return the turn of cartilage into woven bone, a part of it into marrow space (U9, U10)."""
    del tissue
    turned = c.ossifying * s["cartilage"]
    return {"cartilage": -turned, "woven": p["ossification_yield"] * turned}


def mineralise(s: State, c: Conditions, tissue: Tissue, p: Numbers) -> dict[str, jax.Array]:
    r"""Return the mineral entering woven bone, :math:`\dot M = k_{min}(\phi_w + \phi_l - M)`.

    :math:`M` is all new bone that holds its mineral, woven or lamellar; lamellar bone comes from
    mineralised woven bone and keeps its mineral, so the rest is osteoid of woven bone.
    """
    del c, tissue
    return {"mineralised": p["mineralisation"] * (summed(s, BONE) - s["mineralised"])}


def tear(s: State, c: Conditions, tissue: Tissue, p: Numbers) -> dict[str, jax.Array]:
    r"""Return what destructive strain tears down to fibrous tissue, and its vessels.

    .. math:: \dot\phi_i = -k_\tau\,\tau(\varepsilon)\,\phi_i, \quad
        \dot\phi_f = -\sum_i \dot\phi_i, \quad
        \dot v = -k_v\,\tau(\varepsilon)\,v

    Fibrous tissue itself, which strain suits, is not torn; mineral goes with its bone.
    """
    del tissue
    rate = p["tearing"] * c.torn
    torn = {name: -rate * s[name] for name in (*TORN, "mineralised")}
    return {
        **torn,
        "fibrous": rate * summed(s, TORN),
        "perfusion": -p["vessel_tearing"] * c.torn * s["perfusion"],
    }


FIBROUS_SYNTHESIS = Term(
    "fibroblasts make fibrous tissue",
    make_fibrous,
    ("fibrous",),
    None,
    r"\dot\phi_f = p_f f\,\phi_{free}",
    (),
    "rate chosen with the prototype",
)
FIBROUS_CLEARING = Term(
    "bone and cartilage cells clear fibrous tissue",
    clear_fibrous,
    ("fibrous",),
    None,
    r"\dot\phi_f = -q_f(5b+2c)\phi_f",
    (),
    "rates chosen with the prototype",
)
CARTILAGE_SYNTHESIS = Term(
    "chondrocytes make cartilage",
    make_cartilage,
    ("cartilage", "fibrous"),
    None,
    r"\dot\phi_c = p_c c(\phi_{free}+0.3\phi_f)",
    (),
    "rate chosen with the prototype",
)
BONE_APPOSITION = Term(
    "osteoblasts lay bone",
    lay_bone,
    ("woven", "fibrous", "cartilage"),
    None,
    r"\dot\phi_w = p_b b(1-\phi_w-\phi_l-s)",
    ("Trejo2019",),
    "bone takes the place of soft tissue",
)
ENDOCHONDRAL_OSSIFICATION = Term(
    "cartilage turns into bone",
    ossify_cartilage,
    ("cartilage", "woven"),
    None,
    r"\dot\phi_w = -0.7\,\dot\phi_c = 0.7\,h\,\phi_c",
    (),
    "three tenths become marrow space",
)
MINERALISATION = Term(
    "woven bone mineralises",
    mineralise,
    ("mineralised",),
    None,
    r"\dot M = k_{min}(\phi_w+\phi_l-M)",
    ("NecrosisPackage",),
    "first order",
)
TEARING = Term(
    "strain tears tissue",
    tear,
    (*TORN, "mineralised", "fibrous", "perfusion"),
    None,
    r"\dot\phi_i = -k_\tau\,\tau(\varepsilon)\,\phi_i,\ \dot\phi_f = -\textstyle\sum_i\dot\phi_i,\ "
    r"\dot v = -k_v\,\tau(\varepsilon)\,v",
    ("UlmRules",),
    "what is torn becomes fibrous tissue, as in the source; fibrous tissue bears any strain",
)
