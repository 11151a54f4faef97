"""Cells that divide and cells that die."""

from __future__ import annotations

import jax

from trephine.models.migration import PROGENITORS
from trephine.models.term import Numbers, Term
from trephine.models.tissue import BONE, Conditions, Tissue, summed
from trephine.numerics.stepping import State


def grow_progenitors(s: State, c: Conditions, tissue: Tissue, p: Numbers) -> dict[str, jax.Array]:
    r"""Return the division of progenitors, which asks for signal and oxygen.

    .. math:: \dot m = A_m\,[a_0+(1-a_0)G]\,S\,m\,(1-(m+c+b)/c_{max})
    """
    del tissue
    stimulated = p["unsignalled_growth"] + (1.0 - p["unsignalled_growth"]) * c.signalled
    rate = p["progenitor_growth"] * stimulated * c.surviving * c.room
    return {name: rate * s[name] for name in PROGENITORS}


def grow_fibroblasts(s: State, c: Conditions, tissue: Tissue, p: Numbers) -> dict[str, jax.Array]:
    r"""Return the division of fibroblasts.

    .. math:: \dot f = A_f S f (1-\phi_w-\phi_l-tot/c_{max})
    """
    del tissue
    cells = summed(s, (*PROGENITORS, "chondrocyte", "osteoblast", "fibroblast"))
    room = 1.0 - summed(s, BONE) - cells / p["capacity"]
    return {"fibroblast": p["fibroblast_growth"] * c.surviving * s["fibroblast"] * room}


def grow_chondrocytes(s: State, c: Conditions, tissue: Tissue, p: Numbers) -> dict[str, jax.Array]:
    r"""Return the division of chondrocytes, :math:`\dot c = A_c G c (1-(m+c+b)/c_{max})`."""
    del tissue
    return {"chondrocyte": p["chondrocyte_growth"] * c.signalled * s["chondrocyte"] * c.room}


def grow_osteoblasts(s: State, c: Conditions, tissue: Tissue, p: Numbers) -> dict[str, jax.Array]:
    r"""Return the division of osteoblasts, :math:`\dot b = A_b O G b (1-(m+c+b)/c_{max})`."""
    del tissue
    rate = p["osteoblast_growth"] * c.oxygenated * c.signalled * c.room
    return {"osteoblast": rate * s["osteoblast"]}


def lose_progenitors(s: State, c: Conditions, tissue: Tissue, p: Numbers) -> dict[str, jax.Array]:
    r"""Return the death of progenitors, of which clot spares some.

    .. math:: \dot m = -[d_m(1 - \sigma s_{clot}) + d_h(1-S)] m
    """
    del tissue
    spared = 1.0 - p["clot_protection"] * s["clot"]
    rate = p["progenitor_loss"] * spared + p["anoxic_death"] * (1.0 - c.surviving)
    return {name: -rate * s[name] for name in PROGENITORS}


def lose_fibroblasts(s: State, c: Conditions, tissue: Tissue, p: Numbers) -> dict[str, jax.Array]:
    r"""Return the death of fibroblasts, :math:`\dot f = -[d_f + \tfrac12 G + d_h(1-S)] f`."""
    del tissue
    rate = (
        p["fibroblast_loss"]
        + p["fibroblast_retreat"] * c.signalled
        + p["anoxic_death"] * (1.0 - c.surviving)
    )
    return {"fibroblast": -rate * s["fibroblast"]}


def lose_chondrocytes(s: State, c: Conditions, tissue: Tissue, p: Numbers) -> dict[str, jax.Array]:
    r"""Return the death of chondrocytes, :math:`\dot c = -d_c c`."""
    del c, tissue
    return {"chondrocyte": -p["chondrocyte_loss"] * s["chondrocyte"]}


def lose_osteoblasts(s: State, c: Conditions, tissue: Tissue, p: Numbers) -> dict[str, jax.Array]:
    r"""Return the loss of osteoblasts, :math:`\dot b = -[d_b + d_h(1-S)] b`."""
    del tissue
    rate = p["osteoblast_loss"] + p["anoxic_death"] * (1.0 - c.surviving)
    return {"osteoblast": -rate * s["osteoblast"]}


def lose_inert(s: State, c: Conditions, tissue: Tissue, p: Numbers) -> dict[str, jax.Array]:
    r"""Return the disappearance of injected blood cells, :math:`\dot n_c = -d_n n_c`."""
    del c, tissue
    return {"inert_nucleated": -p["inert_loss"] * s["inert_nucleated"]}


PROGENITOR_GROWTH = Term(
    "progenitors divide",
    grow_progenitors,
    PROGENITORS,
    None,
    r"\dot m = A_m[a_0+(1-a_0)G]\,S\,m\,(1-(m+c+b)/c_{max})",
    ("Trejo2019",),
    "division asks for a signal that progenitors themselves secrete",
)
FIBROBLAST_GROWTH = Term(
    "fibroblasts divide",
    grow_fibroblasts,
    ("fibroblast",),
    None,
    r"\dot f = A_f S f (1-\phi_w-\phi_l-tot/c_{max})",
    ("Checa2011",),
)
CHONDROCYTE_GROWTH = Term(
    "chondrocytes divide",
    grow_chondrocytes,
    ("chondrocyte",),
    None,
    r"\dot c = A_c G c (1-(m+c+b)/c_{max})",
    ("Checa2011",),
)
OSTEOBLAST_GROWTH = Term(
    "osteoblasts divide",
    grow_osteoblasts,
    ("osteoblast",),
    None,
    r"\dot b = A_b O G b (1-(m+c+b)/c_{max})",
    ("Trejo2019",),
)
PROGENITOR_LOSS = Term(
    "progenitors die",
    lose_progenitors,
    PROGENITORS,
    None,
    r"\dot m = -[d_m(1-\sigma s_{clot})+d_h(1-S)]m",
    (),
    "basal and anoxic death rates; cells held by clot are spared a part of the first",
)
FIBROBLAST_LOSS = Term(
    "fibroblasts die",
    lose_fibroblasts,
    ("fibroblast",),
    None,
    r"\dot f = -[d_f+\tfrac12 G+d_h(1-S)]f",
    ("Checa2011",),
    "signal clears fibroblasts",
)
CHONDROCYTE_LOSS = Term(
    "chondrocytes die",
    lose_chondrocytes,
    ("chondrocyte",),
    None,
    r"\dot c = -d_c c",
    ("Checa2011",),
)
OSTEOBLAST_LOSS = Term(
    "osteoblasts are lost",
    lose_osteoblasts,
    ("osteoblast",),
    None,
    r"\dot b = -[d_b+d_h(1-S)]b",
    ("Trejo2019",),
)
INERT_LOSS = Term(
    "injected blood cells disappear",
    lose_inert,
    ("inert_nucleated",),
    None,
    r"\dot n_c = -d_n n_c",
    (),
    "most are short-lived granulocytes",
)
