"""Cells that become other cells."""

from __future__ import annotations

import jax

from trephine.models.migration import PROGENITORS
from trephine.models.term import Numbers, Term
from trephine.models.tissue import Conditions, Tissue
from trephine.numerics.stepping import State


def _commit(s: State, rate: jax.Array, to: str) -> dict[str, jax.Array]:
    moved = {name: rate * s[name] for name in PROGENITORS}
    return {**{name: -flow for name, flow in moved.items()}, to: sum(moved.values(), 0.0 * rate)}


def commit_to_bone(s: State, c: Conditions, tissue: Tissue, p: Numbers) -> dict[str, jax.Array]:
    r"""Return the turn of progenitors into osteoblasts, :math:`k_{mb} G O \psi_b m`."""
    del tissue
    return _commit(s, p["to_bone"] * c.signalled * c.oxygenated * c.bone_favoured, "osteoblast")


def commit_to_cartilage(
    s: State, c: Conditions, tissue: Tissue, p: Numbers
) -> dict[str, jax.Array]:
    r"""Return the turn of progenitors into chondrocytes.

    .. math:: k_{mc} G (0.2+0.8(1-O)) \psi_c m
    """
    del tissue
    floor = p["oxygenated_cartilage"]
    hypoxia = floor + (1.0 - floor) * (1.0 - c.oxygenated)
    rate = p["to_cartilage"] * c.signalled * hypoxia * c.cartilage_favoured
    return _commit(s, rate, "chondrocyte")


def commit_to_fibrous(s: State, c: Conditions, tissue: Tissue, p: Numbers) -> dict[str, jax.Array]:
    r"""Return the turn of progenitors into fibroblasts, where nothing else can become of them.

    .. math:: k_{mf}\,\left(1 - G\,[1 - (1-\psi_b)(1-\psi_c)]\right) m

    Either the signal lacks, or strain forbids bone and cartilage alike.
    """
    del tissue
    forbidden = (1.0 - c.bone_favoured) * (1.0 - c.cartilage_favoured)
    return _commit(s, p["to_fibrous"] * (1.0 - c.signalled * (1.0 - forbidden)), "fibroblast")


def replace_chondrocytes(
    s: State, c: Conditions, tissue: Tissue, p: Numbers
) -> dict[str, jax.Array]:
    r"""Return the replacement of chondrocytes by osteoblasts, :math:`h c`."""
    del tissue, p
    moved = c.ossifying * s["chondrocyte"]
    return {"chondrocyte": -moved, "osteoblast": moved}


COMMIT_TO_BONE = Term(
    "progenitors become osteoblasts",
    commit_to_bone,
    (*PROGENITORS, "osteoblast"),
    "cells",
    r"\dot b = -\dot m = k_{mb}\,G\,O\,\psi_b\,m",
    ("Checa2011", "ClaesHeigele1999"),
    "a smooth weight stands for the strain threshold",
)
COMMIT_TO_CARTILAGE = Term(
    "progenitors become chondrocytes",
    commit_to_cartilage,
    (*PROGENITORS, "chondrocyte"),
    "cells",
    r"\dot c = -\dot m = k_{mc}\,G\,(0.2+0.8(1-O))\,\psi_c\,m",
    ("Checa2011", "ClaesHeigele1999"),
    "hypoxia favours cartilage",
)
COMMIT_TO_FIBROUS = Term(
    "progenitors become fibroblasts",
    commit_to_fibrous,
    (*PROGENITORS, "fibroblast"),
    "cells",
    r"\dot f = -\dot m = k_{mf}\,(1-G\,[1-(1-\psi_b)(1-\psi_c)])\,m",
    (),
    "fibrous tissue is the fate where signal lacks or strain forbids bone and cartilage",
)
ENDOCHONDRAL_CELLS = Term(
    "osteoblasts replace chondrocytes",
    replace_chondrocytes,
    ("chondrocyte", "osteoblast"),
    "cells",
    r"\dot b = -\dot c = h\,c,\ h=k_{ch}\,v\,\phi_c^2/(0.2^2+\phi_c^2)",
    (),
    "vessels bring the replacement",
)
