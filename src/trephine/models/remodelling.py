"""New bone that is rebuilt: woven into lamellar by a slow front, unloaded woven bone resorbed."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from trephine.models.stimulus import unloads
from trephine.models.term import Numbers, Term
from trephine.models.tissue import Conditions, Tissue
from trephine.numerics.faces import difference
from trephine.numerics.stepping import State

TRACE = 1e-3
"""Share of a voxel below which bone carries no front [-]; keeps the quotients finite."""


def steepness(share: jax.Array, spacing: jax.Array | float) -> jax.Array:
    r"""Return the upwind slope of a share that spreads, relative to what is left to fill [1/mm].

    .. math:: \frac{|\nabla\lambda|_+}{1-\lambda}, \qquad
        |\nabla\lambda|_+^2 = \frac{1}{h^2}\sum_{axes}
        \max(\lambda_- - \lambda,\; \lambda_+ - \lambda,\; 0)^2

    Only neighbours that hold more count (Rouy and Tourin), so a front moves at one speed on any
    voxel size and nothing turns back. Each of the three is at most :math:`1/h`.

    Parameters
    ----------
    share
        :math:`\lambda`, less than 1, (x, y, z) [-].
    spacing
        Edge of a voxel [mm].
    """
    square = jnp.zeros_like(share)
    for axis, across in enumerate(difference(share, spacing)):
        low = [(1, 0) if other == axis else (0, 0) for other in range(3)]
        high = [(0, 1) if other == axis else (0, 0) for other in range(3)]
        from_low, from_high = jnp.pad(-across, low), jnp.pad(across, high)
        square = square + jnp.maximum(jnp.maximum(from_low, from_high), 0.0) ** 2
    return jnp.sqrt(square) / (1.0 - share)


def remodel(s: State, c: Conditions, tissue: Tissue, p: Numbers) -> dict[str, jax.Array]:
    r"""Return the turn of mineralised woven bone into lamellar bone by a slow front (U10).

    .. math::
        \dot\phi_l = -\dot\phi_w = (M-\phi_l)\,c\,v\,\frac{|\nabla\lambda|_+}{1-\lambda},
        \qquad \lambda = \frac{B + o\,\phi_l}{B + o\,M}

    The lamellar share :math:`\lambda` of the mineralised bone of a voxel, living old bone
    :math:`B` and new bone :math:`M` in the open part :math:`o`, then moves as
    :math:`\dot\lambda = c\,v\,|\nabla\lambda|`: from living old bone and from lamellar bone,
    at :math:`c` where tissue is perfused. Mineral is kept; volume too.
    """
    del c
    old, new = tissue.living_bone, tissue.open * s["mineralised"]
    share = (old + tissue.open * s["lamellar"]) / (old + new + TRACE)
    left = jnp.maximum(s["mineralised"] - s["lamellar"], 0.0)
    speed = p["creeping_speed"] * s["perfusion"]
    turned = left * speed * steepness(share, tissue.spacing)
    turned = jnp.where(tissue.open > 0, turned, 0.0)
    return {"woven": -turned, "lamellar": turned}


def resorb_unloaded(s: State, c: Conditions, tissue: Tissue, p: Numbers) -> dict[str, jax.Array]:
    r"""Return the resorption of mineralised woven bone that feels next to no strain.

    .. math:: \dot\phi_w = \dot M = -k_r\,v\,u(\varepsilon)\,(M-\phi_l), \quad
        u = (1-\varepsilon/\varepsilon_r)_+

    Osteoclasts come with the blood and take mineralised bone; lamellar bone is left.
    """
    del tissue
    left = jnp.maximum(s["mineralised"] - s["lamellar"], 0.0)
    lost = p["disuse_resorption"] * s["perfusion"] * unloads(c.strain, p) * left
    return {"woven": -lost, "mineralised": -lost}


REMODELLING = Term(
    "woven bone becomes lamellar",
    remodel,
    ("woven", "lamellar"),
    "volume",
    r"\dot\phi_l=-\dot\phi_w=(M-\phi_l)\,c\,v\,|\nabla\lambda|_+/(1-\lambda),\ "
    r"\lambda=(B+o\phi_l)/(B+oM)",
    ("NecrosisPackage",),
    "the front moves as creeping substitution does in the femoral head, in proportion to perfusion",
)
DISUSE_RESORPTION = Term(
    "unloaded woven bone is resorbed",
    resorb_unloaded,
    ("woven", "mineralised"),
    None,
    r"\dot\phi_w=\dot M=-k_r\,v\,(1-\varepsilon/\varepsilon_r)_+(M-\phi_l)",
    ("ClaesHeigele1999", "LacroixPrendergast2002"),
    "the sources give the strain, the rate is assumed",
)
