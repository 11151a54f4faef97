"""What an injection carries besides cells, and what becomes of it: clot, bone matrix, granules."""

from __future__ import annotations

import jax

from trephine.models.matrix import laid
from trephine.models.migration import PROGENITORS
from trephine.models.term import Numbers, Term
from trephine.models.tissue import Conditions, Tissue
from trephine.numerics.stepping import State


def lyse_clot(s: State, c: Conditions, tissue: Tissue, p: Numbers) -> dict[str, jax.Array]:
    r"""Return the lysis of the injected clot, :math:`-k_{lysis} s_{clot}` (U11)."""
    del c, tissue
    return {"clot": -p["clot_lysis"] * s["clot"]}


def resorb_demineralised_bone(
    s: State, c: Conditions, tissue: Tissue, p: Numbers
) -> dict[str, jax.Array]:
    r"""Return the resorption of demineralised bone, :math:`-k_{dbm}(b+m) s_{dbm}` (U11)."""
    del c, tissue
    cells = s["osteoblast"] + sum(s[n] for n in PROGENITORS)
    return {"demineralised_bone": -p["scaffold_resorption"] * cells * s["demineralised_bone"]}


def lay_on_carriers(s: State, c: Conditions, tissue: Tissue, p: Numbers) -> dict[str, jax.Array]:
    r"""Return the woven bone laid onto chips and granules beyond what osteoblasts lay anywhere.

    .. math:: \dot\phi_w = p_b\,\kappa\,(s_{allo}+s_{cer})\,b\,(\phi_{free}+\phi_f+\phi_c)

    with :math:`\kappa` the gain at a carrier that fills the space.
    """
    del tissue
    carrier = s["allograft"] + s["ceramic"]
    return laid(s, c, p["bone_synthesis"] * p["carrier_conduction"] * carrier * s["osteoblast"])


def substitute_allograft(
    s: State, c: Conditions, tissue: Tissue, p: Numbers
) -> dict[str, jax.Array]:
    r"""Return the replacement of dead allograft by woven bone, volume for volume (U11).

    .. math:: \dot\phi_w = -\dot s_{allo} = \frac{c}{r} f(b,v)\,s_{allo}

    A creeping front of speed :math:`c` eats into chips of half thickness :math:`r`, as into dead
    bone ends; see :func:`trephine.models.surfaces.revive`.
    """
    del tissue
    turned = p["creeping_speed"] / p["chip_depth"] * c.creeping * s["allograft"]
    return {"allograft": -turned, "woven": turned}


def dissolve_ceramic(s: State, c: Conditions, tissue: Tissue, p: Numbers) -> dict[str, jax.Array]:
    r"""Return the dissolution of ceramic granules, :math:`-k_{dis} s_{cer}`."""
    del c, tissue
    return {"ceramic": -p["ceramic_dissolution"] * s["ceramic"]}


CLOT_LYSIS = Term(
    "clot dissolves",
    lyse_clot,
    ("clot",),
    None,
    r"\dot s_{clot} = -k_{lysis}s_{clot}",
    (),
    "first order",
)
SCAFFOLD_RESORPTION = Term(
    "demineralised bone is resorbed",
    resorb_demineralised_bone,
    ("demineralised_bone",),
    None,
    r"\dot s_{dbm} = -k_{dbm}(b+m)s_{dbm}",
    (),
    "cells resorb it",
)
CARRIER_APPOSITION = Term(
    "bone is laid onto carriers",
    lay_on_carriers,
    ("woven", "fibrous", "cartilage"),
    None,
    r"\dot\phi_w = p_b\,\kappa\,(s_{allo}+s_{cer})\,b\,(1-\phi_w-\phi_l-s)",
    (),
    "chips and granules offer osteoblasts a surface to lay bone on; the gain is proportional to "
    "their share",
)
ALLOGRAFT_SUBSTITUTION = Term(
    "bone replaces allograft",
    substitute_allograft,
    ("allograft", "woven"),
    "volume",
    r"\dot\phi_w = -\dot s_{allo} = (c/r)\,f\,s_{allo}",
    ("NecrosisPackage",),
    "creeping substitution as in the femoral head, into chips of one thickness",
)
CERAMIC_DISSOLUTION = Term(
    "ceramic dissolves",
    dissolve_ceramic,
    ("ceramic",),
    None,
    r"\dot s_{cer} = -k_{dis}s_{cer}",
    (),
    "first order and slow",
)
